"""Validation loss that stays below training loss."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from runaudit.detectors import Detector
from runaudit.detectors._loss import finite_part
from runaudit.errors import NotJudged
from runaudit.model import Hit, Reduction, Series
from runaudit.numerics import at_steps, block_medians, level, noise_sd, running_median

MOST = 4000  # a wide running median of more points than that takes long, and shows no more


def val_better_than_train(
    loss: Series,
    clean: Series | None,
    val: Series,
    dropout: float | None,
    *,
    min_gap: float,
    min_share: float,
    min_noise: float,
    min_way: float,
    skip_share: float,
    min_evals: int,
) -> Iterator[Hit]:
    """Report a validation loss below the training loss in most evaluations.

    Training loss is taken as measured in evaluation mode where that was logged, else smoothed and brought to the
    steps of the evaluations; the mean of an epoch stands for the middle of the epoch, so the mean of two
    neighbours is taken. After the first ``skip_share`` of the evaluations the gap must exceed ``min_gap`` of the
    training loss, ``min_noise`` standard deviations of the noise of validation loss and ``min_way`` of the whole way
    down, in ``min_share`` of them.
    Values that are not finite are left out. Where dropout explains the gap, and under ``min_evals`` evaluations, raise
    ``NotJudged``.
    """
    steps, values = finite_part(val, min_evals)
    measured = clean if clean is not None and int(np.isfinite(clean.values).sum()) >= min_evals else loss
    train_steps, train = finite_part(measured, min_evals)
    if measured.reduction is Reduction.EPOCH_MEAN:
        train = np.append((train[:-1] + train[1:]) / 2.0, train[-1])
    else:
        blocks = block_medians(train_steps.astype(np.float64), MOST)
        train_steps, train = blocks.astype(np.int64), block_medians(train, MOST)
        train = running_median(train, 2 * (len(train) // 40) + 1)
    gap = at_steps(train_steps, train, steps) - values
    late = np.isfinite(gap)
    late[: int(np.ceil(skip_share * len(steps)))] = False
    if int(late.sum()) < min_evals / 2:
        raise NotJudged("training and validation loss share too few steps")
    near = np.abs(gap[late] + values[late])
    way = max(float(values[0]), float(train[0])) - level(values)
    bar = max(min_noise * noise_sd(values), min_way * way)
    share = float(np.mean((gap[late] > min_gap * near) & (gap[late] > bar)))
    if share < min_share:
        return
    if dropout is not None and dropout > 0 and measured is not clean:
        raise NotJudged(f"dropout of {dropout:g} acts on the training loss only", "train/loss_eval")
    facts: dict[str, float | str] = {
        "gap": float(np.median(gap[late])),
        "part": float(np.median(gap[late] / np.maximum(near, 1e-300))),
        "share": share,
        "train_end": level(train),
        "val_end": level(values),
        "evals": int(late.sum()),
    }
    yield Hit(int(steps[late][0]), int(steps[-1]), facts, series=val.name)


DETECTOR = Detector(
    "val-better-than-train",
    val_better_than_train,
    frozenset({"gap", "part", "share", "train_end", "val_end", "evals"}),
)
