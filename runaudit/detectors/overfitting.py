"""Validation loss that turns and rises while training loss still falls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from runaudit.detectors import Detector
from runaudit.detectors._loss import finite_part
from runaudit.model import FloatArray, Hit, Series
from runaudit.numerics import at_steps, block_medians, kendall_z, level, noise_sd, running_median, smoothed

STAYS = 0.8  # share of the later evaluations that keep half of the rise: it need not go on rising


def overfitting(
    val: Mapping[str, Series],
    loss: Series | None,
    accuracy: Series | None,
    *,
    min_rise: float,
    min_share: float,
    large_rise: float,
    large_share: float,
    most: float,
    min_noise: float,
    min_train_fall: float,
    min_evals: int,
) -> Iterator[Hit]:
    """Report a validation loss that ends above its best value while training loss went on falling.

    The rise from the smoothed minimum to the end must exceed ``min_noise`` standard deviations of its noise, and
    either ``min_share`` of the way that validation loss had come down and, where the loss is positive, ``min_rise``
    of the minimum (Prechelt's generalisation loss), or ``large_share`` and ``large_rise``: the way down from an
    untrained start is long for large vocabularies. After the best step training loss must fall by ``min_train_fall``
    of its own way down. Without a training loss, or where validation accuracy improves along, one sign is left
    (weak), unless ``most`` of the way is lost. Of several validation sets the worst is reported, with how many of
    them rise. Values that are not finite are left out; under ``min_evals`` evaluations in every set raise
    ``NotJudged``. Source: Prechelt, Early stopping - but when? (1998).
    """
    limits = _Limits(min_rise, min_share, large_rise, large_share, min_noise)
    enough = {name: s for name, s in val.items() if int(np.isfinite(s.values).sum()) >= min_evals}
    if not enough:
        finite_part(max(val.values(), key=lambda s: int(np.isfinite(s.values).sum())), min_evals)
    rises = [r for r in (_rise(s, limits) for s in enough.values()) if r is not None]
    if not rises:
        return
    worst = max(rises, key=lambda r: r.share)
    facts: dict[str, float | str] = {
        "best": worst.best,
        "best_step": worst.step,
        "end": worst.end,
        "rise": worst.relative,
        "share": worst.share,
        "noise": worst.noise,
        "evals": worst.evals,
    }
    if len(enough) > 1:
        facts |= {"sets": len(enough), "rising": len(rises)}
    weak = loss is None or _improves(accuracy, worst.step)
    if loss is not None:
        train_best, train_end, train_way = _train(loss, worst.step)
        if not train_best - train_end > min_train_fall * train_way:
            return
        facts |= {"train_best": train_best, "train_end": train_end}
    weak = weak and worst.share < most
    yield Hit(worst.step, int(worst.series.steps[-1]), facts, weak=weak, series=worst.series.name)


@dataclass(frozen=True, slots=True)
class _Limits:
    rise: float
    share: float
    large_rise: float
    large_share: float
    noise: float


@dataclass(frozen=True, slots=True)
class _Rise:
    """A rise of one validation loss from its ``best`` value to its ``end``: relative, as a share, in noise units."""

    series: Series
    best: float
    step: int
    end: float
    relative: float
    share: float
    noise: float
    evals: int


def _rise(val: Series, limits: _Limits) -> _Rise | None:
    """Return the rise of a validation loss after its best value, None where it is within the limits."""
    good = np.isfinite(val.values)
    steps, values = val.steps[good], val.values[good]
    smooth = running_median(values, 3)
    best = int(np.argmin(smooth))
    rise = level(values) - float(smooth[best])
    way = max(float(values[0]), float(np.median(values[:3]))) - float(smooth[best])
    noise = noise_sd(values)
    after = values[best:]
    if len(after) < 4 or rise <= limits.noise * noise:
        return None
    stays = float(np.mean(after[1:] > float(smooth[best]) + 0.5 * rise)) >= STAYS
    if kendall_z(block_medians(after, 60)) < 2.0 and not stays:
        return None
    relative = rise / float(smooth[best]) if smooth[best] > 0 else float("inf")
    plain = rise > limits.share * max(way, 0.0) and relative > limits.rise
    if not plain and not (rise > limits.large_share * max(way, 0.0) and limits.large_rise < relative < np.inf):
        return None
    return _Rise(
        series=val,
        best=float(smooth[best]),
        step=int(steps[best]),
        end=level(values),
        relative=relative if np.isfinite(relative) else rise / max(way, noise, 1e-300),
        share=rise / way if way > 0 else float("inf"),
        noise=rise / noise if noise > 0 else float("inf"),
        evals=len(values),
    )


def _train(loss: Series, best_step: int) -> tuple[float, float, float]:
    """Return the training loss near the best step, at the end, and the whole way it came down."""
    good = np.isfinite(loss.values)
    values: FloatArray = loss.values[good]
    if len(values) < 4:
        return float("nan"), float("nan"), float("nan")
    smooth = smoothed(values)
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
    frozenset({"train_best", "train_end", "sets", "rising"}),
)
