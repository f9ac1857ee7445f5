"""A loss that wiggles so much, at so small a batch, that its progress drowns."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from runaudit.detectors import Detector
from runaudit.detectors._loss import finite_part
from runaudit.errors import NotJudged
from runaudit.model import Hit, Reduction, Series
from runaudit.numerics import level, running_median, spread

SPIKE = 8.0


def noisy_batch(
    loss: Series,
    val: Series | None,
    batch: float | None,
    *,
    limit: float,
    small_batch: float,
    tiny: float,
    tiny_limit: float,
    min_points: int,
) -> Iterator[Hit]:
    """Report a per-step loss whose wiggle in the second half exceeds ``limit`` of all that the loss fell.

    The wiggle is the standard deviation around a running median of 31 values; means over a window are scaled back by
    the square root of their width. It is decisive where the batch is known and at most ``small_batch``, else weak: a
    high learning rate wiggles too. A batch of ``tiny`` samples needs only ``tiny_limit``. ``factor`` of the hit
    multiplies the batch so that the wiggle, which falls with its square root, gets below a tenth of the progress.
    Epoch means hide the wiggle and raise ``NotJudged``, as do under ``min_points`` finite values. Source: CS231n
    notes (the wiggle is related to the batch size).
    """
    if loss.reduction in (Reduction.EPOCH_MEAN, Reduction.RUNNING_MEAN):
        raise NotJudged(f"{loss.name} is a mean over many batches, which hides their noise", "the loss of every step")
    steps, values = finite_part(loss, min_points)
    half = len(values) // 2
    residual = (values - running_median(values, 31))[half:]
    bound = SPIKE * spread(residual)  # a few bad batches are no noise, and another rule's
    wiggle = float(np.clip(residual, -bound, bound).std()) * float(np.sqrt(loss.width))
    first = float(np.median(values[: max(3, len(values) // 20)]))
    fall = max(first, float(values[0]), _first(val)) - float(np.mean(values[half:]))
    ratio = wiggle / fall if fall > 0 else float("inf")
    bar = tiny_limit if batch is not None and batch <= tiny else limit
    if not wiggle > bar * max(fall, 0.0) or not wiggle > 0:
        return
    known = batch is not None
    facts: dict[str, float | str] = {"wiggle": wiggle, "fall": fall, "ratio": ratio, "end": level(values)}
    if batch is not None:
        facts["batch"] = batch
        if batch > 8 * small_batch:
            return
    factor = float(min(2.0 ** np.ceil(np.log2((ratio / 0.1) ** 2)), 64.0)) if np.isfinite(ratio) else 64.0
    weak = not (known and batch is not None and batch <= small_batch)
    yield Hit(int(steps[half]), int(steps[-1]), facts, weak=weak, series=loss.name, factor=factor)


def _first(val: Series | None) -> float:
    """Return the first finite validation loss, minus infinity without one: it is free of batch noise."""
    if val is None:
        return -np.inf
    good = val.values[np.isfinite(val.values)]
    return float(good[0]) if len(good) and val.steps[0] <= 1 else -np.inf


DETECTOR = Detector("noisy-batch", noisy_batch, frozenset({"wiggle", "fall", "ratio", "end"}), frozenset({"batch"}))
