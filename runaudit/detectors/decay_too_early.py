"""A learning rate that was cut while the loss still fell, and progress that stopped with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from runaudit.detectors import Detector
from runaudit.detectors._loss import finite_part
from runaudit.detectors._rate import fresh_start, rate_per_step
from runaudit.detectors._schedule import recognise
from runaudit.errors import NotJudged
from runaudit.model import FloatArray, Hit, IntArray, Series
from runaudit.numerics import block_medians, difference_sd, finite, level


@dataclass(frozen=True, slots=True)
class _Trend:
    """What a loss would have gained after the cut on its former way, and what it did gain; ``z`` is the surety."""

    at_cut: float
    expected: float
    gained: float
    fall: float
    z: float

    def shows(self, min_loss: float, min_z: float) -> bool:
        """Say whether more than ``min_loss`` of the whole fall was lost, most of what was to come, beyond doubt."""
        lost = self.expected - self.gained
        return self.z > min_z and lost > min_loss * self.fall and self.gained < 0.25 * self.expected


def decay_too_early(
    loss: Series,
    lr: Series,
    val: Series | None,
    pretrained: str | None,
    reward: Series | None,
    *,
    cut: float,
    min_left: float,
    min_loss: float,
    far_loss: float,
    min_z: float,
    min_points: int,
) -> Iterator[Hit]:
    """Report a rate that fell below ``cut`` of its peak with ``min_left`` of the run to go, to the loss's cost.

    Losses fall about evenly in the logarithm of the steps. The slope over the second half of the steps before the
    cut, at least ``min_z`` standard errors, says what was to come by the end of the run; the drop right after the cut
    included, the loss gained less than a quarter of it, and missed ``min_loss`` of its whole fall. It is decisive where
    validation loss shows the same, or ``far_loss`` was missed; else, and with pretrained weights, weak. Rates that rise
    again are not judged; under ``min_points`` finite losses raise ``NotJudged``.
    """
    if reward is not None:
        raise NotJudged("the loss of reinforcement learning says little of the agent", "judge by the reward")
    steps, values = finite_part(loss, min_points)
    rates = rate_per_step(lr, steps)
    if rates is None or not rates.max() > 0:
        raise NotJudged(f"no rate above 0 in {lr.name}", "lr")
    top = int(np.argmax(rates >= 0.99 * rates.max()))
    low = rates <= cut * rates.max()
    low[: top + 1] = False
    at = int(np.argmax(low)) if low.any() else len(low)
    if at - top < 10 or len(values) - at < 6 or not low[at:].all():
        return
    left = float(steps[-1] - steps[at]) / float(steps[-1] - steps[0])
    trend = _trend(steps, values, top, at)
    calm = trend.fall > 4.0 * difference_sd(values[at:]) / np.sqrt(len(values) - at)
    if left < min_left or not calm or trend.gained < -0.05 * trend.fall or not trend.shows(min_loss, min_z):
        return
    facts: dict[str, float | str] = {
        "rate_before": float(rates.max()),
        "rate_after": float(rates[at]),
        "left": left,
        "expected": trend.expected,
        "gained": trend.gained,
        "lost": (trend.expected - trend.gained) / trend.fall,
        "at_cut": trend.at_cut,
        "schedule": recognise(lr.steps, lr.values).kind,
    }
    held = _held_out(val, int(steps[top]), int(steps[at]))
    if held is not None and held.shows(min_loss, min_z):
        facts |= {"val_expected": held.expected, "val_gained": held.gained}
    decisive = "val_gained" in facts or trend.expected - trend.gained > far_loss * trend.fall
    weak = not decisive or not fresh_start(pretrained)
    yield Hit(int(steps[at]), int(steps[-1]), facts, weak=weak, series=loss.name)


def _trend(steps: IntArray, values: FloatArray, top: int, at: int) -> _Trend:
    """Return the trend of the second half between the points ``top`` and ``at``, continued to the last step."""
    half = top + (at - top) // 2
    since = (steps - steps[top]).astype(np.float64)
    blocks = min(12, at - half)
    x = np.array([part.mean() for part in np.array_split(np.log(since[half:at]), blocks)])
    y = block_medians(values[half:at], blocks)
    centred = x - x.mean()
    total = float(centred @ centred)
    slope = float(centred @ y) / total
    rest = y - y.mean() - slope * centred
    error = float(np.sqrt(rest @ rest / max(blocks - 2, 1) / total))
    end = level(values, 0.25 * (len(values) - at) / len(values))
    at_cut = float(y.mean() + slope * (np.log(since[at]) - x.mean()))
    expected = -slope * float(np.log(since[-1] / since[at]))
    if values.min() >= 0:
        expected = min(expected, at_cut)  # a loss that is never negative cannot promise more
    z = -slope / error if error > 0 else (np.inf if slope < 0 else 0.0)
    return _Trend(at_cut, expected, at_cut - end, float(np.median(values[:3])) - end, z)


def _held_out(val: Series | None, top_step: int, cut_step: int) -> _Trend | None:
    """Return the trend of the validation loss, None where it has too few values on either side of the cut."""
    if val is None or len(finite(val.values)) < 16:
        return None
    good = np.isfinite(val.values)
    steps, values = val.steps[good], val.values[good]
    top, at = int(np.searchsorted(steps, top_step)), int(np.searchsorted(steps, cut_step))
    return _trend(steps, values, top, at) if at - top >= 10 and len(values) - at >= 6 else None


DETECTOR = Detector(
    "decay-too-early",
    decay_too_early,
    frozenset({"rate_before", "rate_after", "left", "expected", "gained", "lost", "at_cut", "schedule"}),
    frozenset({"val_expected", "val_gained"}),
)
