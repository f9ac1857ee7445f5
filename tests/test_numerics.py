"""What the doctests leave out: empty input, few points, NaN."""

from __future__ import annotations

import math

import numpy as np
import pytest

from runaudit import numerics
from runaudit.model import FloatArray

EMPTY = np.empty(0)


def test_few_points_have_no_noise_and_no_trend() -> None:
    assert numerics.noise_sd(np.array([1.0, 9.0, 1.0])) == 0.0
    assert numerics.difference_sd(np.array([1.0])) == 0.0
    assert numerics.kendall_z(np.array([1.0, 2.0, 3.0])) == 0.0


def test_the_noise_of_a_line_with_noise_is_found_again() -> None:
    values = np.arange(5000) * 0.3 + np.random.default_rng(1).normal(scale=2.0, size=5000)
    assert numerics.noise_sd(values) == pytest.approx(2.0, rel=0.05)
    values[100] = 1e6
    assert numerics.noise_sd(values) == pytest.approx(2.0, rel=0.05)


def test_nothing_has_no_level_and_no_spread() -> None:
    assert math.isnan(numerics.level(EMPTY))
    assert numerics.spread(EMPTY) == 0.0
    assert len(numerics.tail(EMPTY, 0.5)) == 0
    assert len(numerics.block_medians(EMPTY, 4)) == 0


def test_the_spread_of_normal_numbers_is_their_deviation() -> None:
    assert numerics.spread(np.random.default_rng(2).normal(scale=3.0, size=20_000)) == pytest.approx(3.0, rel=0.03)


def test_values_at_steps_need_a_finite_value() -> None:
    steps, wanted = np.array([0, 10]), np.array([0, 5, 10])
    assert np.isnan(numerics.at_steps(steps, np.array([np.nan, np.inf]), wanted)).all()
    assert numerics.at_steps(steps, np.array([np.nan, 2.0]), wanted).tolist()[2] == 2.0


def plain_median(values: FloatArray, half: int) -> list[float]:
    return [float(np.median(values[max(0, i - half) : i + half + 1])) for i in range(len(values))]


@pytest.mark.parametrize("size", [0, 1, 2, 3, 4, 5, 7, 8, 30])
@pytest.mark.parametrize("width", [1, 3, 5, 7, 31])
def test_the_running_median_is_that_of_each_window(size: int, width: int) -> None:
    values = np.random.default_rng(size).normal(size=size)
    assert numerics.running_median(values, width).tolist() == plain_median(values, width // 2)
