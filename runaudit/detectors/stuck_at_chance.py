"""A loss that settles at the loss of guessing: the outputs do not depend on the inputs."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from runaudit.detectors import Detector
from runaudit.detectors._loss import chance_level, finite_part
from runaudit.errors import NotJudged
from runaudit.model import Hit, Series
from runaudit.numerics import block_medians, finite, kendall_z, level, noise_sd


def stuck_at_chance(
    loss: Series,
    val: Series | None,
    accuracy: Series | None,
    classes: float | None,
    kind: str | None,
    *,
    near: float,
    max_z: float,
    like_guessing: float,
    min_points: int,
) -> Iterator[Hit]:
    """Report a loss that stays within ``near`` of ln C over its second half, and does not fall.

    C is given by the configuration. Where it is not, and accuracy is logged, it is the whole number whose logarithm
    the loss equals four times as closely, if accuracy equals 1/C within ``like_guessing`` of that as well: then the
    verdict is weak. Block medians take the noise out;
    no earlier block may lie clearly below, the second half may not fall (Mann-Kendall z above ``-max_z``), and a
    logged validation loss or accuracy must not contradict. Without C, and for losses that are no cross entropy, raise
    ``NotJudged``, as under ``min_points`` finite values. Source: CS231n notes, sanity checks.
    """
    steps, values = finite_part(loss, min_points)
    score = _end(accuracy)
    end = level(values, 0.5)
    chance = chance_level(classes, kind)
    count = classes
    if chance is None:
        count = _guessed_classes(end, score, near / 4.0, like_guessing) if classes is None else None
        if count is None:
            raise NotJudged("the loss of guessing is not known", "classes in the config", "val/accuracy")
        chance = float(np.log(count))
    blocks = block_medians(values, min(20, max(4, len(values) // 3)))
    late = blocks[len(blocks) // 2 :]
    room = near * chance + 2.0 * noise_sd(values) * 1.25 / np.sqrt(max(len(values) / len(blocks), 1.0))
    room = min(room, 3.0 * near * chance)
    if not np.all(np.abs(late - chance) <= room) or abs(end - chance) > near * chance:
        return
    z = kendall_z(block_medians(values[len(values) // 2 :], 60))
    held_out = _end(val)
    if blocks.min() < chance - 1.5 * room or z < -max_z or held_out < (1.0 - 2.0 * near) * chance:
        return
    if count is not None and score > (1.0 + 2.0 * like_guessing) / count:
        return
    inside = np.abs(blocks - chance) <= room
    first = int(np.flatnonzero(~inside)[-1]) + 1 if not inside.all() else 0
    facts: dict[str, float | str] = {"end": end, "chance": chance, "classes": float(count or 0), "z": z}
    facts["off"] = abs(end - chance) / chance
    if np.isfinite(score):
        facts["accuracy"] = score
    if np.isfinite(held_out):
        facts["val_end"] = held_out
    start = min(first * len(values) // len(blocks), len(values) - 1)
    yield Hit(int(steps[start]), int(steps[-1]), facts, weak=classes is None, series=loss.name)


def _end(series: Series | None) -> float:
    return level(finite(series.values)) if series is not None else float("nan")


def _guessed_classes(end: float, score: float, near: float, like_guessing: float) -> float | None:
    """Return the whole number C with loss ln C and accuracy 1/C, None where the two do not agree on one."""
    if not (0.0 < end < 12.0 and score > 0.0):
        return None
    count = float(np.round(np.exp(end)))
    agrees = count >= 2 and abs(end - np.log(count)) <= near * np.log(count) and abs(score * count - 1) <= like_guessing
    return count if agrees else None


DETECTOR = Detector(
    "stuck-at-chance",
    stuck_at_chance,
    frozenset({"end", "chance", "classes", "z", "off"}),
    frozenset({"accuracy", "val_end"}),
)
