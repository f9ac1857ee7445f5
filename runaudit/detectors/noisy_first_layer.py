"""First-layer filters whose pixels agree no better than shuffled ones."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from runaudit.detectors import Detector, Table
from runaudit.detectors._filters import NEEDS, filters_of, smoothness
from runaudit.errors import NotJudged
from runaudit.model import Hit, Series
from runaudit.numerics import finite, level

BEATS = 2.0  # standard deviations by which a filter must be smoother than its shuffled pixels; noise does so in 2 %


def noisy_first_layer(
    filters: Table | None,
    loss: Series | None,
    *,
    limit: float,
    share: float,
    learned: float,
    min_size: int,
    min_filters: int,
) -> Iterator[Hit]:
    """Report filters whose neighbours agree by less than ``limit`` (0: noise) and few of which beat their shuffles.

    Both signs are needed: the mean agreement below ``limit``, and at most ``share`` of the filters smoother than their
    own pixels shuffled. Evidence is weak unless the run has a training loss that fell by less than the part
    ``learned``: a network that learns all the same may have its first layer frozen, or be so wide that its filters
    hardly move. Raises ``NotJudged`` for filters smaller than ``min_size`` pixels a side, and for fewer than
    ``min_filters``.
    """
    layer = filters_of(filters, min_filters)
    if min(layer.weights.shape[2:]) < min_size:
        raise NotJudged(f"filters of {layer.size} are too small to tell noise from structure, {min_size} a side needed")
    found = smoothness(layer.weights)
    if len(found.z) < min_filters:
        raise NotJudged(f"{len(found.z)} filters of {layer.name} vary over their pixels, {min_filters} needed", NEEDS)
    agreement, smooth = float(np.mean(found.agreement)), float(np.mean(found.z > BEATS))
    if not (agreement < limit and smooth <= share):
        return
    facts: dict[str, float | str] = {
        "layer": layer.name,
        "size": layer.size,
        "filters": len(found.z),
        "agreement": agreement,
        "smooth": smooth,
        "state": "as at random initialisation",
    }
    values = finite(loss.values) if loss is not None else np.empty(0)
    if loss is None or len(values) < 3:
        yield Hit(0, 0, facts, weak=True, path=layer.path)
        return
    start, end = float(np.median(values[:3])), level(values)
    gained = (start - end) / abs(start) if start else 0.0
    facts |= {"fell": max(gained, 0.0), "state": "still as at random initialisation, though the training is over"}
    yield Hit(int(loss.steps[0]), int(loss.steps[-1]), facts, weak=gained >= learned, path=layer.path)


DETECTOR = Detector(
    "noisy-first-layer",
    noisy_first_layer,
    frozenset({"layer", "size", "filters", "agreement", "smooth", "state"}),
    frozenset({"fell"}),
)
