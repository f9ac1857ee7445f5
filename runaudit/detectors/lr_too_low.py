"""A learning rate so low that the loss falls in a straight line, or hardly at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from runaudit.detectors import Detector
from runaudit.detectors._loss import finite_part, progress
from runaudit.detectors._rate import fresh_start, layer_median, plain_rate, rate_per_step, travelled
from runaudit.model import FloatArray, Hit, Series
from runaudit.numerics import block_medians, kendall_z


def lr_too_low(
    loss: Series,
    lr: Series | None,
    ratios: Mapping[str, Series] | None,
    rate: float | None,
    optimizer: str | None,
    pretrained: str | None,
    *,
    straight: float,
    min_z: float,
    low_ratio: float,
    far_below: float,
    moved: float,
    min_points: int,
) -> Iterator[Hit]:
    """Report a run whose loss still falls at the end as fast as at the beginning, per unit of learning rate.

    Progress is measured against the learning rate travelled so far (its sum over steps), so that a decay schedule,
    under which every curve flattens, is not mistaken for convergence. The signs: the pace of the last third is at
    least ``straight`` of that of the first third, and significant; the update:weight ratio is below ``low_ratio``;
    the loss moved less than ``moved`` of its start; the configured rate is ``far_below`` times under a plain default
    of the optimizer, without pretrained weights. Two signs, of which one is measured on the curve or on the updates,
    are decisive; one is weak. A loss that does not fall at all is left to the rule on runs that do not learn. Under
    ``min_points`` finite values raise ``NotJudged``.
    """
    steps, values = finite_part(loss, min_points)
    done = progress(values)
    falling = -kendall_z(block_medians(values, 60))
    facts: dict[str, float | str] = {"start": done.start, "end": done.end}
    signs = 0
    rates = rate_per_step(lr, steps)
    pace = _pace(travelled(rates, steps), values)
    if falling > min_z and pace is not None and pace >= straight and done.fall > 3.0 * done.noise:
        facts["pace"] = pace
        signs += 1
    ratio = layer_median(ratios)
    if ratio is not None and 1e-7 < ratio < low_ratio:  # below, the units are dead and the rate is innocent
        facts["ratio"] = ratio
        signs += 1
    curve = signs
    share = done.fall / abs(done.start) if done.start else float("inf")
    if falling > min_z and 0 <= share < moved:
        facts["share"] = share
        signs += 1
    top = float(np.nanmax(lr.values)) if lr is not None and np.isfinite(lr.values).any() else rate
    plain = plain_rate(optimizer)
    if top is not None and plain is not None and 0 < top * far_below <= plain and fresh_start(pretrained):
        facts |= {"rate": top, "plain": plain}
        signs += 1
    if not curve or falling <= min_z / 2:
        return
    factor = 10.0 if ratio is None or ratio <= 0 else float(10.0 ** np.clip(np.round(np.log10(1e-3 / ratio)), 1, 4))
    yield Hit(int(steps[0]), int(steps[-1]), {**facts, "signs": signs}, weak=signs < 2, series=loss.name, factor=factor)


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
    frozenset({"pace", "ratio", "share", "rate", "plain"}),
)
