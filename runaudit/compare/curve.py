"""One curve of one run on the shared axis, and what is measured of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from runaudit.compare.axis import Place
from runaudit.compare.result import Measures
from runaudit.compare.stats import late_error
from runaudit.model import FloatArray, Run
from runaudit.numerics import noise_sd, smoothed

GRID = 240  # places at which curves are laid over each other
LATE = 0.1  # of the range, whose median is the final value
LEAST = 3  # values that it should hold in every run
MOST_LATE = 0.34
NOISE = 1 / 3  # of the values, at the end, give the noise


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """A curve: values at rising places, NaN and infinities kept, and the smoothed values (NaN where none is finite)."""

    run: str
    x: FloatArray
    y: FloatArray
    smooth: FloatArray

    def on(self, grid: FloatArray) -> FloatArray:
        """Return the smoothed curve at the places of a grid inside its range; beyond the last finite value NaN."""
        good = np.isfinite(self.smooth)
        if not good.any():
            return np.full(len(grid), np.nan)
        return np.interp(grid, self.x[good], self.smooth[good], left=np.nan, right=np.nan)


def line_of(run: Run, name: str, place: Place) -> Line:
    """Return a series of a run on the shared axis; values without a place on it are left out."""
    series = run.series[name]
    x = place(series.steps)
    keep = np.isfinite(x)
    keep[keep] = np.diff(x[keep], prepend=-np.inf) > 0
    y = series.values[keep]
    good = np.isfinite(y)
    smooth = np.full(len(y), np.nan)
    smooth[good] = smoothed(y[good])
    return Line(run.id, x[keep], y, smooth)


def common_range(lines: Sequence[Line]) -> tuple[float, float] | None:
    """Return where all lines have logged values, None where they share less than two places."""
    if not all(len(line.x) for line in lines):
        return None
    low, high = max(float(line.x[0]) for line in lines), min(float(line.x[-1]) for line in lines)
    return (low, high) if high > low else None


def late_from(lines: Sequence[Line], low: float, high: float) -> float:
    """Return where the last stretch begins: a tenth of the range, or more until every line has three values there."""
    thirds = [inside[-LEAST] for line in lines if len(inside := line.x[line.x <= high]) >= LEAST]
    wanted = min([high - LATE * (high - low), *(float(x) for x in thirds)])
    return max(wanted, high - MOST_LATE * (high - low))


def measures(line: Line, low: float, high: float, late: float, target: float, *, up_good: bool) -> Measures:
    """Return the measures of a line between ``low`` and ``high``; ``late`` is where the last stretch begins."""
    slack = 1e-9 * (high - low)
    inside = (line.x >= low - slack) & (line.x <= high + slack)
    x, y = line.x[inside], line.y[inside]
    end = y[x >= late - slack]
    good = np.isfinite(y)
    best, best_at = _best(x[good], y[good], up_good=up_good)
    return Measures(
        run=line.run,
        points=len(y),
        final=final_of(line, high, end),
        error=late_error(end),
        best=best,
        best_at=best_at,
        mean=_mean(line, low, high) if good.all() else np.nan,
        reached=_reached(line, low, high, target, up_good=up_good),
        noise=noise_sd(_last(y[good])),
    )


def final_of(line: Line, high: float, end: FloatArray) -> float:
    """Return the median of the last values, NaN where half of them or more are not finite.

    Where none was logged there, the value is interpolated at the end of the shared range.
    """
    if not len(end):
        return float(np.interp(high, line.x, line.y))
    finite = end[np.isfinite(end)]
    return float(np.median(finite)) if len(finite) > len(end) / 2 else float("nan")


def _best(x: FloatArray, y: FloatArray, *, up_good: bool) -> tuple[float, float]:
    if not len(y):
        return float("nan"), float("nan")
    at = int(np.argmax(y) if up_good else np.argmin(y))
    return float(y[at]), float(x[at])


def _mean(line: Line, low: float, high: float) -> float:
    grid = np.unique(np.concatenate([[low, high], line.x[(line.x > low) & (line.x < high)]]))
    values = np.interp(grid, line.x, line.y)
    return float((np.diff(grid) * (values[1:] / 2 + values[:-1] / 2)).sum() / (high - low))


def _reached(line: Line, low: float, high: float, target: float, *, up_good: bool) -> float:
    """Return the first place in the range where the smoothed line is as good as ``target``, NaN where it never is."""
    if not np.isfinite(target):
        return float("nan")
    inside = (line.x >= low) & (line.x <= high) & np.isfinite(line.smooth)
    x, y = line.x[inside], line.smooth[inside]
    there = np.flatnonzero(y >= target if up_good else y <= target)
    return float(x[there[0]]) if len(there) else float("nan")


def _last(values: FloatArray) -> FloatArray:
    return values[-max(4, int(len(values) * NOISE)) :]
