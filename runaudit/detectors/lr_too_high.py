"""A learning rate so high that the loss is thrown about, or bounces above what it could reach."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from runaudit.detectors import Detector
from runaudit.detectors._loss import chance_level, finite_part, progress
from runaudit.detectors._rate import (
    PLAIN_TOPS,
    adaptive,
    fresh_start,
    layer_median,
    near_peak,
    plain_rate,
    rate_per_step,
)
from runaudit.detectors._unrest import bounce, fall_of, thrown, wiggle
from runaudit.model import FloatArray, Hit, IntArray, Series
from runaudit.numerics import finite, level

Facts = dict[str, float | str]


def lr_too_high(
    loss: Series,
    val: Series | None,
    lr: Series | None,
    ratios: Mapping[str, Series] | None,
    batch: float | None,
    rate: float | None,
    optimizer: str | None,
    pretrained: str | None,
    classes: float | None,
    kind: str | None,
    *,
    thrown_by: float,
    long_throw: float,
    high_ratio: float,
    extreme_ratio: float,
    jumps: float,
    rises: float,
    wiggles: float,
    big_batch: float,
    far_above: float,
    absurd: float,
    stuck: float,
    min_points: int,
) -> Iterator[Hit]:
    """Report marks of steps that are too long, in a run that did not diverge.

    Symptoms, on the curves: the smoothed loss is thrown above its first value by ``thrown_by`` of it; validation loss
    jumps between evaluations (noise ``jumps`` and the sum of rises ``rises``, as shares of its fall); the loss
    wiggles by ``wiggles`` of its fall although a batch has ``big_batch`` samples; it never left the loss of guessing.
    Causes, measured apart from the curve: the update:weight ratio while the rate is near its peak (``high_ratio`` for
    optimizers that scale each step, ``extreme_ratio`` for any), and a peak rate ``far_above`` times the plain default
    of the optimizer. Jumps with a cause are decisive, and wiggle with a high ratio. So is, unless validation loss
    improves all along or the loss still falls at the end, a throw that lasts ``long_throw`` of the run; a short one,
    which healthy runs without warm-up show too, asks for a rate ``absurd`` times the default. Two of them without
    that are weak, one says nothing. With pretrained weights a climb is normal. Under ``min_points`` finite values
    raise ``NotJudged``. Source: CS231n notes, effects of learning rates and ratio of updates; tuning playbook.
    """
    steps, values = finite_part(loss, min_points)
    done = progress(values)
    facts: Facts = {"start": done.start, "end": done.end}
    throw = thrown(values, least=thrown_by) if fresh_start(pretrained) else None
    if throw is not None:
        facts |= {"peak": throw.peak, "peak_step": int(steps[throw.index]), "above": throw.share}
    moved = fall_of(values) > max(stuck * abs(done.start), 2.0 * done.noise)
    jumpy = bounce(val) if moved else None
    if jumpy is not None and jumpy.noise >= jumps and jumpy.rises >= rises and np.isfinite(jumpy.rises):
        facts |= {"val_jumps": jumpy.noise, "val_rises": jumpy.rises}
    wild = wiggle(loss, values) if moved and batch is not None and batch >= big_batch else None
    if wild is not None and batch is not None and wild >= wiggles:
        facts |= {"wiggle": wild, "batch": batch}
    symptoms = {"val_jumps", "wiggle"} & facts.keys()
    causes = _causes(facts, lr, steps, ratios, rate, optimizer, (high_ratio, extreme_ratio), far_above)
    beyond = "rate" in facts and float(facts["rate"]) >= absurd * float(facts["plain"])
    chance = chance_level(classes, kind)
    if beyond and (not moved or (chance is not None and done.end > (1.0 - stuck / 5) * chance)):
        facts["stuck_at"] = done.end
    improving = _improves(val) or (not _decays(lr) and _falls_on(values))
    decisive = bool(
        ("val_jumps" in symptoms and causes)
        or ("wiggle" in symptoms and "ratio" in facts)
        or (throw is not None and ((throw.share >= long_throw and not improving) or beyond or "extreme" in causes))
        or "stuck_at" in facts
        or (beyond and "ratio" in facts)
    )
    marks = len(symptoms) + len(causes) + (throw is not None)
    if marks < 2 and not decisive and not beyond and "extreme" not in causes:
        return  # many sound runs have one: a rate above the usual, validation that jumps, a short climb at the start
    facts["signs"] = marks
    yield Hit(int(steps[0]), int(steps[-1]), facts, weak=not decisive, series=loss.name, factor=_factor(facts))


def _improves(val: Series | None) -> bool:
    """Say whether validation loss never rose above its first value and ended below it."""
    values = finite(val.values) if val is not None else np.empty(0)
    return len(values) >= 4 and float(values.max()) <= 1.02 * float(values[0]) and level(values) < float(values[0])


def _falls_on(values: FloatArray) -> bool:
    """Say whether the last quarter brings an eighth of the whole fall, half of the mean pace: it does not hang."""
    quarter = len(values) // 4
    before, end = float(np.median(values[-quarter - quarter // 2 : -quarter + 1])), level(values)
    return before - end >= fall_of(values) / 8 > 0


def _decays(lr: Series | None) -> bool:
    """Say whether the rate ends below half of its peak: that lets a loss fall late, whatever threw it about before."""
    rates = finite(lr.values) if lr is not None else np.empty(0)
    return len(rates) > 0 and float(rates[-1]) < float(rates.max()) / 2


def _causes(
    facts: Facts,
    lr: Series | None,
    steps: IntArray,
    ratios: Mapping[str, Series] | None,
    rate: float | None,
    optimizer: str | None,
    limits: tuple[float, float],
    far_above: float,
) -> set[str]:
    """Return which causes were measured, and add their facts."""
    found = set()
    ratio = layer_median(near_peak(ratios, lr)) if ratios else None
    high, extreme = limits
    if ratio is not None and ratio > (high if adaptive(optimizer) else extreme):
        facts["ratio"] = ratio
        found.add("extreme" if ratio > extreme else "ratio")
    rates: FloatArray | None = rate_per_step(lr, steps)
    top = float(rates.max()) if rates is not None else rate
    plain = plain_rate(optimizer, PLAIN_TOPS)
    if top is not None and plain is not None and top >= far_above * plain:
        facts |= {"rate": top, "plain": plain}
        found.add("rate")
    return found


def _factor(facts: Facts) -> float:
    """Return what to multiply the rate by: to the healthy ratio, or to the plain default; a tenth without either."""
    if "ratio" in facts:
        wanted = 1e-3 / float(facts["ratio"])
    elif "rate" in facts:
        wanted = float(facts["plain"]) / float(facts["rate"])
    else:
        wanted = 0.1
    return float(10.0 ** np.clip(np.round(np.log10(wanted)), -3, -1))


DETECTOR = Detector(
    "lr-too-high",
    lr_too_high,
    frozenset({"start", "end", "signs"}),
    frozenset(
        {
            "peak",
            "peak_step",
            "above",
            "val_jumps",
            "val_rises",
            "wiggle",
            "batch",
            "stuck_at",
            "ratio",
            "rate",
            "plain",
        },
    ),
)
