"""The numeric derivative: centred differences over a sweep of steps, the steadiest value, its error, its kinks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from runaudit.model import BoolArray, FloatArray, IntArray

STEPS: FloatArray = 10.0 ** -np.arange(3.0, 7.25, 0.5)
"""Steps in double precision, the largest first, times max(1, |x|)."""
COARSE: FloatArray = 10.0 ** -np.arange(0.5, 4.75, 0.5)
"""Steps in single precision, which sees no change of the loss at smaller ones."""
ORDERS = 3  # extrapolations of Neville's table; a higher one gains nothing over the rounding
SURE = 20.0  # times the rounding error, from where on a difference is no rounding
JUMP = 1e-3  # share of the slope from where on a jump of it is told of

Coordinate = tuple[str, int]


@dataclass(frozen=True, slots=True, eq=False)
class Sweep:
    """The loss on both sides of n coordinates at k steps: ``up``, ``down`` and the half distance ``h`` are n x k."""

    up: FloatArray
    down: FloatArray
    h: FloatArray
    centre: float

    @property
    def centred(self) -> FloatArray:
        """Return (f(x+h) - f(x-h)) / 2h, n x k."""
        return (self.up - self.down) / (2.0 * self.h)

    @property
    def values(self) -> FloatArray:
        """Return every loss that was computed, in one row."""
        return np.concatenate([[self.centre], self.up.ravel(), self.down.ravel()])


@dataclass(frozen=True, slots=True, eq=False)
class Slopes:
    """The numeric derivatives: their steadiest value, its error, the step it came from, and the kinks; n each.

    ``low`` and ``high`` are the slopes on the two sides where a kink lies within that step, else NaN. ``crossed`` says
    that some step of the sweep crossed a kink. ``single`` is the value at the step of 1e-5 alone.
    """

    value: FloatArray
    error: FloatArray
    h: FloatArray
    low: FloatArray
    high: FloatArray
    crossed: BoolArray
    single: FloatArray


def sweep(
    arrays: Mapping[str, FloatArray], loss: Callable[[], float], where: Sequence[Coordinate], steps: FloatArray
) -> Sweep:
    """Return the losses around the coordinates; the arrays are changed in place, one number at a time, and put back.

    A loss that cannot be computed (an ``ArithmeticError``) counts as NaN.
    """
    size = (len(where), len(steps))
    up, down, h = np.empty(size), np.empty(size), np.empty(size)
    for row, (name, index) in enumerate(where):
        flat = arrays[name].reshape(-1)
        before = flat[index]
        try:
            for column, step in enumerate(steps * max(1.0, abs(float(before)))):
                flat[index] = before + step
                above = float(flat[index])
                up[row, column] = _called(loss)
                flat[index] = before - step
                h[row, column] = (above - float(flat[index])) / 2.0  # what was stored is rounded
                down[row, column] = _called(loss)
        finally:
            flat[index] = before
    return Sweep(up, down, h, _called(loss))


def _called(loss: Callable[[], float]) -> float:
    try:
        return loss()
    except ArithmeticError:
        return float("nan")


def noise(swept: Sweep, eps: float) -> float:
    """Return how far a loss near the point is off by rounding: ``eps`` of it, more where small steps show more.

    The even part of the loss at a small step is its curvature times h squared, a kink times h, and rounding: over
    three steps the first two cancel.
    """
    floor = eps * near(swept)
    if swept.h.shape[1] < 3 or not len(swept.h):
        return floor
    even = (swept.up + swept.down - 2.0 * swept.centre)[:, -3:]
    r = swept.h[:, -2] / swept.h[:, -1]
    odd = np.abs(even[:, 2] - (1.0 + 1.0 / r) / r * even[:, 1] + even[:, 0] / r**3)
    odd = odd[np.isfinite(odd) & (odd > 0)]
    return max(floor, float(np.median(odd))) if len(odd) else floor


def near(swept: Sweep) -> float:
    """Return the largest absolute loss at the point and at the smallest steps around it, 0 where none is finite."""
    values = np.abs(np.concatenate([[swept.centre], swept.up[:, -3:].ravel(), swept.down[:, -3:].ravel()]))
    return float(np.max(values, initial=0.0, where=np.isfinite(values)))


def rounding(swept: Sweep, least: float, eps: float) -> FloatArray:
    """Return how far the losses at each step are off by rounding, n x k: ``least``, and ``eps`` of the larger one."""
    return np.maximum(least, eps * np.fmax(np.abs(swept.up), np.abs(swept.down)))


def grain(values: FloatArray) -> float:
    """Return the distance that all of these losses are multiples of apart, 0 where there is none that tells.

    Losses computed in single precision lie on such a grid, whatever they were added up in later.

    >>> grain(np.float32(2.3) + np.arange(9.0) * 2.0**-22) == 2.0**-22, grain(np.random.default_rng(0).normal(size=50))
    (True, 0.0)
    """
    told = np.unique(values[np.isfinite(values)])
    if len(told) < 5:
        return 0.0
    gap = float(np.min(np.diff(told)))
    places = (told - told[0]) / gap
    known = gap > 1e4 * np.finfo(np.float64).eps * float(np.max(np.abs(told)))
    return gap if known and bool(np.all(np.abs(places - np.round(places)) < 1e-3)) else 0.0


def slopes(swept: Sweep, off: FloatArray) -> Slopes:
    """Return the derivative of each coordinate where the sweep is steadiest, extrapolated, with its error.

    ``off`` is the rounding of the losses, n x k. A loss that is NaN or infinite at a step takes that step out; where no
    step is left, the value is NaN.
    """
    n, k = swept.h.shape
    h, level = swept.h, swept.centred
    value, error = level[:, -1].copy(), np.full(n, np.inf)
    first, last = np.full(n, k - 1), np.full(n, k - 1)
    rows = np.arange(n)
    table = level
    for order in range(min(ORDERS, k - 1)):
        size = k - order
        after = table[:, 1:]
        candidates, behind = table[:, :-1], slice(order, order + size - 1)
        wrong = np.abs(candidates - after) + off[:, behind] / h[:, behind]
        wrong = np.where(np.isfinite(wrong), wrong, np.inf)
        best = np.argmin(wrong, axis=1)
        better = wrong[rows, best] < error
        value = np.where(better, candidates[rows, best], value)
        error = np.where(better, wrong[rows, best], error)
        first = np.where(better, best, first)
        last = np.where(better, best + order, last)
        big, small = h[:, : size - 1] ** 2, h[:, order + 1 :] ** 2
        table = (after * big - candidates * small) / (big - small)
    value = np.where(np.isfinite(error), value, np.nan)
    low, high, crossed = _kinks(swept, off, first)
    usual = np.argmin(np.abs(np.log10(h) + 5.0), axis=1)
    return Slopes(value, error, h[rows, last], low, high, crossed, level[rows, usual])


def _kinks(swept: Sweep, off: FloatArray, first: IntArray) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Return the slopes left and right of a kink no farther than the step that was judged, and where one was crossed.

    Without a kink the two one-sided slopes approach each other in proportion to the step; with one they stay apart.
    """
    right = (swept.up - swept.centre) / swept.h
    left = (swept.centre - swept.down) / swept.h
    jump = np.abs(right - left)
    scale = np.maximum(np.abs(right), np.abs(left))
    real = (jump > SURE * off / swept.h) & (jump > JUMP * scale)
    stays = real[:, 1:] & real[:, :-1] & (jump[:, :-1] < 2.0 * jump[:, 1:])
    at = np.zeros(jump.shape, dtype=bool)
    at[:, 1:] |= stays
    at[:, :-1] |= stays
    crossed: BoolArray = np.asarray(at.any(axis=1))
    near = at & (np.arange(jump.shape[1]) >= first[:, None])
    low = np.where(near, np.minimum(left, right), np.inf).min(axis=1, initial=np.inf)
    high = np.where(near, np.maximum(left, right), -np.inf).max(axis=1, initial=-np.inf)
    inside = near.any(axis=1)
    return np.where(inside, low, np.nan), np.where(inside, high, np.nan), crossed
