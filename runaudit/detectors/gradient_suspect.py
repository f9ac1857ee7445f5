"""Analytic gradients that are near the slope of the loss and not equal to it."""

from __future__ import annotations

from collections.abc import Iterator

from runaudit.detectors import Detector, Table
from runaudit.detectors._gradient_rows import best_rows, faulty, told
from runaudit.gradcheck._verdict import Status
from runaudit.model import Hit


def gradient_suspect(checks: Table | None, *, good: float, wrong: float, share: float) -> Iterator[Hit]:
    """Report gradients whose relative error is above what is right and at most ``wrong``.

    What is right is said by each row of runaudit's own check (by kinks and depth), else it is ``good``; single
    precision is right up to ``wrong``. Weak as in gradient-wrong. Raises ``NotJudged`` without a gradient check.
    """
    rows = best_rows(checks)
    bad, weak = faulty(rows, Status.SUSPECT, rows.statuses(wrong=wrong, good=good), share)
    if not bad:
        return
    worst = max(bad, key=lambda i: float(rows.error[i]))
    limit = float(rows.numbers("limit", good)[worst])
    yield Hit(
        0,
        0,
        {
            "bad": len(bad),
            "compared": len(rows),
            "error": float(rows.error[worst]),
            "right": limit,
            "where": rows.where(worst),
            "values": rows.shown(worst),
            "parameters": told(rows, bad),
        },
        weak=weak,
    )


DETECTOR = Detector(
    "gradient-suspect",
    gradient_suspect,
    frozenset({"bad", "compared", "error", "right", "where", "values", "parameters"}),
)
