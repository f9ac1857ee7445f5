"""Running means that start afresh in every epoch: what a progress bar shows in place of the loss of a batch."""

from __future__ import annotations

import numpy as np

from runaudit.model import FloatArray, RawSeries

LEAST = 12  # values of an epoch, below which a shape is chance
EPOCHS = 3
CALMER = 0.4  # a mean moves a fifth as much in the last third of an epoch as in the first; plain values as much
JUMP = 4.0  # where it starts afresh it moves as a plain value does


def is_running_mean(series: RawSeries, epochs: RawSeries) -> bool:
    """Say whether a series is the mean since the start of its epoch: it calms down in each and jumps between them.

    False for fewer than three epochs of twelve values, and where values are not finite.
    """
    _, at, where = np.intersect1d(series.rows, epochs.rows, assume_unique=True, return_indices=True)
    values, epoch = series.values[at], epochs.values[where]
    if len(values) < EPOCHS * LEAST or not np.isfinite(values).all() or not np.isfinite(epoch).all():
        return False
    starts = np.flatnonzero(np.diff(epoch) != 0) + 1
    blocks = [block for block in np.split(values, starts) if len(block) >= LEAST]
    if len(blocks) < EPOCHS or len(blocks) < 0.5 * (len(starts) + 1):
        return False
    calm = np.array([_calm(block) for block in blocks[1:]])  # the fall of the first epoch hides the shape
    late = float(np.median([_moves(block[-len(block) // 3 :]) for block in blocks]))
    jump = float(np.median(np.abs(values[starts] - values[starts - 1])))
    return bool(np.median(calm) < CALMER and np.mean(calm < 1) > 0.9 and jump > JUMP * late > 0)


def _calm(block: FloatArray) -> float:
    """Return how much a block moves in its last third, as a share of its first."""
    third = len(block) // 3
    early = _moves(block[: third + 1])
    return _moves(block[-third - 1 :]) / early if early else np.inf


def _moves(values: FloatArray) -> float:
    return float(np.median(np.abs(np.diff(values))))
