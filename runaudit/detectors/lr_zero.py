"""A learning rate of zero, or next to it, for much of the run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from runaudit.detectors import Detector
from runaudit.detectors._loss import finite_part
from runaudit.errors import NotJudged
from runaudit.model import FloatArray, Hit, Series
from runaudit.numerics import block_medians, kendall_z, noise_sd, runs_of_true


def lr_zero(
    lr: Series,
    loss: Series | None,
    groups: Mapping[str, Series] | None,
    *,
    negligible: float,
    min_share: float,
    min_tail: float,
    min_points: int,
) -> Iterator[Hit]:
    """Report a rate that is 0, or below ``negligible`` of its peak, throughout or for ``min_share`` of the steps.

    Throughout, or standing still for half of the run, is decisive, less is weak. A rate that sinks smoothly towards 0
    at the end is what many schedules do on purpose; it is reported from ``min_tail`` on, and weak. A loss that falls
    all the same shows that the rate was rounded when logged, and other parameter groups that train that this one is
    frozen on purpose: both raise ``NotJudged``, as do under ``min_points`` finite rates.
    """
    steps, rates = finite_part(lr, min_points)
    peak = float(rates.max())
    small = rates <= negligible * peak
    span = float(steps[-1] - steps[0])
    stretches = [
        (start, stop)
        for start, stop in runs_of_true(small).tolist()
        if float(steps[stop - 1] - steps[start]) >= (min_tail if _sinks(rates[start:stop]) else min_share) * span
    ]
    if not stretches:
        return
    start, stop = max(stretches, key=lambda s: int(steps[s[1] - 1] - steps[s[0]]))
    first, last = int(steps[start]), int(steps[stop - 1])
    if any(_trains(group, first, last, negligible) for group in (groups or {}).values()):
        raise NotJudged(f"{lr.name} is 0, but other parameter groups have a rate: this one is frozen")
    losses = _between(loss, first, last)
    if _falls(losses):
        raise NotJudged(f"the loss falls while {lr.name} reads {rates[start]:g}: it was rounded when logged", "lr")
    share = (last - first) / span
    facts: dict[str, float | str] = {
        "peak": peak,
        "rate": float(rates[start:stop].max()),
        "share": share,
        "when": "throughout" if not peak else f"for {share:.0%} of the run",
    }
    if len(losses) >= 2:
        facts |= {"loss_first": float(losses[0]), "loss_last": float(losses[-1])}
    weak = share < 0.5 or _sinks(rates[start:stop])
    yield Hit(first, last, facts, weak=weak, series=lr.name)


def _sinks(rates: FloatArray) -> bool:
    """Say whether the rate still sinks smoothly."""
    return len(np.unique(rates)) > max(3, len(rates) // 2)


def _between(series: Series | None, first: int, last: int) -> FloatArray:
    if series is None:
        return np.empty(0)
    values = series.values[(series.steps >= first) & (series.steps <= last)]
    return values[np.isfinite(values)]


def _trains(group: Series, first: int, last: int, negligible: float) -> bool:
    """Say whether a parameter group has a rate between the two steps."""
    values = _between(group, first, last)
    return bool(len(values) and values.max() > 0 and values.max() > negligible * np.nanmax(group.values))


def _falls(losses: FloatArray) -> bool:
    """Say whether losses fall beyond doubt: by trend and by more than their noise."""
    blocks = block_medians(losses, 60)
    return len(blocks) >= 8 and kendall_z(blocks) < -4.0 and float(blocks[0] - blocks[-1]) > 3.0 * noise_sd(blocks)


DETECTOR = Detector(
    "lr-zero", lr_zero, frozenset({"peak", "rate", "share", "when"}), frozenset({"loss_first", "loss_last"})
)
