"""Tanh or sigmoid units that sit at their bound, where they pass hardly any gradient."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from runaudit.detectors import Detector
from runaudit.detectors._layers import Share, listed, shares
from runaudit.detectors._loss import ends
from runaudit.detectors._rate import fresh_start
from runaudit.model import Hit, Series


def saturated_activation(
    saturated: Mapping[str, Series],
    loss: Series | None,
    pretrained: str | None,
    *,
    limit: float,
    start: float,
    whole: float,
    slow: float,
    min_rows: int,
) -> Iterator[Hit]:
    """Report the worst layer of which ``limit`` of the activations are saturated, once for the run.

    Units may learn to sit at their bounds (a sure classifier does), so saturation that grows is one sign (weak).
    Decisive are: ``start`` of the activations were saturated at the very start, and ``limit`` still in the median of
    the first half; or ``whole`` of them are at the end, and the loss fell by less than ``slow`` of its first value.
    Under ``min_rows`` values per layer raise ``NotJudged``. Source: CS231n notes, activation functions.
    """
    found = shares(saturated, min_rows)
    sure = [s for s in found if _from_start(s, limit, start) and fresh_start(pretrained)]
    if not sure and _slow(loss, slow):
        sure = [s for s in found if s.late >= whole]
    unsure = [s for s in found if s.late >= limit and s not in sure]
    if not (sure or unsure):
        return
    worst = max(sure or unsure, key=lambda s: max(s.early, s.late))
    facts: dict[str, float | str] = {
        "layer": worst.layer,
        "share": max(worst.early, worst.late),
        "first": worst.first,
        "late": worst.late,
        "count": len(sure) + len(unsure),
        "layers": len(found),
    }
    bad = sorted((*sure, *unsure), key=lambda s: -max(s.early, s.late))
    facts["which"] = listed({s.layer: (max(s.early, s.late), s.since(limit)) for s in bad}, ".1%")
    yield Hit(worst.since(limit), int(worst.steps[-1]), facts, weak=not sure, series=worst.series.name)


def _from_start(share: Share, limit: float, start: float) -> bool:
    return share.from_start and share.first >= start and share.early >= limit


def _slow(loss: Series | None, slow: float) -> bool:
    """Say whether the loss is known to have fallen by less than ``slow`` of its first value."""
    both = ends(loss)
    return both is not None and both[0] - both[1] < slow * abs(both[0])


DETECTOR = Detector(
    "saturated-activation",
    saturated_activation,
    frozenset({"layer", "share", "first", "late", "count", "layers", "which"}),
)
