"""Updates that are tiny against the weights they change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from runaudit.detectors import Detector
from runaudit.detectors._rate import highest_ratio, layer_medians
from runaudit.errors import NotJudged
from runaudit.model import Hit, Series


def update_ratio_low(
    ratios: Mapping[str, Series], *, limit: float, decisive: float, healthy: float, min_rows: int
) -> Iterator[Hit]:
    """Report a median update:weight ratio below ``limit``.

    The median over time of each layer, then over layers; rows with a ratio of zero (frozen or dead, or no step taken)
    are left out. Between ``decisive`` and ``limit`` the evidence is weak, and so it is where the ratio was ``healthy``
    at some time: then units died, and the rate is innocent. The factor is the power of ten that brings
    the median back to ``healthy``. Under ``min_rows`` rows in every layer raise ``NotJudged``. Source: CS231n notes,
    ratio of weights:updates (about 1e-3).
    """
    medians = layer_medians(ratios, min_rows)
    if not medians:
        raise NotJudged(f"no layer has {min_rows} update ratios above zero", "update_ratio/<layer>, 10 rows or more")
    middle = float(np.median(list(medians.values())))
    if not middle < limit:
        return
    worst = min(medians, key=lambda layer: medians[layer])
    facts: dict[str, float | str] = {
        "ratio": middle,
        "layers": len(medians),
        "worst_layer": worst,
        "worst": medians[worst],
        "low": min(medians.values()),
        "high": max(medians.values()),
    }
    series = ratios[worst]
    factor = float(10.0 ** np.round(np.log10(healthy / middle)))
    highest = highest_ratio(ratios)
    weak = not middle < decisive or (highest is not None and highest >= healthy)
    yield Hit(int(series.steps[0]), int(series.steps[-1]), facts, weak=weak, series=series.name, factor=factor)


DETECTOR = Detector(
    "update-ratio-low",
    update_ratio_low,
    frozenset({"ratio", "layers", "worst_layer", "worst", "low", "high"}),
)
