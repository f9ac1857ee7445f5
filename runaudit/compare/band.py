"""The band of the references, and where the runs leave it for good."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from runaudit.compare.curve import GRID, Line
from runaudit.compare.floor import seed_noise
from runaudit.compare.result import Band
from runaudit.model import BoolArray, FloatArray
from runaudit.numerics import smoothed

MANY = 10  # runs from which quantiles are taken, not the range
QUANTILES = (5.0, 95.0)
WIDE = 1.96  # standard deviations of the band of a single run
LEAST_STAY = 8  # places of the grid outside the band, up to the end, that are more than a slip


def band_of(lines: Sequence[Line], low: float, high: float, *, up_good: bool) -> Band:
    """Return the band of the reference lines between ``low`` and ``high``; NaN where none has a finite value."""
    grid = np.linspace(low, high, GRID)
    values = np.array([line.on(grid) for line in lines])
    mid = middle(values)
    if len(lines) == 1:
        half = WIDE * np.hypot(_local_noise(lines[0], grid), _assumed(mid, up_good=up_good))
        return Band("assumed", grid, mid - half, mid, mid + half)
    if len(lines) < MANY:
        return Band("range", grid, _each(np.min, values), mid, _each(np.max, values))
    least, most = (_each(partial(np.percentile, q=q), values) for q in QUANTILES)
    return Band("quantiles", grid, least, mid, most)


def middle(values: FloatArray) -> FloatArray:
    """Return the median of each column over its finite values, NaN where there is none."""
    return _each(np.median, values)


def left_for_good(mid: FloatArray, band: Band) -> tuple[float, str]:
    """Return where a line goes out of the band and stays out, and whether ``above`` or ``below``; NaN and "" if never.

    Where the line or the band has no value nothing is said: that counts as inside.
    """
    above, below = mid > band.high, mid < band.low
    out = above | below
    if not out[-1]:
        return float("nan"), ""
    inside = np.flatnonzero(~out)
    start = int(inside[-1]) + 1 if len(inside) else 0
    if len(out) - start < LEAST_STAY:
        return float("nan"), ""
    return float(band.x[start]), "above" if above[-1] else "below"


def _each(what: Callable[[FloatArray], object], values: FloatArray) -> FloatArray:
    found = np.full(values.shape[1], np.nan)
    known: BoolArray = np.isfinite(values)
    for i in np.flatnonzero(known.any(axis=0)):
        found[i] = what(values[known[:, i], i])
    return found


def _local_noise(line: Line, grid: FloatArray) -> FloatArray:
    """Return the noise of a line around its smoothed self, at the places of the grid."""
    good = np.isfinite(line.y)
    if not good.any():
        return np.zeros(len(grid))
    away = 1.4826 * smoothed(np.abs(line.y[good] - line.smooth[good]))
    return np.interp(grid, line.x[good], away)


def _assumed(mid: FloatArray, *, up_good: bool) -> FloatArray:
    known = mid[np.isfinite(mid)]
    first = float(known[0]) if len(known) else 0.0
    return np.array([seed_noise(float(value), first, up_good=up_good) for value in mid])
