"""A learning rate so low that the loss falls in a straight line, or hardly at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from runaudit.detectors import Detector
from runaudit.detectors._loss import finite_part, progress
from runaudit.detectors._rate import (
    fresh_start,
    highest_ratio,
    layer_median,
    plain_rate,
    rate_per_step,
    travelled,
)
from runaudit.detectors._shape import Shape, shape
from runaudit.detectors._unrest import thrown
from runaudit.model import FloatArray, Hit, Series
from runaudit.numerics import block_medians, kendall_z

Facts = dict[str, float | str]


def lr_too_low(
    loss: Series,
    val: Series | None,
    lr: Series | None,
    ratios: Mapping[str, Series] | None,
    rate: float | None,
    optimizer: str | None,
    pretrained: str | None,
    *,
    straight: float,
    hint: float,
    min_z: float,
    low_ratio: float,
    healthy_ratio: float,
    far_below: float,
    moved: float,
    steady: float,
    min_points: int,
) -> Iterator[Hit]:
    """Report a run whose loss still falls at the end as fast as at the beginning, per unit of learning rate.

    Progress is measured against the learning rate travelled so far (its sum over steps), so that a decay schedule,
    under which every curve flattens, is not mistaken for convergence. Decisive are an update:weight ratio below
    ``low_ratio`` that never came near the ``healthy_ratio`` while the loss falls (a ratio that collapsed belongs to
    dead units), and a pace of training and of validation loss that both kept ``straight`` of their start, under a
    rate that hardly changed (``steady``) or in a run that moved less than ``moved``. Otherwise two signs are needed:
    a pace of ``hint``, a fall of less than ``moved`` of the start, a rate ``far_below`` times under the optimizer's
    plain default without pretrained weights. One is weak. That the loss falls must be significant (``min_z``) in
    training or in validation; a loss that does not fall is left to the rule on runs that do not learn. Under
    ``min_points`` finite values raise ``NotJudged``. Source: CS231n notes: low learning rates, and the linear shape
    of the loss; ratio of updates.
    """
    steps, values = finite_part(loss, min_points)
    done = progress(values)
    rates = rate_per_step(lr, steps)
    falls = -kendall_z(block_medians(values, 60))
    val_falls, val_pace = _held_out(val, lr)
    falling = max(falls, val_falls)
    facts: Facts = {"start": done.start, "end": done.end}
    pace = _pace(travelled(rates, steps), values) if falls > min_z and done.fall > 3.0 * done.noise else None
    if pace is not None and pace >= hint:
        facts["pace"] = pace
    if "pace" in facts and val_pace is not None and val_pace >= hint:
        facts["val_pace"] = val_pace
    ratio = layer_median(ratios)
    highest = highest_ratio(ratios)
    if ratio is not None and highest is not None and 1e-7 < ratio < low_ratio and highest < healthy_ratio:
        facts["ratio"] = ratio
    unsure = val_pace is not None and "val_pace" not in facts and not 0 < (ratio or 1.0) < 5 * low_ratio
    if "ratio" not in facts and ("pace" not in facts or val_falls < 0 or unsure):
        return  # validation that rises, or levels off, says that the run is not too slow
    if falling <= min_z / 2:
        return
    if falling > min_z and done.start and 0 <= done.fall / abs(done.start) < moved:
        facts["share"] = done.fall / abs(done.start)
    top = float(rates.max()) if rates is not None else rate
    plain = plain_rate(optimizer)
    if top is not None and plain is not None and 0 < top * far_below <= plain and fresh_start(pretrained):
        facts |= {"rate": top, "plain": plain}
    constant = rates is None or float(rates.min()) >= steady * float(rates.max())
    low_and_straight = ratio is not None and ratio < 5 * low_ratio and "pace" in facts
    straight_twice = (
        (constant or ("share" in facts and fresh_start(pretrained)))
        and straight <= float(facts.get("pace", 0.0)) < 1.5
        and straight <= float(facts.get("val_pace", 0.0)) < 1.5
        and thrown(values, least=0.05) is None
    )
    form = shape(travelled(rates, steps), values)
    if form is not None and form.kind in ("linear", "exponential"):
        facts["shape"] = _words(form)
    signs = len({"pace", "ratio", "share", "rate", "val_pace"} & facts.keys())
    healthy = ratio is not None and ratio >= healthy_ratio
    decisive = "ratio" in facts or low_and_straight or (straight_twice and not healthy) or "rate" in facts
    factor = 10.0 if ratio is None or ratio <= 0 else float(10.0 ** np.clip(np.round(np.log10(1e-3 / ratio)), 1, 4))
    hit = {**facts, "signs": signs}
    yield Hit(int(steps[0]), int(steps[-1]), hit, weak=not decisive, series=loss.name, factor=factor)


def _words(form: Shape) -> str:
    """Return what the fitted shape says."""
    by = f"(by {form.margin:.0f} units of the Akaike criterion)"
    if form.kind == "linear":
        return f"a straight line fits the fall better than a curve that levels off {by}"
    return f"an exponential fits the fall best {by}, with a time constant of {form.time_constant:.2g} of the run"


def _held_out(val: Series | None, lr: Series | None) -> tuple[float, float | None]:
    """Return how significantly a validation loss falls and its pace; 0 and None where there is too little of it."""
    good = np.isfinite(val.values) if val is not None else np.zeros(0, dtype=bool)
    if val is None or good.sum() < 12:
        return 0.0, None
    steps, values = val.steps[good], val.values[good]
    return -kendall_z(block_medians(values, 60)), _pace(travelled(rate_per_step(lr, steps), steps), values)


def _pace(x: FloatArray, values: FloatArray) -> float | None:
    """Return the slope of the last third of ``x`` over that of the first; None where there is nothing to compare."""
    if len(values) < 12 or x[-1] <= x[0]:
        return None
    cuts = x[0] + (x[-1] - x[0]) * np.array([1 / 3, 2 / 3])
    early, late = x <= cuts[0], x >= cuts[1]
    if early.sum() < 4 or late.sum() < 4:
        return None
    first, last = _slope(x[early], values[early]), _slope(x[late], values[late])
    return last / first if first < 0 else None


def _slope(x: FloatArray, values: FloatArray) -> float:
    blocks = min(12, len(values))
    xs, ys = block_medians(x, blocks), block_medians(values, blocks)
    centred = xs - xs.mean()
    total = float(centred @ centred)
    return float(centred @ ys) / total if total > 0 else 0.0


DETECTOR = Detector(
    "lr-too-low",
    lr_too_low,
    frozenset({"start", "end", "signs"}),
    frozenset({"pace", "val_pace", "ratio", "share", "rate", "plain", "shape"}),
)
