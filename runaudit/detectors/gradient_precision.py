"""Gradient checks in single precision, or of a loss that is not the same twice."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from runaudit.detectors import Detector, Table
from runaudit.detectors._gradient_rows import every_row
from runaudit.model import FloatArray, Hit

FEW = 5


def gradient_precision(checks: Table | None, *, repeat: float) -> Iterator[Hit]:
    """Report numbers with too few digits: single precision, said or seen, or a loss that differs between calls.

    It is seen where all analytic or all numeric values, five different ones at least, fit into 24 bits. ``repeat``
    is the relative difference of the loss between two calls at one point from where on it is random. Raises
    ``NotJudged`` without a gradient check.
    """
    rows = every_row(checks)
    worst = float(np.max(rows.numbers("repeat", 0.0), initial=0.0))
    if worst > repeat:
        what = f"the loss at one point differs by {worst:.2g} of itself between two calls"
        cure = "set the same seed before every call, so that dropout and augmentation draw the same"
        yield Hit(0, 0, {"what": what, "cure": cure})
        return
    single = rows.single()
    cure = "check in float64: model.double() and double inputs in PyTorch, astype(np.float64) in numpy"
    if single.any():
        kinds = ", ".join(sorted({text for text, low in zip(rows.texts("dtype"), single, strict=True) if low}))
        yield Hit(0, 0, {"what": f"{int(single.sum())} of {len(rows)} rows were computed in {kinds}", "cure": cure})
        return
    seen = [name for name, values in (("analytic", rows.analytic), ("numeric", rows.numeric)) if _fits(values)]
    if seen and not any(rows.texts("dtype")):
        what = f"every {' and '.join(seen)} value is a single-precision number"
        yield Hit(0, 0, {"what": what, "cure": cure})


def _fits(values: FloatArray) -> bool:
    told = np.unique(values[np.isfinite(values) & (values != 0)])
    return len(told) >= FEW and bool(np.all(told.astype(np.float32).astype(np.float64) == told))


DETECTOR = Detector("gradient-precision", gradient_precision, frozenset({"what", "cure"}))
