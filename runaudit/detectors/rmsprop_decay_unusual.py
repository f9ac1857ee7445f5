"""A decay of RMSprop's average outside what is in use."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from runaudit.detectors import Detector
from runaudit.detectors._optimizer import family_of, memory
from runaudit.errors import NotJudged, NotMeant
from runaudit.model import Hit, Series


def rmsprop_decay_unusual(
    loss: Series | None, optimizer: str | None, decay: float | None, *, low: float, high: float, useless: float
) -> Iterator[Hit]:
    """Report a decay of the average of squares (alpha, rho) outside ``low`` to ``high``.

    Decisive outside 0 to 1, and below ``useless``, where the average is little more than the last square and every
    step has the size of the rate; else weak. Other optimizers, and an unknown decay, raise ``NotJudged``.
    """
    if optimizer is None:
        raise NotJudged("the optimizer is not known", "optimizer in the config")
    if family_of(optimizer) != "rmsprop":
        raise NotMeant(f"{optimizer} is not RMSprop")
    if decay is None or not np.isfinite(decay):
        raise NotJudged("the decay of RMSprop is not known", "alpha or rho of the optimizer in the config")
    if low <= decay <= high:
        return
    steps = (int(loss.steps[0]), int(loss.steps[-1])) if loss is not None and len(loss) else (0, 0)
    facts: dict[str, float | str] = {"decay": decay, "memory": memory(decay)}
    yield Hit(*steps, facts, weak=useless <= decay < 1, series=loss.name if loss is not None else "")


DETECTOR = Detector("rmsprop-decay-unusual", rmsprop_decay_unusual, frozenset({"decay", "memory"}))
