"""Shared by Optuna's stores: a study with its trials, and the curves of the trials that report as they go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from runaudit.errors import LogError
from runaudit.model import Note, RawLog, RawSeries
from runaudit.readers._words import listed

STATES = ("RUNNING", "COMPLETE", "PRUNED", "FAIL", "WAITING")
DIRECTIONS = ("NOT_SET", "MINIMIZE", "MAXIMIZE")
UNNAMED = "intermediate value"


@dataclass(slots=True)
class Trial:
    """One trial. ``values`` are what its end gave, one an objective; ``intermediate`` maps a step to (value, line)."""

    number: int
    state: str
    params: dict[str, Any] = field(default_factory=dict)
    values: dict[int, float] = field(default_factory=dict)
    intermediate: dict[int, tuple[float, int]] = field(default_factory=dict)


@dataclass(slots=True)
class Study:
    """A study: its objectives' directions and, if the program gave any, their names."""

    name: str
    directions: dict[int, str] = field(default_factory=dict)
    metric_names: tuple[str, ...] = ()
    trials: list[Trial] = field(default_factory=list)


def to_logs(studies: Sequence[Study], form: str, path: str) -> tuple[RawLog, ...]:
    """Return one log for each trial with two intermediate values or more: its curve, and its parameters as config.

    ``tables["trial"]`` says what else is known of the trial. Raises ``LogError`` where no trial has a curve: that is a
    search, which ends in one value a trial.
    """
    trials = [(study, trial) for study in studies for trial in study.trials]
    curves = [(study, trial) for study, trial in trials if len(trial.intermediate) > 1]
    if not curves:
        raise LogError(_why_no_curve(studies), kind="not-a-log")
    several = len({study.name for study, _ in curves}) > 1
    left = len(trials) - len(curves)
    more = "1 more trial has" if left == 1 else f"{left} more trials have"
    notes = [Note(f"{more} no curve of intermediate values, left out", path)] if left else []
    logs = []
    for study, trial in curves:
        if trial.state in {"PRUNED", "FAIL", "RUNNING"}:
            notes.append(Note(f"Optuna says that trial {trial.number} is {trial.state}", path))
        label = f"{study.name}/trial-{trial.number}" if several else f"trial-{trial.number}"
        table = {"trial": _row(study, trial)}
        logs.append(RawLog(form, (_series(study, trial),), trial.params, table, tuple(notes), label))
        notes = []
    return tuple(logs)


def _series(study: Study, trial: Trial) -> RawSeries:
    steps = sorted(trial.intermediate)
    values = [trial.intermediate[step] for step in steps]
    return RawSeries(
        study.metric_names[0] if len(study.metric_names) == 1 else UNNAMED,
        np.array([value for value, _ in values], dtype=np.float64),
        np.arange(len(steps), dtype=np.int64),
        np.array([line for _, line in values], dtype=np.int64),
        steps=np.array(steps, dtype=np.float64),
    )


def _row(study: Study, trial: Trial) -> dict[str, Any]:
    return {
        "study": study.name,
        "directions": [direction for _, direction in sorted(study.directions.items())],
        "metric_names": list(study.metric_names),
        "number": trial.number,
        "state": trial.state,
        "values": [value for _, value in sorted(trial.values.items())],
        "params": dict(trial.params),
    }


def _why_no_curve(studies: Sequence[Study]) -> str:
    count = sum(len(study.trials) for study in studies)
    if not count:
        return "an Optuna search without any trial"
    states = Counter(trial.state for study in studies for trial in study.trials)
    known = ", ".join(f"{number} {state.lower()}" for state, number in sorted(states.items()))
    params = dict.fromkeys(name for study in studies for trial in study.trials for name in trial.params)
    over = f" over {listed(params, most=6)}" if params else ""
    return f"a search and no curve: {count} Optuna trials ({known}){over}, with at most one intermediate value each"
