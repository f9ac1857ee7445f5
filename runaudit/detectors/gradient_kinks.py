"""Coordinates of a gradient check that lie on a kink of the loss."""

from __future__ import annotations

from collections.abc import Iterator

from runaudit.detectors import Detector, Table
from runaudit.detectors._gradient_rows import best_rows, told
from runaudit.errors import NotJudged
from runaudit.gradcheck._verdict import Status
from runaudit.model import Hit


def gradient_kinks(checks: Table | None, *, good: float, wrong: float) -> Iterator[Hit]:
    """Report coordinates whose analytic gradient lies between the slopes on both sides of a kink: they are not judged.

    Needs those slopes, which runaudit's own check logs. Raises ``NotJudged`` without a gradient check or without them.
    """
    rows = best_rows(checks)
    found = rows.statuses(wrong=wrong, good=good)
    if not rows.own:
        raise NotJudged("the gradient check has no slopes on both sides", "a gradcheck.jsonl of runaudit.gradcheck")
    kinks = [i for i in range(len(rows)) if found[i] == Status.KINK]
    if not kinks:
        return
    low, high = rows.numbers("low", 0.0), rows.numbers("high", 0.0)
    at = kinks[0]
    yield Hit(
        0,
        0,
        {
            "kinks": len(kinks),
            "compared": len(rows),
            "where": rows.where(at),
            "analytic": float(rows.analytic[at]),
            "low": float(low[at]),
            "high": float(high[at]),
            "crossed": sum(bool(row.get("crossed")) for row in rows.rows),
            "parameters": told(rows, kinks),
        },
    )


DETECTOR = Detector(
    "gradient-kinks",
    gradient_kinks,
    frozenset({"kinks", "compared", "where", "analytic", "low", "high", "crossed", "parameters"}),
)
