"""Series of layers -> heat maps: a quantity of each layer over the run, reduced to what a picture needs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from runaudit.detectors._layers import in_depth
from runaudit.model import FloatArray, Heatmap, IntArray, Series

QUANTITIES = (
    "update_ratio", "grad_norm", "zero_frac", "dead_frac", "saturated_frac", "act_std", "weight_norm",
)  # fmt: skip
COLUMNS = 60
ROWS = 40


def heatmaps_of(series: Mapping[str, Series], wanted: Collection[str] = ()) -> tuple[Heatmap, ...]:
    """Return a heat map of every quantity that at least two layers have at two steps or more.

    Of more than forty layers, those that ``wanted`` names (``grad_norm/fc1``) stay, and others at equal distances.
    """
    found = []
    for quantity in QUANTITIES:
        prefix = f"{quantity}/"
        layers = {n.removeprefix(prefix): s for n, s in series.items() if n.startswith(prefix) and len(s)}
        if len(layers) < 2:
            continue
        names = by_depth(list(layers))
        kept = thinned(names, ROWS, {n.removeprefix(prefix) for n in wanted})
        one = _heatmap(quantity, {name: layers[name] for name in kept})
        if len(one.steps) > 1:
            found.append(one)
    return tuple(found)


def by_depth(names: Sequence[str]) -> list[str]:
    """Return the layers from the input on: what is numbered in that order, what else reads like an end behind it.

    >>> by_depth(["head", "h.10.fc", "h.2.fc", "embed"])
    ['embed', 'h.2.fc', 'h.10.fc', 'head']
    """
    blocks, others = in_depth(list(names))
    first = [name for name in others if name.lower().startswith(("emb", "stem", "in", "patch", "wte", "tok", "conv"))]
    return [*first, *(name for block in blocks for name in block), *(n for n in others if n not in first)]


def thinned(names: Sequence[str], most: int, wanted: Collection[str]) -> list[str]:
    """Return at most so many of the names in their order: the wanted ones, and others at equal distances.

    >>> thinned(["a", "b", "c", "d", "e", "f"], 3, {"b"})
    ['a', 'b', 'f']
    """
    if len(names) <= most:
        return list(names)
    own = [name for name in names if name in wanted][:most]
    others = [name for name in names if name not in own]
    room = most - len(own)
    places = np.unique(np.linspace(0, len(others) - 1, room).round().astype(np.int64))
    kept = {*own, *(others[i] for i in places.tolist())}
    return [name for name in names if name in kept]


def _heatmap(quantity: str, layers: Mapping[str, Series]) -> Heatmap:
    logged = np.unique(np.concatenate([series.steps for series in layers.values()]))
    starts = logged[np.unique(np.linspace(0, len(logged), min(COLUMNS, len(logged)) + 1).astype(np.int64))[:-1]]
    values = np.stack([_blocks(series, starts) for series in layers.values()])
    return Heatmap(quantity, tuple(layers), starts.astype(np.float64), values)


def _blocks(series: Series, starts: IntArray) -> FloatArray:
    """Return the median of the finite values in each block of steps, NaN where there is none."""
    good = np.isfinite(series.values)
    values = series.values[good]
    edges = np.searchsorted(series.steps[good], starts)
    parts = np.split(values, edges[1:])
    return np.array([_median(part) if len(part) else np.nan for part in parts])


def _median(values: FloatArray) -> float:
    """Return the median of finite values; the two middle ones are halved before they are added: no overflow."""
    ordered = np.sort(values)
    half = len(ordered) // 2
    return float(ordered[half]) if len(ordered) % 2 else float(ordered[half - 1] * 0.5 + ordered[half] * 0.5)
