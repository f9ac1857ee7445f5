"""A momentum outside what is in use."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from runaudit.detectors import Detector
from runaudit.detectors._optimizer import family_of, memory
from runaudit.errors import NotJudged, NotMeant
from runaudit.model import Hit, Series


def momentum_unusual(
    curve: Series | None, setting: float | None, optimizer: str | None, loss: Series | None, *, low: float, high: float
) -> Iterator[Hit]:
    """Report a momentum of SGD or RMSprop outside ``low`` to ``high``.

    The logged curve counts before the setting, by its median: a schedule may begin and end outside. 0 is plain SGD,
    and right. From 1 on the velocity never forgets, and below 0 it turns back: both decisive, as is a velocity that
    reaches back further than ``high`` does; between 0 and ``low`` it is weak, for that slows but does no harm. Other
    optimizers, and unknown ones, raise ``NotJudged``: many programs write a momentum that they do not use, and that of
    batch normalisation or of a teacher bears the same name.
    """
    family = family_of(optimizer)
    if family not in {"sgd", "rmsprop"}:
        if family:
            raise NotMeant(f"{optimizer} takes no momentum")
        raise NotJudged("the optimizer is not known", "optimizer and momentum in the config")
    logged = curve.values[np.isfinite(curve.values)] if curve is not None else np.empty(0)
    value = float(np.median(logged)) if len(logged) else setting
    if value is None or not np.isfinite(value):
        raise NotJudged("the momentum is not known", "momentum in the config")
    if value == 0 or low <= value <= high:
        return
    where = curve if curve is not None and len(logged) else loss
    steps = (int(where.steps[0]), int(where.steps[-1])) if where is not None and len(where) else (0, 0)
    facts: dict[str, float | str] = {"momentum": value, "optimizer": str(optimizer), "memory": memory(value)}
    yield Hit(*steps, facts, weak=0 < value < low, series=where.name if where is not None else "")


DETECTOR = Detector("momentum-unusual", momentum_unusual, frozenset({"momentum", "optimizer", "memory"}))
