"""The rows of a check -> what is found in them, in the words of the rules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from runaudit.gradcheck._result import Remark, Row
from runaudit.gradcheck._verdict import TINY, Status, pattern


def remarks(rows: Sequence[Row]) -> Iterator[Remark]:
    """Report what is wrong with the gradient, parameter by parameter, then what weakens the check itself."""
    by_name: dict[str, list[Row]] = {}
    for row in rows:
        by_name.setdefault(row.parameter, []).append(row)
    for name, many in by_name.items():
        yield from _fault(name, many, Status.WRONG, "gradient-wrong", "error")
        yield from _fault(name, many, Status.SUSPECT, "gradient-suspect", "warning")
    if not rows:
        return
    if rows[0].dtype != "float64":
        text = "the loss or the gradient has single precision: errors up to 1e-2 tell nothing; compute both in float64"
        yield Remark("gradient-precision", "warning", text)
    yield from _weak(rows, by_name)
    if rows[0].phase == "start":
        text = "checked at the start only: check again after a short burn-in, with phase='burn-in'"
        yield Remark("gradient-coverage", "note", text)


def _fault(name: str, many: Sequence[Row], status: Status, rule: str, severity: str) -> Iterator[Remark]:
    bad = [row for row in many if row.status == status]
    if not bad:
        return
    worst = max(bad, key=lambda r: r.rel_error)
    common = pattern(np.array([r.analytic for r in bad]), np.array([r.numeric for r in bad]))
    yield Remark(
        rule,
        severity,
        f"{name}: {len(bad)} of {len(many)} coordinates, relative error up to {worst.rel_error:.3g} at "
        f"{list(worst.index)} (analytic {worst.analytic:.6g}, numeric {worst.numeric:.6g}, limit {worst.limit:g})"
        + (f"; {common}" if common else ""),
    )


def _weak(rows: Sequence[Row], by_name: dict[str, list[Row]]) -> Iterator[Remark]:
    """Report what the check could not tell: kinks, vague numbers, tiny ones, parameters with nothing to compare."""
    kinks = [row for row in rows if row.status == Status.KINK]
    if kinks:
        text = (
            f"{len(kinks)} of {len(rows)} coordinates lie on a kink: their slopes differ on the two sides, not judged"
        )
        yield Remark("gradient-kinks", "note", text)
    vague = [row for row in rows if row.status == Status.UNRESOLVED]
    if vague:
        worst = vague[0]
        text = (
            f"{len(vague)} of {len(rows)} coordinates have no step at which the numeric gradient is steady enough to "
            f"judge, such as {worst.parameter} {list(worst.index)} ({worst.numeric:.3g} +- {worst.uncertainty:.1g})"
        )
        yield Remark("gradient-step-size", "note", text)
    largest = np.array([max(abs(r.analytic), abs(r.numeric)) for r in rows if r.status != Status.ZERO])
    tiny = int(np.sum(largest < TINY))
    if tiny * 10 >= len(largest) > 0:
        text = f"{tiny} of {len(largest)} gradients are below {TINY:g}: scale the loss up"
        yield Remark("gradient-tiny", "note", text)
    silent = [name for name, many in by_name.items() if not any(r.status != Status.ZERO for r in many)]
    if silent:
        text = f"both gradients are zero wherever compared, so that nothing is shown of {', '.join(silent[:6])}"
        yield Remark("gradient-coverage", "note", text)
