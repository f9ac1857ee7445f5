"""A setting that multiplies, such as a learning rate, and that was searched in even steps."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from runaudit.detectors import Detector, Table
from runaudit.detectors._search import Parameter, Search, search_of
from runaudit.detectors._search_ranges import written
from runaudit.detectors._search_scale import (
    SPAN,
    bell_margin,
    even_steps,
    far_from_even,
    is_plain,
    is_scale,
    log_margin,
)
from runaudit.model import FloatArray, Hit

FEW = 0.5  # different values to trials: below, they are those of a grid
UNEVEN = 1.63  # what chance exceeds once in a hundred times
WIDE = 100.0  # a setting that is not known to multiply must span that


def linear_scale(
    trials: Table | None,
    ranges: Table | None,
    search: Table | None,
    *,
    margin: float,
    low_margin: float,
    min_trials: int,
) -> Iterator[Hit]:
    """Report each setting that multiplies, spans a decade or more, and was drawn evenly instead of in its logarithm.

    What the searcher declared decides; a declared range from 0 counts as one of more than a decade. Where nothing was
    declared, the trials must be likelier by ``low_margin`` (a log-likelihood ratio) drawn evenly than log-evenly, not
    far from even and no bell on the log axis, or their values a grid of equal steps. Weak below ``margin``, and for
    settings whose name does not say that they multiply: these must be no whole numbers and span two decades. Raises
    ``NotJudged`` under ``min_trials`` trials.
    """
    found = search_of(trials, ranges, search, min_trials)
    for parameter in found.numbers:
        known = is_scale(parameter.name)
        low, high = _span(parameter)
        if is_plain(parameter.name) or not low > 0 or high / low < (SPAN if known else WIDE):
            continue
        if not known and (parameter.whole or parameter.low <= 0):
            continue
        positive = parameter.values[parameter.known & (parameter.values > 0)]
        sign = _drawn_evenly(parameter, positive, low, high) if len(positive) >= min_trials else 0.0
        if sign > low_margin:
            yield _hit(found, parameter, low, high, positive, weak=not (known and sign > margin))


def _span(parameter: Parameter) -> tuple[float, float]:
    """Return the positive range of a parameter."""
    if parameter.low > 0:
        return parameter.low, parameter.high
    positive = parameter.values[parameter.values > 0]
    return (float(positive.min()) if len(positive) else 0.0), parameter.high


def _drawn_evenly(parameter: Parameter, values: FloatArray, low: float, high: float) -> float:
    """Return by how much the values are likelier drawn evenly than in any other way, infinite where that is known."""
    if parameter.declared_log is not None:
        return -np.inf if parameter.declared_log else np.inf
    distinct = np.unique(values)
    if len(distinct) < max(3, FEW * len(values)):
        return np.inf if even_steps(distinct) and not even_steps(np.log(distinct)) else -np.inf
    if far_from_even((values - parameter.low) / (high - parameter.low)) > UNEVEN or bell_margin(values, low, high) > 0:
        return -np.inf
    return -log_margin(values, low, high)


def _hit(found: Search, parameter: Parameter, low: float, high: float, values: FloatArray, *, weak: bool) -> Hit:
    middle = float(np.sqrt(low * high))
    facts: dict[str, float | str] = {
        "low": low,
        "high": high,
        "decades": float(np.log10(high / low)),
        "upper": int(np.sum(values > middle)),
        "counted": len(values),
        "middle": middle,
        "evidence": _said(parameter, values, low, high),
        **written(parameter, low, high, log=True),
    }
    path, line = found.place(0)
    return Hit(0, len(found) - 1, facts, weak=weak, series=parameter.name, path=path, line=line)


def _said(parameter: Parameter, values: FloatArray, low: float, high: float) -> str:
    if parameter.declared_log is not None:
        return f"the search declares the range {parameter.low:.3g} to {parameter.high:.3g} without a log scale"
    if len(np.unique(values)) < FEW * len(values):
        return "its values are a grid of equal steps"
    more = -log_margin(values, low, high)
    return f"the log-likelihood of even sampling is {more:.1f} above that of log-even sampling"


DETECTOR = Detector(
    "linear-scale",
    linear_scale,
    frozenset({"low", "high", "decades", "upper", "counted", "middle", "evidence", "optuna", "ray", "wandb"}),
)
