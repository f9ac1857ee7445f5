"""The rules on activations and gradients, where an example in YAML would not say which layer is meant and why."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from runaudit import engine
from runaudit.detectors._layers import in_depth, total_norm
from runaudit.errors import NotJudged
from runaudit.model import ConfigValue, Hit, Run, Series, Severity
from runaudit.ruleset import load_rules

RULES = load_rules()
Values = Sequence[float]


def series(name: str, values: Values, every: int = 1) -> Series:
    x = np.asarray(values, dtype=np.float64)
    steps = np.arange(len(x), dtype=np.int64) * every
    return Series(name, steps, x, np.zeros(len(x), dtype=np.int64), name, "x.csv")


def run(logged: Mapping[str, Values], config: Mapping[str, ConfigValue] | None = None) -> Run:
    return Run("x", ("x.csv",), "csv", {n: series(n, v) for n, v in logged.items()}, config or {})


def hit(rule: str, logged: Mapping[str, Values], config: Mapping[str, ConfigValue] | None = None) -> Hit | None:
    found = engine.hits(RULES[rule], run(logged, config))
    assert len(found) <= 1
    return found[0] if found else None


def named(found: Hit | None) -> str:
    assert found is not None
    return found.series


# --- which layer ---------------------------------------------------------------------------------------------


def test_of_several_dead_layers_the_first_in_depth_is_named() -> None:
    logged = {f"zero_frac/fc{i}": [1.0] * 8 for i in (10, 2)} | {"zero_frac/fc1": [0.5] * 8}
    found = hit("dead-relu", logged)
    assert named(found) == "zero_frac/fc2"
    assert found is not None
    assert (found.facts["count"], found.facts["layers"]) == (2, 3)


def test_a_layer_that_is_surely_dead_is_named_before_one_that_is_only_sparser() -> None:
    logged = {
        "zero_frac/a": [0.92] * 8,
        "dead_frac/a": [0.8] * 8,
        "zero_frac/b": [0.5, *[0.97] * 9],
        "dead_frac/b": [0.0] * 10,
    }
    found = hit("dead-relu", logged, {"pretrained": "resnet50"})
    assert named(found) == "zero_frac/a"
    assert found is not None
    assert found.facts["dead"] == pytest.approx(0.8)
    assert not found.weak


def test_a_log_that_begins_late_tells_nothing_of_the_first_weights() -> None:
    zeros = series("zero_frac/fc1", [0.93] * 8)
    later = Series(zeros.name, zeros.steps + 100, zeros.values, zeros.lines, zeros.name, "x.csv")
    assert engine.hits(RULES["dead-relu"], Run("x", ("x.csv",), "csv", {zeros.name: zeros}))
    assert not engine.hits(RULES["dead-relu"], Run("x", ("x.csv",), "csv", {zeros.name: later}))


def test_units_of_a_small_batch_are_no_proof() -> None:
    dead = {"dead_frac/fc1": [0.6] * 8}
    sure, unsure = hit("dead-relu", dead, {"batch_size": 16}), hit("dead-relu", dead, {"batch_size": 15})
    assert sure is not None
    assert unsure is not None
    assert (sure.weak, unsure.weak) == (False, True)
    assert sure.facts["what"] == "units"


@pytest.mark.parametrize(
    ("logged", "weak"),
    [
        ({"zero_frac/a": [0.9, *[0.9] * 9]}, False),  # the very start, exactly at the limit
        ({"zero_frac/a": [0.89, *[0.9] * 9]}, None),
        ({"zero_frac/a": [0.5, *[0.999] * 9]}, False),  # the whole layer
        ({"zero_frac/a": [0.5, *[0.998] * 9]}, True),
        ({"zero_frac/a": [0.5, *[0.95] * 9]}, True),  # sparse
        ({"zero_frac/a": [0.5, *[0.949] * 9]}, None),
        ({"zero_frac/a": [0.5, *[0.9] * 9], "dead_frac/a": [0.5] * 10}, False),  # units
        ({"zero_frac/a": [0.5, *[0.9] * 9], "dead_frac/a": [0.499] * 10}, None),
        ({"dead_frac/a": [0.5] * 10}, False),
        ({"dead_frac/a": [0.499] * 10}, None),
        ({"zero_frac/a": [1.0] * 7 + [0.5] * 3}, None),  # it recovers
        ({"zero_frac/a": [0.5] * 14 + [1.0] * 2 + [0.5] * 2 + [1.0] * 2}, False),  # the median of the last quarter
        ({"zero_frac/a": [0.5, 0.5, 1.0, 1.0]}, False),  # of three rows at least
    ],
)
def test_dead_relu_at_its_limits(logged: Mapping[str, Values], weak: bool | None) -> None:
    found = hit("dead-relu", logged)
    assert (found.weak if found else None) is weak


def test_the_layer_with_most_dead_or_saturated_units_is_named() -> None:
    assert named(hit("dead-relu", {"zero_frac/a": [0.92] * 9, "zero_frac/b": [0.98] * 9})) == "zero_frac/b"
    found = hit("saturated-activation", {"saturated_frac/a": [0.6] * 9, "saturated_frac/b": [0.6] * 5 + [0.9] * 4})
    assert named(found) == "saturated_frac/b"
    assert found is not None
    assert found.facts["share"] == pytest.approx(0.9)


@pytest.mark.parametrize(("first_step", "sure"), [(0, True), (1, True), (11, True), (12, False), (40, False)])
def test_a_first_row_counts_in_the_first_tenth(first_step: int, sure: bool) -> None:
    steps = np.array([first_step, 60, 80, 110], dtype=np.int64)
    one = Series("saturated_frac/a", steps, np.full(4, 0.7), np.zeros(4, dtype=np.int64), "a", "x.csv")
    (found,) = engine.hits(RULES["saturated-activation"], Run("x", ("x.csv",), "csv", {one.name: one}))
    assert found.weak is not sure


@pytest.mark.parametrize(
    ("values", "weak"),
    [
        ([0.3, *[0.5] * 9], False),
        ([0.29, *[0.5] * 9], True),
        ([0.9, 0.5, 0.5, 0.5, 0.49, *[0.2] * 4], False),  # the median of the first half
        ([0.9, 0.9, 0.4, 0.4, 0.4, 0.4, *[0.2] * 5], None),
        ([0.1, *[0.5] * 9], True),
        ([0.1, *[0.49] * 9], None),
    ],
)
def test_saturated_at_its_limits(values: Values, weak: bool | None) -> None:
    found = hit("saturated-activation", {"saturated_frac/a": values})
    assert (found.weak if found else None) is weak


@pytest.mark.parametrize("values", [[0.5, -0.1, 0.5], [0.5, 1.1, 0.5]])
def test_what_is_no_fraction_is_not_judged(values: Values) -> None:
    with pytest.raises(NotJudged, match="no fractions"):
        hit("saturated-activation", {"saturated_frac/a": values})


def test_the_whole_layer_saturates_and_the_loss_hangs_at_exactly_the_limit() -> None:
    saturated = {"saturated_frac/rnn": [0.1, *[0.95] * 11]}
    stuck = hit("saturated-activation", saturated | {"train/loss": [4.0, *[2.01] * 11]})
    learnt = hit("saturated-activation", saturated | {"train/loss": [4.0, *[2.0] * 11]})
    assert stuck is not None
    assert learnt is not None
    assert (stuck.weak, learnt.weak) == (False, True)


def test_vanishing_gradient_names_the_smallest_block_and_the_largest_layer() -> None:
    norms = {"h.0.fc": 2e-3, "h.1.fc": 1e-4, "h.1.bias": 1e-9, "h.2.fc": 0.03, "embed": 1e-8, "head": 0.9}
    found = hit("vanishing-gradient", {f"grad_norm/{n}": [v] * 6 for n, v in norms.items()})
    assert named(found) == "grad_norm/h.1.fc"
    assert found is not None
    assert found.facts["top"] == "head"
    assert found.facts["layers"] == 5
    assert found.facts["ratio"] == pytest.approx(1e-4 / 0.9)


def test_frozen_layers_have_no_vanishing_gradient() -> None:
    norms = {"fc1": 0.0, "fc2": 0.2, "fc3": 0.3, "head": 0.5}
    assert hit("vanishing-gradient", {f"grad_norm/{n}": [v] * 6 for n, v in norms.items()}) is None


def test_the_first_half_counts_for_a_vanishing_gradient() -> None:
    logged = {f"grad_norm/fc{i}": [0.5] * 10 for i in (2, 3, 4)}
    assert hit("vanishing-gradient", logged | {"grad_norm/fc1": [1e-5] * 5 + [0.5] * 5}) is not None
    assert hit("vanishing-gradient", logged | {"grad_norm/fc1": [1e-5] * 2 + [0.5] * 8}) is None


def test_layers_without_numbers_need_two_more_signs() -> None:
    norms = {"grad_norm/stem": [1e-4] * 6, "grad_norm/body": [0.1] * 6, "grad_norm/top": [0.5] * 6}
    alone, two = hit("vanishing-gradient", norms), hit("vanishing-gradient", norms | {"train/loss": [2.3] * 12})
    assert alone is not None
    assert two is not None
    assert (alone.weak, two.weak) == (True, False)


DEEP = {"fc1": 0.005, "fc2": 0.005, "fc3": 0.005, "head": 0.9}


@pytest.mark.parametrize(
    ("norms", "loss", "weak"),
    [
        (DEEP, [1.0, *[0.5] * 20], True),  # the head is large: no sign that the others are small
        (DEEP, [1.25, *[1.125] * 20], True),  # a fall by exactly a tenth
        (DEEP, [1.0, *[0.95] * 20], False),  # stuck
        (DEEP, [9.0] * 11 + [2.4] * 10, False),  # below 0.002 of the loss of the first half
        (DEEP, [9.0] * 5 + [2.4] * 16, True),
        (DEEP, [-1.0, *[-2.0] * 20], True),  # a log-likelihood
        (DEEP | {"fc2": 0.02, "fc3": 0.06}, [1.0, *[0.5] * 20], False),  # falls from block to block
        (DEEP | {"fc2": 0.02, "fc3": 0.049}, [1.0, *[0.5] * 20], True),  # by less than ten
        (DEEP | {"fc2": 0.06, "fc3": 0.02}, [1.0, *[0.5] * 20], True),  # out of order: tau is a third
        ({"fc1": 0.005, "fc2": 0.06, "head": 0.9}, [1.0, *[0.5] * 20], True),  # two blocks have no order
        (DEEP | {"fc1": 0.0009, "fc2": 0.0009, "fc3": 0.0008}, [0.2, *[0.1] * 20], False),  # below 0.001 of the head
        (DEEP | {"fc1": 0.0009, "fc2": 0.0009, "fc3": 0.0010}, [0.2, *[0.1] * 20], True),
    ],
)
def test_each_other_sign_of_a_vanishing_gradient(norms: Mapping[str, float], loss: Values, weak: bool) -> None:
    logged: dict[str, Values] = {f"grad_norm/{n}": [v] * 6 for n, v in norms.items()}
    found = hit("vanishing-gradient", logged | {"train/loss": loss})
    assert found is not None
    assert found.weak is weak


def test_two_layers_and_two_signs_make_it_sure() -> None:
    logged: dict[str, Values] = {"grad_norm/fc1": [1e-3] * 6, "grad_norm/fc2": [0.06] * 6, "grad_norm/head": [0.9] * 6}
    for loss, weak in (([2.0] * 9, False), ([0.1] * 9, True), ([2.0] * 5 + [1.0] * 4, True)):
        found = hit("vanishing-gradient", logged | {"train/loss": loss})
        assert found is not None
        assert found.weak is weak


def test_a_block_counts_with_its_largest_layer() -> None:
    norms = {"h.0.a": 0.3, "h.0.b": 1e-6, "h.1.a": 1e-6, "h.1.b": 0.3, "h.2.a": 0.3, "head": 0.5}
    assert hit("vanishing-gradient", {f"grad_norm/{n}": [v] * 6 for n, v in norms.items()}) is None


# --- the scale of activations -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sds", "layer"),
    [
        ({"rnn": 0.01}, None),
        ({"rnn": 0.0099}, "rnn"),
        ({"rnn": 0.0, "out": 60.0}, "rnn"),  # nothing passes at all
        ({"fc1": 1.0, "fc2": 20.0}, None),
        ({"fc1": 1.0, "fc2": 20.1}, "fc2"),
        ({"fc1": 20.0, "fc2": 1.0}, None),
        ({"fc1": 20.1, "fc2": 1.0}, "fc2"),
        ({"h.0.a": 0.1, "h.0.b": 1.0, "h.1.a": 12.0, "h.1.b": 0.5}, None),  # a block counts with its largest
        ({"h.0.a": 0.1, "h.0.b": 0.2, "h.1.a": 12.0, "h.1.b": 0.5}, "h.1.a"),
        ({"fc1": 0.005, "fc2": 90.0}, "fc1"),  # farther off: by two against by 1.8
    ],
)
def test_activation_scale_at_its_limits(sds: Mapping[str, float], layer: str | None) -> None:
    found = hit("activation-scale", {f"act_std/{n}": [v] * 3 for n, v in sds.items()})
    assert (found.facts["layer"] if found else None) == layer
    if found is not None:
        assert (found.facts["least"], found.facts["most"]) == (min(sds.values()), max(sds.values()))


# --- exploding gradients ---------------------------------------------------------------------------------------


FALL = [600.0, 8.0, *[0.5] * 98]
LOSS = list(np.linspace(4.5, 2.5, 100))
LATER = list(np.linspace(60.0, 800.0, 9))


def test_says_which_norm_it_is() -> None:
    whole = hit("exploding-gradient", {"grad_norm": FALL, "train/loss": LOSS})
    layers = hit("exploding-gradient", {"grad_norm/a": FALL, "grad_norm/b": FALL, "train/loss": LOSS})
    assert whole is not None
    assert layers is not None
    assert whole.facts["by"] == "the global gradient norm"
    assert layers.facts["by"] == "the gradient norm over 2 layers"
    assert layers.facts["first"] == pytest.approx(600.0 * np.sqrt(2.0))


def test_the_layer_that_falls_alone_is_a_sign() -> None:
    slow = list(np.geomspace(60.0, 0.5, 100))
    logged = {"grad_norm": [70.0] * 20 + [1.0] * 80, "train/loss": LOSS}
    alone = hit("exploding-gradient", logged)
    told = hit("exploding-gradient", logged | {"grad_norm/rnn": slow, "grad_norm/head": [0.3] * 100})
    assert alone is not None
    assert told is not None
    assert (alone.weak, told.weak) == (True, False)
    assert told.facts["layer"] == "rnn"


@pytest.mark.parametrize(("moved", "weak"), [(0.51, False), (0.5, True)])
def test_a_first_update_of_half_the_weights_is_a_sign(moved: float, weak: bool) -> None:
    logged = {"grad_norm": [70.0] * 20 + [1.0] * 80, "train/loss": LOSS, "update_ratio/a": [moved, 1e-3, 1e-3]}
    found = hit("exploding-gradient", logged)
    assert found is not None
    assert found.weak is weak


def test_activations_that_grow_explain_a_large_gradient_without_classes() -> None:
    logged = {"grad_norm": list(np.linspace(500.0, 100.0, 40)), "train/loss": list(np.geomspace(140.0, 1.0, 40))}
    still = {"act_std/fc1": [10.0] * 9, "act_std/fc2": [50.0] * 9}
    grown = {"act_std/fc1": [10.0] * 9, "act_std/fc2": [51.0] * 9}
    assert hit("exploding-gradient", logged | still) is None
    found = hit("exploding-gradient", logged | grown)
    assert found is not None
    assert found.facts["grown"] == pytest.approx(5.1)


def test_a_sum_over_the_batch_is_not_compared_with_guessing() -> None:
    logged = {"grad_norm": [500.0] * 20 + [300.0] * 20, "train/loss": [73.7] * 40}
    assert hit("exploding-gradient", logged, {"classes": 10}) is not None
    assert hit("exploding-gradient", logged, {"classes": 10, "loss_reduction": "sum"}) is None


def test_a_loss_that_overflows_before_a_norm_is_finite() -> None:
    bad = {"grad_norm": [np.nan] * 9, "train/loss": [np.inf, *[np.nan] * 8]}
    judged = engine.judge(run(bad), [RULES["exploding-gradient"]])
    (finding,) = judged.findings
    assert finding.severity is Severity.WARNING
    assert "runs away" in finding.message
    assert json.dumps(finding.evidence)
    assert hit("exploding-gradient", bad | {"train/loss": [2.3, *[np.nan] * 8]}) is None


def test_a_norm_that_breaks_at_once_is_sure_where_it_was_steep() -> None:
    nothing = [np.nan] * 9
    for first, weak in ((51.0, False), (39.0, True)):
        found = hit("exploding-gradient", {"grad_norm": [first, *nothing], "train/loss": [10.0, *nothing]})
        assert found is not None
        assert found.weak is weak
        assert (found.first_step, found.last_step) == (0, 1)
    late = {"grad_norm": [51.0, 51.0, 50.0, *nothing], "train/loss": [10.0, 10.0, 10.0, *nothing]}
    assert hit("exploding-gradient", late) is None


def test_a_loss_that_reaches_zero_gives_no_scale() -> None:
    for end in (0.0, -3.0):
        series = {"grad_norm": [36.0] * 20 + [1.0] * 80, "train/loss": [2.0] * 50 + [end] * 50}
        with pytest.raises(NotJudged, match="no scale"):
            hit("exploding-gradient", series)


@pytest.mark.parametrize(
    ("norm", "loss", "weak"),
    [
        ([36.0] * 20 + [1.0] * 80, [2.0] * 100, True),  # falls back, no sign
        ([36.0] * 20 + [2.0] * 20 + [1.0] * 60, [2.0] * 100, True),  # the level is that of the second half
        ([36.0] * 20 + [1.0] * 29 + [2.0] * 51, [2.0] * 100, None),
        ([36.0] * 20 + [1.0] * 80, [2.0] * 50 + [1.9] * 50, None),  # less than the fall of the loss
        ([7.0] * 20 + [0.1] * 80, [2.0] * 100, None),  # it falls as far, but is small against the loss
        ([1001.0] * 20 + [1.0] * 80, [2.0] * 100, False),  # huge
        ([1000.0] * 20 + [1.0] * 80, [2.0] * 100, True),
        ([61.0, 61.0, *[2.0] * 20, *[1.0] * 78], [2.0] * 100, False),  # collapses within some rows
        ([60.0, 60.0, *[2.0] * 20, *[1.0] * 78], [2.0] * 100, True),
        ([1.0, 60.0, *LATER, 1.2e3], [2.0, 9.0, *[2.5] * 10], True),  # runs away, ends above its start
        ([1.0, 60.0, *LATER, 0.9e3], [2.0, 9.0, *[2.5] * 10], None),
        ([1.0, 60.0, *LATER, 1.2e3], [2.0, 9.0, *[1.5] * 10], None),  # the loss comes back
        ([3.0, 3.0, *[np.nan] * 9], [2.0, *[np.nan] * 10], True),  # breaks in the third row
        ([3.0, 3.0, 3.0, *[np.nan] * 9], [2.0, *[np.nan] * 11], None),
        ([3.0, np.nan, *LATER], [2.0, *[np.nan] * 10], None),  # a gap is no end
    ],
)
def test_each_way_to_explode(norm: Values, loss: Values, weak: bool | None) -> None:
    found = hit("exploding-gradient", {"grad_norm": norm, "train/loss": loss})
    assert (found.weak if found else None) is weak


def test_a_loss_far_above_guessing_needs_a_large_gradient_too() -> None:
    config: dict[str, ConfigValue] = {"classes": 10}  # guessing costs 2.303
    for top, first_loss, expected in ((101.0, 4.2, True), (100.0, 4.2, False), (101.0, 4.1, False)):
        logged = {"grad_norm": [top] * 5 + [50.0] * 15, "train/loss": [first_loss] * 20}
        assert (hit("exploding-gradient", logged, config) is not None) is expected


def test_the_largest_first_update_counts() -> None:
    logged: dict[str, Values] = {"grad_norm": [36.0] * 20 + [1.0] * 80, "train/loss": [2.0] * 100}
    logged |= {"update_ratio/a": [0.01, 0.01], "update_ratio/b": [0.9, 0.01]}
    found = hit("exploding-gradient", logged)
    assert found is not None
    assert found.facts["moved"] == pytest.approx(0.9)


def test_a_gradient_that_dies_has_no_late_level() -> None:
    logged = {"grad_norm": [5.0, *np.linspace(0.01, 0.001, 50), *[0.0] * 50], "train/loss": [2.3] * 101}
    assert hit("exploding-gradient", logged) is None


def test_a_peak_after_the_start_is_no_matter_of_the_first_weights() -> None:
    loss = [2.3] * 100
    assert hit("exploding-gradient", {"grad_norm": [50.0, 90.0, *[0.5] * 98], "train/loss": loss}) is not None
    assert hit("exploding-gradient", {"grad_norm": [1.0, 90.0, *[0.5] * 98], "train/loss": loss}) is None


def test_a_norm_after_clipping_is_not_judged() -> None:
    with pytest.raises(NotJudged, match="after clipping"):
        hit("exploding-gradient", {"grad_norm": [1.0] * 6 + [0.7] * 5})
    assert hit("exploding-gradient", {"grad_norm": [1.0] * 5 + [0.7] * 5}) is None


# --- the norm over layers, the order in depth --------------------------------------------------------------------


def test_total_norm_keeps_what_is_not_finite_and_does_not_overflow() -> None:
    a = series("a", [3.0, 3e200, np.nan, np.inf, 0.0])
    b = series("b", [4.0, 4e200, 1.0, 1.0, 0.0])
    steps, values = total_norm({"a": a, "b": b})
    assert steps.tolist() == [0, 1, 2, 3, 4]
    assert values[:2].tolist() == pytest.approx([5.0, 5e200])
    assert np.isnan(values[2])
    assert np.isposinf(values[3])
    assert values[4] == 0.0


def test_total_norm_takes_the_steps_that_all_layers_share() -> None:
    steps, values = total_norm({"a": series("a", [3.0, 3.0, 3.0]), "b": series("b", [4.0, 4.0], every=2)})
    assert steps.tolist() == [0, 2]
    assert values.tolist() == pytest.approx([5.0, 5.0])


@pytest.mark.parametrize(
    ("names", "blocks", "others"),
    [
        (
            ["conv1", "layer1.0", "layer2.0", "layer10.0", "fc"],
            [["layer1.0"], ["layer2.0"], ["layer10.0"]],
            ["conv1", "fc"],
        ),
        (["0", "2", "4"], [["0"], ["2"], ["4"]], []),
        (["rnn", "emb", "head"], [], ["emb", "head", "rnn"]),
        ([], [], []),
        (["9" * 5000, "x1"], [], ["9" * 5000, "x1"]),
    ],
)
def test_blocks_in_depth(names: list[str], blocks: list[list[str]], others: list[str]) -> None:
    assert in_depth(names) == (blocks, others)
