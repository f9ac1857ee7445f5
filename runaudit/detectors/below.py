"""Generic: a series stays below a limit."""

from __future__ import annotations

from collections.abc import Iterator

from runaudit.detectors import Detector
from runaudit.model import Hit, Series
from runaudit.numerics import runs_of_true


def below(series: Series, *, limit: float, min_points: int) -> Iterator[Hit]:
    """Report every stretch of at least ``min_points`` logged values below ``limit``.

    A NaN is not below anything and ends a stretch; an infinity counts. No points, no hit.
    """
    for start, stop in runs_of_true(series.values < limit).tolist():
        if stop - start >= min_points:
            part = series.values[start:stop]
            facts = {"trough": float(part.min()), "points": stop - start}
            yield Hit(int(series.steps[start]), int(series.steps[stop - 1]), facts)


DETECTOR = Detector("below", below, frozenset({"trough", "points"}))
