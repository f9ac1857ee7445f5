"""A loss that falls while accuracy falls too: what is optimised is not what is wanted."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from runaudit.detectors import Detector
from runaudit.errors import NotJudged
from runaudit.model import FloatArray, Hit, Series
from runaudit.numerics import at_steps, block_medians, finite, kendall_z, noise_sd

BLOCKS = 60


def loss_metric_disagree(
    loss: Series | None,
    accuracy: Series | None,
    val: Series | None,
    val_accuracy: Series | None,
    *,
    min_z: float,
    min_drop: float,
    min_noise: float,
    min_fall: float,
    min_points: int,
) -> Iterator[Hit]:
    """Report a split on which loss and accuracy both fall, significantly.

    Both trends must be beyond ``min_z`` standard deviations (Mann-Kendall) and their block medians correlate above 0;
    accuracy must drop, first third to last, by ``min_drop`` (a fraction) and ``min_noise`` standard deviations of its
    noise, and loss by ``min_fall`` of its first third. A validation loss that rises while accuracy rises is not
    reported: a model that grows sure of itself does that. Values that are not finite are left out. A log without loss
    and accuracy of one split, ``min_points`` values each, raises ``NotJudged``.
    """
    judged = False
    for curve, score in ((loss, accuracy), (val, val_accuracy)):
        if curve is None or score is None:
            continue
        y, a = finite(curve.values), finite(score.values)
        if min(len(y), len(a)) < min_points:
            continue
        judged = True
        fall, drop = _way(y), _way(a)
        error = noise_sd(a) * 1.25 * np.sqrt(6.0 / len(a))
        loss_z, score_z = kendall_z(block_medians(y, BLOCKS)), kendall_z(block_medians(a, BLOCKS))
        agree = _correlation(curve, score)
        both = loss_z < -min_z and score_z < -min_z and agree > 0
        if not both or drop < min_drop or drop < min_noise * error or fall < min_fall * abs(float(np.median(y))):
            continue
        facts: dict[str, float | str] = {
            "fall": fall,
            "drop": drop,
            "loss_z": loss_z,
            "accuracy_z": score_z,
            "correlation": agree,
            "points": min(len(y), len(a)),
        }
        yield Hit(int(score.steps[0]), int(score.steps[-1]), facts, series=score.name)
    if not judged:
        raise NotJudged(
            f"no split has {min_points} values of loss and of accuracy", "train/accuracy beside train/loss, or val/"
        )


def _way(values: FloatArray) -> float:
    """Return how far the median of the last third lies below that of the first."""
    third = len(values) // 3
    return float(np.median(values[:third]) - np.median(values[-third:]))


def _correlation(curve: Series, score: Series) -> float:
    """Return the correlation of the block medians of loss and accuracy at the steps of the accuracy."""
    good = np.isfinite(score.values)
    y = at_steps(curve.steps, curve.values, score.steps[good])
    a = score.values[good][np.isfinite(y)]
    y = y[np.isfinite(y)]
    if len(y) < 4:
        return 0.0
    y, a = block_medians(y, BLOCKS), block_medians(a, BLOCKS)
    y, a = y - y.mean(), a - a.mean()
    size = float(np.sqrt((y @ y) * (a @ a)))
    return float(y @ a) / size if np.isfinite(size) and size > 0 else 0.0


DETECTOR = Detector(
    "loss-metric-disagree",
    loss_metric_disagree,
    frozenset({"fall", "drop", "loss_z", "accuracy_z", "correlation", "points"}),
)
