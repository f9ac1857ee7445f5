"""First-layer filters that are copies of each other, up to their size and sign."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from runaudit.detectors import Detector, Table
from runaudit.detectors._filters import filters_of
from runaudit.errors import NotJudged
from runaudit.model import Hit

MOST = 2048  # filters that are compared: all pairs are looked at
ALIVE = 0.01  # of the largest norm: the direction of a dead filter is chance


def duplicate_filters(
    filters: Table | None, *, limit: float, few: float, many: float, min_weights: int, min_filters: int
) -> Iterator[Hit]:
    """Report a layer where more than ``few`` of the filters repeat one before them: correlation above ``limit``.

    The sign does not count; dead filters are left out. Up to the part ``many`` the evidence is weak. Raises
    ``NotJudged`` for filters of fewer than ``min_weights`` numbers, which resemble each other by chance, and for fewer
    than ``min_filters``.
    """
    layer = filters_of(filters, min_filters)
    flat = layer.weights[:MOST].reshape(min(len(layer.weights), MOST), -1)
    if flat.shape[1] < min_weights:
        raise NotJudged(f"filters of {layer.size} are alike by chance, {min_weights} weights each needed")
    flat = flat / (np.max(np.abs(flat), initial=0.0) or 1.0)
    flat = flat - flat.mean(axis=1, keepdims=True)
    norms = np.linalg.norm(flat, axis=1)
    alive = norms > ALIVE * float(norms.max(initial=0.0))
    if int(alive.sum()) < min_filters:
        raise NotJudged(f"{int(alive.sum())} filters of {layer.name} vary over their pixels, {min_filters} needed")
    unit = flat[alive] / norms[alive][:, None]
    alike = np.abs(unit @ unit.T) > limit
    before = np.tril(alike, -1)
    copies = before.any(axis=1)
    part = float(np.mean(copies))
    if part <= few:
        return
    facts: dict[str, float | str] = {
        "layer": layer.name,
        "size": layer.size,
        "filters": len(unit),
        "copies": int(copies.sum()),
        "share": part,
        "most": int(alike.sum(axis=1).max()),
    }
    yield Hit(0, 0, facts, weak=part <= many, path=layer.path)


DETECTOR = Detector(
    "duplicate-filters", duplicate_filters, frozenset({"layer", "size", "filters", "copies", "share", "most"})
)
