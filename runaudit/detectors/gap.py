"""Generic: one series stays above another."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from runaudit.detectors import Detector
from runaudit.model import Hit, Series
from runaudit.numerics import runs_of_true


def gap(upper: Series, lower: Series, *, limit: float, min_points: int) -> Iterator[Hit]:
    """Report every stretch of at least ``min_points`` values of ``upper`` more than ``limit`` above ``lower``.

    ``lower`` is interpolated at the steps of ``upper``; outside its span, and next to a value that is not
    finite, there is nothing to compare and the stretch ends.
    """
    good = np.isfinite(lower.values)
    if not good.any():
        return
    level = np.interp(upper.steps, lower.steps[good], lower.values[good], left=np.nan, right=np.nan)
    difference = upper.values - level
    for start, stop in runs_of_true(difference > limit).tolist():
        if stop - start >= min_points:
            facts = {"largest": float(difference[start:stop].max()), "points": stop - start}
            yield Hit(int(upper.steps[start]), int(upper.steps[stop - 1]), facts, series=upper.name)


DETECTOR = Detector("gap", gap, frozenset({"largest", "points"}))
