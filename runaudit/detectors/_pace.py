"""Shared by the throughput detectors: how long the steps take."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from runaudit.errors import NotJudged
from runaudit.model import FloatArray, IntArray, Reduction, Series


@dataclass(frozen=True, slots=True, eq=False)
class Pace:
    """The seconds a step in the order of the log.

    ``widths`` are the steps that each value is the mean of, 1 where single steps were timed. ``usual`` is the time
    that half of the timed steps stay below. ``stretch`` is the number of all steps, timed or not: a step that was not
    timed is best taken for a usual one, for the steps that are logged are often those with an evaluation.
    """

    steps: IntArray
    values: FloatArray
    widths: FloatArray
    usual: float
    stretch: float
    unit: str

    @property
    def excess(self) -> FloatArray:
        """Return the seconds that each value stands for beyond the usual."""
        return np.maximum(self.values - self.usual, 0.0) * self.widths


def pace(time: Series, step_unit: str, min_points: int) -> Pace:
    """Return the pace after the first value, in which a program compiles and fills its caches.

    Values that are negative or not finite are left out. Raises ``NotJudged`` for fewer than ``min_points``, and if
    half of the steps take no time: the clock is too coarse.
    """
    mean = time.reduction is Reduction.WINDOW_MEAN
    widths = np.diff(time.steps).astype(np.float64) if mean else np.ones(max(len(time) - 1, 0))
    steps, values = time.steps[1:], time.values[1:]
    good = np.isfinite(values) & (values >= 0) & (values < 1e9)
    steps, values, widths = steps[good], values[good], widths[good]
    if len(values) < min_points:
        raise NotJudged(f"{len(values)} step times after the first, {min_points} needed")
    usual = weighted_median(values, widths)
    if usual <= 0:
        raise NotJudged("half of the steps take no time: the clock is too coarse", "time/step in seconds with decimals")
    stretch = max(float(steps[-1] - steps[0]) + float(widths[0]), float(widths.sum()))
    return Pace(steps, values, widths, usual, stretch, step_unit if mean and step_unit != "row" else "step")


def weighted_median(values: FloatArray, weights: FloatArray) -> float:
    """Return the value below which half of the weight lies.

    >>> weighted_median(np.array([1.0, 5.0, 2.0]), np.array([1.0, 1.0, 9.0]))
    2.0
    """
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(reached, 0.5 * reached[-1])])
