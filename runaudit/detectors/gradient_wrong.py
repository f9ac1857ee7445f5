"""Analytic gradients that are not the slope of the loss."""

from __future__ import annotations

from collections.abc import Iterator

from runaudit.detectors import Detector, Table
from runaudit.detectors._gradient_rows import best_rows, faulty, told
from runaudit.gradcheck._verdict import Status, pattern
from runaudit.model import Hit


def gradient_wrong(checks: Table | None, *, wrong: float, share: float) -> Iterator[Hit]:
    """Report gradients whose relative error is above ``wrong`` at every step that was tried.

    A coordinate within rounding or beside a kink is none, nor one where both are zero; a gradient that is not finite is
    wrong. Weak where in a log of others fewer than ``share`` of every parameter's rows are wrong. Raises ``NotJudged``
    without a gradient check.
    """
    rows = best_rows(checks)
    bad, weak = faulty(rows, Status.WRONG, rows.statuses(wrong=wrong, good=wrong), share)
    if not bad:
        return
    worst = max(bad, key=lambda i: float(rows.error[i]))
    facts: dict[str, float | str] = {
        "bad": len(bad),
        "compared": len(rows),
        "error": float(rows.error[worst]),
        "where": rows.where(worst),
        "values": rows.shown(worst),
        "parameters": told(rows, bad),
    }
    names = rows.texts("parameter")
    hints = []
    for name in dict.fromkeys(names[i] for i in bad):
        own = [i for i in bad if names[i] == name]
        common = pattern(rows.analytic[own], rows.numeric[own])
        hints += [f"{name or 'all'}: {common}"] if common else []
    if hints:
        facts["pattern"] = "; ".join(hints[:4])
    if weak:
        facts["scattered"] = "few and scattered rows, as where a kink lies within the step"
    phases = {phase for i, phase in enumerate(rows.texts("phase")) if phase and i in set(bad)}
    if len(phases) == 1 and len(set(rows.texts("phase"))) > 1:
        facts["only"] = f"only in the phase {phases.pop()}"
    yield Hit(0, 0, facts, weak=weak)


DETECTOR = Detector(
    "gradient-wrong",
    gradient_wrong,
    frozenset({"bad", "compared", "error", "where", "values", "parameters"}),
    frozenset({"pattern", "scattered", "only"}),
)
