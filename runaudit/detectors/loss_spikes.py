"""Single losses that leap out of an otherwise quiet curve."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from runaudit.detectors import Detector
from runaudit.detectors._loss import finite_part
from runaudit.errors import NotJudged
from runaudit.model import Hit, Reduction, Series
from runaudit.numerics import running_median, spread

WINDOW = 31
AFTERMATH = 10  # steps after a leap in which the loss comes back


def loss_spikes(
    loss: Series,
    *,
    min_noise: float,
    min_progress: float,
    stand_out: float,
    alone: float,
    max_share: float,
    max_count: int,
    skip_share: float,
    min_points: int,
) -> Iterator[Hit]:
    """Report isolated values far above the running median of the loss.

    A spike exceeds ``min_noise`` standard deviations of the wiggle (from quartiles, so that the spikes do not hide
    themselves) and ``min_progress`` of all that the loss fell; values in a row, and what follows a leap within a few
    steps, are one spike. The smallest spike must be ``stand_out`` times the largest wiggle elsewhere, and there may
    be ``max_count`` spikes or ``max_share`` of the values: else the loss is noisy, not spiky. A single spike below
    ``alone`` times the fall is weak evidence. The first ``skip_share`` of the run, where the loss falls steeply, is
    not judged. Epoch means raise ``NotJudged`` (one bad batch drowns in them), as do under ``min_points`` finite
    values.
    """
    if loss.reduction in (Reduction.EPOCH_MEAN, Reduction.RUNNING_MEAN):
        raise NotJudged(f"{loss.name} is a mean over many batches, in which a spike drowns", "the loss of every step")
    steps, values = finite_part(loss, min_points)
    residual = values - running_median(values, WINDOW)
    start = int(np.ceil(skip_share * len(values)))
    late = residual[start:]
    sd = spread(late)
    fall = min(float(values[0]), float(np.median(values[:3]))) - float(np.median(values[-max(3, len(values) // 10) :]))
    if not 0 < 3.0 * sd < fall:
        fall = max(fall, 3.0 * sd)
    bar = max(min_noise * sd, min_progress * max(fall, 0.0))
    above = np.flatnonzero(late > bar)
    if not len(above) or bar <= 0:
        return
    episodes = np.split(above, np.flatnonzero(np.diff(above) > AFTERMATH) + 1)
    peaks = np.array([float(late[e].max()) for e in episodes])
    if len(episodes) > max(max_count, max_share * len(late)):
        return
    calm = np.ones(len(late), dtype=bool)
    for episode in episodes:
        calm[max(0, episode[0] - 1) : episode[-1] + 1 + AFTERMATH] = False
    rest = late[calm]
    smallest = float(peaks.min())
    if len(rest) < WINDOW or smallest < stand_out * float(rest.max()):
        return
    where = above + start
    worst = int(where[np.argmax(values[where])])
    facts: dict[str, float | str] = {
        "count": len(episodes),
        "worst": float(values[worst]),
        "worst_step": int(steps[worst]),
        "around": float(values[worst] - residual[worst]),
        "smallest": smallest / sd if sd > 0 else float("inf"),
        "share": smallest / fall if fall > 0 else float("inf"),
    }
    weak = len(episodes) == 1 and smallest < alone * fall
    yield Hit(int(steps[where[0]]), int(steps[where[-1]]), facts, weak=weak, series=loss.name)


DETECTOR = Detector(
    "loss-spikes", loss_spikes, frozenset({"count", "worst", "worst_step", "around", "smallest", "share"})
)
