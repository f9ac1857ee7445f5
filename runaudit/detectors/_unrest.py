"""The marks that steps too long leave on curves: a loss thrown above its start, validation that bounces, wiggle."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from runaudit.model import FloatArray, Reduction, Series
from runaudit.numerics import block_medians, finite, level, noise_sd, running_median

HALF_SPIKE = 4.0  # noise units that a climb must exceed to be one
WINDOW = 31
LOST = 0.25


@dataclass(frozen=True, slots=True)
class Throw:
    """A climb of the smoothed loss above its first value: ``peak`` at ``index``, and the share of the run above."""

    peak: float
    index: int
    share: float


@dataclass(frozen=True, slots=True)
class Bounce:
    """How a validation loss jumps: its noise and the sum of its rises, both as shares of how far it fell."""

    noise: float
    rises: float


def start_of(values: FloatArray) -> float:
    """Return where finite values begin: the first, or the median of the first five if that is higher (one lucky batch).

    >>> start_of(np.array([0.1, 2.3, 2.2, 2.4, 2.3]))
    2.3
    """
    return max(float(values[0]), float(np.median(values[:5]))) if len(values) else float("nan")


def fall_of(values: FloatArray) -> float:
    """Return how far finite values came down: their start less the lowest of twenty block medians, 0 at least."""
    return max(start_of(values) - float(block_medians(values, 20).min()), 0.0) if len(values) else 0.0


def thrown(values: FloatArray, *, least: float) -> Throw | None:
    """Return the climb of finite values above their start in the first half, None where there is none to speak of.

    It must exceed ``least`` of the whole fall and of the first value, and four units of noise: a loss that stays at
    its start wobbles above it without being thrown.
    """
    if len(values) < 8:
        return None
    smooth = running_median(values, 3 if len(values) < 100 else 5)
    early = smooth[1 : max(4, len(values) // 2)]
    noise = max(noise_sd(values[len(values) // 2 :]), 1e-12 * abs(float(values[0])))
    rise = float(early.max()) - float(values[0])
    if rise <= max(least * fall_of(values), least * abs(float(values[0])), HALF_SPIKE * noise):
        return None
    above = float(np.mean(smooth > values[0] + 2.0 * noise))
    return Throw(float(early.max()), 1 + int(np.argmax(early)), above)


def bounce(val: Series | None) -> Bounce | None:
    """Return how much a validation loss jumps from one evaluation to the next; None under eight finite values.

    The same samples are measured each time, so what jumps is the weights. The first quarter, where a healthy loss
    may still jump, is left out of the noise. A loss that gave back a quarter of its fall for good climbs (overfitting,
    divergence) and is not judged: None.
    """
    values = finite(val.values) if val is not None else np.empty(0)
    if len(values) < 8:
        return None
    fall = float(values[0] - values.min())
    if fall <= 0:
        return Bounce(float("inf"), float("inf"))
    smooth = running_median(values, 5)
    if float(smooth[-1] - smooth.min()) > LOST * fall:
        return None
    rises = float(np.maximum(np.diff(values), 0.0).sum())
    return Bounce(noise_sd(values[len(values) // 4 :]) / fall, rises / fall)


def wiggle(loss: Series, values: FloatArray) -> float | None:
    """Return the noise of the last half of a per-step loss as a share of its fall; None for means, or no fall."""
    fall = fall_of(values)
    if loss.reduction is not Reduction.STEP or len(values) < 4 * WINDOW or fall <= 0:
        return None
    return level(np.abs(values - running_median(values, WINDOW)), 0.5) * 1.4826 / fall
