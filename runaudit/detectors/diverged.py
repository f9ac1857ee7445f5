"""A loss that ends far above where it began."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from runaudit.detectors import Detector
from runaudit.detectors._loss import chance_level, finite_part
from runaudit.errors import NotJudged
from runaudit.model import Hit, Reduction, Series
from runaudit.numerics import finite, level, noise_sd, smoothed, tail


def diverged(
    loss: Series,
    val: Series | None,
    classes: float | None,
    kind: str | None,
    reward: Series | None,
    *,
    min_rise: float,
    above_chance: float,
    min_points: int,
) -> Iterator[Hit]:
    """Report a loss whose last tenth lies above its first value, or above the loss of guessing.

    The rise must exceed ``min_rise`` of the first value, and nine tenths of the last fifth of the values must lie above
    the first, so that a run that only wobbles is silent. Where the first value is already a mean over the blow-up
    (an epoch), the loss of guessing (ln of the class count) is the reference: the run must end ``above_chance`` times
    over it and never have been below. Validation loss that improved overrules both. NaN and
    infinities are left to the rule on them; under ``min_points`` finite values raise ``NotJudged``.
    """
    if reward is not None:
        raise NotJudged("the loss of reinforcement learning may rise while the agent improves", "judge by the reward")
    steps, values = finite_part(loss, min_points)
    first, end = float(values[0]), level(values)
    chance = chance_level(classes, kind)
    guess = chance is not None and chance > first  # one lucky batch is no beginning of a classifier
    reference, by = (chance, "the loss of guessing") if chance is not None and guess else (first, "its first value")
    rose = end - reference > min_rise * abs(reference) and float(np.percentile(tail(values, 0.2), 10)) > reference
    if not rose and chance is not None and loss.reduction is Reduction.EPOCH_MEAN:
        rose = first > (1 + 3 * min_rise) * chance and end > above_chance * chance and float(values.min()) > chance
        reference, by = chance, "the loss of guessing"
    if not rose or _improved(val, reference):
        return
    smooth = smoothed(values)
    below = np.flatnonzero(smooth <= reference + 0.5 * min_rise * abs(reference))
    onset = int(below[-1]) + 1 if len(below) and below[-1] + 1 < len(values) else 0
    facts: dict[str, float | str] = {
        "end": end,
        "reference": reference,
        "by": by,
        "rise": (end - reference) / abs(reference) if reference else float("inf"),
        "peak": float(values.max()),
    }
    if val is not None and len(finite(val.values)) >= 2:
        facts |= {"val_first": float(finite(val.values)[0]), "val_end": level(finite(val.values))}
    yield Hit(int(steps[onset]), int(steps[-1]), facts, series=loss.name)


def _improved(val: Series | None, reference: float) -> bool:
    """Say whether held-out loss ended below where it began by more than its noise, and below the reference.

    A first evaluation in the middle of the blow-up is no beginning: all that follows improves on it.
    """
    values = finite(val.values) if val is not None else np.empty(0)
    if len(values) < 2 or level(values) > reference:
        return False
    return bool(level(values) < values[0] - 2.0 * noise_sd(values))


DETECTOR = Detector(
    "diverged",
    diverged,
    frozenset({"end", "reference", "by", "rise", "peak"}),
    frozenset({"val_first", "val_end"}),
)
