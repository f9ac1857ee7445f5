"""Geometry of the plots: curves become paths in a box of fixed size, which the browser stretches."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from runaudit import plot
from runaudit.model import Curve, FloatArray
from runaudit.plot import Axis
from runaudit.render._sparks import HIGHER_IS_BETTER, LOWER_IS_BETTER
from runaudit.text import count, number

WIDTH, HEIGHT = 1000, 400  # of the box that paths are written in
SPARK_WIDTH, SPARK_HEIGHT, SPARK_POINTS = 200, 48, 28
LEAST_RATIO = 3.0  # of highest to lowest value, for a logarithmic axis to show more than a linear one
LEAST_WINDOW = 0.6  # percent of the plot that the window of a single step takes
MOST_TICKS = 4
SPLITS = ("train", "val", "test")


@dataclass(frozen=True, slots=True)
class Mark:
    """A labelled place on an axis, in percent of the plot from its left or its top."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Ring:
    """The best step of a curve, in percent of the plot from its left and its top."""

    x: float
    y: float
    split: str


@dataclass(frozen=True, slots=True)
class Line:
    """A curve: the path of its middle and of its band, "" where it has none."""

    split: str
    middle: str
    band: str


@dataclass(frozen=True, slots=True)
class Scale:
    """The plot on one value axis, ``linear`` or ``log``; ``key`` names it in the page."""

    key: str
    kind: str
    lines: tuple[Line, ...]
    ticks: tuple[Mark, ...]
    rings: tuple[Ring, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """Steps to mark, in percent of the plot from its left; ``style`` is a severity."""

    start: float
    width: float
    style: str


def split_of(name: str) -> str:
    """Return ``train``, ``val`` or ``test``, by which curves over each other are told apart, else ``other``."""
    kind = name.partition("/")[0]
    return kind if kind in SPLITS else "other"


def scales(curves: Sequence[Curve], key: str, steps: Axis, points: int, *, log: bool, band: bool) -> tuple[Scale, ...]:
    """Return the plot of the curves on the axis that suits them, then on the other one if ``log`` and if it can be.

    At most ``points`` points a curve; ``band`` asks for the lowest and highest values around the middle.
    """
    best = plot.value_axis(curves)
    linear = Axis(best.low, best.high)
    axes = [best]
    if log and best.log:
        axes.append(linear)
    elif log and best.low > 0 and best.high / best.low >= LEAST_RATIO:
        axes.append(Axis(best.low, best.high, log=True))
    thin = [thinned(c, points) for c in curves]
    return tuple(_scale(curves, thin, key, steps, axis, band=band) for axis in axes)


def _scale(whole: Sequence[Curve], thin: Sequence[Thin], key: str, steps: Axis, axis: Axis, *, band: bool) -> Scale:
    lines = tuple(
        Line(split_of(c.name), middle(t, steps, axis), outline(t, steps, axis) if band else "")
        for c, t in zip(whole, thin, strict=True)
    )
    ticks = tuple(Mark(_percent(1 - _place(axis, v)), number(v)) for v in value_ticks(axis))
    kind = "log" if axis.log else "linear"
    return Scale(f"{key}{kind[:2]}", kind, lines, ticks, tuple(_rings(whole, steps, axis)))


def _rings(curves: Sequence[Curve], steps: Axis, axis: Axis) -> list[Ring]:
    rings = []
    for curve in curves:
        found = best_of(curve)
        if found is not None and ringed(curve, curves):
            x, y = _place(steps, float(found[1])), 1 - _place(axis, found[0])
            rings.append(Ring(_percent(x), _percent(y), split_of(curve.name)))
    return rings


def ringed(curve: Curve, beside: Sequence[Curve]) -> bool:
    """Return whether the best step of a curve is worth a mark: that of training is not beside that of validation."""
    return len(beside) == 1 or split_of(curve.name) != "train"


def best_of(curve: Curve) -> tuple[float, int] | None:
    """Return the best value of a loss or a quality and its step, None where it is unknown or the first or last one."""
    metric = curve.name.rpartition("/")[2].lower()
    if metric.startswith(LOWER_IS_BETTER) or "/loss/" in curve.name:
        found = curve.best, curve.best_step
    elif metric.startswith(HIGHER_IS_BETTER) and np.isfinite(curve.high).any():
        at = int(np.nanargmax(curve.high))
        found = float(curve.high[at]), int(curve.steps[at])
    else:
        return None
    return found if math.isfinite(found[0]) and found[1] not in {curve.first_step, curve.last_step} else None


def step_marks(steps: Axis) -> tuple[Mark, ...]:
    """Return round steps to label."""
    return tuple(Mark(_percent(_place(steps, float(s))), count(s)) for s in plot.ticks(steps, 50, 10))


def span(first: int, last: int, steps: Axis, style: str) -> Span:
    """Return the part of a plot that lies between two steps, never too narrow to be seen."""
    start, end = 100 * _place(steps, float(first)), 100 * _place(steps, float(last))
    width = max(end - start, LEAST_WINDOW)
    return Span(round(min(start, 100 - width), 1), round(width, 1), style)


def broken(curves: Sequence[Curve], steps: Axis) -> tuple[Span, ...]:
    """Return where a curve has logged values and none of them is finite; an empty tuple where that is nowhere."""
    spans = []
    for curve in curves:
        bad = np.isnan(curve.mid)
        edges = np.flatnonzero(np.diff(np.concatenate([[False], bad, [False]]).astype(np.int8)))
        for start, stop in edges.reshape(-1, 2).tolist():
            last = int(curve.steps[stop]) if stop < len(bad) else curve.last_step
            spans.append(span(int(curve.steps[start]), last, steps, "broken"))
    return tuple(spans)


@dataclass(frozen=True, slots=True)
class Thin:
    """A curve of few points: lowest, middle and highest value at each step; NaN where none is finite."""

    steps: FloatArray
    low: FloatArray
    mid: FloatArray
    high: FloatArray


def thinned(curve: Curve, points: int) -> Thin:
    """Return at most ``points`` blocks of the curve; a block has the middle of its lowest and highest medians."""
    if len(curve.steps) <= points:
        return Thin(curve.steps, curve.low, curve.mid, curve.high)
    starts = np.linspace(0, len(curve.steps), points, endpoint=False).astype(np.int64)
    bottom, top = np.fmin.reduceat(curve.mid, starts), np.fmax.reduceat(curve.mid, starts)
    low, high = np.fmin.reduceat(curve.low, starts), np.fmax.reduceat(curve.high, starts)
    return Thin(curve.steps[starts], low, bottom / 2 + top / 2, high)


def middle(curve: Thin, steps: Axis, axis: Axis, width: int = WIDTH, height: int = HEIGHT) -> str:
    """Return the path of the middle values, with a gap wherever none is finite."""
    return " ".join(_path(part) for part in _segments(curve, curve.mid, steps, axis, width, height))


def outline(curve: Thin, steps: Axis, axis: Axis) -> str:
    """Return the closed paths around lowest and highest values; "" where they are the same or too close to be seen."""
    tops = _segments(curve, curve.high, steps, axis, WIDTH, HEIGHT)
    bottoms = _segments(curve, curve.low, steps, axis, WIDTH, HEIGHT)
    seen = any(low[1] - high[1] > 2 for t, b in zip(tops, bottoms, strict=True) for high, low in zip(t, b, strict=True))
    if not seen:
        return ""
    return "".join(f"{_path(t + b[::-1])}z" for t, b in zip(tops, bottoms, strict=True) if len(t) > 1)


def spark(curve: Curve, steps: Axis) -> str:
    """Return the path of a curve as small as a word."""
    shape = thinned(curve, SPARK_POINTS)
    return middle(shape, steps, plot.value_axis([curve]), SPARK_WIDTH, SPARK_HEIGHT)


def _segments(
    curve: Thin, values: FloatArray, steps: Axis, axis: Axis, width: int, height: int
) -> list[list[tuple[int, int]]]:
    """Return the points of every stretch of finite values in the box."""
    good = np.isfinite(values)
    inside = np.where(good, np.clip(values, -plot.HUGE, plot.HUGE), axis.low)
    xs = np.rint(steps.place(curve.steps) * width).astype(np.int64).tolist()
    ys = np.rint((1 - axis.place(inside)) * height).astype(np.int64).tolist()
    parts: list[list[tuple[int, int]]] = [[]]
    for x, y, known in zip(xs, ys, good.tolist(), strict=True):
        if known:
            parts[-1].append((x, y))
        elif parts[-1]:
            parts.append([])
    return [part for part in parts if part]


def _path(points: Sequence[tuple[int, int]]) -> str:
    """Return SVG path data in as few letters as possible: relative, and without points on a straight line.

    >>> _path([(0, 10), (5, 10), (10, 10), (12, 4)]), _path([(3, 4)])
    ('M0 10l10 0 2-6', 'M3 4h0')
    """
    (x, y), *others = points
    moves: list[tuple[int, int]] = []
    start = f"M{x} {y}"
    for right, down in others:
        dx, dy = right - x, down - y
        x, y = right, down
        if not (dx or dy):
            continue
        before = moves[-1] if moves else (0, 0)
        onwards = before[0] * dx + before[1] * dy > 0 and before[0] * dy == before[1] * dx
        if onwards:
            moves[-1] = (before[0] + dx, before[1] + dy)
        else:
            moves.append((dx, dy))
    if not moves:
        return f"{start}h0"
    pairs = " ".join(f"{dx}{'' if dy < 0 else ' '}{dy}" for dx, dy in moves).replace(" -", "-")
    return f"{start}l{pairs}"


def value_ticks(axis: Axis) -> list[float]:
    """Return round values to label, from the lowest.

    >>> value_ticks(Axis(0.06, 2.3)), value_ticks(Axis(0.001, 2e3, log=True))
    ([1.0, 2.0], [0.001, 0.1, 10.0, 1000.0])
    """
    if axis.log:
        low, high = math.ceil(math.log10(axis.low) - 1e-9), math.floor(math.log10(axis.high) + 1e-9)
        if high - low >= 1:
            return [10.0**k for k in range(low, high + 1, (high - low) // MOST_TICKS + 1)]
        decades = (m * 10.0**k for k in range(low - 1, high + 2) for m in (1, 2, 5))
        return [v for v in decades if axis.low <= v <= axis.high] or [axis.low, axis.high]
    size = (axis.high - axis.low) / MOST_TICKS
    power = 10.0 ** math.floor(math.log10(size)) if size else 0.0
    if not power:  # a range at the limit of what a float can tell apart
        return [axis.low]
    distance = next(m * power for m in (1, 2, 5, 10) if m * power >= size * 0.999)
    first, last = math.ceil(axis.low / distance - 1e-9), math.floor(axis.high / distance + 1e-9)
    return [k * distance for k in range(first, last + 1)]


def _place(axis: Axis, value: float) -> float:
    return float(axis.place(np.array([value]))[0])


def _percent(part: float) -> float:
    return round(100 * part, 1)
