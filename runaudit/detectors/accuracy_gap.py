"""Training accuracy far above validation accuracy."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from runaudit.detectors import Detector
from runaudit.detectors._loss import finite_part
from runaudit.model import Hit, Series
from runaudit.numerics import at_steps, level, noise_sd


def accuracy_gap(
    train: Series, val: Series, *, limit: float, limit_fitted: float, fitted: float, min_points: int
) -> Iterator[Hit]:
    """Report a training accuracy that ends more than ``limit`` above validation accuracy.

    Both are fractions. The gap must hold over the last quarter of the evaluations, beyond twice the noise of
    validation accuracy. Above ``limit`` it is weak unless the training set is ``fitted`` (accuracy at least that) and
    the gap exceeds ``limit_fitted``: then there is nothing left to learn from it. Values that are not finite are left
    out; under ``min_points`` raise ``NotJudged``. Source: CS231n notes, train/val accuracy; AutoTrainer's 0.10.
    """
    steps, values = finite_part(val, min_points)
    finite_part(train, min_points)
    gap = at_steps(train.steps, train.values, steps) - values
    good = np.isfinite(gap)
    if not good.any():
        return
    late = gap[good][-max(2, int(good.sum()) // 4) :]
    size = float(np.median(late))
    if float(late.min()) <= 0.5 * limit or size <= max(limit, 2.0 * noise_sd(values)):
        return
    open_at = np.flatnonzero(~(gap > limit) & good)
    start = int(open_at[-1]) + 1 if len(open_at) and open_at[-1] + 1 < len(steps) else int(np.flatnonzero(good)[0])
    train_end = level(train.values[np.isfinite(train.values)])
    facts = {"gap": size, "train_end": train_end, "val_end": level(values), "evals": len(values)}
    weak = not (size > limit_fitted and train_end >= fitted)
    yield Hit(int(steps[start]), int(steps[-1]), facts, weak=weak, series=val.name)


DETECTOR = Detector("accuracy-gap", accuracy_gap, frozenset({"gap", "train_end", "val_end", "evals"}))
