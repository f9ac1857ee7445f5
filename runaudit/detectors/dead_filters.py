"""First-layer filters whose weights are next to nothing beside those of the others."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from runaudit.detectors import Detector, Table
from runaudit.detectors._filters import filters_of
from runaudit.errors import NotJudged
from runaudit.model import Hit


def dead_filters(filters: Table | None, *, limit: float, few: float, many: float, min_filters: int) -> Iterator[Hit]:
    """Report a layer where more than ``few`` of the filters have a norm below ``limit`` times that of the large ones.

    Large is the 90th percentile: the median is itself 0 where most are dead. Up to the part ``many`` the evidence is
    weak. Raises ``NotJudged`` for filters from a picture, which tells no norms, and for fewer than ``min_filters``.
    """
    layer = filters_of(filters, min_filters)
    if layer.picture:
        raise NotJudged("the filters were read from a picture, which does not tell how large they are")
    scale = float(np.max(np.abs(layer.weights), initial=0.0))
    norms = np.sqrt(np.sum((layer.weights / (scale or 1.0)) ** 2, axis=(1, 2, 3)))
    large = float(np.percentile(norms, 90))
    dead = norms < limit * large if large > 0 else np.ones(len(norms), dtype=bool)
    part = float(np.mean(dead))
    if part <= few:
        return
    facts: dict[str, float | str] = {
        "layer": layer.name,
        "filters": len(norms),
        "dead": int(dead.sum()),
        "share": part,
        "norm": large * scale,
    }
    yield Hit(0, 0, facts, weak=part <= many, path=layer.path)


DETECTOR = Detector("dead-filters", dead_filters, frozenset({"layer", "filters", "dead", "share", "norm"}))
