"""A gradient that gets lost on its way down to the first layers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from runaudit.detectors import Detector
from runaudit.detectors._kinds import layers_of
from runaudit.detectors._layers import in_depth, listed
from runaudit.detectors._loss import ends
from runaudit.detectors._rows import first_half, since, typical
from runaudit.errors import NotJudged
from runaudit.model import FloatArray, Hit, Series
from runaudit.numerics import at_steps, finite


def vanishing_gradient(
    gradients: Mapping[str, Series],
    weights: Mapping[str, Series] | None,
    loss: Series | None,
    *,
    limit: float,
    decisive: float,
    tau: float,
    slope: float,
    tiny: float,
    stuck: float,
    deep: int,
    min_rows: int,
) -> Iterator[Hit]:
    """Report a layer whose gradient norm is below ``limit`` of the largest of all layers, over the first half.

    Neither biases nor the scales of normalisations are layers, and those with one number (``h.3.fc``, ``h.3.qkv``) are
    one block, which counts with its largest norm. Other signs: the blocks fall towards the input (Kendall's tau above
    ``tau``, by more than ``slope``); the norm is below ``tiny`` of the loss; the loss fell by less than ``stuck`` of
    its first value. One of them, two for fewer than ``deep`` blocks, or a ratio below ``decisive`` in a deep network
    make it sure, else it is weak. A norm of exactly zero (frozen) is left out. Under ``min_rows`` norms per layer, and
    with fewer than three layers, raise ``NotJudged``. Source: Glorot & Bengio (2010).
    """
    layers = layers_of(gradients, weights, embeddings=True)
    norms = {layer: _typical(series, min_rows) for layer, series in layers.items()}
    known = {layer: norm for layer, norm in norms.items() if norm is not None}
    blocks, others = in_depth(list(known))
    single = [[layer] for layer in others]
    if len(blocks) + len(single) < 3:
        raise NotJudged(f"{len(blocks) + len(single)} layers have {min_rows} gradient norms above zero, 3 needed")
    levels = {max(block, key=lambda n: known[n]): max(known[n] for n in block) for block in (*blocks, *single)}
    profile = np.array([max(known[n] for n in block) for block in blocks])
    judged = {n: v for n, v in levels.items() if not blocks or any(n in block for block in blocks)}
    worst, top = min(judged, key=lambda n: judged[n]), max(levels, key=lambda n: levels[n])
    ratio = judged[worst] / levels[top]
    if not ratio < limit:
        return
    facts: dict[str, float | str] = {
        "layer": worst,
        "norm": judged[worst],
        "top": top,
        "top_norm": levels[top],
        "ratio": ratio,
        "layers": len(levels),
    }
    low = {n: v for n, v in sorted(judged.items(), key=lambda item: item[1]) if v < limit * levels[top]}
    first = {n: _since(gradients[n], gradients[top], limit) for n in low}
    facts |= {"below": len(low), "which": listed({n: (v, first[n]) for n, v in low.items()}, ".2g")}
    facts |= _signs(profile, judged[worst], loss, tau, slope, tiny, stuck)
    signs = len({"order", "of_loss", "fall"} & facts.keys())
    is_deep = len(blocks) >= deep
    sure = signs >= (1 if is_deep else 2) or (is_deep and ratio < decisive)
    series = gradients[worst]
    yield Hit(first[worst], int(series.steps[-1]), facts, weak=not sure, series=series.name)


def _typical(series: Series, min_rows: int) -> float | None:
    """Return the median of the positive norms of the first half, None under ``min_rows`` positive norms in all."""
    good = np.isfinite(series.values) & (series.values > 0)
    steps, values = series.steps[good], series.values[good]
    half = max(1, first_half(steps))
    return typical(steps[:half], values[:half]) if len(values) >= min_rows else None


def _since(series: Series, top: Series, limit: float) -> int:
    """Return since when the norm is below ``limit`` of the top one."""
    others = at_steps(top.steps, top.values, np.clip(series.steps, top.steps[0], top.steps[-1]))
    return since(series.steps, series.values < limit * others)


def _signs(
    profile: FloatArray, norm: float, loss: Series | None, tau: float, slope: float, tiny: float, stuck: float
) -> dict[str, float | str]:
    """Return the facts of those other signs that are there."""
    facts: dict[str, float | str] = {}
    rise = _kendall(profile)
    if len(profile) >= 3 and rise > tau and float(profile.min()) < slope * float(profile.max()):
        facts["order"] = rise
    both = ends(loss)
    if loss is None or both is None:
        return facts
    values = np.abs(finite(loss.values))
    scale = float(np.median(values[: (len(values) + 1) // 2]))
    if scale > 0 and norm < tiny * scale:
        facts["of_loss"] = norm / scale
    if both[0] - both[1] < stuck * abs(both[0]):
        facts["fall"] = (both[0] - both[1]) / abs(both[0])
    return facts


def _kendall(values: FloatArray | Sequence[float]) -> float:
    """Return Kendall's tau of the values against their order, from -1 to 1; 0 for fewer than two."""
    x = np.asarray(values)
    pairs = len(x) * (len(x) - 1) / 2
    return float(np.triu(np.sign(x[None, :] - x[:, None]), 1).sum() / pairs) if pairs else 0.0


DETECTOR = Detector(
    "vanishing-gradient",
    vanishing_gradient,
    frozenset({"layer", "norm", "top", "top_norm", "ratio", "layers", "below", "which"}),
    frozenset({"order", "of_loss", "fall"}),
)
