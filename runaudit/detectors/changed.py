"""Generic: a series jumps from one value to the next."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from runaudit.detectors import Detector
from runaudit.model import Hit, Series


def changed(series: Series, *, factor: float) -> Iterator[Hit]:
    """Report every pair of neighbouring values whose absolute ratio is above ``factor``, one way or the other.

    A value that is not finite, and a pair with a zero, have no ratio.
    """
    size = np.abs(series.values)
    before, after = size[:-1], size[1:]
    comparable = np.isfinite(before) & np.isfinite(after) & (before > 0) & (after > 0)
    ratio = np.ones(len(before))
    np.divide(after, before, out=ratio, where=comparable)
    for i in np.flatnonzero(np.maximum(ratio, 1.0 / ratio) > factor).tolist():
        facts = {
            "before": float(series.values[i]),
            "after": float(series.values[i + 1]),
            "ratio": float(ratio[i]),
        }
        yield Hit(int(series.steps[i]), int(series.steps[i + 1]), facts)


DETECTOR = Detector("changed", changed, frozenset({"before", "after", "ratio"}))
