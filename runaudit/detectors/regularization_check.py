"""A regularisation that lowers the loss where it must raise it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from runaudit.detectors import Detector
from runaudit.detectors._regularization import data_loss, penalties
from runaudit.errors import NotJudged
from runaudit.model import FloatArray, Hit, Series
from runaudit.numerics import at_steps, finite


def regularization_check(
    parts: Mapping[str, Series] | None,
    loss: Series | None,
    strength: float | None,
    *,
    agree: float,
    tolerance: float,
    min_points: int,
) -> Iterator[Hit]:
    """Report a penalty on the weights that is taken from the loss, or is zero although its strength is not.

    What one run can show of the check that more strength must cost more: a penalty is never below 0 (decisive where
    ``agree`` of its values are), and the total less the data loss must be the penalty times a weight above 0 (decisive
    where that weight is -1 within ``tolerance`` at ``agree`` of the steps). A total that equals the data loss only
    leaves the penalty out of the log, and is not reported. A penalty of exactly 0 throughout beside a ``strength`` in
    the configuration is weak: the decay may be the optimizer's. NaN are left out; without a penalty of
    ``min_points`` finite values raise ``NotJudged``. Source: CS231n notes, sanity checks.
    """
    named = {n: s for n, s in penalties(parts or {}).items() if len(finite(s.values)) >= min_points}
    if strength is not None and strength < 0 and loss is not None:
        yield _hit(loss, "the strength in the settings is negative", strength, float("nan"))
        return
    if not named:
        raise NotJudged(
            f"no penalty of {min_points} values is logged beside the loss", "train/loss/regularization and train/loss"
        )
    data = data_loss(parts or {})
    for part in named.values():
        values = finite(part.values)
        first = float(values[0])
        if np.mean(values < 0) >= agree:
            yield _hit(part, "the penalty is negative", first, float("nan"))
        elif not values.any():
            if strength:
                yield _hit(part, "the penalty is zero throughout", first, float("nan"), weak=True)
        elif data is not None and loss is not None and len(named) == 1:
            weights = _weights(loss, data, part)
            if len(weights) >= min_points and np.mean(np.abs(weights + 1.0) <= tolerance) >= agree:
                yield _hit(part, "the loss is the data loss less the penalty", first, float(np.median(weights)))


def _weights(loss: Series, data: Series, part: Series) -> FloatArray:
    """Return what the penalty is multiplied by in the total, at each step where all three are finite and it counts.

    A penalty below a thousandth of the total is lost in the digits that a log prints.
    """
    total, error = (at_steps(s.steps, s.values, part.steps) for s in (loss, data))
    good = np.isfinite(total) & np.isfinite(error) & (part.values > 1e-3 * np.abs(total))
    return np.asarray((total[good] - error[good]) / part.values[good])


def _hit(series: Series, how: str, first: float, weight: float, *, weak: bool = False) -> Hit:
    facts: dict[str, float | str] = {"how": how, "first": first}
    if np.isfinite(weight):
        facts["weight"] = weight
    return Hit(int(series.steps[0]), int(series.steps[-1]), facts, weak=weak, series=series.name)


DETECTOR = Detector("regularization-check", regularization_check, frozenset({"how", "first"}), frozenset({"weight"}))
