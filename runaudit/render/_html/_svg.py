"""Geometry of the plots: axes and their labels, what is marked on them, and which curves are drawn on which axis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from runaudit import plot
from runaudit.model import Curve
from runaudit.plot import Axis
from runaudit.render._html._paths import Box, Thin, exact, line, outline, thinned
from runaudit.render._sparks import HIGHER_IS_BETTER, LOWER_IS_BETTER
from runaudit.text import count, number

SPARK, SPARK_POINTS = Box(88, 24), 14
LEAST_RATIO = 3.0  # of highest to lowest value, for a logarithmic axis to show more than a linear one
LEAST_WINDOW = 0.6  # percent of the plot that the window of a single step takes
MOST_TICKS = 4
SPLITS = ("train", "val", "test")


@dataclass(frozen=True, slots=True)
class Detail:
    """How much is drawn: points a curve, the box they lie in, on how many axes, and on how many of these with a band.

    A band is the range of the values around a curve; it has half as many points. ``grid`` asks for lines at the labels.
    """

    points: int
    box: Box
    axes: int
    bands: int
    grid: bool = True


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
    """The plot on one value axis, ``linear`` or ``log``; ``grid`` is the path of its lines."""

    kind: str
    lines: tuple[Line, ...]
    ticks: tuple[Mark, ...]
    grid: str
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


def scales(curves: Sequence[Curve], steps: Axis, detail: Detail) -> tuple[Scale, ...]:
    """Return the plot of the curves on the axis that suits them, then on the other one if that shows more."""
    best = plot.value_axis(curves)
    axes = [best]
    if best.log:
        axes.append(Axis(best.low, best.high))
    elif best.low > 0 and best.high / best.low >= LEAST_RATIO:
        axes.append(Axis(best.low, best.high, log=True))
    return tuple(
        _scale(curves, steps, axis, detail, band=i < detail.bands) for i, axis in enumerate(axes[: detail.axes])
    )


def _scale(curves: Sequence[Curve], steps: Axis, axis: Axis, detail: Detail, *, band: bool) -> Scale:
    box = detail.box
    marks = [(1 - _place(axis, v), number(v)) for v in value_ticks(axis)]
    return Scale(
        kind="log" if axis.log else "linear",
        lines=tuple(_line(c, steps, axis, detail, band=band) for c in curves),
        ticks=tuple(Mark(percent(at), label) for at, label in marks),
        grid="".join(f"M0 {round(at * box.height)}h{box.width}" for at, _ in marks if detail.grid),
        rings=tuple(_rings(curves, steps, axis)),
    )


def _line(curve: Curve, steps: Axis, axis: Axis, detail: Detail, *, band: bool) -> Line:
    """Return the middle of the curve with its band, or without one the line with its peaks."""
    split, box, points = split_of(curve.name), detail.box, detail.points
    whole = Thin(curve.steps, curve.low, curve.mid, curve.high)
    smooth = exact(curve, points, steps, axis, box) and not outline(whole, steps, axis, box)
    around = outline(thinned(curve, points // 2), steps, axis, box) if band and not smooth else ""
    return Line(split, line(curve, points, steps, axis, box, needles=not around), around)


def _rings(curves: Sequence[Curve], steps: Axis, axis: Axis) -> list[Ring]:
    rings = []
    for curve in curves:
        found = best_of(curve)
        if found is not None and ringed(curve, curves):
            x, y = _place(steps, float(found[1])), 1 - _place(axis, found[0])
            rings.append(Ring(percent(x), percent(y), split_of(curve.name)))
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
    return tuple(Mark(percent(_place(steps, float(s))), count(s)) for s in plot.ticks(steps, 50, 10))


def span(first: int, last: int, steps: Axis, style: str) -> Span:
    """Return the part of a plot that lies between two steps, never too narrow to be seen."""
    start, end = 100 * _place(steps, float(first)), 100 * _place(steps, float(last))
    width = max(end - start, LEAST_WINDOW)
    return Span(_short(min(start, 100 - width)), _short(width), style)


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


def spark(curve: Curve, steps: Axis) -> str:
    """Return the path of a curve as small as a word."""
    return line(curve, SPARK_POINTS, steps, plot.value_axis([curve]), SPARK)


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


def percent(part: float) -> float:
    """Return a part of a plot in percent, with one decimal at most."""
    return _short(100 * part)


def _short(value: float) -> float:
    """Return the value with one decimal at most, a whole number without any."""
    short = round(value, 1)
    return int(short) if short == int(short) else short
