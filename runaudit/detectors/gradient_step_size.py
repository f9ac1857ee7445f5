"""Steps of the numeric gradient that are too large or too small to tell a right gradient from a wrong one."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from runaudit.detectors import Detector, Table
from runaudit.detectors._gradient_rows import Rows, by_coordinate, every_row, told
from runaudit.gradcheck._verdict import Status
from runaudit.model import Hit


def gradient_step_size(
    checks: Table | None, *, good: float, wrong: float, share: float, least: float, least_single: float, most: float
) -> Iterator[Hit]:
    """Report a step at which the numeric gradient tells nothing.

    In runaudit's own check: at least ``share`` of the coordinates are steady at no step. In a log with several steps a
    coordinate: at some step the error is above ``wrong``, at another at most ``good``. In a log with one step: it is
    outside ``least`` (single precision ``least_single``) to ``most`` and errors are above ``good``; weak, for the
    gradient may be wrong as well. Raises ``NotJudged`` without a gradient check.
    """
    rows = every_row(checks)
    if rows.own:
        found = rows.statuses(wrong=wrong, good=good)
        vague = [i for i in range(len(rows)) if found[i] == Status.UNRESOLVED]
        if vague and len(vague) >= share * len(rows):
            what = "the numeric gradient is steady enough to judge at no step"
            yield Hit(0, 0, {"what": what, "bad": len(vague), "compared": len(rows), "parameters": told(rows, vague)})
        return
    yield from _swept(rows, good, wrong)
    yield from _single(rows, good, least, least_single, most)


def _swept(rows: Rows, good: float, wrong: float) -> Iterator[Hit]:
    steps = rows.numbers("h", np.nan)
    cured: dict[int, int] = {}
    coordinates = by_coordinate(rows)
    for many in coordinates.values():
        best = min(many, key=lambda i: float(np.nan_to_num(rows.error[i], nan=np.inf)))
        if rows.error[best] <= good:
            cured |= {i: best for i in many if rows.error[i] > wrong and steps[i] != steps[best]}
    if cured:
        bad_steps = sorted({f"{steps[i]:g}" for i in cured}, key=float)
        right = float(np.median(steps[list(set(cured.values()))]))
        what = f"at h = {', '.join(bad_steps)} right gradients look wrong, at h = {right:g} they agree"
        facts: dict[str, float | str] = {
            "what": what,
            "bad": len(cured),
            "compared": len(rows),
            "parameters": told(rows, list(cured)),
        }
        yield Hit(0, 0, facts)


def _single(rows: Rows, good: float, least: float, least_single: float, most: float) -> Iterator[Hit]:
    steps = rows.numbers("h", np.nan)
    if len(by_coordinate(rows)) < len(rows):
        return
    low = np.where(rows.single(), least_single, least)
    with np.errstate(invalid="ignore"):
        odd = np.flatnonzero(((steps < low) | (steps > most)) & (rows.error > good)).tolist()
    if odd:
        value = float(np.median(steps[odd]))
        what = f"the step h = {value:g} is too {'large' if value > most else 'small'}"
        yield Hit(
            0, 0, {"what": what, "bad": len(odd), "compared": len(rows), "parameters": told(rows, odd)}, weak=True
        )


DETECTOR = Detector("gradient-step-size", gradient_step_size, frozenset({"what", "bad", "compared", "parameters"}))
