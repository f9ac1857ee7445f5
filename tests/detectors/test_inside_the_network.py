"""The rules on layers, where a log is dense at its start, names biases, frozen layers and zero weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from runaudit import engine
from runaudit.detectors._kinds import layers_of
from runaudit.errors import NotJudged
from runaudit.model import ConfigValue, Hit, Run, Series
from runaudit.ruleset import load_rules

RULES = load_rules()
DENSE = (*range(10), *range(100, 900, 100))  # what the recorder writes: the first ten updates, then every hundredth
Config = Mapping[str, ConfigValue]


def series(name: str, values: Sequence[float], steps: Sequence[int]) -> Series:
    x = np.asarray(values, dtype=np.float64)
    return Series(name, np.asarray(steps[: len(x)], np.int64), x, np.zeros(len(x), np.int64), name, "x.jsonl")


def run(logged: Mapping[str, Sequence[float]], config: Config | None = None, steps: Sequence[int] = DENSE) -> Run:
    return Run("x", ("x.jsonl",), "jsonl", {n: series(n, v, steps) for n, v in logged.items()}, config or {})


def hit(rule: str, logged: Mapping[str, Sequence[float]], config: Config | None = None) -> Hit | None:
    found = engine.hits(RULES[rule], run(logged, config))
    assert len(found) <= 1
    return found[0] if found else None


def judged(rule: str, logged: Mapping[str, Sequence[float]], config: Config | None = None) -> Hit:
    found = hit(rule, logged, config)
    assert found is not None
    return found


# --- a dense start -------------------------------------------------------------------------------------------


def test_ten_large_updates_at_the_start_make_no_ratio_high() -> None:
    assert hit("update-ratio-high", {"update_ratio/a": [0.5] * 10 + [0.001] * 8}) is None


def test_ten_small_updates_at_the_start_make_no_ratio_low() -> None:
    assert hit("update-ratio-low", {"update_ratio/a": [1e-7] * 10 + [0.001] * 8}) is None


def test_a_gradient_that_was_lost_for_ten_steps_is_not_vanishing() -> None:
    lost = {"grad_norm/fc1": [1e-8] * 10 + [0.2] * 8, "grad_norm/fc2": [0.3] * 18, "grad_norm/fc3": [0.3] * 18}
    assert hit("vanishing-gradient", lost) is None


def test_a_gradient_that_is_lost_after_ten_steps_is() -> None:
    lost = {"grad_norm/fc1": [0.2] * 10 + [1e-8] * 8, "grad_norm/fc2": [0.3] * 18, "grad_norm/fc3": [0.3] * 18}
    found = judged("vanishing-gradient", lost)
    assert (found.first_step, found.facts["which"]) == (100, "fc1 1e-8 (from 100 on)")


def test_saturation_of_ten_steps_is_not_that_of_the_first_half() -> None:
    assert hit("saturated-activation", {"saturated_frac/a": [0.9] * 10 + [0.1] * 8}) is None


def test_the_scale_of_activations_is_not_that_of_ten_steps() -> None:
    assert hit("activation-scale", {"act_std/a": [1e-4] * 10 + [1.0] * 8}) is None


# --- which layers, and since when ----------------------------------------------------------------------------


def test_layers_above_the_limit_are_named_with_the_step_since_when() -> None:
    found = judged(
        "update-ratio-high",
        {"update_ratio/a": [0.001] * 10 + [0.2] * 8, "update_ratio/b": [0.3] * 18, "update_ratio/c": [0.001] * 18},
    )
    assert found.facts["which"] == "b 0.3 (from 0 on), a 0.2 (from 100 on)"
    assert (found.first_step, found.facts["above"], found.facts["layers"]) == (0, 2, 3)
    assert found.factor == pytest.approx(0.01)


def test_of_many_dead_layers_three_are_named() -> None:
    found = judged("dead-relu", {f"zero_frac/fc{i}": [0.5, *[1.0] * 17] for i in range(5)})
    assert found.facts["which"] == "fc0 100.0% (from 1 on), fc1 100.0% (from 1 on), fc2 100.0% (from 1 on) and 2 more"


# --- what is a layer -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["fc1.bias", "ln_1", "blocks.0.norm1", "bn/gamma", "tok_emb", "fc1/bias:0"])
def test_what_is_no_layer_does_not_move_the_median(name: str) -> None:
    low = {"update_ratio/fc1": [1e-5] * 18}
    assert judged("update-ratio-low", low | {f"update_ratio/{name}": [0.9] * 18}).facts["layers"] == 1
    assert hit("update-ratio-high", low | {f"update_ratio/{name}": [0.9] * 18}) is None


def test_a_numbered_normalisation_is_known_by_its_ones_and_zeros() -> None:
    norms = {"0": series("n", [3.3], DENSE), "1": series("n", [4.0], DENSE), "1.bias": series("n", [0.0], DENSE)}
    found = dict.fromkeys(("0", "0.bias", "1", "1.bias"), 1)
    assert list(layers_of(found, norms)) == ["0"]
    assert list(layers_of(found)) == ["0", "1"]
    assert list(layers_of(found, norms | {"1.bias": series("n", [0.2], DENSE)})) == ["0", "1"]


def test_an_embedding_alone_is_a_layer() -> None:
    assert layers_of({"wte": 1, "wte.bias": 2}) == {"wte": 1}
    assert layers_of({"fc.bias": 1}) == {}


def test_the_first_update_of_a_bias_is_no_sign_of_an_explosion() -> None:
    logged = {"grad_norm": [36.0] * 8 + [1.0] * 10, "train/loss": [2.0] * 18, "update_ratio/fc1": [0.01] * 18}
    assert judged("exploding-gradient", logged | {"update_ratio/fc1.bias": [9.0] * 18}).weak
    assert not judged("exploding-gradient", logged | {"update_ratio/fc2": [0.9, *[0.01] * 17]}).weak


# --- layers that do not change -------------------------------------------------------------------------------

STILL = {"update_ratio/a": [0.0] * 18, "update_ratio/b": [0.001] * 18}


@pytest.mark.parametrize(
    ("more", "config", "cause"),
    [
        ({}, {"without_gradient": ["a.weight"]}, "no gradient reaches them"),
        ({"grad_norm/a": [0.0] * 18}, {"frozen": ["c.weight"]}, "their gradients are exactly zero"),
        ({"grad_norm/a": [0.2] * 18}, {"frozen": []}, "they have gradients, which the optimizer does not follow"),
        ({}, {"frozen": []}, None),
    ],
)
def test_why_a_layer_does_not_change(more: Mapping[str, Sequence[float]], config: Config, cause: str | None) -> None:
    found = judged("unchanged-weights", {**STILL, **more}, config)
    assert (found.facts.get("cause"), found.facts["which"], found.weak) == (cause, "a (from 0 on)", False)


def test_frozen_layers_are_told_apart_from_forgotten_ones() -> None:
    logged = {**STILL, "update_ratio/c": [0.0] * 18}
    assert hit("unchanged-weights", STILL, {"frozen": ["a.weight"]}) is None
    found = judged("unchanged-weights", logged, {"frozen": ["a.weight"]})
    assert (found.facts["which"], found.series) == ("c (from 0 on)", "update_ratio/c")


def test_layers_may_be_frozen_where_the_log_does_not_say_so() -> None:
    assert judged("unchanged-weights", STILL).weak
    assert judged("unchanged-weights", STILL, {"parameters": 9.0, "trainable_parameters": 5.0}).weak
    assert not judged("unchanged-weights", STILL, {"parameters": 9.0, "trainable_parameters": 9.0}).weak


def test_a_norm_that_stays_is_weak_for_weights_may_be_normalised() -> None:
    logged = {"weight_norm/a": [3.0] * 18, "weight_norm/b": np.linspace(3, 4, 18).tolist()}
    assert judged("unchanged-weights", logged, {"frozen": []}).weak


def test_steps_without_a_learning_rate_do_not_count() -> None:
    logged = {"update_ratio/a": [0.001] * 10 + [0.0] * 8, "update_ratio/b": [0.001] * 18}
    assert judged("unchanged-weights", logged).first_step == 100
    assert hit("unchanged-weights", {**logged, "lr": [0.1] * 10 + [0.0] * 8}) is None


def test_nothing_moves_though_there_are_gradients() -> None:
    logged = {"update_ratio/a": [0.0] * 18, "grad_norm/a": [0.3] * 18}
    assert not judged("unchanged-weights", logged).weak
    assert hit("unchanged-weights", {"update_ratio/a": [0.0] * 18}) is None


# --- zero weights --------------------------------------------------------------------------------------------


def test_the_ratio_of_zero_weights_is_no_overflow() -> None:
    logged = {"train/loss": [1.0] * 18, "update_ratio/a.bias": [np.inf, *[0.5] * 17], "update_ratio/b": [np.nan] * 18}
    assert hit("non-finite", logged | {"weight_norm/a.bias": [0.0, *[0.1] * 17], "weight_norm/b": [0.0] * 18}) is None
    assert hit("non-finite", logged) is None
    assert hit("non-finite", logged | {"weight_norm/b": [0.5] * 18}) is not None


def test_a_layer_that_leaves_zero_is_meant_so() -> None:
    assert hit("zero-weights", {"weight_norm/a": [0.0] * 15 + [0.5] * 3}) is None
    found = judged("zero-weights", {"weight_norm/a": [2.0] * 11 + [0.0] * 7, "weight_norm/b": [2.0] * 18})
    assert (found.first_step, found.facts["which"]) == (200, "a 0 (from 200 on)")


def test_too_few_rows_are_not_judged() -> None:
    for rule in ("zero-weights", "unchanged-weights"):
        with pytest.raises(NotJudged):
            engine.hits(RULES[rule], run({"weight_norm/a": [1.0, 1.0], "update_ratio/a": [0.0, 0.0]}))


# --- half precision ------------------------------------------------------------------------------------------


def test_loss_scaling_finds_its_level_at_the_start() -> None:
    counts = [7.0] * 6 + [0.0] * 12
    assert hit("non-finite", {"train/loss": [1.0] * 18, "nonfinite/gradients": counts}) is None


def test_gradients_that_overflow_later_are_reported_with_their_number() -> None:
    found = judged(
        "non-finite", {"train/loss": [1.0] * 18, "nonfinite/gradients": [0.0] * 13 + [7.0, 9.0, 7.0, 7.0, 0.0]}
    )
    assert (found.first_step, found.facts["gradients"], found.weak) == (400, 9.0, False)
