"""A first loss that is not the loss of guessing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from runaudit.detectors import Detector
from runaudit.detectors._chance import Chance, Settings, bits, chance_of
from runaudit.detectors._loss import starts_at_zero
from runaudit.detectors._rate import fresh_start
from runaudit.detectors._regularization import data_loss, penalties
from runaudit.errors import NotJudged
from runaudit.model import Hit, Series
from runaudit.numerics import at_steps


def bad_initial_loss(
    loss: Series,
    val: Series | None,
    parts: Mapping[str, Series] | None,
    classes: float | None,
    vocabulary: float | None,
    kind: str | None,
    reduction: str | None,
    pretrained: str | None,
    batch: float | None,
    shares: Sequence[float] | None,
    variance: float | None,
    deviation: float | None,
    gamma: float | None,
    margin: float | None,
    positive_weight: float | None,
    *,
    above: float,
    below: float,
    nats: float,
    random_outputs: float,
    least_batch: int,
) -> Iterator[Hit]:
    """Report a first loss ``above`` times the loss of guessing, or under ``below`` of it.

    The loss of guessing follows from the kind of the loss: see ``_chance.chance_of``. Only a value of the very start
    can be judged: a per-step training loss, without the penalties that are logged beside it, or a validation loss at
    step 0; the nearer counts, since a batch may be odd. Too low is weak, and nothing for a
    run that starts from pretrained weights or on a batch below ``least_batch``; too high by less than ``nats`` is weak,
    for with two classes an ordinary random start is half above ln 2, and so is a squared error under
    ``random_outputs`` times the variance, and a sum that may run over outputs. An infinite or NaN first loss is above
    everything. Losses of which guessing is not known, and logs that begin later, raise ``NotJudged``.
    Source: CS231n notes, sanity checks.
    """
    spread = variance if variance is not None else deviation**2 if deviation is not None else None
    count = classes if classes is not None else vocabulary
    given = Settings(count, kind, reduction, batch, shares, spread, gamma, margin, positive_weight)
    chance = bits(vocabulary or classes) if "/bits_per_" in loss.name else chance_of(given)
    firsts = _firsts(loss, val, parts or {}, kind)
    if not firsts:
        raise NotJudged("the loss before training was not logged", "the loss of step 0")
    ratio = min((_ratio(first, chance) for first in firsts), key=lambda r: abs(np.log(r)) if r > 0 else float("inf"))
    low = ratio < below and fresh_start(pretrained) and not (batch is not None and batch < least_batch)
    if not (ratio > above or low):
        return
    level = chance.high if ratio > 1 else chance.low
    facts: dict[str, float | str] = {"first": ratio * level, "chance": level, "ratio": ratio, "guess": chance.words}
    if count is not None:
        facts["classes"] = count
    doubtful = chance.open_sum and ratio > above * above and not np.isinf(ratio)
    small = ratio * level - level < nats
    weak = ratio < below or small or doubtful or (chance.spread and ratio < random_outputs)
    yield Hit(int(loss.steps[0]), int(loss.steps[0]), facts, weak=weak, series=loss.name)


def _firsts(loss: Series, val: Series | None, parts: Mapping[str, Series], kind: str | None) -> list[float]:
    """Return the losses before training, NaN among them; the training loss less the penalties that are part of it."""
    if not starts_at_zero(loss):
        return []
    named = penalties(parts)
    others = [s for n, s in parts.items() if n not in named]
    if len(others) > 1 and not kind:
        raise NotJudged(
            f"the loss is a sum of {len(others)} parts of which the settings name none", "loss in the config"
        )
    data = data_loss(parts)
    first = float(loss.values[0])
    if data is not None and data.steps[0] == loss.steps[0]:
        first = float(data.values[0])
    else:
        sizes = [float(at_steps(s.steps, s.values, loss.steps[:1])[0]) for s in named.values()]
        rest = first - sum(size for size in sizes if size > 0)  # NaN where one is not logged there: not taken off
        first = rest if rest > 0 else first
    return [first, *([float(val.values[0])] if val is not None and len(val) and val.steps[0] == 0 else [])]


def _ratio(first: float, chance: Chance) -> float:
    """Return a loss over the nearer end of the chance level, 1 within it; infinity for what is not finite."""
    if not np.isfinite(first):
        return float("inf")
    return first / chance.high if first > chance.high else min(first / chance.low, 1.0)


DETECTOR = Detector(
    "bad-initial-loss", bad_initial_loss, frozenset({"first", "chance", "ratio", "guess"}), frozenset({"classes"})
)
