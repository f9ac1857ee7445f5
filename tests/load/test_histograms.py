"""What histograms tell of layers, against numpy on the numbers that went into them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import inf, nan
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pytest

from runaudit.load.build import build
from runaudit.load.companions import Companions
from runaudit.load.discover import Found
from runaudit.load.histograms import Derived, derived
from runaudit.load.parts import Part
from runaudit.load.tensors import layer_of
from runaudit.model import FloatArray, Note, RawLog, RawSeries, Run
from runaudit.readers._summary import Histogram, from_triples

POSITIVE = 1e-12 * 1.1 ** np.arange(775)
TENSORBOARD = np.concatenate((-POSITIVE[::-1], [0.0], POSITIVE))  # its default bins
NO_SUMS: dict[str, Any] = {"sum": nan, "sum_squares": nan}
RNG = np.random.default_rng(3)
RELU = [np.maximum(RNG.normal(-0.3, 2.0, 5000), 0.0) for _ in range(4)]


def histogram(numbers: FloatArray, bins: FloatArray | int = TENSORBOARD) -> Histogram:
    """Return the histogram as the reader gives it: no bucket reaches beyond the data."""
    low, high = float(numbers.min()), float(numbers.max())
    good = numbers[np.isfinite(numbers)]
    counts, edges = np.histogram(good, bins)
    edges = np.clip(edges, low, high) if low <= high else edges
    total, squares = float(numbers.sum()), float((numbers * numbers).sum())
    return Histogram(low, high, float(len(numbers)), total, squares, edges[:-1], edges[1:], counts.astype(np.float64))


def table(tags: Mapping[str, Sequence[FloatArray | Histogram]], bins: FloatArray | int = TENSORBOARD) -> dict[str, Any]:
    """Return the table of tags whose rows lie at steps 0, 10, 20, ..."""
    made = {
        tag: tuple((10 * i, one if isinstance(one, Histogram) else histogram(one, bins)) for i, one in enumerate(rows))
        for tag, rows in tags.items()
    }
    return {"histograms": made}


def of_layer(*rows: FloatArray | Histogram, bins: FloatArray | int = TENSORBOARD) -> Derived:
    """Return what the histograms of the activations of one layer tell."""
    return derived(table({"activations/fc1": rows}, bins), {"activations/fc1": "run/log"}, ())


def values(found: Derived, name: str) -> list[float]:
    return [float(value) for value in found.series[name].values]


# --- which tensor of which layer ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tag", "known"),
    [
        ("activations/fc1", ("activations", "fc1")),
        ("act/h.0.mlp", ("activations", "h.0.mlp")),
        ("fc1/activations", ("activations", "fc1")),
        ("train/activation/fc1", ("activations", "fc1")),
        ("gradients/fc1.weight", ("gradients", "fc1")),
        ("grad/fc1", ("gradients", "fc1")),
        ("fc1/gradients", ("gradients", "fc1")),
        ("fc1.weight.grad", ("gradients", "fc1")),
        ("fc1.bias.grad", ("gradients", "fc1.bias")),
        ("weights/fc1", ("weights", "fc1")),
        ("Parameters/fc1.weight", ("weights", "fc1")),
        ("fc1.weight", ("weights", "fc1")),
        ("fc1/kernel_0", ("weights", "fc1")),
        ("dense/kernel/histogram", ("weights", "dense")),
        ("dense/kernel:0", ("weights", "dense")),
        ("dense_1/kernel_0_grad", ("gradients", "dense_1")),
        ("lstm/lstm_cell/recurrent_kernel/histogram", ("weights", "lstm/lstm_cell/recurrent_kernel")),
        ("embedding/embeddings_0", ("weights", "embedding")),
        ("rnn.weight_ih_l0", ("weights", "rnn.weight_ih_l0")),
        ("model/grads/fc1/weight", ("gradients", "fc1")),
        ("model/weights/0.weight", ("weights", "0")),
        ("epoch_gradients/fc1", ("gradients", "fc1")),
        ("grad_hist/fc1.weight", ("gradients", "fc1")),
        ("hist/fc1.weight", ("weights", "fc1")),
        ("gradients/graph_0fc1.weight", ("gradients", "fc1")),
        ("parameters/fc1.weight", ("weights", "fc1")),
        ("output.weight", ("weights", "output")),
        ("relu1/output", ("activations", "relu1")),
        ("encoder.grad_proj.weight", ("weights", "encoder.grad_proj")),
        ("dense/bias/histogram", ("", "")),
        ("bn1.running_mean", ("", "")),
        ("val/activations/fc1", ("", "")),
        ("validation/fc1/gradients", ("", "")),
        ("images", ("", "")),
        ("fc1.bias", ("", "")),
        ("activations/", ("", "")),
        ("actions/left", ("", "")),
    ],
)
def test_tags(tag: str, known: tuple[str, str]) -> None:
    assert layer_of(tag) == known


# --- means, deviations and norms ---------------------------------------------------------------------------


@pytest.mark.parametrize("bins", [TENSORBOARD, 1, 30])
def test_means_and_deviations_are_exact(bins: FloatArray | int) -> None:
    rows = [RNG.normal(1.0, 3.0, 777) for _ in range(3)]
    found = of_layer(*rows, bins=bins)
    np.testing.assert_allclose(values(found, "act_mean/fc1"), [x.mean() for x in rows])
    np.testing.assert_allclose(values(found, "act_std/fc1"), [x.std() for x in rows])
    one = found.series["act_std/fc1"]
    assert (one.steps.tolist(), one.lines.tolist()) == ([0, 10, 20], [0, 0, 0])
    assert (one.source_name, one.path) == ("histogram activations/fc1", "run/log")


def test_norms_are_exact() -> None:
    first, second = RNG.normal(size=(40, 5)), RNG.normal(size=90)
    tags = {"gradients/fc1.weight": [first.ravel()], "head.weight": [second]}
    found = derived(table(tags), {}, ())
    assert {n: s.values[0] for n, s in found.series.items()} == pytest.approx(
        {"grad_norm/fc1": np.linalg.norm(first), "weight_norm/head": np.linalg.norm(second)}
    )


def test_equal_numbers_have_no_deviation() -> None:
    found = of_layer(np.full(7, 0.7))  # rounding makes its variance negative
    assert values(found, "act_std/fc1") == [0.0]


def test_nan_and_infinities_stay() -> None:
    rows = [np.array([1.0, nan, 2.0]), np.array([1.0, inf]), np.array([-inf, inf]), np.array([1.0, 3.0])]
    with np.errstate(invalid="ignore"):
        tags = {"act/a": rows, "grad/a": [x[:2] for x in rows], "act/b": [np.ones(9)]}
        found = derived(table(tags), {}, ())
    np.testing.assert_equal(values(found, "act_mean/a"), [nan, inf, nan, 2.0])
    np.testing.assert_equal(values(found, "act_std/a"), [nan, nan, nan, 1.0])
    np.testing.assert_allclose(values(found, "grad_norm/a"), [nan, inf, inf, np.sqrt(10.0)])


def test_an_empty_histogram_gives_no_value() -> None:
    none = np.zeros(0)
    empty = Histogram(0.0, 0.0, 0.0, 0.0, 0.0, none, none, none)
    found = of_layer(RELU[0], empty, RELU[1])
    assert {name: s.steps.tolist() for name, s in found.series.items()} == {
        "act_mean/fc1": [0, 20],
        "act_std/fc1": [0, 20],
        "zero_frac/fc1": [0, 20],
    }
    nothing = of_layer(empty)
    assert (dict(nothing.series), nothing.notes) == ({}, ())
    assert [n.canonical for n in nothing.names] == [""]


@pytest.mark.parametrize("sums", [NO_SUMS, {"sum": 0.0, "sum_squares": 0.0}, {"sum_squares": -1.0}, {"num": nan}])
def test_sums_that_were_not_written_are_not_made_up(sums: dict[str, Any]) -> None:
    one = replace(histogram(RNG.normal(size=99), 1), **sums)
    found = derived(table({"act/a": [one], "grad/a": [one], "grad/b": [np.ones(5)], "grad/c": [np.ones(6)]}), {}, ())
    assert list(found.series) == ["grad_norm/b", "grad_norm/c"]


@pytest.mark.parametrize("bins", [TENSORBOARD, 30, 64])
def test_a_norm_without_sums_is_that_of_the_bins(bins: FloatArray | int) -> None:
    rows = [RNG.normal(0.0, scale, 2000) for scale in (1.0, 0.01)]
    made = [replace(histogram(x, bins), **NO_SUMS) for x in rows]
    found = derived(table({"grad/a": made, "grad/b": [np.ones(5)] * 2}), {}, ())
    assert values(found, "grad_norm/a") == pytest.approx([float(np.linalg.norm(x)) for x in rows], rel=0.05)


def test_bins_that_leave_a_norm_open_tell_none() -> None:
    spiked = np.concatenate([RNG.normal(0.0, 1e-3, 20_000), [1.0]])
    made = replace(histogram(spiked, 30), **NO_SUMS)
    found = derived(table({"grad/a": [made], "grad/b": [np.ones(5)]}), {}, ())
    assert list(found.series) == ["grad_norm/b"]


def test_histograms_of_tensorflow_2_tell_no_mean() -> None:
    counts, edges = np.histogram(RNG.normal(size=500), 30)
    found = of_layer(from_triples(np.stack([edges[:-1], edges[1:], counts], axis=1).astype(np.float64)))
    assert not found.series


# --- exact zeros -------------------------------------------------------------------------------------------


def test_zeros_of_rectified_layers_are_exact() -> None:
    found = of_layer(*RELU, np.zeros(50), np.full(50, 2.0))
    assert values(found, "zero_frac/fc1") == [*(float(np.mean(x == 0)) for x in RELU), 1.0, 0.0]


def test_a_layer_that_is_zero_throughout_is_told() -> None:
    assert values(of_layer(np.zeros(50), np.zeros(50)), "zero_frac/fc1") == [1.0, 1.0]


def test_zero_bins_of_either_side_count() -> None:
    edges = np.array([0.0, 0.0, 1e-12, 1.0])  # a writer whose buckets take their right limit
    one = Histogram(0.0, 1.0, 8.0, 4.0, 4.0, edges[:-1], edges[1:], np.array([4.0, 0.0, 4.0]))
    assert values(of_layer(one), "zero_frac/fc1") == [0.5]


@pytest.mark.parametrize("bins", [1, 30])
def test_a_wide_bin_at_zero_tells_no_zeros(bins: int) -> None:
    assert "zero_frac/fc1" not in of_layer(*RELU, bins=bins).series
    mixed = of_layer(histogram(RELU[0]), histogram(RELU[1], bins))  # the rows that tell would be a choice
    assert "zero_frac/fc1" not in mixed.series


@pytest.mark.parametrize("numbers", [RNG.normal(size=999), np.where(RELU[0] > 0, RELU[0], -0.1), RELU[0] + 0.5])
def test_a_layer_that_is_not_rectified_has_no_zeros(numbers: FloatArray) -> None:
    assert list(of_layer(numbers).series) == ["act_mean/fc1", "act_std/fc1"]


@pytest.mark.parametrize(
    "wrong", [{"min": 0.0, "max": 0.0, "left": np.zeros(2), "right": np.zeros(2)}, {"num": 9000.0}, {"max": inf}]
)
def test_bins_that_contradict_the_sums_tell_no_share(wrong: dict[str, Any]) -> None:
    one = histogram(RELU[0], np.array([0.0, 1e-12, 99.0]))
    assert "zero_frac/fc1" in of_layer(one).series
    assert "zero_frac/fc1" not in of_layer(replace(one, **wrong)).series


# --- saturation --------------------------------------------------------------------------------------------


def tanh(scale: float, size: int = 4000) -> FloatArray:
    return np.tanh(np.random.default_rng(5).normal(0.2, scale, size))


@pytest.mark.parametrize("bins", [TENSORBOARD, 30])
@pytest.mark.parametrize("scale", [0.8, 1.0, 1.5, 2.0, 3.0, 5.0, 20.0])
def test_saturation_is_near_the_truth(scale: float, bins: FloatArray | int) -> None:
    x = tanh(scale)
    truth = float(np.mean(np.abs(x) > 0.97))
    assert values(of_layer(x, bins=bins), "saturated_frac/fc1") == [pytest.approx(truth, abs=0.025)]
    sigmoid = [(x + 1) / 2 * 0.9999 + 5e-5, (tanh(scale / 2) + 1) / 2 * 0.9999 + 5e-5]
    second = float(np.mean(np.abs(2 * sigmoid[1] - 1) > 0.97))
    found = values(of_layer(*sigmoid, bins=bins), "saturated_frac/fc1")
    assert found == [pytest.approx(truth, abs=0.025), pytest.approx(second, abs=0.025)]


def test_units_that_are_all_at_the_bound_are_saturated() -> None:
    assert values(of_layer(np.repeat([-1.0, 1.0], 20)), "saturated_frac/fc1") == [1.0]


def test_without_sums_wide_bins_tell_nothing_where_many_lie_in_them() -> None:
    calm, loud = (replace(histogram(tanh(scale)), **NO_SUMS) for scale in (0.7, 3.0))
    truth = float(np.mean(np.abs(tanh(0.7)) > 0.97))
    assert values(of_layer(calm), "saturated_frac/fc1") == [pytest.approx(truth, abs=0.025)]
    assert not of_layer(calm, loud).series  # the calm row alone would be a choice


@pytest.mark.parametrize("bins", [1, 4])
def test_few_bins_tell_no_saturation(bins: int) -> None:
    assert "saturated_frac/fc1" not in of_layer(tanh(3.0), bins=bins).series


@pytest.mark.parametrize(
    "numbers",
    [
        RNG.normal(size=999),
        0.5 * tanh(3.0),
        np.minimum(RELU[0], 1.0),
        np.linspace(0.3, 0.95, 99),
        1.01 * tanh(9.0),
    ],
)
def test_a_layer_without_bounds_has_no_saturation(numbers: FloatArray) -> None:
    assert "saturated_frac/fc1" not in of_layer(numbers, numbers * 0.9).series


def test_probabilities_of_a_softmax_are_not_saturated() -> None:
    logits = [RNG.normal(0, scale, (200, 50)) for scale in (0.5, 9.0, 12.0)]
    rows = [(np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)).ravel() for z in logits]
    assert list(of_layer(*rows).series) == ["act_mean/fc1", "act_std/fc1"]


# --- the whole run -----------------------------------------------------------------------------------------


def test_a_quantity_that_the_log_has_is_not_derived() -> None:
    tags = {"act/a": [RELU[0]], "act/b": [RELU[1]], "grad/a": [np.ones(5)]}
    found = derived(table(tags), {}, {"zero_frac/a", "grad_norm/z", "grad_norm"})
    assert list(found.series) == ["act_mean/a", "act_std/a", "act_mean/b", "act_std/b"]
    assert (found.names[-1].source_name, found.names[-1].canonical) == ("histogram grad/a", "")
    assert "of its own" in found.names[-1].why
    assert list(derived(table(tags), {}, {"grad_norm"}).series)[-1] == "grad_norm/a"


def test_histograms_of_one_size_may_be_samples() -> None:
    rows = [RELU[0][:150]]
    tags = {"act/a": rows, "grad/a": rows, "grad/b": rows, "weights/a": rows}
    found = derived(table(tags), {"grad/a": "x"}, ())
    assert list(found.series) == ["act_mean/a", "act_std/a", "zero_frac/a"]
    text = "every histogram counts 150 numbers, it may be a sample: grad_norm and weight_norm are not derived"
    assert Note(text, "x") in found.notes
    assert "grad_norm/b" in derived(table(tags | {"act/a": [RELU[0]]}), {}, ()).series


def test_two_histograms_of_one_layer() -> None:
    tags = {"gradients/a": [np.ones(4)], "a.weight.grad": [np.ones(9)]}
    found = derived(table(tags), {}, ())
    assert {name: s.values.tolist() for name, s in found.series.items()} == {"grad_norm/a": [2.0]}
    assert [n.canonical for n in found.names] == ["grad_norm/a", ""]


def test_steps_that_fall_back_and_other_tables() -> None:
    a, b, c = (histogram(np.full(n, float(n))) for n in (2, 3, 4))
    found = derived({"histograms": {"act/a": ((0, a), (5, b), (3, c)), "act/b": "?", "act/c": ((0, "?"),)}}, {}, ())
    assert found.series["act_mean/a"].steps.tolist() == [0, 3]
    assert values(found, "act_mean/a") == [2.0, 4.0]
    assert {n.source_name for n in found.names} == {"histogram act/a"}
    assert derived({"other": {"x": 1}}, {}, ()).names == ()


def test_a_run_holds_them() -> None:
    loss = RawSeries("loss", np.array([2.0, 1.0]), np.arange(2), np.zeros(2, dtype=np.int64), np.array([0.0, 10.0]))
    log = RawLog("fake", (loss,), tables=table({"act/a": RELU, "grad/a": [np.ones(4)], "grad/b": [np.ones(9)]}))
    run = build("r", [Part(Found(Path("a"), PurePosixPath("a"), named=False), log)], Companions({}, (), ()))
    assert isinstance(run, Run)
    assert {"train/loss", "act_mean/a", "act_std/a", "zero_frac/a", "grad_norm/a", "grad_norm/b"} == set(run.series)
    assert run.notes == (Note("act_mean, act_std, zero_frac, grad_norm of 2 layers: derived from histograms", "a"),)
    assert [n.canonical for n in run.names if n.source_name == "histogram act/a"] == [
        "act_mean/a",
        "act_std/a",
        "zero_frac/a",
    ]
    assert run.series["zero_frac/a"].path == "a"
    assert run.series["grad_norm/b"].values.tolist() == [3.0]
