"""A loss that climbs at first because training starts at the full learning rate."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from runaudit.detectors import Detector
from runaudit.detectors._loss import finite_part, progress
from runaudit.detectors._rate import fresh_start, rate_per_step
from runaudit.errors import NotJudged
from runaudit.model import Hit, Reduction, Series
from runaudit.numerics import finite, noise_sd, running_median


def warmup_missing(
    loss: Series,
    lr: Series,
    norm: Series | None,
    optimizer: str | None,
    pretrained: str | None,
    *,
    climb: float,
    early: float,
    full: float,
    norm_rise: float,
    min_points: int,
) -> Iterator[Hit]:
    """Report a loss that first climbs, and then recovers, in a run that starts at its full learning rate.

    The rate of the first logged step is at least ``full`` of its peak. Within the first ``early`` of the run the
    smoothed loss rises above its first value by ``climb`` of all that it later falls, and by five noise standard
    deviations. A gradient norm that rises by ``norm_rise`` along is given as evidence; without it the hit is weak. A
    log that starts late, means over epochs, and under ``min_points`` finite values raise ``NotJudged``; with
    pretrained weights an early climb has other causes.
    """
    if loss.reduction in (Reduction.EPOCH_MEAN, Reduction.RUNNING_MEAN):
        raise NotJudged(f"{loss.name} is a mean over many steps; the first of them cannot be seen", "the loss of steps")
    steps, values = finite_part(loss, min_points)
    if steps[0] > 0.02 * (steps[-1] - steps[0]):
        raise NotJudged("the log does not show the beginning of training")
    rates = rate_per_step(lr, steps)
    if rates is None or not rates.max() > 0:
        raise NotJudged(f"no rate above 0 in {lr.name}", "lr")
    if rates[0] < full * rates.max() or not fresh_start(pretrained):
        return
    done = progress(values)
    smooth = running_median(values, 3)[1 : max(4, int(early * len(values)) + 1)]
    peak = int(np.argmax(smooth))
    rise = float(smooth[peak]) - done.start
    noise = max(done.noise, noise_sd(values))
    if not done.fall > 4.0 * noise or rise <= max(climb * done.fall, 5.0 * noise):
        return
    facts: dict[str, float | str] = {
        "start": done.start,
        "top": float(smooth[peak]),
        "top_step": int(steps[1 + peak]),
        "rise": rise / done.fall,
        "rate": float(rates[0]),
    }
    norms = finite(norm.values[norm.steps <= steps[1 + peak]]) if norm is not None else np.empty(0)
    if len(norms) >= 2 and norms[0] > 0 and norms.max() > norm_rise * norms[0]:
        facts |= {"norm_first": float(norms[0]), "norm_top": float(norms.max())}
    if optimizer is not None:
        facts["optimizer"] = optimizer
    yield Hit(int(steps[0]), int(steps[1 + peak]), facts, weak="norm_top" not in facts, series=loss.name)


DETECTOR = Detector(
    "warmup-missing",
    warmup_missing,
    frozenset({"start", "top", "top_step", "rise", "rate"}),
    frozenset({"norm_first", "norm_top", "optimizer"}),
)
