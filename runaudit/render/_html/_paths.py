"""Curves as SVG paths in few letters: thinned to a few points, straightened where nobody sees it, in small numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from runaudit import plot
from runaudit.model import Curve, FloatArray, IntArray
from runaudit.plot import Axis

Point = tuple[int, int]
SLACK = 0.75  # by so much of a unit of its box a path may miss a point that it leaves out
PEAK = 0.15  # part of the height of a plot by which a peak stands out
THINNEST_BAND = 2  # units: a band that is nowhere higher is not seen


@dataclass(frozen=True, slots=True)
class Box:
    """The whole numbers that paths are written in; the browser stretches them to the room that there is."""

    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Thin:
    """A curve of few points: lowest, middle and highest value at each step; NaN where none is finite."""

    steps: FloatArray
    low: FloatArray
    mid: FloatArray
    high: FloatArray


def thinned(curve: Curve, points: int) -> Thin:
    """Return at most ``points`` blocks of the curve; a block has the middle of its lowest and highest medians.

    It lies in the middle of its steps, the first and the last one at the ends of the curve.
    """
    if len(curve.steps) <= points:
        return Thin(curve.steps, curve.low, curve.mid, curve.high)
    starts = _starts(len(curve.steps), points)
    steps = _centres(curve, starts)
    steps[0], steps[-1] = curve.first_step, curve.last_step
    bottom, top = np.fmin.reduceat(curve.mid, starts), np.fmax.reduceat(curve.mid, starts)
    low, high = np.fmin.reduceat(curve.low, starts), np.fmax.reduceat(curve.high, starts)
    return Thin(steps, low, bottom / 2 + top / 2, high)


def peaked(curve: Curve, points: int, axis: Axis) -> tuple[FloatArray, FloatArray]:
    """Return steps and values of about ``points`` points: ends, the middle of blocks, and the peaks that stand out.

    A line through them shows as needles what a band would show. A block without a finite value gives one NaN.
    """
    thin = thinned(curve, max(points * 2 // 3, 1))
    starts = _starts(len(curve.steps), len(thin.steps))
    sizes = np.diff([*starts.tolist(), len(curve.steps)])
    steps = np.concatenate([[curve.first_step], _centres(curve, starts), [curve.last_step]])
    middle = np.concatenate([curve.mid[:1], thin.mid, curve.mid[-1:]])
    between = _between(curve.steps, steps, middle, axis)
    found = list(zip(steps.tolist(), middle.tolist(), strict=True))
    for values, best in ((curve.low, thin.low), (curve.high, thin.high)):
        out = np.abs(axis.place(values) - axis.place(between)) > PEAK
        for i in np.flatnonzero((values == np.repeat(best, sizes)) & out).tolist():
            found += [(float(curve.steps[i]), float(value)) for value in (between[i], values[i], between[i])]
    found.sort(key=lambda point: point[0])
    return np.array([step for step, _ in found]), np.array([value for _, value in found])


def _between(steps: FloatArray, known: FloatArray, values: FloatArray, axis: Axis) -> FloatArray:
    """Return where a straight line through the finite values, known at some steps, is at each of the steps."""
    good = np.isfinite(values)
    if not good.any():
        return np.full(len(steps), np.nan)
    if axis.log:
        return np.asarray(np.exp(np.interp(steps, known[good], np.log(values[good]))))
    return np.asarray(np.interp(steps, known[good], values[good]))


def _centres(curve: Curve, starts: IntArray) -> FloatArray:
    """Return the step in the middle of each block."""
    return np.asarray(curve.steps[starts] / 2 + curve.steps[[*(starts[1:] - 1), -1]] / 2)


def _starts(size: int, blocks: int) -> IntArray:
    return np.linspace(0, size, blocks, endpoint=False).astype(np.int64)


def line(curve: Curve, points: int, steps: Axis, axis: Axis, box: Box, *, needles: bool = True) -> str:
    """Return the path of a curve, with a gap wherever none of its values is finite.

    It is exact where so many points allow that; else it goes through the middle of blocks, with ``needles`` for the
    peaks that stand out.
    """
    whole = exact(curve, points, steps, axis, box)
    if whole:
        return whole
    thin = thinned(curve, points)
    places, values = peaked(curve, points, axis) if needles else (thin.steps, thin.mid)
    return "".join(path(straightened(part)) for part in _stretches(places, values, steps, axis, box))


def exact(curve: Curve, points: int, steps: Axis, axis: Axis, box: Box) -> str:
    """Return the path of a curve that misses no value by more than a unit of the box, "" where that takes more points.

    It is also "" where no value is finite.
    """
    parts = [straightened(part, points) for part in _stretches(curve.steps, curve.mid, steps, axis, box)]
    return "".join(map(path, parts)) if sum(map(len, parts)) <= points else ""


def outline(thin: Thin, steps: Axis, axis: Axis, box: Box) -> str:
    """Return the closed paths around lowest and highest values; "" where they are the same or too close to be seen."""
    tops = _stretches(thin.steps, thin.high, steps, axis, box)
    bottoms = _stretches(thin.steps, thin.low, steps, axis, box)
    both = list(zip(tops, bottoms, strict=True))
    seen = any(low[1] - high[1] > THINNEST_BAND for t, b in both for high, low in zip(t, b, strict=True))
    if not seen:
        return ""
    return "".join(f"{path(straightened(t) + straightened(b)[::-1])}z" for t, b in both if len(t) > 1)


def _stretches(places: FloatArray, values: FloatArray, steps: Axis, axis: Axis, box: Box) -> list[list[Point]]:
    """Return the points of every stretch of finite values in the box."""
    good = np.isfinite(values)
    inside = np.where(good, np.clip(values, -plot.HUGE, plot.HUGE), axis.low)
    xs = np.rint(steps.place(places) * box.width).astype(np.int64).tolist()
    ys = np.rint((1 - axis.place(inside)) * box.height).astype(np.int64).tolist()
    parts: list[list[Point]] = [[]]
    for x, y, known in zip(xs, ys, good.tolist(), strict=True):
        if known:
            parts[-1].append((x, y))
        elif parts[-1]:
            parts.append([])
    return [part for part in parts if part]


def straightened(points: Sequence[Point], most: float = math.inf) -> list[Point]:
    """Return the ends and those points between which a straight line misses none by more than ``SLACK``.

    Of more than ``most`` it returns only one too many.

    >>> straightened([(0, 10), (5, 10), (10, 10), (12, 4), (14, 3), (16, 3)])
    [(0, 10), (10, 10), (12, 4), (16, 3)]
    """
    kept = [points[0]]
    steepest, flattest = math.inf, -math.inf  # slopes from the last kept point that miss nothing since
    for before, point in pairwise(points):
        right, down = point[0] - kept[-1][0], point[1] - kept[-1][1]
        if before != kept[-1] and not (right and flattest <= down / right <= steepest):
            kept.append(before)
            if len(kept) > most:
                return kept
            steepest, flattest = math.inf, -math.inf
            right, down = point[0] - before[0], point[1] - before[1]
        if right:
            steepest, flattest = min(steepest, (down + SLACK) / right), max(flattest, (down - SLACK) / right)
        elif before == kept[-1]:
            steepest, flattest = -math.inf, math.inf  # straight up or down: the next point starts afresh
    return kept if kept[-1] == points[-1] else [*kept, points[-1]]


def path(points: Sequence[Point]) -> str:
    """Return SVG path data in as few letters as possible: relative, and no blank that a sign stands for.

    >>> path([(0, 10), (5, 12), (7, 4)]), path([(3, 4)])
    ('M0 10l5 2 2-8', 'M3 4h0')
    """
    (x, y), *others = points
    text = f"M{x} {y}"
    if not others:
        return f"{text}h0"
    moves = [0] * (2 * len(others))
    for i, (right, down) in enumerate(others):
        moves[2 * i], moves[2 * i + 1] = right - x, down - y
        x, y = right, down
    return f"{text}l{' '.join(map(str, moves)).replace(' -', '-')}"
