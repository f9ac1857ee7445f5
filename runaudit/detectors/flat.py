"""Generic: a series does not move."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from runaudit.detectors import Detector
from runaudit.model import Hit, Series
from runaudit.numerics import runs_of_true


def flat(series: Series, *, tolerance: float, min_points: int) -> Iterator[Hit]:
    """Report the last stretch of at least ``min_points`` values within ``tolerance`` of the last finite value.

    ``tolerance`` is absolute, in the unit of the series, and its end is inside. A value that is not
    finite ends the stretch.
    """
    values = series.values
    good = np.isfinite(values)
    if not good.any():
        return
    last = values[np.flatnonzero(good)[-1]]
    stretches = runs_of_true(np.abs(values - last) <= tolerance)
    start, stop = stretches[-1].tolist()
    if stop - start >= min_points:
        facts = {"level": float(last), "points": stop - start}
        yield Hit(int(series.steps[start]), int(series.steps[stop - 1]), facts)


DETECTOR = Detector("flat", flat, frozenset({"level", "points"}))
