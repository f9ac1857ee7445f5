"""Adagrad whose steps have become too small before the loss is where it could be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from runaudit.detectors import Detector
from runaudit.detectors._loss import chance_level, finite_part
from runaudit.detectors._optimizer import family_of
from runaudit.detectors._rate import rate_per_step
from runaudit.errors import NotJudged, NotMeant
from runaudit.model import Hit, Series
from runaudit.numerics import block_medians, finite, kendall_z, level, tail


@dataclass(frozen=True, slots=True)
class _Steps:
    """How large the steps are: ``now``, by how much they shrank, and whether the updates themselves were measured."""

    now: float
    shrunk: float
    measured: bool


def adagrad_exhausted(
    loss: Series,
    optimizer: str | None,
    ratios: Mapping[str, Series] | None,
    grad_norm: Series | None,
    lr: Series | None,
    classes: float | None,
    kind: str | None,
    *,
    small: float,
    shrunk: float,
    nominal: float,
    unfinished: float,
    max_z: float,
    scheduled: float,
    min_points: int,
) -> Iterator[Hit]:
    """Report a run of Adagrad that still falls, but by steps that have nearly stopped.

    The loss keeps more than ``unfinished`` of its start (or of guessing, if that is less) and its second half falls:
    Mann-Kendall z below ``-max_z``. Decisive with update ratios: their median over the layers ends below ``small``
    and has shrunk ``shrunk`` times. With gradient norms g only it is weak: the last step, g over the root of the sum
    of all g squared, is below ``nominal`` of what the rate says. Other optimizers, neither of the two series, fewer
    than ``min_points`` values, and a schedule that itself brings the rate below ``scheduled`` of its peak raise
    ``NotJudged``. Source: CS231n notes, per-parameter adaptive rates.
    """
    if optimizer is None:
        raise NotJudged("the optimizer is not known", "optimizer in the config")
    if family_of(optimizer) != "adagrad":
        raise NotMeant(f"{optimizer} is not Adagrad")
    steps, values = finite_part(loss, min_points)
    rates = rate_per_step(lr, steps)
    if rates is not None and rates[-1] < scheduled * rates.max():
        raise NotMeant(f"a schedule brings the rate to {rates[-1] / rates.max():.0%} of its peak by itself")
    found = _measured(ratios or {}, min_points) or _reckoned(grad_norm, min_points)
    if found is None:
        raise NotJudged("neither update ratios nor gradient norms are logged", "update_ratio/<layer>", "grad_norm")
    chance = chance_level(classes, kind)
    start = min(float(values[0]), chance) if chance is not None else float(values[0])
    end = level(values)
    z = kendall_z(block_medians(values[len(values) // 2 :], 60))
    tiny = found.now < small and found.shrunk >= shrunk if found.measured else found.now < nominal
    if not (tiny and start > 0 and end > unfinished * start and z < -max_z):
        return
    how = "of the weights" if found.measured else "of what the rate says"
    facts: dict[str, float | str] = {"now": found.now, "of": how, "times": found.shrunk, "end": end, "z": z}
    yield Hit(int(steps[0]), int(steps[-1]), {**facts, "remains": end / start}, weak=not found.measured)


def _measured(ratios: Mapping[str, Series], min_points: int) -> _Steps | None:
    """Return the median over layers of the update ratio, late and at its highest early; None without any."""
    early, late = [], []
    for series in ratios.values():
        values = finite(series.values)
        if len(values) >= min_points:
            early.append(float(values[: max(3, len(values) // 10)].max()))
            late.append(float(np.median(tail(values, 0.1))))
    if not late or not np.median(late) > 0:
        return None
    now = float(np.median(late))
    return _Steps(now, float(np.median(early)) / now, measured=True)


def _reckoned(grad_norm: Series | None, min_points: int) -> _Steps | None:
    """Return the last step over the nominal one, from gradient norms held from row to row; None without any."""
    if grad_norm is None:
        return None
    good = np.isfinite(grad_norm.values)
    norms, steps = grad_norm.values[good], grad_norm.steps[good]
    if len(norms) < min_points or not norms.max() > 0:
        return None
    widths = np.diff(steps, prepend=steps[0] - 1)
    total = norms.max() * float(np.sqrt(np.sum((norms / norms.max()) ** 2 * widths)))
    now = float(np.median(tail(norms, 0.1))) / total
    return _Steps(now, 1.0 / now if now > 0 else float("inf"), measured=False)


DETECTOR = Detector("adagrad-exhausted", adagrad_exhausted, frozenset({"now", "of", "times", "end", "remains", "z"}))
