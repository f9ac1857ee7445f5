"""Validation loss that turns and rises while training loss still falls."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from runaudit.detectors import Detector
from runaudit.detectors._loss import finite_part
from runaudit.model import FloatArray, Hit, Series
from runaudit.numerics import at_steps, block_medians, kendall_z, level, noise_sd, running_median


def overfitting(
    val: Series,
    loss: Series | None,
    accuracy: Series | None,
    *,
    min_rise: float,
    min_share: float,
    min_noise: float,
    min_train_fall: float,
    min_evals: int,
) -> Iterator[Hit]:
    """Report a validation loss that ends above its best value while training loss went on falling.

    The rise from the smoothed minimum to the end must exceed ``min_share`` of the way that validation loss had come
    down, ``min_noise`` standard deviations of its noise and, where the loss is positive, ``min_rise`` of the minimum
    (Prechelt's generalisation loss). After the best step training loss must fall by ``min_train_fall`` of its own way
    down. Without a training loss, or where validation accuracy improves along, the evidence is one sign (weak).
    Values that are not finite are left out; under ``min_evals`` evaluations raise ``NotJudged``. Source: Prechelt,
    Early stopping - but when? (1998).
    """
    steps, values = finite_part(val, min_evals)
    smooth = running_median(values, 3)
    best = int(np.argmin(smooth))
    rise = level(values) - float(smooth[best])
    way = max(float(values[0]), float(np.median(values[:3]))) - float(smooth[best])
    noise = noise_sd(values)
    after = values[best:]
    if len(after) < 4 or rise <= min_noise * noise or rise <= min_share * max(way, 0.0):
        return
    relative = rise / float(smooth[best]) if smooth[best] > 0 else float("inf")
    if relative <= min_rise or kendall_z(block_medians(after, 60)) < 2.0:
        return
    facts: dict[str, float | str] = {
        "best": float(smooth[best]),
        "best_step": int(steps[best]),
        "end": level(values),
        "rise": relative if np.isfinite(relative) else rise / max(way, noise, 1e-300),
        "share": rise / way if way > 0 else float("inf"),
        "noise": rise / noise if noise > 0 else float("inf"),
        "evals": len(values),
    }
    weak = loss is None or _improves(accuracy, int(steps[best]))
    if loss is not None:
        train_best, train_end, train_way = _train(loss, int(steps[best]))
        if not train_best - train_end > min_train_fall * train_way:
            return
        facts |= {"train_best": train_best, "train_end": train_end}
    yield Hit(int(steps[best]), int(steps[-1]), facts, weak=weak, series=val.name)


def _train(loss: Series, best_step: int) -> tuple[float, float, float]:
    """Return the training loss near the best step, at the end, and the whole way it came down."""
    good = np.isfinite(loss.values)
    values: FloatArray = loss.values[good]
    if len(values) < 4:
        return float("nan"), float("nan"), float("nan")
    smooth = running_median(values, 2 * (len(values) // 40) + 1)
    near = float(at_steps(loss.steps[good], smooth, np.array([best_step]))[0])
    if np.isnan(near):
        near = float(smooth[0] if best_step < loss.steps[good][0] else smooth[-1])
    end = level(values)
    return near, end, float(values[0]) - min(end, float(smooth.min()))


def _improves(accuracy: Series | None, best_step: int) -> bool:
    """Say whether validation accuracy went on rising after the validation loss was at its best."""
    if accuracy is None:
        return False
    values = accuracy.values[(accuracy.steps >= best_step) & np.isfinite(accuracy.values)]
    return len(values) >= 4 and kendall_z(block_medians(values, 60)) > 3.0


DETECTOR = Detector(
    "overfitting",
    overfitting,
    frozenset({"best", "best_step", "end", "rise", "share", "noise", "evals"}),
    frozenset({"train_best", "train_end"}),
)
