"""Curves in characters: what is high is drawn high, what is missing is missing."""

from __future__ import annotations

import numpy as np
import pytest

from runaudit import plot
from runaudit.curves import reduce_curve
from runaudit.model import Curve, FloatArray, Series


def curve(values: list[float] | FloatArray, steps: list[int] | None = None) -> Curve:
    y = np.asarray(values, dtype=np.float64)
    x = np.arange(len(y), dtype=np.int64) if steps is None else np.array(steps, dtype=np.int64)
    return reduce_curve(Series("x", x, y, x, "x", "x.csv"))


def draw(values: list[float] | FloatArray, width: int = 8, rows: int = 2) -> list[str]:
    c = curve(values)
    steps = plot.step_axis([c])
    grid, _ = plot.dots(c, steps, plot.value_axis([c]), width, rows)
    return plot.braille([grid])


def spark(values: list[float], width: int, **options: bool) -> str:
    c = curve(values)
    return plot.sparkline(c, plot.step_axis([c]), width, **options)


def test_a_line_up_is_a_line_up() -> None:
    assert spark([0, 1, 2, 3, 4, 5, 6, 7], 8) == "▁▂▃▄▅▆▇█"
    assert spark([7, 0], 8) == "█▇▆▅▄▃▂▁"
    assert spark([0, 1, 2, 3, 4], 5, ascii_only=True) == "_.-~^"
    assert draw([0, 1]) == ["    ⣀⠤⠒⠉", "⣀⠤⠒⠉    "]


def test_a_constant_is_low_and_flat() -> None:
    assert spark([3, 3, 3], 4) == "▁▁▁▁"
    assert draw([3, 3], 4, 1) == ["⠒⠒⠒⠒"]


def test_what_is_not_finite_is_a_cross() -> None:
    nan = float("nan")
    assert spark([1, 2, nan, float("inf")], 4, ascii_only=True) == "_^xx"
    assert spark([nan, nan], 3) == "×××"  # noqa: RUF001  the cross of sparklines


def test_a_step_that_was_not_logged_is_bridged_and_the_time_before_the_first_is_blank() -> None:
    late = curve([1.0, 2.0], [5, 9])
    steps = plot.Axis(0, 9)
    assert plot.sparkline(late, steps, 10, ascii_only=True) == "     _.-~^"


def test_a_spike_survives_thousands_of_points() -> None:
    values = np.ones(5000)
    values[2500] = 9.0
    c = curve(values)
    steps = plot.step_axis([c])
    grid, _ = plot.dots(c, steps, plot.value_axis([c]), 40, 4)
    assert grid[0].sum() == 1
    assert "█" in plot.sparkline(c, steps, 40, peaks=True)
    assert "█" not in plot.sparkline(c, steps, 40)


def test_a_steep_line_has_no_holes() -> None:
    grid, _ = plot.dots(c := curve([0.0, 1.0, 0.0]), plot.step_axis([c]), plot.value_axis([c]), 2, 4)
    rows_used = grid.any(axis=1)
    assert rows_used.all()


def test_scale_turns_logarithmic_for_a_peak_that_would_hide_the_rest() -> None:
    assert plot.value_axis([curve([1, 1, 1, 1e6])]).log
    assert plot.value_axis([curve([100] + [1.0 + i % 2 for i in range(30)])]).log
    assert not plot.value_axis([curve([2.3, 1.0, 0.5, 0.1])]).log
    assert not plot.value_axis([curve([-1, 1, 1, 1e6])]).log


@pytest.mark.parametrize("values", [[1e308, -1e308], [5e-324, 1e308], [0.0], [float("nan")], [float("-inf"), 1.0]])
def test_extremes_are_drawn_without_complaint(values: list[float]) -> None:
    assert len(draw(values)) == 2
    assert len(spark(values, 7)) == 7


def test_no_column_is_outside() -> None:
    steps = np.array([-5.0, 0.0, 10.0, 99.0])
    assert plot.columns(steps, plot.Axis(0, 10), 5).tolist() == [0, 0, 4, 4]


@pytest.mark.parametrize("high", [1, 7, 100, 599, 4000, 123_456_789])
def test_ticks_are_round_and_few(high: int) -> None:
    found = plot.ticks(plot.Axis(0, high), 40, 10)
    assert 1 <= len(found) <= 4
    assert all(0 <= t <= high for t in found)
