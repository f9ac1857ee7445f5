"""Timing and system columns -> ``time/step``, ``time/data``, ``system/...``: what the throughput rules read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from runaudit.model import FloatArray, IntArray, Reduction, Series
from runaudit.wordbook import book, spelling, timing

STEP, CLOCK = "time/step", "time/clock"
EITHER = frozenset(
    {"time", "time_ms", "time_s", "train_time_ms", "train_time_s"}
)  # a clock in some programs, a duration in others
LEAST = 8  # values from which a column that only rises is a clock, and not chance
RISING = 0.9  # a clock may start again a few times
EPOCH_SECONDS = 1e8  # above it a clock counts from 1970, not from the start of the run
UNITS = ((1e17, 1e-9), (1e14, 1e-6), (1e11, 1e-3))  # since 1970, in billionths, millionths or thousandths of a second
TICKS = 10  # a clock of whole seconds is read at distances of so many


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """A timing or system column with a step for every value: strictly increasing steps, finite values."""

    name: str
    path: str
    steps: IntArray
    values: FloatArray
    lines: IntArray


@lru_cache(maxsize=4096)
def measures(name: str) -> str:
    """Return what a timing or system column measures, ``time/clock`` for the axis "time", "" for any other name.

    >>> [measures(n) for n in ("data_time", "system.gpu.0.gpu", "_runtime", "eta", "loss")]
    ['time/data', 'system/gpu_util/0', 'time/clock', '', '']
    """
    key = spelling(name)
    names, patterns = timing()
    if key in names:
        return names[key]
    known = book().exact.get(key)
    if known is not None:
        return CLOCK if (known.role, known.canonical) == ("axis", "time") else ""
    for pattern in patterns:
        found = pattern.match.match(name.strip())
        if found:
            return pattern.to.format(**found.groupdict())
    return ""


def timings(columns: Sequence[Column], unit: str) -> dict[str, Series]:
    """Return the canonical timing and system series that the columns give, by the name of their column.

    Every canonical name is given once: a logged step time before one taken from a clock, then the longest. A series
    from a clock has the seconds a step since the row before it, is a window mean, and its source name says so. In
    logs by epoch (``unit``) a step is an epoch, and durations of an epoch count.
    """
    found: dict[str, tuple[tuple[bool, int], str, Series]] = {}
    for column in columns:
        one = _series(column, unit)
        if one is None:
            continue
        rank = (one.reduction is not Reduction.WINDOW_MEAN, len(one))
        if one.name not in found or rank > found[one.name][0]:
            found[one.name] = (rank, column.name, one)
    return {name: series for _, name, series in found.values()}


def _series(column: Column, unit: str) -> Series | None:
    kind = measures(column.name)
    values = column.values
    if kind == CLOCK:
        if _is_clock(column):
            return _differences(column)
        if spelling(column.name) not in EITHER:
            return None
        kind = f"{STEP}_ms" if spelling(column.name).endswith("_ms") else STEP
    kind, _, form = kind.partition("_") if kind.startswith("time/") else (kind, "", "")
    if form == "epoch" and unit != "epoch":
        return None
    keep = values > 0 if form == "rate" else np.isfinite(values)
    values = values[keep]
    if form == "rate":
        values = 1.0 / values
    elif form == "ms":
        values = values / 1000.0
    good = np.isfinite(values)  # the inverse of a subnormal rate is infinite
    where = np.flatnonzero(keep)[good]
    if not len(where):
        return None
    return Series(kind, column.steps[where], values[good], column.lines[where], column.name, column.path)


def _is_clock(column: Column) -> bool:
    """Say whether the values only rise, but for a few restarts; a name that is used for durations must look like it."""
    values = column.values
    if len(values) < LEAST:
        return False
    with np.errstate(over="ignore", invalid="ignore"):
        rises = np.diff(values)
    if float(np.mean(rises >= 0)) < RISING or not np.any(rises > 0):
        return False
    started = float(values[0]) <= TICKS * float(np.median(rises[rises > 0]))
    return spelling(column.name) not in EITHER or started or float(values[0]) > EPOCH_SECONDS


def _differences(column: Column) -> Series | None:
    """Return the seconds a step between the rows; where the clock falls back (a restart), none."""
    seconds = column.values * _scale(column)
    steps, lines = column.steps, column.lines
    if np.all(seconds == np.round(seconds)):
        usual = float(np.mean(np.abs(np.diff(seconds))))
        every = int(np.ceil(TICKS / usual)) if usual > 0 else len(seconds)
        seconds, steps, lines = seconds[::every], steps[::every], lines[::every]
    if len(seconds) < LEAST:
        return None
    with np.errstate(over="ignore"):
        passed = np.diff(seconds)
    keep = (passed >= 0) & np.isfinite(passed)
    widths = np.diff(steps)
    values = passed[keep] / widths[keep]
    source = f"differences of {column.name}"
    width = float(np.median(widths))
    mean = Reduction.WINDOW_MEAN
    return Series(STEP, steps[1:][keep], values, lines[1:][keep], source, column.path, mean, width)


def _scale(column: Column) -> float:
    if spelling(column.name).endswith("_ms"):
        return 1e-3
    largest = float(np.max(column.values))
    return next((scale for limit, scale in UNITS if largest > limit), 1.0)
