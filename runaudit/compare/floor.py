"""The noise between seeds that is assumed where it cannot be measured: on the safe side, for any metric."""

from __future__ import annotations

import math

LEVEL = 0.10  # of the value
PROGRESS = 0.02  # of the way from the first value to it
SHARE = 0.02  # of a metric between 0 and 1: at least two points in a hundred
EARNED = 0.25  # of what an agent has learnt to earn: rewards differ most from seed to seed


def seed_noise(value: float, first: float, *, up_good: bool) -> float:
    """Return the standard deviation from seed to seed that is assumed of a final value; NaN for one that is not finite.

    ``first`` is the value at the beginning. A metric whose up is good and that stays between 0 and 1 counts as a share;
    any other one whose up is good as a reward.

    >>> seed_noise(0.5, 2.3, up_good=False), round(seed_noise(0.9, 0.1, up_good=True), 3)
    (0.05, 0.03)
    """
    if not math.isfinite(value):
        return math.nan
    way = abs(first - value) if math.isfinite(first) else 0.0
    if not up_good:
        return max(LEVEL * abs(value), PROGRESS * way)
    if 0.0 <= value <= 1.0 and 0.0 <= first <= 1.0:
        return max(SHARE, LEVEL * math.sqrt(value * (1.0 - value)))
    return max(LEVEL * abs(value), EARNED * way)
