"""Recognising a learning-rate schedule: each kind as optimizers' libraries make it, and as logs distort it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from runaudit.detectors._schedule import Schedule, recognise
from runaudit.model import FloatArray

Shape = Callable[[FloatArray], FloatArray]

SHAPES: dict[str, Shape] = {
    "constant": np.ones_like,
    "linear": lambda x: 1.0 - 0.95 * x,
    "cosine": lambda x: 0.05 + 0.475 * (1.0 + np.cos(np.pi * x)),
    "exponential": lambda x: np.exp(-4.0 * x),
    "inverse-time": lambda x: 1.0 / (1.0 + 20.0 * x),
    "inverse-sqrt": lambda x: 1.0 / np.sqrt(1.0 + 40.0 * x),
    "polynomial": lambda x: (1.0 - 0.999 * x) ** 2,
    "step": lambda x: 0.1 ** ((x > 0.45).astype(float) + (x > 0.7)),
}


def schedule(values: FloatArray, every: int = 1) -> Schedule:
    return recognise(np.arange(len(values), dtype=np.int64) * every, values)


def significant(values: FloatArray, digits: int) -> FloatArray:
    """Return the values as a log prints them."""
    return np.array([float(f"{v:.{digits}g}") for v in values])


@pytest.mark.parametrize("kind", SHAPES)
@settings(max_examples=25, deadline=None)
@given(
    points=st.integers(12, 400),
    peak=st.floats(1e-6, 10.0),
    every=st.sampled_from([1, 10, 391]),
    digits=st.sampled_from([3, 6, 15]),
)
def test_each_kind_at_any_length_and_rounding(kind: str, points: int, peak: float, every: int, digits: int) -> None:
    values = significant(peak * SHAPES[kind](np.linspace(0, 1, points)), digits)
    found = schedule(values, every)
    assert found.kind == kind
    assert found.error < 0.01
    assert (found.warmup, found.restarts) == (0.0, 0)


@pytest.mark.parametrize("kind", [k for k in SHAPES if k != "constant"])
@settings(max_examples=25, deadline=None)
@given(points=st.integers(60, 300), share=st.floats(0.05, 0.2))
def test_a_warm_up_is_measured_before_each_kind(kind: str, points: int, share: float) -> None:
    ramp = max(4, round(share * points))
    values = np.concatenate((np.arange(1, ramp) / ramp, SHAPES[kind](np.linspace(0, 1, points - ramp + 1))))
    found = schedule(values)
    assert found.kind in {kind, "one-cycle"}  # a fall to below the first rate after a warm-up of a sixth is either
    assert found.kind == kind or found.warmup >= 0.15
    assert found.warmup == pytest.approx((ramp - 1) / (points - 1), abs=0.01)


@pytest.mark.parametrize("kind", ["linear", "cosine", "exponential", "inverse-sqrt"])
@settings(max_examples=20, deadline=None)
@given(epochs=st.integers(12, 60), length=st.integers(2, 12))
def test_a_rate_set_once_an_epoch_and_logged_every_step(kind: str, epochs: int, length: int) -> None:
    values = np.repeat(SHAPES[kind](np.arange(epochs) / epochs), length)
    assert schedule(values).kind == kind


@pytest.mark.parametrize("kind", ["linear", "cosine", "exponential", "inverse-time"])
@pytest.mark.parametrize("points", [7, 8, 10])
def test_few_points_are_enough_for_a_simple_curve(kind: str, points: int) -> None:
    assert schedule(SHAPES[kind](np.linspace(0, 1, points))).kind == kind


def test_parameters() -> None:
    x = np.linspace(0, 1, 200)
    assert schedule(SHAPES["exponential"](x)).parameters["rate"] == pytest.approx(4.0, rel=1e-3)
    assert schedule(SHAPES["inverse-time"](x)).parameters["rate"] == pytest.approx(20.0, rel=1e-3)
    assert schedule(SHAPES["polynomial"](x)).parameters["power"] == pytest.approx(2.0, rel=0.02)
    assert schedule(SHAPES["linear"](x)).parameters["end"] == pytest.approx(0.05, abs=1e-3)
    cosine = schedule(SHAPES["cosine"](x / 2.0))
    assert cosine.kind == "cosine"
    assert cosine.parameters["span"] == pytest.approx(2.0, rel=0.05)  # stopped at half of the plan
    step = schedule(SHAPES["step"](x))
    assert step.parameters["factor"] == pytest.approx(0.1)
    assert step.parameters["drops"] == 2
    assert step.parameters["first_drop"] == pytest.approx(0.45, abs=0.01)


@settings(max_examples=20, deadline=None)
@given(points=st.integers(40, 400), share=st.floats(0.2, 0.45))
def test_one_cycle(points: int, share: float) -> None:
    rise = round(share * points)
    up = 0.04 + 0.48 * (1.0 - np.cos(np.pi * np.arange(rise) / rise))
    down = 0.5 * (1.0 + np.cos(np.pi * np.linspace(0, 1, points - rise)))
    found = schedule(np.concatenate((up, down)))
    assert found.kind == "one-cycle"
    assert found.warmup == pytest.approx(share, abs=0.05)


@settings(max_examples=20, deadline=None)
@given(cycles=st.integers(2, 6), length=st.integers(12, 100))
def test_restarts_are_counted(cycles: int, length: int) -> None:
    values = np.tile(0.5 * (1.0 + np.cos(np.pi * np.arange(length) / length)), cycles)
    found = schedule(values)
    assert (found.kind, found.restarts) == ("cosine", cycles - 1)


def test_a_triangle_wave_is_cyclic() -> None:
    values = np.interp(np.arange(200), [0, 25, 50, 75, 100, 125, 150, 175, 199], [0.1, 1, 0.1, 1, 0.1, 1, 0.1, 1, 0.1])
    assert schedule(values).kind == "cyclic"


def test_a_rate_held_before_and_after_it_falls() -> None:
    values = np.concatenate((np.ones(60), np.linspace(1.0, 0.1, 30), np.full(30, 0.1)))
    found = schedule(values)
    assert found.kind == "linear"
    assert found.hold == pytest.approx(0.5, abs=0.02)
    assert found.floor == pytest.approx(0.25, abs=0.02)


def test_the_warm_up_may_be_all_there_is() -> None:
    found = schedule(np.linspace(0.01, 1.0, 30))
    assert (found.kind, found.warmup) == ("warm-up", 1.0)
    assert schedule(np.concatenate((np.linspace(0.01, 1.0, 30), np.ones(70)))).constant


def test_what_no_family_describes_is_undetermined() -> None:
    rng = np.random.default_rng(0)
    assert schedule(rng.uniform(0.5, 1.0, 100)).kind in {"undetermined", "cyclic"}
    assert schedule(np.concatenate((np.linspace(7, 1, 5), np.linspace(1, 0.3, 60)))).kind == "undetermined"
    assert schedule(np.empty(0)).kind == "undetermined"
    assert schedule(np.array([np.nan, np.inf, -1.0])).points == 0


def test_a_zero_rate_is_constant() -> None:
    assert schedule(np.zeros(10)).constant


def test_of_a_step_given_twice_the_last_rate_counts() -> None:
    found = recognise(np.array([0, 1, 1, 2, 3]), np.array([0.1, 9.0, 0.1, 0.1, 0.1]))
    assert found.constant
    assert found.points == 4


@settings(max_examples=200, deadline=None)
@given(
    values=hnp.arrays(np.float64, st.integers(0, 40), elements=st.floats(width=64)),
)
def test_any_array_gives_an_answer(values: FloatArray) -> None:
    with np.errstate(all="ignore"):
        found = schedule(values)
    assert 0.0 <= found.warmup <= 1.0
    assert found.restarts >= 0
