"""Single gradient norms far above their surroundings, and what the loss does after them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from runaudit.detectors import Detector
from runaudit.detectors._loss import progress
from runaudit.errors import NotJudged
from runaudit.model import FloatArray, Hit, IntArray, Series
from runaudit.numerics import running_median, runs_of_true, spread


def grad_norm_spikes(
    norm: Series,
    loss: Series | None,
    *,
    min_ratio: float,
    min_z: float,
    max_share: float,
    persistent: int,
    skip_share: float,
    response: float,
    min_points: int,
) -> Iterator[Hit]:
    """Report gradient norms above ``min_ratio`` times their running median and ``min_z`` spreads of its logarithm.

    Norms vary by factors, so they are judged on a log scale, against the median of 31 values; the spread comes from
    quartiles. A share above ``max_share`` is a noisy norm, not spikes. The first ``skip_share`` of the run is not
    judged. Decisive: ``persistent`` norms in a row, or a loss that after at least half of the spikes stays above its
    former level, for five values, by ``response`` of its whole fall and two standard deviations. A spike that leaves
    no trace is weak. Norms that are not finite or not above 0 are left out; under ``min_points`` raise ``NotJudged``.
    """
    good = np.isfinite(norm.values) & (norm.values > 0)
    steps, values = norm.steps[good], norm.values[good]
    if len(values) < min_points:
        raise NotJudged(f"{len(values)} gradient norms above 0, {min_points} needed", "grad_norm of every step")
    logs = np.log(values)
    middle = running_median(logs, 31)
    residual = logs - middle
    start = int(np.ceil(skip_share * len(values)))
    sd = spread(residual[start:])
    high = residual > max(float(np.log(min_ratio)), min_z * sd)
    high[:start] = False
    count = int(high.sum())
    if not count or count > max(1, max_share * (len(values) - start)):
        return
    stretches = runs_of_true(high)
    longest = int(np.diff(stretches, axis=1).max())
    worst = int(np.argmax(np.where(high, residual, -np.inf)))
    facts: dict[str, float | str] = {
        "count": count,
        "longest": longest,
        "worst": float(values[worst]),
        "worst_step": int(steps[worst]),
        "around": float(np.exp(middle[worst])),
        "ratio": float(np.exp(residual[worst])),
    }
    rises = _rises(loss, steps[stretches[:, 0]], response)
    if 2 * len(rises) >= len(stretches):
        facts |= {"risen": len(rises), "rise": float(np.max(rises))}
    where = np.flatnonzero(high)
    weak = "risen" not in facts and longest < persistent
    yield Hit(int(steps[where[0]]), int(steps[where[-1]]), facts, weak=weak, series=norm.name)


def _rises(loss: Series | None, spikes: IntArray, response: float) -> FloatArray:
    """Return the lasting rises of the loss after the spikes, as shares of its fall, that are beyond doubt."""
    if loss is None:
        return np.empty(0)
    good = np.isfinite(loss.values)
    steps, values = loss.steps[good], loss.values[good]
    if len(values) < 31:
        return np.empty(0)
    fall = progress(values).fall
    sd = spread(values - running_median(values, 31))
    found = []
    for at in np.searchsorted(steps, spikes):
        before, after = values[max(0, at - 10) : at], values[at + 2 : at + 7]  # the spike's own loss is the batch's
        if len(before) >= 5 and len(after) >= 3:
            rise = float(np.median(after) - np.median(before))
            if fall > 0 and rise > max(response * fall, 2.0 * sd):
                found.append(rise / fall)
    return np.array(found)


DETECTOR = Detector(
    "grad-norm-spikes",
    grad_norm_spikes,
    frozenset({"count", "longest", "worst", "worst_step", "around", "ratio"}),
    frozenset({"risen", "rise"}),
)
