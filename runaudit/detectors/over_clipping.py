"""Gradients that are clipped at most steps, so that the clip value sets the step and not the learning rate."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from runaudit.detectors import Detector
from runaudit.errors import NotJudged
from runaudit.model import FloatArray, Hit, Series

ADAPTIVE = ("adam", "rmsprop", "adagrad", "adafactor", "lion", "lamb", "sophia", "muon", "shampoo", "soap")
"""Optimizers that divide by the size of past gradients: a constant factor of the gradient changes little there."""


def over_clipping(
    norm: Series,
    clip: float | None,
    optimizer: str | None,
    *,
    max_share: float,
    strong: float,
    min_points: int,
) -> Iterator[Hit]:
    """Report a gradient norm at or above the clip value at more than ``max_share`` of the steps of the second half.

    Where no clip value is configured, a norm that stands at its own maximum for that share was logged after clipping,
    and shows the value. Decisive where the log shows how much is cut off, at least to one ``strong``-th at the middle
    step, and the optimizer is known not to rescale gradients; else weak. A norm of infinity counts as clipped, NaN is
    left out; under ``min_points`` norms, and where neither is known, raise ``NotJudged``. Source: tuning playbook.
    """
    good = ~np.isnan(norm.values) & (norm.values >= 0)
    steps, values = norm.steps[good], norm.values[good]
    if len(values) < min_points:
        raise NotJudged(f"{len(values)} gradient norms, {min_points} needed", "grad_norm of every step")
    steps, values = steps[len(steps) // 2 :], values[len(values) // 2 :]
    cap = clip if clip is not None else _cap(values, max_share)
    if cap is None or not np.isfinite(cap):
        raise NotJudged("the value at which gradients are clipped is not known", "grad_clip in the config")
    if cap <= 0:
        raise NotJudged("gradients are not clipped: the clip value is 0 or below")
    clipped = values >= 0.999 * cap
    share = float(clipped.mean())
    if share <= max_share:
        return
    facts: dict[str, float | str] = {
        "share": share,
        "clip": cap,
        "clip_from": "configured" if clip is not None else "where the norm stands still",
    }
    after = float(values.max()) <= 1.01 * cap  # what is logged is the norm after clipping
    cut = float(np.median(values)) / cap
    if not after and np.isfinite(cut):
        facts["cut"] = cut
    plain = optimizer is not None and not any(name in optimizer.lower() for name in ADAPTIVE)
    if plain and optimizer is not None:
        facts["optimizer"] = optimizer
    weak = not (plain and not after and cut >= strong)
    yield Hit(int(steps[0]), int(steps[-1]), facts, weak=weak, series=norm.name)


def _cap(values: FloatArray, share: float) -> float | None:
    """Return the maximum at which more than ``share`` of varying norms stand, None if there is no such."""
    top = float(values.max())
    stand = values >= 0.999 * top
    return top if top > 0 and np.isfinite(top) and stand.mean() > share and not stand.all() else None


DETECTOR = Detector(
    "over-clipping", over_clipping, frozenset({"share", "clip", "clip_from"}), frozenset({"cut", "optimizer"})
)
