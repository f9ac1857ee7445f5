"""A search as every format tells it: its trials, the best first, and the settings, the most important first."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from runaudit.detectors._importance import Importance, importance
from runaudit.detectors._search import Parameter, Search, search_of
from runaudit.errors import NotJudged
from runaudit.model import FloatArray, RunReport
from runaudit.plot import HUGE, Axis
from runaudit.render._words import value as in_words
from runaudit.text import count, number

STATES = ("complete", "cut-short", "running", "diverged", "failed")  # the order in which trials are listed
LOG_RATIO, LOG_SPAN = 5.0, 100.0  # of the worst to the median, and to the best value, for a log axis to show more


@dataclass(frozen=True, slots=True)
class Trial:
    """One trial; ``value`` is NaN where it has none, ``row`` is its place in the table of the search."""

    name: str
    params: Mapping[str, Any]
    value: float
    state: str
    path: str
    line: int | None
    row: int

    @property
    def result(self) -> str:
        """Return the value in words, "" where there is none."""
        return "" if math.isnan(self.value) else number(self.value)


@dataclass(frozen=True, slots=True, eq=False)
class Setting:
    """What differs between the trials, and where each of them lies in its range.

    ``places`` has one number a trial, in their order: 0 at the left end of the axis, 1 at the right end, NaN where the
    trial has none. ``ends`` are those of the axis, None for choices. ``importance`` is None where it is not known.
    """

    name: str
    places: FloatArray
    log: bool
    ends: tuple[float, float] | None
    choices: tuple[str, ...]
    declared: bool
    importance: Importance | None

    @property
    def low(self) -> str:
        """Return the left end of the axis in words."""
        return number(self.ends[0]) if self.ends else self.choices[0]

    @property
    def high(self) -> str:
        """Return the right end of the axis in words."""
        return number(self.ends[1]) if self.ends else self.choices[-1]

    @property
    def scale(self) -> str:
        """Return ``log``, ``linear`` or ``choices``."""
        return "choices" if self.choices else "log" if self.log else "linear"

    @property
    def explains(self) -> str:
        """Return how much it explains and how sure that is, "" where that is not known."""
        if self.importance is None:
            return ""
        return f"{round(100 * self.importance.share)} % {self.importance.sure}"


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """One search. ``best`` is None where none is known; ``axis`` is the range of the objective."""

    objective: str
    direction: str
    source: str
    declared: bool
    trials: tuple[Trial, ...]
    settings: tuple[Setting, ...]
    best: Trial | None
    axis: Axis

    @property
    def goal(self) -> str:
        """Return what was looked for, in words."""
        word = {"min": "lowest ", "max": "highest "}.get(self.direction, "")
        return f"{word}{self.objective}"

    @property
    def states(self) -> dict[str, int]:
        """Return how many trials there are of each state, in the order of ``STATES``."""
        found = Counter(trial.state for trial in self.trials)
        return {state: found[state] for state in STATES if found[state]}

    @property
    def told_states(self) -> str:
        """Return the states in words, "" where all trials are complete."""
        states = self.states
        if set(states) <= {"complete"}:
            return ""
        return ", ".join(f"{count(n)} {state.replace('-', ' ')}" for state, n in states.items())

    @property
    def heights(self) -> FloatArray:
        """Return where the value of each trial lies on the axis of the objective, 0 to 1, NaN where it has none."""
        values = np.array([t.value for t in self.trials], dtype=np.float64)
        values[~np.isfinite(values)] = np.nan
        return self.axis.place(np.clip(values, -HUGE, HUGE))

    def of_state(self, state: str) -> list[int]:
        """Return the places of the trials of a state."""
        return [i for i, trial in enumerate(self.trials) if trial.state == state]


def view_of(report: RunReport) -> View:
    """Return what there is to say of a search; one in which nothing differs has no settings."""
    rows = report.tables.get("trials") or ()
    about: Mapping[str, Any] = next(iter(report.tables.get("search") or ()), {})
    direction = str(about.get("direction") or "")
    try:
        search = search_of(rows, report.tables.get("ranges"), [about], 0)
    except NotJudged:
        search = None
    trials = _ordered([_trial(i, row, report.id, search) for i, row in enumerate(rows)], direction)
    best = next((t for t in trials if t.state == "complete" and direction and math.isfinite(t.value)), None)
    return View(
        objective=str(about.get("objective") or "objective"),
        direction=direction,
        source=str(about.get("source") or ""),
        declared=bool(about.get("declared")),
        trials=tuple(trials),
        settings=_settings(search, trials) if search is not None else (),
        best=best,
        axis=_axis(_counted(trials)),
    )


def _trial(row: int, given: Mapping[str, Any], search_id: str, search: Search | None) -> Trial:
    raw = given.get("value")
    known = isinstance(raw, int | float) and not isinstance(raw, bool)
    state = search.states[row] if search is not None else str(given.get("state") or "complete")
    line = given.get("line")
    name = str(given.get("name") or f"trial {row}").removeprefix(search_id.removesuffix("*"))
    return Trial(
        name=name,
        params=given.get("params") or {},
        value=float(raw) if known and raw is not None else math.nan,
        state=state if state in STATES else "failed",
        path=str(given.get("path") or ""),
        line=line if isinstance(line, int) and line > 0 else None,
        row=row,
    )


def _ordered(trials: Sequence[Trial], direction: str) -> list[Trial]:
    """Return the complete trials, the best first, then the others by state; as they came where nobody knows the way."""
    sign = {"min": 1.0, "max": -1.0}.get(direction, 0.0)

    def rank(trial: Trial) -> tuple[int, bool, float, int]:
        worth = math.isfinite(trial.value)
        return STATES.index(trial.state), not worth, sign * trial.value if worth else 0.0, trial.row

    return sorted(trials, key=rank)


def _settings(search: Search, trials: Sequence[Trial]) -> tuple[Setting, ...]:
    try:
        known = {one.parameter: one for one in importance(search)}
    except NotJudged:
        known = {}
    order = [trial.row for trial in trials]
    found = [_setting(p, order, known.get(p.name)) for p in search.parameters]
    return tuple(sorted(found, key=lambda s: (s.importance is None, -s.importance.share if s.importance else 0.0)))


def _setting(parameter: Parameter, order: Sequence[int], known: Importance | None) -> Setting:
    if parameter.choices:
        places = (parameter.values[order] + 0.5) / len(parameter.choices)
    else:
        with np.errstate(all="ignore"):
            places = parameter.positions()[order]
        places = np.where(np.isfinite(places), np.clip(places, 0.0, 1.0), np.nan)
    log = parameter.log and not parameter.choices
    ends = None if parameter.choices else parameter.ends()
    return Setting(parameter.name, places, log, ends, parameter.choices, parameter.declared, known)


def _counted(trials: Sequence[Trial]) -> list[float]:
    """Return the finite values of complete trials, or of all where none is complete: others lie at the edge."""
    finite = [trial for trial in trials if math.isfinite(trial.value)]
    return [t.value for t in finite if t.state == "complete"] or [t.value for t in finite]


def _axis(values: Sequence[float]) -> Axis:
    """Return the range of the objective, never empty; on a log axis where a linear one would only show the worst."""
    if not values:
        return Axis(0.0, 1.0)
    known = np.clip(np.array(values), -HUGE, HUGE)
    low, high = float(known.min()), float(known.max())
    if high <= low:
        pad = abs(low) / 2 or 1.0
        return Axis(low - pad, low + pad)
    middle = float(np.sort(known)[len(known) // 2])
    return Axis(low, high, log=low > 0 and (high > LOG_RATIO * middle or high > LOG_SPAN * low))


def cell(trial: Trial, name: str) -> str:
    """Return the value of a setting in a trial, in words; "" where it has none."""
    given = trial.params.get(name)
    return "" if given is None else in_words(given)
