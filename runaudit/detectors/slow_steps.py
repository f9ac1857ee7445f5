"""Single steps that take much longer than the others."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from runaudit.detectors import Detector
from runaudit.detectors._pace import Pace, pace
from runaudit.model import BoolArray, Hit, Series
from runaudit.numerics import runs_of_true

REGULAR = 0.8  # share of the distances that a period must explain
JITTER = 0.1  # of the period


def slow_steps(
    time: Series,
    step_unit: str | None,
    *,
    ratio: float,
    min_share: float,
    strong_share: float,
    min_lost: float,
    max_slow: float,
    min_count: int,
    min_points: int,
) -> Iterator[Hit]:
    """Report steps above ``ratio`` times the usual step time that cost more than ``min_share`` of the time.

    They cost what the median of them does, so that one long pause does not make the verdict, and at least ``min_lost``
    seconds together. There must be ``min_count`` or more, and at most ``max_slow`` of all steps: else the pace itself
    varies. Up to ``strong_share`` of the time the evidence is weak. Their period is a fact if most distances are one.
    """
    steps = pace(time, step_unit or "step", min_points)
    slow = steps.values > ratio * steps.usual
    count = len(runs_of_true(slow))
    if count < min_count or float(steps.widths[slow].sum()) > max_slow * float(steps.widths.sum()):
        return
    lost = int(slow.sum()) * float(np.median(steps.excess[slow]))
    share = lost / (steps.usual * steps.stretch + lost)
    if share <= min_share or lost < min_lost:
        return
    facts: dict[str, float | str] = {
        "count": count,
        "usual": steps.usual,
        "slow": float(np.median(steps.values[slow])),
        "share": share,
        "lost": lost,
        "unit": steps.unit,
    }
    period = _period(steps, slow)
    if period is not None:
        facts["period"] = period
    where = np.flatnonzero(slow)
    first, last = int(steps.steps[where[0]]), int(steps.steps[where[-1]])
    yield Hit(first, last, facts, weak=share <= strong_share, series=time.name)


def _period(steps: Pace, slow: BoolArray) -> int | None:
    """Return the distance at which the slow steps come, None if they come at no fixed one."""
    starts = steps.steps[runs_of_true(slow)[:, 0]]
    if len(starts) < 3:
        return None
    gaps = np.diff(starts).astype(np.float64)
    period = float(np.median(gaps))
    near = np.abs(gaps - np.round(gaps / period) * period) <= max(JITTER * period, float(np.median(steps.widths)))
    return round(period) if float(near.mean()) >= REGULAR and period > 2 * float(np.median(steps.widths)) else None


DETECTOR = Detector(
    "slow-steps",
    slow_steps,
    frozenset({"count", "usual", "slow", "share", "lost", "unit"}),
    frozenset({"period"}),
)
