"""Shared by the rules on searches: the trials of a search as arrays, one cost each, and what was tried where."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from runaudit.detectors import Table
from runaudit.detectors._search_scale import is_log
from runaudit.errors import NotJudged
from runaudit.model import BoolArray, FloatArray

NEED = "a search: trials with their settings and results, 8 or more"
DIRECTION = "which way the objective is good (its name, such as val_loss or accuracy, or the study of the searcher)"
SEED = re.compile(r"(?:.*[._/])?(?:\w*_)?(?:seed|random_state)")
COUNTED = frozenset({"complete", "diverged"})


@dataclass(frozen=True, slots=True, eq=False)
class Parameter:
    """One setting that the trials differ in.

    ``values`` has one number a trial, NaN where a trial has none; of ``choices`` it is the place. ``low`` and ``high``
    are what was declared, else what was tried; ``declared_log`` is None where nobody said. ``log`` says on which axis
    the setting works. Of ``choices`` there are none where it is a number.
    """

    name: str
    values: FloatArray
    low: float
    high: float
    log: bool
    declared: bool
    declared_log: bool | None = None
    choices: tuple[str, ...] = ()
    whole: bool = False

    @property
    def known(self) -> BoolArray:
        """Say which trials have it."""
        return np.isfinite(self.values)

    @property
    def distinct(self) -> FloatArray:
        """Return the different values, in order."""
        return np.unique(self.values[self.known])

    def positions(self) -> FloatArray:
        """Return where each trial lies in the range, from 0 to 1 on its own axis, NaN where it has no value."""
        low, high = self.ends()
        with np.errstate(invalid="ignore", divide="ignore"):
            at = np.log(np.maximum(self.values, low) / low) / math.log(high / low) if self.log else None
            return at if at is not None else (self.values - low) / (high - low if high > low else 1.0)

    def ends(self) -> tuple[float, float]:
        """Return the range; on a log axis it begins at the smallest positive value."""
        if not self.log or self.low > 0:
            return self.low, self.high
        return float(self.values[self.values > 0].min()), self.high

    def at(self, position: float) -> float:
        """Return the value at a position, which may lie outside of the range."""
        low, high = self.ends()
        return low * (high / low) ** position if self.log else low + (high - low) * position


@dataclass(frozen=True, slots=True, eq=False)
class Search:
    """The trials of one search. ``states`` and ``raw`` (NaN where there is none) have one entry a trial."""

    rows: Sequence[Mapping[str, Any]]
    parameters: tuple[Parameter, ...]
    states: tuple[str, ...]
    raw: FloatArray
    objective: str
    direction: str

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def complete(self) -> BoolArray:
        """Say which trials ended with a finite value."""
        return np.array([s == "complete" for s in self.states], dtype=bool) & np.isfinite(self.raw)

    @property
    def numbers(self) -> tuple[Parameter, ...]:
        """Return the parameters that are numbers."""
        return tuple(p for p in self.parameters if not p.choices)

    def costs(self, least: int) -> FloatArray:
        """Return what to make small, one a trial: infinite where it diverged, NaN where it does not count.

        Raises ``NotJudged`` where nothing says which way is good, or fewer than ``least`` trials are complete.
        """
        if self.direction not in {"min", "max"}:
            words = f"whether a large or a small {self.objective or 'value'} is good is not known"
            raise NotJudged(words, DIRECTION)
        enough(int(self.complete.sum()), least)
        costs = np.full(len(self.rows), np.nan)
        costs[self.complete] = self.raw[self.complete] * (1.0 if self.direction == "min" else -1.0)
        costs[[s == "diverged" for s in self.states]] = np.inf
        return costs

    def merged(self, costs: FloatArray) -> FloatArray:
        """Return the costs with the mean of each setting's repeats at the first of them, NaN at the others.

        A trial that was run again is no further sign of where the good settings are.
        """
        groups: dict[object, list[int]] = {}
        for i, key in enumerate(self.configurations()):
            if not np.isnan(costs[i]):
                groups.setdefault(key, []).append(i)
        out = np.full(len(costs), np.nan)
        for many in groups.values():
            out[many[0]] = costs[many].mean()
        return out

    def configurations(self) -> list[tuple[tuple[str, object], ...]]:
        """Return what each trial was made with, without its seed, so that repeats are equal."""
        names = [p.name for p in self.parameters]
        return [tuple((n, str(row.get("params", {}).get(n))) for n in names) for row in self.rows]

    def place(self, trial: int) -> tuple[str, int | None]:
        """Return the file and the line of a trial, "" and None where they are not known."""
        row = self.rows[trial]
        line = row.get("line")
        return str(row.get("path") or ""), line if isinstance(line, int) and line > 0 else None


def search_of(trials: Table | None, ranges: Table | None, search: Table | None, least: int) -> Search:
    """Return the search; raises ``NotJudged`` where there is none, or fewer than ``least`` trials."""
    if not trials:
        raise NotJudged("no search: no trials in it", NEED)
    rows = list(trials)
    enough(len(rows), least)
    about = search[0] if search else {}
    raw = np.array([_number(row.get("value")) for row in rows], dtype=np.float64)
    states = tuple(_state(row, value) for row, value in zip(rows, raw.tolist(), strict=True))
    declared = {str(row.get("param")): row for row in ranges or ()}
    names = dict.fromkeys(name for row in rows for name in row.get("params", {}))
    made = (_parameter(name, rows, declared.get(name)) for name in names if not SEED.fullmatch(name.lower()))
    parameters = tuple(p for p in made if p is not None)
    if not parameters:
        raise NotJudged("no setting differs between the trials", NEED)
    return Search(rows, parameters, states, raw, str(about.get("objective") or ""), str(about.get("direction") or ""))


def enough(known: int, least: int) -> None:
    """Raise ``NotJudged`` for fewer than ``least`` trials."""
    if known < least:
        raise NotJudged(f"only {known} trial{'' if known == 1 else 's'} with a result, {least} needed", NEED)


def best_first(costs: FloatArray) -> list[int]:
    """Return the trials with a finite cost, the best first.

    >>> best_first(np.array([2.0, np.inf, 1.0, np.nan]))
    [2, 0]
    """
    order = np.argsort(costs, kind="stable")
    return [int(i) for i in order if np.isfinite(costs[i])]


def midranks(values: FloatArray) -> FloatArray:
    """Return ranks from 0; equal values share the middle of theirs.

    >>> midranks(np.array([5.0, 1.0, 5.0, np.inf])).tolist()
    [1.5, 0.0, 1.5, 3.0]
    """
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    first = np.cumsum(count) - count
    return (first + (count - 1) / 2.0)[place]


def crowd_chance(distances: FloatArray, chosen: Sequence[int]) -> float:
    """Return the chance that as many trials drawn blindly lie as near as the chosen ones do, by their mean rank.

    >>> crowd_chance(np.arange(20.0), [0, 1, 2]) < 0.01 < crowd_chance(np.arange(20.0), [0, 9, 18])
    True
    """
    ranks = midranks(distances)
    n, k = len(ranks), len(chosen)
    sd = float(np.std(ranks)) * math.sqrt((n - k) / max(n - 1, 1) / k) if k else 0.0
    if sd == 0.0:
        return 1.0
    z = (float(ranks[list(chosen)].mean()) - float(ranks.mean())) / sd
    return 0.5 * math.erfc(-z / math.sqrt(2.0))


def trend_z(first: FloatArray, second: FloatArray) -> float:
    """Return the z score of the rank correlation of two arrays: above 0 where they rise together; 0 under 4 pairs.

    >>> trend_z(np.arange(9.0), np.arange(9.0)) > 2.5, trend_z(np.arange(9.0), np.ones(9))
    (True, 0.0)
    """
    if len(first) < 4:
        return 0.0
    a, b = midranks(first), midranks(second)
    a, b = a - a.mean(), b - b.mean()
    scale = math.sqrt(float(a @ a) * float(b @ b))
    return float(a @ b) / scale * math.sqrt(len(a) - 1) if scale > 0 else 0.0


def _state(row: Mapping[str, Any], value: float) -> str:
    state = str(row.get("state") or "complete")
    if state != "complete" or math.isfinite(value):
        return state
    return "failed" if row.get("value") is None else "diverged"


def _parameter(name: str, rows: Table, declared: Mapping[str, Any] | None) -> Parameter | None:
    given = [row.get("params", {}).get(name) for row in rows]
    known = [v for v in given if v is not None]
    if len({str(v) for v in known}) < 2:
        return None
    if not all(isinstance(v, int | float) and not isinstance(v, bool) for v in known):
        kinds = tuple(dict.fromkeys(str(v) for v in given if v is not None))
        places = {kind: float(i) for i, kind in enumerate(kinds)}
        values = np.array([places.get(str(v), np.nan) if v is not None else np.nan for v in given])
        return Parameter(name, values, 0.0, len(kinds) - 1.0, log=False, declared=declared is not None, choices=kinds)
    values = np.array([_number(v) for v in given], dtype=np.float64)
    values[~np.isfinite(values)] = np.nan
    if not np.isfinite(values).any():
        return None
    low, high, said = _range(values, declared)
    log = said if said else is_log(name, values, low, high)
    whole = bool(np.all(values[np.isfinite(values)] % 1 == 0))
    return Parameter(name, values, low, high, log, declared=declared is not None, declared_log=said, whole=whole)


def _range(values: FloatArray, declared: Mapping[str, Any] | None) -> tuple[float, float, bool | None]:
    """Return the ends, declared or tried, whichever are wider, and whether a log axis was declared."""
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    if declared is None:
        return low, high, None
    ends = [_number(declared.get("low")), _number(declared.get("high"))]
    ends += [_number(choice) for choice in declared.get("choices") or ()]
    ends = [end for end in ends if math.isfinite(end)]
    said = declared.get("log")
    low, high = min([low, *ends]), max([high, *ends])
    if not isinstance(said, bool) or declared.get("choices"):
        return low, high, None
    return low, high, said and low > 0


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.inf
