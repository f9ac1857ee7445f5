"""A learning rate that was held long after the loss had stalled, and a loss that fell again once it was lowered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from runaudit.detectors import Detector
from runaudit.detectors._loss import finite_part
from runaudit.detectors._rate import fresh_start, rate_per_step
from runaudit.errors import NotJudged
from runaudit.model import FloatArray, Hit, IntArray, Series
from runaudit.numerics import difference_sd, running_median

SIDE = 5  # values that a level is taken of, at least
PATIENCE = 0.05  # of the run: so long a wait at a plateau is plain prudence, and no loss


@dataclass(frozen=True, slots=True)
class _Wait:
    """How long a loss stood still before a cut: since ``stalled``, at ``level``; ``drop`` is what the cut brought."""

    stalled: int
    level: float
    drop: float
    fall: float


def decay_too_late(
    loss: Series,
    lr: Series,
    val: Series | None,
    pretrained: str | None,
    reward: Series | None,
    *,
    cut: float,
    min_wait: float,
    min_drop: float,
    min_share: float,
    still: float,
    min_points: int,
) -> Iterator[Hit]:
    """Report a plateau of ``min_wait`` of the run that only the first cut of the rate ended.

    The rate stays near its peak until it falls below ``cut`` of it. Up to then the loss stood still: all that it
    gained since it stalled is at most ``still`` of what the cut brought, and that is ``min_drop`` of its whole fall or
    ``min_share`` of the plateau, and beyond its noise. It is decisive where training and validation loss agree, else
    weak, as with pretrained weights. A rate that is lowered steadily from the start has no plateau of its own. Under
    ``min_points`` finite losses, and without a positive rate, raise ``NotJudged``.
    """
    if reward is not None:
        raise NotJudged("the loss of reinforcement learning says little of the agent", "judge by the reward")
    steps, values = finite_part(loss, min_points)
    rates = rate_per_step(lr, steps)
    if rates is None or not rates.max() > 0:
        raise NotJudged(f"no rate above 0 in {lr.name}", "lr")
    held = _held(steps, rates, cut)
    if held is None:
        return
    top, at, until = held
    span = float(steps[-1] - steps[0])
    train = _waited(steps, values, top, at, until, still)
    found = _held_out(val, int(steps[top]), int(steps[at]), int(steps[until]), still)
    waits = [w for w in (found, train) if w is not None and w.drop > min(min_drop * w.fall, min_share * abs(w.level))]
    long = [w for w in waits if steps[at] - w.stalled >= min_wait * span]
    if not long or len(long) < len([w for w in (found, train) if w is not None]):
        return  # one of the two still fell, or gained nothing: the wait was not in vain
    stalled = max(w.stalled for w in long)
    due = min(stalled + round(PATIENCE * span), int(steps[at]))
    facts: dict[str, float | str] = {
        "stalled": float(stalled),
        "due": float(due),
        "cut_at": float(steps[at]),
        "waited": float(steps[at] - stalled),
        "share": float(steps[at] - stalled) / span,
        "drop": long[-1].drop,
        "drop_share": long[-1].drop / long[-1].fall,
        "level": long[-1].level,
        "rate_before": float(rates[at - 1]),
        "rate_after": float(rates[at]),
    }
    if found is not None:
        facts |= {"val_drop": found.drop, "val_level": found.level}
    weak = len(long) < 2 or not fresh_start(pretrained)
    yield Hit(stalled, int(steps[at]), facts, weak=weak, series=loss.name)


def _held(steps: IntArray, rates: FloatArray, cut: float) -> tuple[int, int, int] | None:
    """Return where the rate reaches its peak, is first cut, and is next cut (or ends); None if it is not held."""
    peak = float(rates.max())
    top = int(np.argmax(rates >= 0.99 * peak))
    low = np.flatnonzero(rates[top:] <= cut * peak)
    if not len(low):
        return None
    at = top + int(low[0])
    falling = np.flatnonzero(rates[top:] < 0.95 * peak)
    began = top + int(falling[0])
    if steps[at] - steps[began] > 0.1 * (steps[at] - steps[top]) or np.any(rates[at:] > peak * 0.95):
        return None
    lower = np.flatnonzero(rates[at:] <= cut * rates[at])
    until = at + int(lower[0]) if len(lower) else len(rates) - 1
    return top, began, until


def _held_out(val: Series | None, top: int, cut: int, until: int, still: float) -> _Wait | None:
    """Return how long the validation loss stood still, None where it has too few values."""
    if val is None:
        return None
    good = np.isfinite(val.values)
    steps, values = val.steps[good], val.values[good]
    places = np.searchsorted(steps, [top, cut, until])
    return _waited(steps, values, int(places[0]), int(places[1]), int(min(places[2], len(steps) - 1)), still)


def _waited(steps: IntArray, values: FloatArray, top: int, at: int, until: int, still: float) -> _Wait | None:
    """Return since when a loss stood still before the cut; None with too few values, and if the cut brought nothing."""
    if at - top < 2 * SIDE or until + 1 - at < SIDE:
        return None
    before, after = values[top:at], values[at : until + 1]
    smooth = running_median(before, 2 * max(len(before) // 20, 2) + 1)
    level = float(np.median(before[-max(SIDE, len(before) // 5) :]))
    end = float(np.median(after[-max(SIDE, len(after) // 2) :]))
    noise = difference_sd(before[len(before) // 2 :])
    drop, fall = level - end, float(values[0]) - end
    if not fall > 0 or not drop > noise:
        return _Wait(int(steps[at]), level, max(drop, 0.0), max(fall, 1e-300))
    return _Wait(int(steps[top + int(np.argmax(smooth <= level + still * drop))]), level, drop, fall)


DETECTOR = Detector(
    "decay-too-late",
    decay_too_late,
    frozenset(
        {"stalled", "due", "cut_at", "waited", "share", "drop", "drop_share", "level", "rate_before", "rate_after"}
    ),
    frozenset({"val_drop", "val_level"}),
)
