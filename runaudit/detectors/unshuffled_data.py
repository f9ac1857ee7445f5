"""A loss that runs through the same ups and downs in every epoch: the data come in the same, sorted order."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from runaudit.detectors import Detector
from runaudit.detectors._fold import Fold, even_grid, fold, strongest_period
from runaudit.detectors._loss import finite_part
from runaudit.errors import NotJudged
from runaudit.model import Hit, IntArray, Reduction, Series
from runaudit.numerics import level

CYCLIC = ("restart", "cycl", "sgdr", "triangular")


def unshuffled_data(
    loss: Series,
    means: Series | None,
    lr: Series | None,
    samples: float | None,
    batch: float | None,
    accumulation: float | None,
    schedule: str | None,
    reward: Series | None,
    *,
    min_repeat: float,
    min_z: float,
    min_rise: float,
    min_epochs: float,
    min_period: int,
    min_points: int,
) -> Iterator[Hit]:
    """Report a loss whose course within an epoch repeats in the next one.

    The moving average over one epoch is taken off and the rest folded at the epoch length: the one that the
    configuration gives (samples by batch), the distance of the epoch means, and the strongest period of the curve,
    which must be more significant because many were tried. The same places of consecutive epochs must correlate by
    ``min_repeat``, by ``min_z`` standard deviations beyond the best of as many periods in pure noise, and the loss
    must rise within an epoch by ``min_rise`` of all that it fell: a loss that falls in steps, as it does when samples
    are seen again, does not rise. An order that is mixed but fixed is reported like a sorted one: the remedy is the
    same. It is weak where the schedule has cycles that the log does not show. Means over epochs, uneven steps, a
    learning rate that cycles with the same period, under ``min_period`` points an epoch or ``min_epochs`` epochs (one
    more where the length is not known) raise ``NotJudged``.
    """
    if reward is not None:
        raise NotJudged("in reinforcement learning the data come from the agent, not in epochs")
    if loss.reduction in (Reduction.EPOCH_MEAN, Reduction.RUNNING_MEAN):
        raise NotJudged(f"{loss.name} is a mean over many batches, which hides their order", "the loss of every step")
    steps, values = finite_part(loss, min_points)
    spacing, even = even_grid(steps, values)
    known = _known_periods(samples, batch, accumulation, spacing)
    if known:
        _enough(known[0], len(even), min_period, min_epochs)
    if means is not None and len(means) >= 3:
        known.append(float(np.median(np.diff(means.steps))) / spacing)
    most = int(len(even) / (min_epochs + 1))
    fitting = [p for p in known if p >= min_period and len(even) >= min_epochs * p]
    found = [(fold(even, p), min_z + _by_chance(len(fitting))) for p in fitting]
    period = strongest_period(even, min_period, most)
    if period is not None:
        found.append((fold(even, period), min_z + _by_chance(most - min_period)))
    fall = float(values[0]) - level(values)
    good = [
        f for f, bar in found
        if f is not None and f.repeat >= min_repeat and f.z >= bar and f.rise > min_rise * max(fall, 0.0) and f.rise > 0
    ]  # fmt: skip
    if not good:
        return
    best = max(good, key=lambda f: f.z)
    if lr is not None:
        _not_of_the_rate(lr, steps, spacing, best)
    facts: dict[str, float | str] = {
        "period": best.period * spacing,
        "repeat": best.repeat,
        "z": best.z,
        "rise": best.rise,
        "share": best.rise / fall if fall > 0 else float("inf"),
        "epochs": best.periods,
    }
    if known and samples is not None:
        facts["epoch"] = known[0] * spacing
    hidden_cycle = lr is None and any(word in (schedule or "").lower() for word in CYCLIC)
    yield Hit(int(steps[0]), int(steps[-1]), facts, weak=hidden_cycle, series=loss.name)


def _by_chance(tries: int) -> float:
    """Return about the largest z score among so many tries in pure noise."""
    return float(np.sqrt(2.0 * np.log(max(tries, 2))))


def _known_periods(
    samples: float | None, batch: float | None, accumulation: float | None, spacing: float
) -> list[float]:
    """Return the points of an epoch by the configuration: exact, last batch dropped, last batch kept."""
    if samples is None or batch is None or not (samples > batch > 0):
        return []
    length = samples / batch / (accumulation if accumulation is not None and accumulation >= 1 else 1.0)
    if not np.isfinite(length):
        return []
    return [length / spacing, np.floor(length) / spacing, np.ceil(length) / spacing]


def _enough(period: float, points: int, min_period: int, min_epochs: float) -> None:
    if period < min_period:
        raise NotJudged(f"an epoch has {period:.1f} logged losses, {min_period} needed", "the loss of every step")
    if points < min_epochs * period:
        raise NotJudged(f"the log covers {points / period:.1f} epochs, {min_epochs:g} needed")


def _not_of_the_rate(lr: Series, steps: IntArray, spacing: float, best: Fold) -> None:
    """Raise ``NotJudged`` where the learning rate itself goes up and down with the period."""
    good = np.isfinite(lr.values)
    if int(good.sum()) < 4:
        return
    grid = np.arange(float(steps[0]), float(steps[-1]) + spacing / 2, spacing)
    rates = np.interp(grid, lr.steps[good], lr.values[good])
    cycle = fold(rates, best.period)
    if cycle is not None and cycle.repeat > 0.5 and cycle.rise > 0.05 * float(rates.max()):
        raise NotJudged(f"the learning rate cycles every {best.period * spacing:,.0f} steps, and the loss with it")


DETECTOR = Detector(
    "unshuffled-data",
    unshuffled_data,
    frozenset({"period", "repeat", "z", "rise", "share", "epochs"}),
    frozenset({"epoch"}),
)
