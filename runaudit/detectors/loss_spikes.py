"""Single losses that leap out of an otherwise quiet curve."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from runaudit.detectors import Detector
from runaudit.detectors._loss import finite_part
from runaudit.errors import NotJudged
from runaudit.model import Hit, Reduction, Series
from runaudit.numerics import running_median, spread


def loss_spikes(
    loss: Series,
    *,
    min_noise: float,
    min_progress: float,
    stand_out: float,
    max_share: float,
    skip_share: float,
    min_points: int,
) -> Iterator[Hit]:
    """Report isolated values far above the running median of the loss.

    A spike exceeds ``min_noise`` standard deviations of the wiggle (from quartiles, so that the spikes do not hide
    themselves) and ``min_progress`` of all that the loss fell; the smallest spike must be ``stand_out`` times the
    largest wiggle that is none, and spikes at most ``max_share`` of the values: else the loss is noisy, not spiky.
    The first ``skip_share`` of the run, where the loss falls steeply, is not judged. Epoch means raise ``NotJudged``
    (one bad batch drowns in them), as do under ``min_points`` finite values.
    """
    if loss.reduction in (Reduction.EPOCH_MEAN, Reduction.RUNNING_MEAN):
        raise NotJudged(f"{loss.name} is a mean over many batches, in which a spike drowns", "the loss of every step")
    steps, values = finite_part(loss, min_points)
    residual = values - running_median(values, 31)
    start = int(np.ceil(skip_share * len(values)))
    sd = spread(residual[start:])
    fall = float(np.median(values[:3])) - float(np.median(values[-max(3, len(values) // 10) :]))
    bar = max(min_noise * sd, min_progress * max(fall, 0.0))
    late = residual[start:]
    spikes = np.flatnonzero(late > bar)
    if not len(spikes) or bar <= 0 or len(spikes) > max(1, max_share * len(late)):
        return
    rest = np.delete(late, spikes)
    smallest = float(late[spikes].min())
    if smallest < stand_out * float(rest.max()):
        return
    where = spikes + start
    worst = int(where[np.argmax(values[where])])
    facts: dict[str, float | str] = {
        "count": len(spikes),
        "worst": float(values[worst]),
        "worst_step": int(steps[worst]),
        "around": float(values[worst] - residual[worst]),
        "smallest": smallest / sd if sd > 0 else float("inf"),
        "share": smallest / fall if fall > 0 else float("inf"),
    }
    yield Hit(int(steps[where[0]]), int(steps[where[-1]]), facts, series=loss.name)


DETECTOR = Detector(
    "loss-spikes", loss_spikes, frozenset({"count", "worst", "worst_step", "around", "smallest", "share"})
)
