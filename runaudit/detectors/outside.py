"""Generic: a series leaves a band."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from runaudit.detectors import Detector
from runaudit.model import Hit, Series
from runaudit.numerics import runs_of_true


def outside(series: Series, *, low: float, high: float, min_points: int) -> Iterator[Hit]:
    """Report every stretch of at least ``min_points`` logged values below ``low`` or above ``high``.

    The band includes its two ends. A NaN is in no band and out of none: it ends a stretch. ``worst`` is the value
    farthest from the band.
    """
    values = series.values
    distance = np.maximum(low - values, values - high)
    for start, stop in runs_of_true(distance > 0).tolist():
        if stop - start >= min_points:
            worst = start + int(np.argmax(distance[start:stop]))
            facts = {"worst": float(values[worst]), "points": stop - start}
            yield Hit(int(series.steps[start]), int(series.steps[stop - 1]), facts)


DETECTOR = Detector("outside", outside, frozenset({"worst", "points"}))
