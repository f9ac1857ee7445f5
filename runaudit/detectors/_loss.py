"""What the detectors that judge a loss share: its finite part, the loss of guessing, its progress and its noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from runaudit.detectors._chance import SIGMOID
from runaudit.errors import NotJudged
from runaudit.model import FloatArray, IntArray, Reduction, Series
from runaudit.numerics import block_medians, difference_sd, finite, level, noise_sd

CROSS_ENTROPY = ("cross", "entropy", "softmax", "nll", "log_loss", "logloss", "ce")
OTHER_LOSSES = (
    *("mse", "mae", "l1", "l2", "huber", "hinge", "gaussian", "regression", "squared", "dice", "iou", "elbo"),
    *("ctc", "triplet", "contrast"),
)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a loss fell, and how loud it is: ``start`` and ``end`` levels, the lowest block, the noise at the end."""

    start: float
    end: float
    best: float
    noise: float

    @property
    def fall(self) -> float:
        """Return the way down from the start to the end (negative where it rose)."""
        return self.start - self.end


def finite_part(series: Series, min_points: int) -> tuple[IntArray, FloatArray]:
    """Return the steps and values that are finite; under ``min_points`` of them raise ``NotJudged``."""
    good = np.isfinite(series.values)
    if int(good.sum()) < min_points:
        raise NotJudged(f"{int(good.sum())} finite values of {series.name}, {min_points} needed")
    return series.steps[good], series.values[good]


def progress(values: FloatArray) -> Progress:
    """Return the progress of finite values: the start is the first value, the end the median of the last tenth."""
    half = values[len(values) // 2 :]
    blocks = block_medians(values, min(20, max(2, len(values) // 3)))
    return Progress(float(values[0]), level(values), float(blocks.min()), max(difference_sd(half), noise_sd(half)))


def chance_level(classes: float | None, kind: str | None) -> float | None:
    """Return the loss of guessing, ln C for C classes, or None where it cannot be known.

    A loss that the configuration names as something else than a cross entropy has no such level.
    """
    if classes is None or not classes >= 2 or not np.isfinite(classes):
        return None
    if kind is not None:
        word = kind.lower()
        if classes > 2 and SIGMOID.search(word) and "categorical" not in word:
            return None  # it costs ln 2 an output, however many there are
        if any(w in word for w in OTHER_LOSSES) and not any(w in word for w in CROSS_ENTROPY[:4]):
            return None
    return float(np.log(classes))


def starts_at_zero(series: Series) -> bool:
    """Say whether the first value was logged at the very start, before training could change the loss much."""
    return len(series) > 0 and series.steps[0] <= 1 and series.reduction is Reduction.STEP


def ends(series: Series | None) -> tuple[float, float] | None:
    """Return the first finite value and the median of the last tenth, None under two finite values."""
    values = finite(series.values) if series is not None else np.empty(0)
    return (float(values[0]), level(values)) if len(values) >= 2 else None
