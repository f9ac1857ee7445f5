"""A learning rate that is never lowered, in a run that only bounces about what a lower rate would reach."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from runaudit.detectors import Detector
from runaudit.detectors._loss import chance_level, finite_part
from runaudit.detectors._rate import fresh_start, layer_median
from runaudit.detectors._schedule import recognise
from runaudit.errors import NotJudged
from runaudit.model import FloatArray, Hit, IntArray, Reduction, Series
from runaudit.numerics import difference_sd, finite, level, running_median

CONSTANT = frozenset({"constant", "const", "none", "fixed", "constant_with_warmup"})


def missing_decay(
    loss: Series,
    val: Series | None,
    clean: Series | None,
    lr: Series | None,
    ratios: Mapping[str, Series] | None,
    schedule: str | None,
    batch: float | None,
    classes: float | None,
    kind: str | None,
    pretrained: str | None,
    reward: Series | None,
    *,
    moved: float,
    room: float,
    still: float,
    min_wiggle: float,
    far_wiggle: float,
    high_ratio: float,
    step_noise: float,
    epoch_noise: float,
    small_batch: float,
    min_points: int,
) -> Iterator[Hit]:
    """Report a constant rate under which the loss has stopped falling while the weights still bounce.

    The rate is constant after any warm-up, and from the fourth to the last fifth of the run the loss fell by no more
    than ``moved`` of its whole fall (and one standard error). Then the signs, all in shares of the fall: the loss of
    a fixed set (validation, or training in evaluation mode), which no batch noise touches, jumps by ``min_wiggle``
    from one evaluation to the next; the update:weight ratio is above ``high_ratio``; the training loss wiggles by
    ``step_noise`` a step at a batch above ``small_batch``, or its epoch means by ``epoch_noise``; the gain of the last
    fifth is surely below ``still``. A fixed set that holds still acquits. Two signs are decisive, or jumps beyond
    ``far_wiggle``; one of the first two alone is weak, as is all with pretrained weights. A rate that changes is no
    finding. Where neither the rate nor the schedule is logged, and under ``min_points`` finite values, raise
    ``NotJudged``. Source: CS231n notes, annealing the learning rate.
    """
    if reward is not None:
        raise NotJudged("the loss of reinforcement learning says little of the agent", "judge by the reward")
    steps, values = finite_part(loss, min_points)
    if not _constant(lr, schedule, int(steps[-1])):
        return
    fifth = len(values) // 5
    before, last = values[-2 * fifth : -fifth], values[-fifth:]
    end = _middle(last)
    start = max(float(values[0]), _first(val), _guess(classes, kind, pretrained))
    fall = start - end
    noise = difference_sd(values[len(values) // 2 :]) * float(np.sqrt(loss.width))
    if not fall > max(2.0 * noise, 0.05 * abs(start)) or not np.isfinite(fall):
        return
    gain = (_middle(before) - end) / fall
    doubt = difference_sd(values[-2 * fifth :]) / fall * float(np.sqrt(2.0 / fifth))
    if gain - doubt > moved:
        return
    if values.min() >= 0 and end < room * fall:
        return  # so near to 0 that a decay has nothing left to gain
    facts: dict[str, float | str] = {"gain": gain, "end": end, "fall": fall}
    facts |= _rate(lr)
    fixed = _fixed(val, clean, steps, values, fall)
    if fixed is not None:
        jump = _jump(fixed[len(fixed) // 2 :]) / fall
        if not jump > min_wiggle:
            return
        facts |= {"wiggle": jump, "evals": len(fixed)}
    ratio = layer_median(ratios)
    if ratio is not None and ratio > high_ratio:
        facts["ratio"] = ratio
    means = loss.reduction in (Reduction.EPOCH_MEAN, Reduction.RUNNING_MEAN)
    bar = epoch_noise if means else step_noise
    if noise > bar * fall and (means or batch is None or batch > small_batch):
        facts["noise"] = noise / fall
    if not {"wiggle", "ratio"} & facts.keys():
        return
    if gain + doubt < still:
        facts["gain_at_most"] = gain + doubt
    signs = len({"wiggle", "ratio", "noise", "gain_at_most"} & facts.keys())
    decisive = signs >= 2 or float(facts.get("wiggle", 0.0)) > far_wiggle
    weak = not decisive or gain > moved or not fresh_start(pretrained)
    yield Hit(int(steps[-fifth]), int(steps[-1]), {**facts, "signs": signs}, weak=weak, series=loss.name)


def _constant(lr: Series | None, schedule: str | None, last_step: int) -> bool:
    """Say whether the rate is known to stay constant; raises ``NotJudged`` where it is not known."""
    if lr is not None and len(finite(lr.values)) >= 2:
        found = recognise(lr.steps, lr.values)
        covered = lr.steps[-1] >= 0.8 * last_step
        if found.constant and not covered:
            raise NotJudged(f"the learning rate is logged only up to step {int(lr.steps[-1])} of {last_step}", "lr")
        return found.constant and found.peak > 0 and found.warmup <= 0.5
    if schedule is None:
        raise NotJudged("neither the learning rate nor the schedule is logged", "lr", "schedule in the config")
    return schedule.lower() in CONSTANT


def _middle(values: FloatArray) -> float:
    """Return the mean without the lowest and highest tenth: as steady as a mean, and no spike moves it."""
    cut = len(values) // 10
    return float(np.mean(np.sort(values)[cut : len(values) - cut]))


def _jump(values: FloatArray) -> float:
    """Return the standard deviation from one evaluation to the next, the largest jump left out: one is an accident."""
    steps = np.sort(np.abs(np.diff(values)))[:-1]
    return float(np.sqrt(np.mean(steps**2) / 2.0)) if len(steps) else 0.0


def _rate(lr: Series | None) -> dict[str, float | str]:
    """Return the last learning rate as a fact, nothing where none was logged."""
    values = finite(lr.values) if lr is not None else np.empty(0)
    return {"rate": float(values[-1])} if len(values) else {}


def _first(val: Series | None) -> float:
    """Return the first validation loss if it was measured before training, else minus infinity."""
    good = val is not None and len(val) > 0 and val.steps[0] <= 1 and val.reduction is Reduction.STEP
    return float(val.values[0]) if good and val is not None and np.isfinite(val.values[0]) else -np.inf


def _guess(classes: float | None, kind: str | None, pretrained: str | None) -> float:
    """Return the loss of guessing, from which an untrained classifier starts, minus infinity where unknown."""
    chance = chance_level(classes, kind) if fresh_start(pretrained) else None
    return chance if chance is not None else -np.inf


def _fixed(
    val: Series | None, clean: Series | None, steps: IntArray, values: FloatArray, fall: float
) -> FloatArray | None:
    """Return the losses of a set that is the same at every evaluation, at least eight; None without such.

    A validation loss that rises while training loss falls does so by overfitting: its jumps say nothing of the rate.
    """
    for series in (val, clean):
        held = finite(series.values) if series is not None else np.empty(0)
        if series is None or len(held) < 8:
            continue
        smooth = running_median(held, 3)
        best = int(np.argmin(smooth))
        rises = level(held, 0.2) - float(smooth[best]) > 0.1 * (float(held[0]) - float(smooth[best]))
        after = values[steps >= series.steps[np.isfinite(series.values)][best]]
        part = len(after) // 5
        falls = part >= 2 and _middle(after[:part]) - _middle(after[-part:]) > 0.02 * fall
        if not (rises and falls):
            return held
    return None


DETECTOR = Detector(
    "missing-decay",
    missing_decay,
    frozenset({"gain", "end", "fall", "signs"}),
    frozenset({"rate", "wiggle", "evals", "ratio", "noise", "gain_at_most"}),
)
