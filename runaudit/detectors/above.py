"""Generic: a series stays above a limit."""

from __future__ import annotations

from collections.abc import Iterator

from runaudit.detectors import Detector
from runaudit.model import Hit, Series
from runaudit.numerics import runs_of_true


def above(series: Series, *, limit: float, min_points: int) -> Iterator[Hit]:
    """Report every stretch of at least ``min_points`` logged values above ``limit``.

    A NaN is not above anything and ends a stretch; an infinity counts. No points, no hit.
    """
    for start, stop in runs_of_true(series.values > limit).tolist():
        if stop - start >= min_points:
            part = series.values[start:stop]
            facts = {"peak": float(part.max()), "points": stop - start}
            yield Hit(int(series.steps[start]), int(series.steps[stop - 1]), facts)


DETECTOR = Detector("above", above, frozenset({"peak", "points"}))
