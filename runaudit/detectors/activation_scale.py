"""Activations whose scale is far off, or that shrink or grow from layer to layer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from runaudit.detectors import Detector
from runaudit.detectors._layers import in_depth, natural
from runaudit.detectors._rows import first_half, typical
from runaudit.errors import NotJudged
from runaudit.model import Hit, Series


def activation_scale(
    spreads: Mapping[str, Series], *, low: float, high: float, depth: float, min_rows: int
) -> Iterator[Hit]:
    """Report the layer whose activations are farthest off in scale, once for the run.

    The standard deviation of a layer is its median over the first half. Off are a layer below ``low`` or above
    ``high``, and numbered layers of which the last has more than ``depth`` times the deviation of the first, or less
    than that part of it. Values that are not finite or negative are left out; under ``min_rows`` values per layer
    raise ``NotJudged``. Source: CS231n notes, weight initialization; TheDeepChecker.
    """
    known: dict[str, float] = {}
    for layer in sorted(spreads, key=natural):
        good = np.isfinite(spreads[layer].values) & (spreads[layer].values >= 0)
        steps, values = spreads[layer].steps[good], spreads[layer].values[good]
        if len(values) >= min_rows:
            half = first_half(steps)
            known[layer] = typical(steps[:half], values[:half])
    if not known:
        raise NotJudged(f"no layer has {min_rows} standard deviations of its activations")
    blocks, _ = in_depth(list(known))
    course = [max(known[n] for n in block) for block in blocks]
    times = course[-1] / course[0] if course and course[0] > 0 else 1.0
    off = max(known, key=lambda n: max(known[n] / high, low / known[n] if known[n] > 0 else np.inf))
    out = not low <= known[off] <= high
    layer = off if out or not blocks else max(blocks[-1], key=lambda n: known[n])
    if not out and 1.0 / depth <= times <= depth:
        return
    facts: dict[str, float | str] = {
        "layer": layer,
        "sd": known[layer],
        "least": min(known.values()),
        "most": max(known.values()),
        "layers": len(known),
    }
    if not 1.0 / depth <= times <= depth:
        facts |= {"times": times, "blocks": len(blocks)}
    series = spreads[layer]
    yield Hit(int(series.steps[0]), int(series.steps[-1]), facts, series=series.name)


DETECTOR = Detector(
    "activation-scale",
    activation_scale,
    frozenset({"layer", "sd", "least", "most", "layers"}),
    frozenset({"times", "blocks"}),
)
