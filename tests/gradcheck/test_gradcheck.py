"""The gradient check as users call it: arguments, sampling, steps, kinks, precision, randomness, parts, log."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import runaudit
from runaudit.errors import UsageError
from runaudit.gradcheck import Result, layers

Array = np.ndarray[Any, Any]
X = np.array([[0.5, -1.5], [2.0, 0.25]])


def square(x: Array) -> float:
    return float(np.sum(x**2))


def kinds(result: Result) -> set[str]:
    return {f"{f.severity} {f.rule}" for f in result.findings}


def logged(result: Result) -> list[str]:
    return [row.to_json() for row in result.rows]


def texts(result: Result) -> str:
    return "\n".join(f.text for f in result.findings)


@pytest.mark.parametrize("grad", [2 * X, lambda x: 2 * x])
def test_an_array_with_its_gradient_or_a_function_of_it(grad: Any) -> None:  # noqa: ANN401
    result = runaudit.gradcheck(square, grad, X)
    assert result.ok
    assert bool(result)
    assert [row.index for row in result.rows] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert max(row.rel_error for row in result.rows) < 1e-9
    assert {row.parameter for row in result.rows} == {"x"}


def test_a_scalar_and_integers_and_single_precision_become_double() -> None:
    assert runaudit.gradcheck(lambda x: float(x**3), lambda x: 3 * x**2, 2).ok
    result = runaudit.gradcheck(square, lambda x: 2 * x, X.astype(np.float32))
    assert result.ok
    assert {row.dtype for row in result.rows} == {"float64"}


def test_the_point_is_not_changed_and_the_same_check_gives_the_same() -> None:
    point = {"w": np.random.default_rng(0).normal(size=(50, 50)), "b": np.arange(3.0)}
    before = {name: value.copy() for name, value in point.items()}

    def check(seed: int) -> Result:
        return runaudit.gradcheck(
            lambda p: square(p["w"]) + square(p["b"]), {"w": 2 * point["w"], "b": 2 * point["b"]}, point, seed=seed
        )

    assert logged(check(0)) == logged(check(0))
    assert logged(check(0)) != logged(check(1))
    assert all(np.array_equal(point[name], before[name]) for name in point)


def test_every_parameter_is_sampled_small_ones_too_and_in_proportion() -> None:
    point = {"large": np.ones((100, 100)), "middle": np.ones(5000), "bias": np.ones(12), "one": np.array(1.0)}
    result = runaudit.gradcheck(
        lambda p: sum(square(v) for v in p.values()), {k: 2 * v for k, v in point.items()}, point, samples=90
    )
    counts = {name: sum(row.parameter == name for row in result.rows) for name in point}
    assert counts == {"large": 60, "middle": 30, "bias": 6, "one": 1}


def test_half_of_the_sample_has_a_gradient_where_most_is_zero() -> None:
    table = np.ones((1000, 4))
    used = np.zeros((1000, 1))
    used[[3, 500]] = 1.0
    result = runaudit.gradcheck(lambda t: square(t * used), lambda t: 2 * t * used, table, samples=10)
    assert [row.status for row in result.rows].count("ok") == 5


def test_a_wrong_gradient_is_told_from_a_bad_step() -> None:
    def stiff(x: Array) -> float:
        return float(np.sum(np.sin(1e4 * x)))

    point = np.array([0.3, 0.7])
    right = 1e4 * np.cos(1e4 * point)
    usual = runaudit.gradcheck(stiff, right, point, steps=(1e-3, 3e-4, 1e-4))
    assert runaudit.gradcheck(stiff, right, point).ok
    assert {row.status for row in usual.rows} == {"unresolved"}
    assert "note gradient-step-size" in kinds(usual)
    assert not runaudit.gradcheck(stiff, 1.001 * right, point).ok


@pytest.mark.parametrize("slope", [0.0, 0.5, 1.0])
def test_at_a_kink_any_slope_between_both_sides_passes_and_is_told(slope: float) -> None:
    result = runaudit.gradcheck(lambda x: float(np.sum(np.maximum(x, 0))), np.array([slope, 1.0]), np.array([0.0, 1.0]))
    assert result.ok
    if slope != 0.5:
        assert result.rows[0].status == "kink"
        assert result.rows[0].low == pytest.approx(0.0, abs=1e-9)
        assert result.rows[0].high == pytest.approx(1.0)
        assert "note gradient-kinks" in kinds(result)


@pytest.mark.parametrize("slope", [-0.1, 1.1, np.nan])
def test_a_slope_outside_both_sides_of_a_kink_is_wrong(slope: float) -> None:
    result = runaudit.gradcheck(lambda x: float(np.sum(np.maximum(x, 0))), np.array([slope]), np.array([0.0]))
    assert not result.ok


@pytest.mark.parametrize("away", [3e-4, 1e-5, 1e-6])
def test_a_kink_near_by_is_crossed_and_the_gradient_still_judged(away: float) -> None:
    def loss(x: Array) -> float:
        return float(np.sum(np.maximum(x, 0) + x**2))

    point = np.array([-away])
    assert runaudit.gradcheck(loss, 2 * point, point).ok
    assert not runaudit.gradcheck(loss, 2 * point + 0.5, point).ok


def test_single_precision_is_seen_and_asked_to_be_double() -> None:
    rng = np.random.default_rng(0)
    a = rng.normal(size=(8, 8)).astype(np.float32)

    def loss(x: Array) -> Any:  # noqa: ANN401
        return np.sum((a @ x.astype(np.float32)) ** 2)

    point = rng.normal(size=8)
    result = runaudit.gradcheck(loss, 2 * a.T.astype(float) @ (a.astype(float) @ point), point)
    assert result.ok
    assert "warning gradient-precision" in kinds(result)
    assert {row.dtype for row in result.rows} == {"float32"}


def test_a_loss_that_draws_anew_is_said_to_be_random() -> None:
    rng = np.random.default_rng(0)
    result = runaudit.gradcheck(lambda x: square(x * (rng.random(x.shape) < 0.5)), 2 * X, X)
    assert not result.ok
    assert "dropout" in texts(result)
    assert kinds(result) == {"error gradient-precision"}
    assert {row.status for row in result.rows} == {"unresolved"}


def test_a_gradient_that_adds_up_or_draws_anew_is_wrong() -> None:
    total = np.zeros_like(X)

    def added(x: Array) -> Array:
        total[...] += 2 * x
        return total

    result = runaudit.gradcheck(square, added, X)
    assert not result.ok
    assert "added to that of the call before" in texts(result)
    rng = np.random.default_rng(0)
    assert "differs between two calls" in texts(runaudit.gradcheck(square, lambda x: 2 * x * rng.random(), X))


def test_tiny_gradients_are_told() -> None:
    result = runaudit.gradcheck(lambda x: 1.0 + 1e-13 * square(x), 2e-13 * X, X)
    assert "note gradient-tiny" in kinds(result)


def test_deep_and_kinked_losses_have_wider_limits() -> None:
    def limits(**options: Any) -> set[float]:  # noqa: ANN401
        return {row.limit for row in runaudit.gradcheck(square, 2 * X, X, **options).rows}

    assert limits() == {1e-7}
    assert limits(kinks=True) == limits(depth=10) == {1e-4}
    assert limits(kinks=True, depth=10) == {1e-2}


def test_a_forgotten_parameter_and_a_wrong_shape_are_faults() -> None:
    point = {"w": np.ones((2, 3)), "b": np.ones(3)}

    def loss(p: dict[str, Array]) -> float:
        return square(p["w"]) + square(p["b"])

    missing = runaudit.gradcheck(loss, {"w": 2 * point["w"]}, point)
    assert "b: 3 of 3" in texts(missing)
    assert "it is missing" in texts(missing)
    shape = runaudit.gradcheck(loss, {"w": 2 * point["w"].T, "b": 2 * point["b"]}, point)
    assert not shape.ok
    assert "w: its gradient has the shape (3, 2), the parameter (2, 3)" in texts(shape)


def data(p: Array) -> float:
    return float(np.sum(np.tanh(p)))


def penalty(p: Array) -> float:
    return 0.5 * square(p)


def test_the_part_that_is_missing_is_named() -> None:
    parts = {"data": data, "regularisation": penalty}
    result = runaudit.gradcheck(lambda p: data(p) + penalty(p), lambda p: 1 - np.tanh(p) ** 2, X, parts=parts)
    assert not result.ok
    assert "the gradient of regularisation is missing" in texts(result)


def test_a_part_with_its_gradient_is_checked_on_its_own() -> None:
    loss = {"data": (lambda p: 1e-9 * data(p), lambda p: -1e-9 * (1 - np.tanh(p) ** 2)), "regularisation": penalty}
    result = runaudit.gradcheck(lambda p: 1e-9 * data(p) + penalty(p), lambda p: p, X, parts=loss, kinks=True)
    assert {row.part for row in result.rows if row.status == "wrong"} == {"data"}
    assert "hides mistakes" in texts(result)


def test_a_loss_that_is_not_finite_is_no_pass() -> None:
    result = runaudit.gradcheck(lambda x: float("nan"), 2 * X, X)
    assert not result.ok
    assert {row.status for row in result.rows} == {"unresolved"}


def test_both_phases_make_one_log(tmp_path: Path) -> None:
    first = runaudit.gradcheck(square, 2 * X, X)
    assert "note gradient-coverage" in kinds(first)
    both = first + runaudit.gradcheck(square, 4 * X, 2 * X, phase="burn-in")
    assert both.ok
    assert not both.findings
    rows = [json.loads(line) for line in both.write(tmp_path).read_text().splitlines()]
    assert [row["phase"] for row in rows] == ["start"] * 4 + ["burn-in"] * 4
    report = runaudit.audit(tmp_path)
    assert report.runs[0].verdict == "ok"
    assert not report.findings


def test_the_log_is_judged_as_the_check_was(tmp_path: Path) -> None:
    runaudit.gradcheck(square, -2 * X, X).write(tmp_path / "gradcheck.jsonl")
    report = runaudit.audit(tmp_path)
    assert {f.rule: f.severity.value for f in report.findings} == {
        "gradient-wrong": "error",
        "gradient-coverage": "note",
    }
    assert report.exit_code == 1


def test_numbers_that_are_not_finite_are_strict_json(tmp_path: Path) -> None:
    file = runaudit.gradcheck(square, np.full(4, np.nan).reshape(2, 2), X).write(tmp_path / "x.jsonl")
    assert '"analytic": "NaN"' in file.read_text()
    assert "gradient-wrong" in {f.rule for f in runaudit.audit(tmp_path).findings}


def test_the_table_names_the_worst_place_of_each_parameter() -> None:
    gradient = 2 * X
    gradient[1, 0] += 1.0
    text = str(runaudit.gradcheck(square, gradient, X))
    assert "1,0" in text
    assert "FAILED, 1 of 4 coordinates of 1 parameters" in text


def misused(x: Array) -> float:
    x += 1
    return square(x)


@pytest.mark.parametrize(
    ("f", "grad", "x", "options", "said"),
    [
        (lambda x: x, X, X, {}, "returned 4 numbers, not one"),
        (lambda x: "low", X, X, {}, "returned a str, not one number"),
        (square, X, np.empty(0), {}, "x is empty"),
        (lambda p: 1.0, {"y": X}, {"x": X}, {}, "grad has y, which x has not: x"),
        (lambda p: 1.0, X, {"x": X}, {}, "its gradient is not"),
        (misused, 2 * X, X, {}, "changes x in place"),
        (square, X, X, {"samples": 0}, "samples=0 must be at least 1"),
        (square, X, X, {"phase": "end"}, "neither 'start' nor 'burn-in'"),
        (square, X, X, {"steps": (1e-5,)}, "three or more positive numbers"),
    ],
)
def test_what_cannot_be_checked_is_said(f: Any, grad: Any, x: Any, options: dict[str, Any], said: str) -> None:  # noqa: ANN401
    with pytest.raises(UsageError, match=said.replace("(", r"\(")):
        runaudit.gradcheck(f, grad, x, **options)


class Layer:
    """A linear layer as course assignments write it."""

    def __init__(self, sign: float = 1.0) -> None:
        rng = np.random.default_rng(0)
        self.x, self.sign = rng.normal(size=(4, 3)), sign
        self.params = {"w": rng.normal(size=(3, 2)).astype(np.float32), "b": np.zeros(2, dtype=np.float32)}
        self.grads: dict[str, Array] = {}

    def loss(self) -> float:
        mask = np.random.rand(4, 2) < 0.5  # noqa: NPY002  as course assignments draw dropout
        out = np.tanh(self.x @ self.params["w"] + self.params["b"]) * mask
        d = 2 * out * (1 - out**2) * mask
        self.grads = {"w": self.x.T @ d, "b": self.sign * d.sum(axis=0), "x": d @ self.params["w"].T}
        return float(np.sum(out**2))


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_numpy_layer_is_checked_and_left_as_it_was(sign: float) -> None:
    layer = Layer(sign)
    before = dict(layer.params)
    result = layers(layer, lambda m: m.loss())
    assert result.ok is (sign > 0)
    assert all(layer.params[name] is before[name] for name in before)
    returned = layers(layer, lambda m: (m.loss(), m.grads))
    assert logged(returned) == logged(result)


def test_a_layer_without_dicts_is_refused() -> None:
    with pytest.raises(UsageError, match="no dict of arrays 'params'"):
        layers(object(), lambda m: 0.0)
    with pytest.raises(UsageError, match="no dict of gradients 'gradients'"):
        layers(Layer(), lambda m: m.loss(), grads="gradients")


def test_the_package_is_the_function_whatever_was_imported_before() -> None:
    code = (
        "import runaudit.gradcheck, sys\nimport runaudit\n"
        "assert runaudit.gradcheck(lambda x: float(x * x), lambda x: 2 * x, 3.0).ok\n"
        "from runaudit import gradcheck\nassert gradcheck.Row and gradcheck.layers and gradcheck.module\n"
        "assert 'torch' not in sys.modules and 'runaudit.api' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)  # noqa: S603
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = runaudit.gradcheck.nothing
