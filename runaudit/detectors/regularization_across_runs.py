"""Runs with more regularisation that begin at a lower loss."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np

from runaudit.detectors import Detector, Table
from runaudit.detectors._search import midranks
from runaudit.errors import NotJudged
from runaudit.model import FloatArray, Hit

STRENGTH = re.compile(
    r"(?:.*[._/])?(?:weight_?decay|wd|l1|l2|l2_?reg(?:ulari[sz]ation)?|reg(?:ulari[sz]ation|_strength)?|alpha)"
)
LEAST_STRENGTHS = 3
NEED = "trials that differ in the strength of a regularisation and log the loss before the first update"


def regularization_across_runs(
    trials: Table | None, *, correlation: float, tolerance: float, min_trials: int
) -> Iterator[Hit]:
    """Report a setting of regularisation whose strength lowers the initial loss of the runs that try it.

    A penalty adds to the loss, so that the loss before the first update cannot fall with its strength; where it stays
    the same, the decay is inside the optimizer, and nothing is said. Other starts of the weights move the loss as well,
    so the fall must go through all strengths: a rank correlation of -``correlation`` or less (of five runs in random
    order one in 120 has it), and ``tolerance`` of the loss from the weakest to the strongest. Raises ``NotJudged``
    under ``min_trials`` trials with both. Source: CS231n notes, sanity checks.
    """
    rows = [row for row in trials or () if isinstance(row.get("first"), int | float)]
    names = {name for row in rows for name in row["params"] if STRENGTH.fullmatch(name.lower())}
    judged = False
    for name in sorted(names):
        known = [(float(s), float(row["first"])) for row in rows if _is_number(s := row["params"].get(name))]
        if len(known) < min_trials or len({strength for strength, _ in known}) < LEAST_STRENGTHS:
            continue
        judged = True
        strengths, losses = np.array([s for s, _ in known]), np.array([loss for _, loss in known])
        weaker, stronger = float(strengths.min()), float(strengths.max())
        loss, at_strongest = (float(losses[strengths == end].mean()) for end in (weaker, stronger))
        together = _rank_correlation(strengths, losses)
        if together <= -correlation and loss - at_strongest > tolerance * max(abs(loss), abs(at_strongest)):
            facts = {
                "runs": len(known),
                "weaker": weaker,
                "stronger": stronger,
                "loss": loss,
                "stronger_loss": at_strongest,
                "together": together,
            }
            yield Hit(0, len(rows) - 1, facts, series=name)
    if not judged:
        raise NotJudged(f"fewer than {min_trials} trials with a strength of regularisation and an initial loss", NEED)


def _rank_correlation(x: Sequence[float] | FloatArray, y: Sequence[float] | FloatArray) -> float:
    """Return Spearman's correlation, 0 where one of both does not vary.

    >>> _rank_correlation([1, 2, 3, 4], [9, 7, 5, 1]), _rank_correlation([1, 1, 2], [3, 3, 3])
    (-1.0, 0.0)
    """
    a, b = midranks(np.asarray(x, dtype=np.float64)), midranks(np.asarray(y, dtype=np.float64))
    a, b = a - a.mean(), b - b.mean()
    size = float(np.sqrt((a @ a) * (b @ b)))
    return round(float(a @ b) / size, 12) if size > 0 else 0.0


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


DETECTOR = Detector(
    "regularization-across-runs",
    regularization_across_runs,
    frozenset({"runs", "weaker", "stronger", "loss", "stronger_loss", "together"}),
)
