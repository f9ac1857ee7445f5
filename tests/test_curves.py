"""A series reduced to what a plot needs."""

from __future__ import annotations

import numpy as np
import pytest

from runaudit.curves import reduce_curve
from runaudit.model import Curve, FloatArray, Series


def curve(values: FloatArray, points: int = 4) -> Curve:
    count = np.arange(len(values))
    return reduce_curve(Series("train/loss", count * 10, values, count, "loss", "log.csv"), points)


def test_blocks_keep_lowest_median_and_highest() -> None:
    made = curve(np.array([1.0, 5.0, 2.0, 9.0, 4.0, 4.0, 8.0, 0.0]), points=2)
    assert made.steps.tolist() == [0.0, 40.0]
    assert (made.low.tolist(), made.mid.tolist(), made.high.tolist()) == ([1.0, 0.0], [3.5, 4.0], [9.0, 8.0])
    assert (made.first, made.last, made.best, made.best_step, made.last_step) == (1.0, 0.0, 0.0, 70, 70)


@pytest.mark.parametrize("size", [2, 3, 8, 9])
def test_the_median_is_that_of_numpy(size: int) -> None:
    values = np.random.default_rng(size).normal(size=size)
    assert curve(values, points=1).mid.tolist() == [float(np.median(values))]


def test_values_near_the_end_of_the_range_do_not_overflow() -> None:
    made = curve(np.full(8, 1.7e308), points=2)
    assert made.mid.tolist() == [1.7e308, 1.7e308]
    assert curve(np.array([1.7e308, -1.7e308, 1.7e308, -1.7e308]), points=2).mid.tolist() == [0.0, 0.0]


def test_a_block_without_a_finite_value_is_nan_in_all_three() -> None:
    made = curve(np.array([1.0, 2.0, np.nan, np.inf]), points=2)
    assert np.isnan([made.low[1], made.mid[1], made.high[1]]).all()
    assert (made.best, made.last) == (1.0, np.inf)


def test_no_point_at_all() -> None:
    made = curve(np.empty(0))
    assert (made.points, made.first_step, made.last_step, len(made.steps)) == (0, 0, 0, 0)
    assert np.isnan([made.first, made.last, made.best]).all()


def test_nothing_finite_has_no_best() -> None:
    assert np.isnan(curve(np.array([np.nan, np.nan])).best)
