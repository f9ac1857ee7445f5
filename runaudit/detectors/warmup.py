"""A warm-up that takes much of the run."""

from __future__ import annotations

from collections.abc import Iterator

from runaudit.detectors import Detector
from runaudit.detectors._loss import finite_part
from runaudit.detectors._schedule import recognise
from runaudit.errors import NotJudged
from runaudit.model import Hit, Series


def warmup_too_long(
    lr: Series, planned: float | None, unit: str | None, *, max_share: float, min_points: int
) -> Iterator[Hit]:
    """Report a warm-up of more than ``max_share`` of the steps, by at least one logging interval.

    The steps are those planned, where the configuration says how many and the log counts steps, else those logged.
    A rise that is one half of a one-cycle or cyclic schedule is meant so. A rate that still rises at the end of the
    log is weak: the run may go on. Under ``min_points`` finite rates raise ``NotJudged``.
    """
    steps, rates = finite_part(lr, min_points)
    found = recognise(steps, rates)
    if found.kind == "undetermined":
        raise NotJudged("the schedule of the learning rate follows no known shape")
    if found.kind in ("one-cycle", "cyclic"):
        return
    span = float(steps[-1] - steps[0])
    whole = max(planned, span) if planned is not None and unit == "step" else span
    share = found.warmup * span / whole
    if share - 1.0 / len(steps) <= max_share:
        return
    peak_step = int(steps[0] + found.warmup * span)
    facts: dict[str, float | str] = {
        "share": share,
        "peak": found.peak,
        "peak_step": peak_step,
        "total": whole,
        "then": "still rising at the end of the log" if found.kind == "warm-up" else found.kind,
    }
    yield Hit(int(steps[0]), min(peak_step, int(steps[-1])), facts, weak=found.kind == "warm-up", series=lr.name)


DETECTOR = Detector("warmup-too-long", warmup_too_long, frozenset({"share", "peak", "peak_step", "total", "then"}))
