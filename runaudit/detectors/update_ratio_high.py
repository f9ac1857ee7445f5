"""Updates that are large against the weights they change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from runaudit.detectors import Detector
from runaudit.detectors._kinds import layers_of
from runaudit.detectors._layers import Share, listed, shares
from runaudit.detectors._rate import adaptive, layer_medians, near_peak
from runaudit.detectors._rows import since
from runaudit.detectors._unrest import bounce, fall_of, thrown, wiggle
from runaudit.errors import NotJudged
from runaudit.model import Hit, Series
from runaudit.numerics import level

Layers = Mapping[str, Series]


def update_ratio_high(
    ratios: Mapping[str, Series],
    norms: Mapping[str, Series] | None,
    lr: Series | None,
    loss: Series | None,
    val: Series | None,
    optimizer: str | None,
    zeros: Mapping[str, Series] | None,
    dead: Mapping[str, Series] | None,
    saturated: Mapping[str, Series] | None,
    *,
    limit: float,
    extreme: float,
    quiet: float,
    jumps: float,
    rises: float,
    wiggles: float,
    thrown_by: float,
    start: float,
    all_zero: float,
    units: float,
    at_bound: float,
    min_rows: int,
    healthy: float,
) -> Iterator[Hit]:
    """Report a median update:weight ratio above ``limit`` while the learning rate is near its peak.

    The median over the steps of each layer, then over layers (weights alone: neither biases, scales of normalisations
    nor embeddings); rows with a ratio of zero (frozen, or no step taken) are left out. A healthy run may be above the
    limit, so up to ``quiet`` times it nothing is said without harm; decisive is a ratio above ``extreme``, or one
    above ``limit`` whose harm is seen: the loss ends above its start or is not finite; the updates drove a layer into
    the flat part of its activation, which it was not in at the first row (from at most ``start`` to ``all_zero`` zeros,
    with ``units`` of the units dead where that is logged, or to ``at_bound`` of the values saturated); the loss was
    thrown above its start, validation jumps (``jumps``, ``rises``), or the loss wiggles (``wiggles``). For optimizers
    that do not scale each step a noisy gradient alone makes a high ratio, and only the first two count. The factor
    brings the median back to ``healthy``. Under ``min_rows`` rows in every layer raise ``NotJudged``, unless the loss
    was lost before more could be logged. Source: CS231n notes, ratio of weights:updates (about 1e-3).
    """
    lost = _lost(loss)
    layers = layers_of(ratios, norms)
    medians = layer_medians(near_peak(layers, lr), min_rows)
    if not medians and lost is not None:  # the run broke before it had logged enough rows
        medians = {layer: m for layer, m in layer_medians(layers, 1).items() if m > extreme}
    if not medians:
        raise NotJudged(f"no layer has {min_rows} update ratios above zero", "update_ratio/<layer>, 10 rows or more")
    middle = float(np.median(list(medians.values())))
    if not middle > limit:
        return
    above = {layer: medians[layer] for layer in sorted(medians, key=lambda n: -medians[n]) if medians[layer] > limit}
    first = {layer: since(layers[layer].steps, layers[layer].values > limit) for layer in above}
    worst = next(iter(above))
    facts: dict[str, float | str] = {
        "ratio": middle,
        "layers": len(medians),
        "worst_layer": worst,
        "worst": medians[worst],
        "low": min(medians.values()),
        "above": len(above),
        "which": listed({layer: (m, first[layer]) for layer, m in above.items()}, ".2g"),
    }
    harm = lost or _driven(zeros, dead, saturated, start, all_zero, units, at_bound)
    if harm is None and adaptive(optimizer):
        harm = _restless(loss, val, jumps, rises, wiggles, thrown_by)
    if harm is not None:
        facts["harm"] = harm
    if harm is None and not middle > quiet * limit:
        return
    factor = float(10.0 ** np.round(np.log10(healthy / middle)))
    series = layers[worst]
    weak = not middle > extreme and harm is None
    yield Hit(min(first.values()), int(series.steps[-1]), facts, weak=weak, series=series.name, factor=factor)


def _lost(loss: Series | None) -> str | None:
    """Return how a loss was lost altogether, None where it was not."""
    if loss is None or not len(loss):
        return None
    if not np.isfinite(loss.values).all():
        return "the loss became NaN or infinite"
    end = level(loss.values)
    return f"the loss ends at {end:.4g}, above its start" if end > 1.05 * abs(float(loss.values[0])) else None


def _driven(
    zeros: Mapping[str, Series] | None,
    dead: Mapping[str, Series] | None,
    saturated: Mapping[str, Series] | None,
    start: float,
    all_zero: float,
    units: float,
    at_bound: float,
) -> str | None:
    """Return which layer the updates drove into the flat part of its activation, None for none."""
    for layers, limit, what in ((zeros, all_zero, "zero"), (saturated, at_bound, "saturated")):
        for share in _known(layers):
            if not (share.from_start and share.first <= start and share.late >= limit):
                continue
            if what == "zero" and any(one.layer == share.layer and one.late < units for one in _known(dead)):
                continue  # sparse, but each unit is of use to some sample
            return f"{share.layer} went from {share.first:.0%} to {share.late:.0%} of its activations {what}"
    return None


def _known(layers: Layers | None) -> list[Share]:
    try:
        return shares(layers, 3) if layers else []
    except NotJudged:
        return []


def _restless(
    loss: Series | None, val: Series | None, jumps: float, rises: float, wiggles: float, thrown_by: float
) -> str | None:
    """Return what on the curves says that the steps are too long, None for nothing."""
    jumpy = bounce(val)
    if jumpy is not None and jumpy.noise >= jumps and jumpy.rises >= rises:
        return f"validation loss jumps by {jumpy.noise:.1%} of its fall"
    if loss is None or fall_of(loss.values) <= 0:
        return None
    wild = wiggle(loss, loss.values)
    if wild is not None and wild >= wiggles:
        return f"the loss wiggles by {wild:.0%} of its fall"
    throw = thrown(loss.values, least=thrown_by)
    return f"the loss was thrown up to {throw.peak:.4g}" if throw is not None else None


DETECTOR = Detector(
    "update-ratio-high",
    update_ratio_high,
    frozenset({"ratio", "layers", "worst_layer", "worst", "low", "above", "which"}),
    frozenset({"harm"}),
)
