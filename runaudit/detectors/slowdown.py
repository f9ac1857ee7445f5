"""Steps that take longer and longer."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from runaudit.detectors import Detector
from runaudit.detectors._pace import pace
from runaudit.model import Hit, Series
from runaudit.numerics import block_medians, kendall_z

BLOCKS = 100


def slowdown(
    time: Series,
    step_unit: str | None,
    *,
    min_ratio: float,
    strong_ratio: float,
    min_z: float,
    min_points: int,
) -> Iterator[Hit]:
    """Report step times whose level in the last fifth is ``min_ratio`` times that in the first fifth or more.

    Three quarters of the late values must lie above three quarters of the early ones, and the medians of 100 blocks
    must rise with a Kendall z score above ``min_z``. Up to ``strong_ratio`` the evidence is weak.
    """
    steps = pace(time, step_unit or "step", min_points)
    values = steps.values
    part = max(len(values) // 5, 3)
    early, late = values[:part], values[-part:]
    before, after = float(np.median(early)), float(np.median(late))
    apart = float(np.percentile(late, 25)) > float(np.percentile(early, 75))
    if before <= 0 or after <= min_ratio * before or not apart or kendall_z(block_medians(values, BLOCKS)) <= min_z:
        return
    facts: dict[str, float | str] = {"before": before, "after": after, "growth": after / before, "unit": steps.unit}
    first = int(steps.steps[np.flatnonzero(values > min_ratio * before)[0]])
    yield Hit(first, int(steps.steps[-1]), facts, weak=after <= strong_ratio * before, series=time.name)


DETECTOR = Detector("slowdown", slowdown, frozenset({"before", "after", "growth", "unit"}))
