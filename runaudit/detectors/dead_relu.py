"""Rectified units that are zero whatever comes in, and so pass no gradient."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from runaudit.detectors import Detector
from runaudit.detectors._layers import Share, listed, shares
from runaudit.detectors._rate import fresh_start
from runaudit.errors import NotJudged
from runaudit.model import Hit, Series

NEEDS = "zero_frac/<layer> (the share of activations that are zero) or dead_frac/<layer>"


def dead_relu(
    zeros: Mapping[str, Series] | None,
    dead: Mapping[str, Series] | None,
    batch: float | None,
    pretrained: str | None,
    *,
    limit: float,
    sparse: float,
    whole: float,
    units: float,
    start: float,
    big_batch: float,
    min_rows: int,
) -> Iterator[Hit]:
    """Report the worst layer of which ``limit`` of the activations are zero at the end, once for the run.

    Zeros alone may be a sparse code that works: beyond ``sparse`` they are one sign (weak). Decisive are: the whole
    layer is zero (``whole``); a share ``units`` of its units is zero for a whole batch of ``big_batch`` samples or
    more; ``start`` of the activations were zero at the very start, where random weights give about a half. A layer
    with ``dead`` alone is judged by its units. Fewer values than ``min_rows`` per layer, or none of either kind, raise
    ``NotJudged``. Source: CS231n notes, ReLU; Lu et al., Dying ReLU and initialization (2019).
    """
    if zeros is None and dead is None:
        raise NotJudged("not in this log: zero_frac/<layer> or dead_frac/<layer>", NEEDS)
    told = batch is None or batch >= big_batch  # at a small batch a sparse unit is often zero on all of it
    of_units = {s.layer: s for s in shares(dead, min_rows)} if dead else {}
    zero = shares(zeros, min_rows) if zeros else []
    sure: list[Share] = []
    unsure: list[Share] = []
    for share in zero:
        if share.late < limit:
            continue
        own = of_units.get(share.layer)
        at_start = share.from_start and share.first >= start and fresh_start(pretrained)
        if share.late >= whole or at_start or (told and own is not None and own.late >= units):
            sure.append(share)
        elif share.late >= sparse:
            unsure.append(share)
    judged = {share.layer for share in zero}
    alone = [s for layer, s in of_units.items() if layer not in judged]
    (sure if told else unsure).extend(s for s in alone if s.late >= units)
    if not (sure or unsure):
        return
    worst = max(sure or unsure, key=lambda s: s.late)
    facts: dict[str, float | str] = {
        "layer": worst.layer,
        "share": worst.late,
        "what": "activations" if worst in zero else "units",
        "first": worst.first,
        "count": len(sure) + len(unsure),
        "layers": len(zero) + len(alone),
    }
    if worst in zero and worst.layer in of_units:
        facts["dead"] = of_units[worst.layer].late
    bar = limit if worst in zero else units
    bad = sorted((*sure, *unsure), key=lambda s: -s.late)
    facts["which"] = listed({s.layer: (s.late, s.since(limit if s in zero else units)) for s in bad}, ".1%")
    yield Hit(worst.since(bar), int(worst.steps[-1]), facts, weak=not sure, series=worst.series.name)


DETECTOR = Detector(
    "dead-relu",
    dead_relu,
    frozenset({"layer", "share", "what", "first", "count", "layers", "which"}),
    frozenset({"dead"}),
)
