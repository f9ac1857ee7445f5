"""Updates that are too large or too small against the weights they change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from runaudit.detectors import Detector
from runaudit.errors import NotJudged
from runaudit.model import Hit, Series


def update_ratio(
    ratios: Mapping[str, Series], lr: Series | None, *, limit: float, decisive: float, healthy: float, min_rows: int
) -> Iterator[Hit]:
    """Report a median update:weight ratio beyond ``limit``, on the side of ``limit`` that is away from ``healthy``.

    The median over time of each layer, then over layers; a layer is left out while its update is exactly zero (it is
    frozen or dead), and so are steps at which the learning rate is 0. Between ``limit`` and ``decisive`` the evidence
    is one sign (weak). The factor is the power of ten that brings the median back to ``healthy``. Under ``min_rows``
    values per layer raise ``NotJudged``. Source: CS231n notes, ratio of updates and weights (about 1e-3).
    """
    medians: dict[str, float] = {}
    for layer, series in ratios.items():
        values = series.values[np.isfinite(series.values) & (series.values > 0)]
        if len(values) >= min_rows:
            medians[layer] = float(np.median(values))
    if not medians:
        raise NotJudged(f"no layer has {min_rows} update ratios above zero", "update_ratio/<layer>, 10 rows or more")
    middle = float(np.median(list(medians.values())))
    high = limit > healthy
    if not (middle > limit if high else middle < limit):
        return
    worst = (max if high else min)(medians, key=lambda layer: medians[layer])
    facts: dict[str, float | str] = {
        "ratio": middle,
        "layers": len(medians),
        "worst_layer": worst,
        "worst": medians[worst],
        "low": min(medians.values()),
        "high": max(medians.values()),
    }
    series = ratios[worst]
    weak = not (middle > decisive if high else middle < decisive)
    factor = float(10.0 ** np.round(np.log10(healthy / middle)))
    yield Hit(int(series.steps[0]), int(series.steps[-1]), facts, weak=weak, series=series.name, factor=factor)


DETECTOR = Detector("update-ratio", update_ratio, frozenset({"ratio", "layers", "worst_layer", "worst", "low", "high"}))
