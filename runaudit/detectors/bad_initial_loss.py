"""A first loss that is not the loss of guessing."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from runaudit.detectors import Detector
from runaudit.detectors._loss import chance_level, starts_at_zero
from runaudit.detectors._rate import fresh_start
from runaudit.errors import NotJudged
from runaudit.model import Hit, Series


def bad_initial_loss(
    loss: Series,
    val: Series | None,
    classes: float,
    kind: str | None,
    reduction: str | None,
    pretrained: str | None,
    *,
    above: float,
    below: float,
    nats: float,
) -> Iterator[Hit]:
    """Report a first loss ``above`` times the loss of guessing, ln C, or under ``below`` of it.

    Only a value of the very start can be judged: a per-step training loss or a validation loss at step 0 or 1; where
    both are there, the nearer to ln C counts, since a single batch may be odd. Too low is weak, and nothing for a run
    that starts from pretrained weights; too high by less than ``nats`` is weak, for with two classes an ordinary random
    start is half above ln 2. An infinite or NaN first loss is above everything. Losses that are sums, or
    no cross entropy, and logs that begin later, raise ``NotJudged``. Source: CS231n notes, sanity checks.
    """
    chance = chance_level(classes, kind)
    if chance is None:
        raise NotJudged("the loss is no cross entropy over a known number of classes", "num_classes in the config")
    if reduction is not None and "sum" in reduction.lower():
        raise NotJudged("the loss is a sum over the batch, so ln C is not its expected start", "the mean loss")
    firsts = [float(loss.values[0])] if starts_at_zero(loss) else []
    if val is not None and len(val) and val.steps[0] == 0 and starts_at_zero(loss):
        firsts.append(float(val.values[0]))
    if not firsts:
        raise NotJudged("the loss before training was not logged", "the loss of step 0")
    ratios = [f / chance if np.isfinite(f) else float("inf") for f in firsts]
    ratio = min(ratios, key=lambda r: abs(np.log(r)) if r > 0 else float("inf"))
    fresh = fresh_start(pretrained)
    if ratio > above or (ratio < below and fresh):
        facts = {"first": ratio * chance, "chance": chance, "ratio": ratio, "classes": classes}
        yield Hit(
            int(loss.steps[0]),
            int(loss.steps[0]),
            facts,
            weak=ratio < below or ratio * chance - chance < nats,
            series=loss.name,
        )


DETECTOR = Detector("bad-initial-loss", bad_initial_loss, frozenset({"first", "chance", "ratio", "classes"}))
