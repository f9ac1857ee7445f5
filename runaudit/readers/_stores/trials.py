"""Shared by Optuna's stores: a study with its trials, the search that they make, and the curves of some of them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from runaudit.errors import LogError
from runaudit.model import Note, RawLog, RawSeries
from runaudit.readers._trials import Row, direction_of, is_search, range_row, search_log, trial_row
from runaudit.readers._words import listed

STATES = ("RUNNING", "COMPLETE", "PRUNED", "FAIL", "WAITING")
DIRECTIONS = ("NOT_SET", "MINIMIZE", "MAXIMIZE")
UNNAMED = "intermediate value"
ENDED = {"COMPLETE": "complete", "PRUNED": "cut-short", "FAIL": "failed"}
WAYS = {"MINIMIZE": "min", "MAXIMIZE": "max"}


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
    ranges: dict[str, Row] = field(default_factory=dict)

    def declare(self, name: str, distribution: object) -> None:
        """Take the distribution of a parameter; of several the widest range counts, on a log axis only if all are."""
        attributes = distribution.get("attributes") if isinstance(distribution, dict) else None
        if not isinstance(attributes, dict):
            return
        kind = str(distribution.get("name")) if isinstance(distribution, dict) else ""
        choices, log = attributes.get("choices"), attributes.get("log")
        log = kind.startswith(("Log", "IntLog")) if log is None else log is True
        if isinstance(choices, list):
            row = range_row(name, choices=choices)
        else:
            row = range_row(name, attributes.get("low"), attributes.get("high"), log=log)
        known = self.ranges.get(name)
        if known is not None and known["choices"] is None and row["choices"] is None:
            ends = [[e for e in (known[side], row[side]) if e is not None] for side in ("low", "high")]
            row = range_row(name, min(ends[0], default=None), max(ends[1], default=None), log=log and known["log"])
        self.ranges[name] = row


def to_logs(studies: Sequence[Study], form: str, path: str) -> tuple[RawLog, ...]:
    """Return a log for each study that is a search, and one for each trial with two intermediate values or more.

    The log of such a trial holds its curve, its parameters as config, and in ``tables["trial"]`` what else is known of
    it; that of a search holds tables only. Raises ``LogError`` where there is neither.
    """
    trials = [(study, trial) for study in studies for trial in study.trials]
    curves = [(study, trial) for study, trial in trials if len(trial.intermediate) > 1]
    found = [log for study in studies if (log := _search(study, form, path, several=len(studies) > 1)) is not None]
    if not curves and not found:
        raise LogError(_why_no_curve(studies), kind="not-a-log")
    several = len({study.name for study, _ in curves}) > 1
    left = 0 if found else len(trials) - len(curves)
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
    return (*logs, *found)


def _search(study: Study, form: str, path: str, *, several: bool) -> RawLog | None:
    """Return the search of a study, None where it is none: too few trials have a result, or all are alike."""
    rows = [_trial_row(trial) for trial in study.trials]
    if not is_search(rows):
        return None
    objective = study.metric_names[0] if study.metric_names else "value"
    way = WAYS.get(study.directions.get(0, "")) or direction_of(objective)
    notes = []
    if len(study.directions) > 1:
        notes.append(Note(f"{len(study.directions)} objectives: judged by the first, {objective}", path))
    label = study.name if several else "search"
    return search_log(form, rows, objective, way, ranges=list(study.ranges.values()), label=label, notes=notes)


def _trial_row(trial: Trial) -> Row:
    value = trial.values.get(0)
    reported = [trial.intermediate[step][0] for step in sorted(trial.intermediate)]
    state = ENDED.get(trial.state, "running")
    if value is None and reported and state in {"cut-short", "failed"}:
        value = reported[-1]
    if state == "failed" and (value is None or math.isfinite(value)):
        value = None
    line = next((line for _, line in trial.intermediate.values() if line), None)
    steps = max(trial.intermediate, default=None)
    return trial_row(f"trial-{trial.number}", trial.params, value, state, steps=steps, line=line)


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
