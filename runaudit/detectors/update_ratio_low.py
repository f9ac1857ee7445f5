"""Updates that are tiny against the weights they change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from runaudit.detectors import Detector
from runaudit.detectors._kinds import layers_of
from runaudit.detectors._layers import listed
from runaudit.detectors._rate import highest_ratio, layer_medians, positive
from runaudit.detectors._rows import since
from runaudit.errors import NotJudged
from runaudit.model import Hit, Series


def update_ratio_low(
    ratios: Mapping[str, Series],
    norms: Mapping[str, Series] | None,
    *,
    limit: float,
    decisive: float,
    healthy: float,
    min_rows: int,
) -> Iterator[Hit]:
    """Report a median update:weight ratio below ``limit``.

    The median over the steps of each layer, then over layers (weights alone: neither biases, scales of normalisations
    nor embeddings); rows with a ratio of zero (frozen or dead, or no step taken) are left out, and so layers that never
    change. Between ``decisive`` and ``limit`` the evidence is weak, and so it is where the ratio was ``healthy`` at
    some time: then units died, and the rate is innocent. The factor is the power of ten that brings the median back to
    ``healthy``. Under ``min_rows`` rows in every layer raise ``NotJudged``. Source: CS231n notes, ratio of
    weights:updates (about 1e-3).
    """
    layers = layers_of(ratios, norms)
    medians = layer_medians(layers, min_rows)
    if not medians:
        raise NotJudged(f"no layer has {min_rows} update ratios above zero", "update_ratio/<layer>, 10 rows or more")
    middle = float(np.median(list(medians.values())))
    if not middle < limit:
        return
    below = {layer: medians[layer] for layer in sorted(medians, key=lambda n: medians[n]) if medians[layer] < limit}
    first = {layer: since(layers[layer].steps, layers[layer].values < limit) for layer in below}
    worst = next(iter(below))
    facts: dict[str, float | str] = {
        "ratio": middle,
        "layers": len(medians),
        "worst_layer": worst,
        "worst": medians[worst],
        "high": max(medians.values()),
        "below": len(below),
        "which": listed({layer: (m, first[layer]) for layer, m in below.items()}, ".2g"),
    }
    still = [layer for layer, one in layers.items() if len(one) >= min_rows and not len(positive(one))]
    if still:
        facts["still"] = len(still)
    series = layers[worst]
    factor = float(10.0 ** np.round(np.log10(healthy / middle)))
    highest = highest_ratio(layers)
    weak = not middle < decisive or (highest is not None and highest >= healthy)
    yield Hit(min(first.values()), int(series.steps[-1]), facts, weak=weak, series=series.name, factor=factor)


DETECTOR = Detector(
    "update-ratio-low",
    update_ratio_low,
    frozenset({"ratio", "layers", "worst_layer", "worst", "high", "below", "which"}),
    frozenset({"still"}),
)
