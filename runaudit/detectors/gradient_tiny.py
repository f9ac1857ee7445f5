"""Gradients too small to compare."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from runaudit.detectors import Detector, Table
from runaudit.detectors._gradient_rows import best_rows, told
from runaudit.gradcheck._verdict import WRONG, Status
from runaudit.model import Hit


def gradient_tiny(checks: Table | None, *, tiny: float, share: float) -> Iterator[Hit]:
    """Report that at least ``share`` of the gradients are below ``tiny`` in both values, those that are zero left out.

    Raises ``NotJudged`` without a gradient check.
    """
    rows = best_rows(checks)
    found = rows.statuses(wrong=WRONG, good=WRONG)
    largest = np.fmax(np.abs(rows.analytic), np.abs(rows.numeric))
    live = [i for i in range(len(rows)) if found[i] != Status.ZERO and np.isfinite(largest[i])]
    small = [i for i in live if largest[i] < tiny]
    if not small or len(small) < share * len(live):
        return
    middle = float(np.median(largest[small]))
    facts: dict[str, float | str] = {
        "small": len(small),
        "compared": len(live),
        "size": middle,
        "parameters": told(rows, small),
    }
    yield Hit(0, 0, facts, factor=float(10.0 ** np.ceil(-np.log10(middle))))


DETECTOR = Detector("gradient-tiny", gradient_tiny, frozenset({"small", "compared", "size", "parameters"}))
