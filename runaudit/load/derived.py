"""Curves that a log does not hold but says all the same: a loss as the sum of its parts, or as a likelihood negated."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from runaudit.model import FloatArray, Note, Series
from runaudit.wordbook import summed_parts

SPLITS = ("train", "val", "test")


def _negated(values: FloatArray) -> FloatArray:
    return -values


def _logarithm(values: FloatArray) -> FloatArray:
    """Return ln of the values; what is not positive is no perplexity and becomes NaN."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(values > 0, np.log(values), np.nan)


# The first that is logged is taken: a likelihood is what was maximised, a perplexity only tells of it.
SAME_LOSS: tuple[tuple[str, str, Callable[[FloatArray], FloatArray]], ...] = (
    ("log_likelihood", "the negated {}", _negated),
    ("perplexity", "the logarithm of {}", _logarithm),
)


def losses(curves: Mapping[str, Series]) -> tuple[dict[str, Series], list[Note]]:
    """Return the loss of each split that logs none but tells it otherwise, by name, and a note about each.

    In this order: the sum of the parts, where the program is known to log them without it; the negated log-likelihood,
    whose maximum is sought; the logarithm of the perplexity. NaN stays NaN.
    """
    made: dict[str, Series] = {}
    notes: list[Note] = []
    for split in SPLITS:
        name = f"{split}/loss"
        found = None if name in curves else _sum_of_parts(curves, split) or _same_loss(curves, split)
        if found is not None:
            made[name] = found
            notes.append(Note(f"no total {split} loss is logged: {name} is {found.source_name}", found.path))
    return made, notes


def reward(curves: Mapping[str, Series]) -> tuple[dict[str, Series], list[Note]]:
    """Return the rate of success as the reward of a run of reinforcement learning that logs no reward, and a note.

    Where an episode earns 1 for reaching its goal and 0 else, the rate of success is the mean reward of an episode.
    """
    if any(name == "reward" or name.startswith(("reward/", "val/reward")) for name in curves):
        return {}, []
    for split in SPLITS:
        one = curves.get(f"{split}/success_rate")
        if one is not None:
            text = f"no reward is logged: reward is {one.source_name}, the mean of a reward of 1 for each success"
            return {"reward": replace(one, name="reward")}, [Note(text, one.path)]
    return {}, []


def _sum_of_parts(curves: Mapping[str, Series], split: str) -> Series | None:
    """Return the sum of the parts of a loss, where the program is known to log them without it."""
    head = f"{split}/loss"
    parts = [s for name, s in curves.items() if name.startswith(f"{head}/")]
    known = {s.name.removeprefix(f"{head}/") for s in parts} <= summed_parts()
    if len(parts) < 2 or not known:
        return None
    first = parts[0]
    if any(not np.array_equal(s.steps, first.steps) for s in parts):
        return None
    values = np.stack([s.values for s in parts]).sum(axis=0)
    return replace(first, name=head, values=values, source_name=" + ".join(s.source_name for s in parts))


def _same_loss(curves: Mapping[str, Series], split: str) -> Series | None:
    for quantity, text, function in SAME_LOSS:
        one = curves.get(f"{split}/{quantity}")
        if one is not None and not any(name.startswith(f"{split}/loss") for name in curves):
            source = text.format(one.source_name)
            return replace(one, name=f"{split}/loss", values=function(one.values), source_name=source)
    return None
