"""A loss that does not move, or settles at the loss of guessing."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from runaudit.detectors import Detector
from runaudit.detectors._loss import chance_level, finite_part
from runaudit.errors import NotJudged
from runaudit.model import FloatArray, Hit, Reduction, Series
from runaudit.numerics import block_medians, finite, kendall_z, level, noise_sd


def not_learning(
    loss: Series,
    val: Series | None,
    lr: Series | None,
    classes: float | None,
    kind: str | None,
    reward: Series | None,
    *,
    max_z: float,
    max_gain: float,
    near_chance: float,
    frozen_share: float,
    too_loud: float,
    few_updates: int,
    min_points: int,
) -> Iterator[Hit]:
    """Report a run that ends where it began, or at the loss of guessing.

    Three ways: the validation loss changes by less than ``frozen_share`` of itself, or the learning rate is zero
    throughout (frozen); the loss has no downward trend (Mann-Kendall z above ``-max_z``) and gained less than
    ``max_gain`` noise standard deviations (flat); it settled within ``near_chance`` of ln C and stays there (chance).
    A loss well below chance, an improved validation loss, or a log that does not show the beginning of training is
    not reported as flat; flat epoch means without validation, and a run of fewer than ``few_updates`` logged steps, are
    weak evidence. Where ``max_gain`` units of noise are
    more than ``too_loud`` of the loss itself, the test could not see a loss that halves, and raises ``NotJudged``.
    Values that are not finite are left out; under ``min_points`` finite values raise ``NotJudged``.
    """
    if reward is not None:
        raise NotJudged("the loss of reinforcement learning says little of the agent", "judge by the reward")
    steps, values = finite_part(loss, min_points)
    begin, end, noise = level(values[: max(3, len(values) // 10)], 1.0), level(values), noise_sd(values)
    chance = chance_level(classes, kind)
    z = kendall_z(block_medians(values, 60))
    gain = (begin - end) / noise if noise > 0 else (0.0 if begin == end else float("inf"))
    held_out = finite(val.values) if val is not None else np.empty(0)
    frozen = len(held_out) >= 4 and float(np.ptp(held_out)) <= frozen_share * float(np.abs(held_out).max())
    no_rate = lr is not None and len(lr) >= 4 and not np.any(lr.values)
    rises = loss.name.startswith("val") and z > max_z  # validation that rises is overfitting, or worse
    flat = z > -max_z and gain < max_gain and not rises and not _moved(held_out)
    at_chance = chance is not None and _settled(values, chance, near_chance, noise)
    if not (frozen or no_rate or flat or at_chance):
        return
    if flat and not (frozen or no_rate or at_chance):
        if chance is not None and end < (1 - 3 * near_chance) * chance:
            return
        if _starts_late(steps):
            raise NotJudged("the log begins in the middle of training; a flat loss there may have converged")
        if max_gain * noise > too_loud * abs(begin) and not len(held_out):
            raise NotJudged(
                f"the noise ({noise:.3g}) is too loud to tell a flat loss of {begin:.3g} from one that halves"
            )
    how = "the learning rate is 0" if no_rate else "the weights do not change" if frozen else "no trend"
    if at_chance and not (frozen or no_rate):
        how = "it settled at the loss of guessing"
    facts: dict[str, float | str] = {"how": how, "begin": begin, "end": end, "gain": gain, "z": z, "noise": noise}
    if chance is not None:
        facts["chance"] = chance
    if len(held_out) >= 2:
        facts |= {"val_first": float(held_out[0]), "val_end": level(held_out)}
    # The mean of a first epoch may hold all of the fall: flat after it, the run may have converged within it.
    within_first = flat and not at_chance and loss.reduction is Reduction.EPOCH_MEAN and not held_out.size
    just_begun = loss.reduction is Reduction.STEP and steps[-1] - steps[0] < few_updates
    weak = not (frozen or no_rate) and bool(within_first or just_begun)
    yield Hit(int(steps[0]), int(steps[-1]), facts, weak=weak, series=loss.name)


def _moved(held_out: FloatArray) -> bool:
    """Say whether validation loss fell by more than its noise."""
    if len(held_out) < 4:
        return False
    return kendall_z(block_medians(held_out, 60)) < -3.0 and level(held_out) < held_out[0] - 3.0 * noise_sd(held_out)


def _settled(values: FloatArray, chance: float, near: float, noise: float) -> bool:
    """Say whether the second half, by blocks, stays at chance, and no earlier block was clearly below it."""
    blocks = block_medians(values, min(20, max(2, len(values) // 3)))
    late = blocks[len(blocks) // 2 :]
    room = max(near * chance, 2.0 * noise / np.sqrt(max(len(values) / len(blocks), 1.0)))
    room = min(room, 3 * near * chance)
    return bool(np.all(np.abs(late - chance) <= room) and blocks.min() >= chance - 1.5 * room)


def _starts_late(steps: np.ndarray[tuple[int], np.dtype[np.int64]]) -> bool:
    """Say whether the first logged step is far from 0 compared with what the log covers."""
    return bool(steps[0] > 0.2 * (steps[-1] - steps[0]))


DETECTOR = Detector(
    "not-learning",
    not_learning,
    frozenset({"how", "begin", "end", "gain", "z", "noise"}),
    frozenset({"chance", "val_first", "val_end"}),
)
