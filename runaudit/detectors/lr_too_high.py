"""A learning rate so high that the loss blows up at first, or bounces above what it could reach."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from runaudit.detectors import Detector
from runaudit.detectors._loss import finite_part, progress
from runaudit.detectors._rate import fresh_start, layer_median, plain_rate, rate_per_step
from runaudit.model import FloatArray, Hit, Reduction, Series
from runaudit.numerics import level, noise_sd, running_median


def lr_too_high(
    loss: Series,
    val: Series | None,
    lr: Series | None,
    ratios: Mapping[str, Series] | None,
    batch: float | None,
    rate: float | None,
    optimizer: str | None,
    pretrained: str | None,
    *,
    blow_up: float,
    high_ratio: float,
    wiggle: float,
    big_batch: float,
    response: float,
    far_above: float,
    min_points: int,
) -> Iterator[Hit]:
    """Report the signs of a learning rate that is too high, in a run that did not diverge.

    The signs: early in the run the smoothed loss rose by ``blow_up`` of all that it later fell, above its first
    value; the update:weight ratio is above ``high_ratio``; the loss wiggles by ``wiggle`` of its fall although a
    batch has ``big_batch`` samples or more; ``response`` of the whole fall came only once a schedule had cut the rate
    to a third of its peak; the configured rate is ``far_above`` times a plain default of the optimizer. The climb
    with one more measured sign is decisive; all else is weak. With pretrained weights an early climb is normal. Under
    ``min_points`` finite values raise ``NotJudged``. Source: CS231n notes, effects of the learning rate; tuning
    playbook.
    """
    steps, values = finite_part(loss, min_points)
    done = progress(values)
    if not done.fall > 2.0 * done.noise:
        return
    facts: dict[str, float | str] = {"start": done.start, "end": done.end}
    smooth = running_median(values, 3 if len(values) < 100 else 5)
    early = smooth[1 : max(4, len(values) // 2)]
    rise = float(early.max()) - done.start
    if fresh_start(pretrained) and rise > blow_up * done.fall and rise > 4.0 * noise_sd(values):
        facts |= {"peak": float(early.max()), "peak_step": int(steps[1 + int(np.argmax(early))])}
    ratio = layer_median(ratios)
    if ratio is not None and ratio > high_ratio:
        facts["ratio"] = ratio
    if loss.reduction is Reduction.STEP and batch is not None and batch >= big_batch:
        noise = level(np.abs(values - running_median(values, 31)), 0.5) * 1.4826
        if noise > wiggle * done.fall:
            facts |= {"wiggle": noise / done.fall, "batch": batch}
    rates = rate_per_step(lr, steps)
    share = _share_after_cut(rates, smooth, done.fall)
    if share is not None and share > response:
        facts["response"] = share
    signs = len({"peak", "ratio", "wiggle", "response"} & facts.keys())
    top = float(rates.max()) if rates is not None else rate
    plain = plain_rate(optimizer)
    if signs and top is not None and plain is not None and top >= far_above * plain:
        facts |= {"rate": top, "plain": plain}
        signs += 1
    if not signs:
        return
    decisive = "peak" in facts and len({"ratio", "wiggle", "response"} & facts.keys()) > 0
    factor = (
        0.1 if "peak" in facts or ratio is None else float(10.0 ** np.clip(np.round(np.log10(1e-3 / ratio)), -3, -1))
    )
    yield Hit(
        int(steps[0]), int(steps[-1]), {**facts, "signs": signs}, weak=not decisive, series=loss.name, factor=factor
    )


def _share_after_cut(rates: FloatArray | None, smooth: FloatArray, fall: float) -> float | None:
    """Return the share of the fall that came after the rate was last cut below a third of its peak; None without a cut.

    Counted from a plateau: the fall in the same number of values before the cut is taken off.
    """
    if rates is None or not rates.max() > 0:
        return None
    high = np.flatnonzero(rates > rates.max() / 3.0)
    cut = int(high[-1]) + 1
    if not 4 <= cut <= len(smooth) - 4 or fall <= 0:
        return None
    width = min(len(smooth) - cut, cut)
    before = float(np.median(smooth[max(0, cut - width) :][: max(3, width // 4)]))
    at = float(np.median(smooth[max(0, cut - max(3, width // 8)) : cut]))
    after = float(np.median(smooth[-max(3, width // 4) :]))
    return ((at - after) - max(before - at, 0.0)) / fall


DETECTOR = Detector(
    "lr-too-high",
    lr_too_high,
    frozenset({"start", "end", "signs"}),
    frozenset({"peak", "peak_step", "ratio", "wiggle", "batch", "response", "rate", "plain"}),
)
