"""Curves drawn with characters: one-line sparklines, and plots in braille dots or ASCII."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from runaudit.model import BoolArray, Curve, FloatArray, IntArray

BLOCKS = "▁▂▃▄▅▆▇█"
ASCII_LEVELS = "_.-~^"
BRAILLE = 0x2800
DOT_BITS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]], dtype=np.int64)  # 4 rows, 2 columns
LOG_RATIO = 50.0  # a curve whose peak is this many times its median shows nothing on a linear axis
HUGE = 1e300  # beyond this a range overflows
EARLY_RATIO = 5.0  # nor does one whose first tenth is so many times higher than all the rest


@dataclass(frozen=True, slots=True)
class Axis:
    """A range of values on a plot; ``log`` where a linear one would show only the peak."""

    low: float
    high: float
    log: bool = False

    def place(self, values: FloatArray) -> FloatArray:
        """Return where the values lie, 0 at the lower end and 1 at the upper; NaN stays NaN."""
        low, high = np.log([self.low, self.high]) if self.log else (self.low, self.high)
        inside = np.clip(values, self.low, self.high)
        return np.asarray(((np.log(inside) if self.log else inside) - low) / (high - low))


def step_axis(curves: Sequence[Curve]) -> Axis:
    """Return the range of steps that the curves cover, never empty."""
    first = min((c.first_step for c in curves), default=0)
    last = max((c.last_step for c in curves), default=1)
    return Axis(first, max(last, first + 1))


def value_axis(curves: Sequence[Curve], steps: Axis | None = None) -> Axis:
    """Return the range of the finite values that the curves take (within ``steps``), never empty."""
    lows = [c.low[_within(c, steps)] for c in curves]
    highs = [c.high[_within(c, steps)] for c in curves]
    return _range(_finite(lows), _finite(highs), _finite([part[len(part) // 10 + 1 :] for part in highs]))


def _range(low: FloatArray, high: FloatArray, late: FloatArray) -> Axis:
    """Return the range from the lowest to the highest value; ``late`` are the values after the first tenth."""
    if not len(low):
        return Axis(0.0, 1.0)
    low, high, late = (np.clip(part, -HUGE, HUGE) for part in (low, high, late))
    bottom, top = float(low.min()), float(high.max())
    if top <= bottom:
        pad = abs(top) / 2 or 1.0
        return Axis(bottom - pad, bottom + pad)
    later = float(late.max()) if len(late) else top
    middle = float(np.partition(high, len(high) // 2)[len(high) // 2])  # np.median imports numpy.ma: 8 ms
    if bottom > 0 and (top > LOG_RATIO * middle or top > EARLY_RATIO * later):
        return Axis(bottom, top, log=True)
    return Axis(bottom, top)


def _finite(parts: list[FloatArray]) -> FloatArray:
    values = np.concatenate(parts) if parts else np.empty(0)
    return values[np.isfinite(values)]


def _within(curve: Curve, steps: Axis | None) -> BoolArray:
    if steps is None:
        return np.ones(len(curve.steps), dtype=bool)
    return np.asarray((curve.steps >= steps.low) & (curve.steps <= steps.high))


def columns(steps: FloatArray, axis: Axis, width: int) -> IntArray:
    """Return the column of each step, 0 to ``width`` - 1.

    >>> columns(np.array([0.0, 50.0, 100.0]), Axis(0, 100), 11).tolist()
    [0, 5, 10]
    """
    return np.asarray(np.round(axis.place(steps) * (width - 1)), dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Trace:
    """What a curve does in each column of a plot: NaN where nothing lies; ``broken`` where no value is finite."""

    low: FloatArray
    high: FloatArray
    broken: BoolArray


def trace(curve: Curve, steps: Axis, width: int) -> Trace:
    """Return the lowest and highest value of the curve in each of ``width`` columns.

    A column between two points is interpolated, so that a curve of few points is a line. The columns of a block without
    a finite value are ``broken``.
    """
    low, high = np.full(width, np.nan), np.full(width, np.nan)
    broken = np.zeros(width, dtype=bool)
    inside = _within(curve, steps)
    at = columns(curve.steps[inside], steps, width).tolist()
    shown = (np.clip(part[inside], -HUGE, HUGE) for part in (curve.low, curve.mid, curve.high))
    lows, mids, highs = (part.tolist() for part in shown)
    for i, (column, bottom, mid, top) in enumerate(zip(at, lows, mids, highs, strict=True)):
        if mid != mid:
            broken[column : at[i + 1] if i + 1 < len(at) and at[i + 1] > column else column + 1] = True
            continue
        low[column] = np.fmin(low[column], bottom)
        high[column] = np.fmax(high[column], top)
        if i and mids[i - 1] == mids[i - 1] and column - at[i - 1] > 1:
            between = np.linspace(mids[i - 1], mid, column - at[i - 1] + 1)[1:-1]
            low[at[i - 1] + 1 : column] = between
            high[at[i - 1] + 1 : column] = between
    return Trace(low, high, broken & np.isnan(low))


def thinned(curve: Curve) -> Curve:
    """Return the curve without the band of its values, so that another can be read beside it."""
    return replace(curve, low=curve.mid, high=curve.mid)


def line(curve: Curve, steps: Axis, width: int, *, peaks: bool = False) -> Trace:
    """Return one value for each column: the middle of the medians that lie there, or the highest value of all."""
    shown = curve.high if peaks else curve.mid
    drawn = trace(replace(curve, low=shown, mid=shown, high=shown), steps, width)
    middle = drawn.high if peaks else (drawn.low + drawn.high) / 2
    return Trace(middle, middle, drawn.broken)


def dots(curve: Curve, steps: Axis, values: Axis, width: int, rows: int) -> tuple[BoolArray, BoolArray]:
    """Return the dots of the curve (4 ``rows`` high, 2 ``width`` wide, top row first) and its broken cells."""
    is_line = curve.low is curve.mid
    drawn = line(curve, steps, 2 * width) if is_line else trace(curve, steps, 2 * width)
    height = 4 * rows
    grid = np.zeros((height, 2 * width), dtype=bool)
    bottoms, tops = (np.round(values.place(side) * (height - 1)) for side in (drawn.low, drawn.high))
    last: tuple[int, int] | None = None
    for column, (bottom, top) in enumerate(zip(bottoms.tolist(), tops.tolist(), strict=True)):
        if bottom != bottom:
            last = None
            continue
        low, high = int(bottom), int(top)
        reach = (low, high)
        if last is not None:  # reach for the neighbour, so that a steep line has no holes
            low = min(low, last[1] + 1)
            high = max(high, last[0] - 1)
        grid[height - 1 - high : height - low, column] = True
        last = reach
    return grid, np.asarray(drawn.broken.reshape(width, 2).any(axis=1))


def braille(grids: Sequence[BoolArray]) -> list[str]:
    """Return the rows of characters of several dot grids laid over each other; blanks where there is no dot.

    >>> braille([np.array([[1, 0], [1, 0], [0, 1], [0, 1]], dtype=bool)])
    ['⢣']
    """
    both = np.logical_or.reduce(list(grids))
    height, width = both.shape
    blocks = both.reshape(height // 4, 4, width // 2, 2).astype(np.int64)
    codes = np.einsum("rycx,yx->rc", blocks, DOT_BITS)
    return ["".join(chr(BRAILLE + c) if c else " " for c in row) for row in codes.tolist()]


def ascii_rows(grid: BoolArray) -> list[str]:
    """Return the rows of characters of one dot grid in ASCII, each as high in its cell as the dots are."""
    height, width = grid.shape
    blocks: BoolArray = np.asarray(grid.reshape(height // 4, 4, width // 2, 2).any(axis=3))
    return ["".join(_ascii_cell(blocks[r, :, c]) for c in range(width // 2)) for r in range(height // 4)]


def _ascii_cell(dot_rows: BoolArray) -> str:
    if not dot_rows.any():
        return " "
    upper, lower = bool(dot_rows[0]), bool(dot_rows[3])
    if upper and lower:
        return "|"
    return "'" if upper else "." if lower else "-"


def covered(grid: BoolArray) -> BoolArray:
    """Return which cells (rows, columns) of a plot a dot grid has dots in."""
    height, width = grid.shape
    return np.asarray(grid.reshape(height // 4, 4, width // 2, 2).any(axis=(1, 3)))


def sparkline(curve: Curve, steps: Axis, width: int, *, peaks: bool = False, ascii_only: bool = False) -> str:
    """Return the curve in one line: medians, or with ``peaks`` the highest values; a cross where none is finite.

    Columns without a value are blank. A constant curve lies at the lowest level.
    """
    drawn = line(curve, steps, width, peaks=peaks)
    levels, cross = (ASCII_LEVELS, "x") if ascii_only else (BLOCKS, "\u00d7")
    seen = drawn.low[np.isfinite(drawn.low)]
    placed = np.zeros(width)
    if len(seen) and seen.max() > seen.min():
        placed = _range(seen, seen, seen[len(seen) // 10 + 1 :]).place(drawn.low)
    text = []
    for place, bad in zip(placed.tolist(), drawn.broken.tolist(), strict=True):
        level = levels[min(int(place * len(levels)), len(levels) - 1)] if place == place else " "
        text.append(cross if bad else level)
    return "".join(text)


def ticks(axis: Axis, width: int, room: int) -> list[int]:
    """Return round steps to label, at most as many as fit with ``room`` columns each.

    >>> ticks(Axis(0, 4000), 45, 9)
    [0, 1000, 2000, 3000, 4000]
    """
    most = max(width // room, 1)
    size = 1
    while True:
        for factor in (1, 2, 5):
            distance = size * factor
            first = int(-(-axis.low // distance)) * distance
            found = list(range(first, int(axis.high) + 1, distance)) if (axis.high - axis.low) / distance < 99 else []
            if (found and len(found) <= most) or distance > 2 * axis.high + 1:
                return found
        size *= 10
