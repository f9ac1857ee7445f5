"""Comparisons: the verdicts with and without a difference, the measures, the axis, what is noted."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from runaudit.compare import Comparison, Verdict, compare
from runaudit.compare.axis import epoch_length
from runaudit.compare.metrics import is_up_good
from runaudit.errors import UsageError
from runaudit.model import Run
from runaudit.numerics import level
from runaudit.sweep import OBJECTIVES
from tests.compare import make

FIVE = [0.50, 0.51, 0.49, 0.505, 0.495]


def sure(comparison: Comparison) -> tuple[Verdict, str]:
    assert comparison.test is not None
    return comparison.verdict, comparison.test.name


def test_five_seeds_a_side_are_judged_exactly() -> None:
    found = compare(make.group("new", [v - 0.1 for v in FIVE]), make.group("old", FIVE))
    assert sure(found) == (Verdict.BETTER, "exact permutation test")
    assert found.test is not None
    assert found.test.p == pytest.approx(2 / 252)
    assert found.test.low < -0.1 < found.test.high < 0
    assert found.test.effect < -5
    assert "lower" in found.reason
    back = compare(make.group("new", FIVE), make.group("old", [v - 0.1 for v in FIVE]))
    assert back.verdict is Verdict.WORSE


def test_up_is_better_where_it_is() -> None:
    high, low = (
        make.group("new", [0.9 + v / 10 for v in FIVE], metric="reward"),
        make.group("old", FIVE, metric="reward"),
    )
    assert compare(high, low).verdict is Verdict.BETTER
    assert compare(low, high).verdict is Verdict.WORSE
    assert compare(high, low).primary.name == "reward"


def test_three_seeds_a_side_are_judged_by_welch_since_no_arrangement_is_rare_enough() -> None:
    found = compare(make.group("new", [0.2, 0.21, 0.22]), make.group("old", [0.5, 0.52, 0.54]))
    assert sure(found) == (Verdict.BETTER, "Welch's t test")


def test_one_run_against_several_takes_their_spread() -> None:
    near = compare([make.run("new", 0.485, seed=9)], make.group("old", FIVE))
    assert sure(near) == (Verdict.UNCLEAR, "t test")
    assert near.test is not None
    assert near.test.needed is not None
    assert f"{near.test.needed} seeds a side" in near.advice
    assert compare([make.run("new", 0.3, seed=9)], make.group("old", FIVE)).verdict is Verdict.BETTER


def test_one_run_a_side_cannot_tell_what_seeds_may_do() -> None:
    near = compare([make.run("new", 0.47, seed=1)], [make.run("old", 0.5, seed=2)])
    assert near.verdict is Verdict.UNCLEAR
    assert near.test is not None
    assert near.test.assumed
    assert math.isnan(near.test.p)
    assert "assumed" in near.reason
    assert "Run more seeds" in near.advice
    far = compare([make.run("new", 0.2, seed=1)], [make.run("old", 0.5, seed=2)])
    assert far.verdict is Verdict.BETTER
    assert "Repeat" in far.advice


def test_a_noisy_curve_alone_hides_a_difference() -> None:
    quiet = compare([make.run("new", 0.25, seed=1)], [make.run("old", 0.5, seed=2)])
    noisy = compare([make.run("new", 0.25, seed=1, noise=0.4)], [make.run("old", 0.5, seed=2, noise=0.4)])
    assert (quiet.verdict, noisy.verdict) == (Verdict.BETTER, Verdict.UNCLEAR)


@pytest.mark.parametrize(("n", "m"), [(1, 1), (1, 2), (3, 3), (5, 5), (1, 5)])
def test_seeds_alone_are_called_better_in_at_most_one_case_of_twenty(n: int, m: int) -> None:
    random = np.random.default_rng(100 * n + m)
    verdicts: Counter[Verdict] = Counter()
    for trial in range(60):
        levels = 0.5 * np.exp(0.08 * random.standard_normal(n + m))
        runs = [make.run(f"r{i}", float(v), seed=1000 * trial + i, points=20) for i, v in enumerate(levels)]
        verdicts[compare(runs[:n], runs[n:]).verdict] += 1
    assert verdicts[Verdict.BETTER] <= 5  # 3 are one in twenty; more than 5 of 60 would be chance in one case of 20


def test_equal_runs_do_not_differ() -> None:
    one = make.run("a", seed=4)
    found = compare([one], [replace(one, id="b")])
    assert (found.verdict, found.test.difference if found.test else None) == (Verdict.UNCLEAR, 0.0)
    assert "no difference at all" in found.reason


def test_copies_of_a_reference_count_once_and_a_run_on_both_sides_is_no_reference() -> None:
    old = make.group("old", FIVE)
    copy = replace(old[0], id="copy")
    new = make.run("new", 0.5, seed=77)
    found = compare([new], [*old, copy, new])
    assert len(found.primary.references) == 5
    assert any("copy holds the values of old/0" in note for note in found.notes)
    assert any("on both sides" in note for note in found.notes)


def test_references_of_one_seed_do_not_show_the_noise_of_seeds() -> None:
    same = make.group("old", [0.5, 0.5, 0.5], noise=1e-4, config={"seed": 1})
    found = compare([make.run("new", 0.48, seed=5, noise=1e-4)], same)
    assert found.verdict is Verdict.UNCLEAR
    assert any("all have the seed" in note for note in found.notes)
    other = [replace(one, config={"seed": i}) for i, one in enumerate(same)]
    assert compare([make.run("new", 0.48, seed=5, noise=1e-4)], other).verdict is Verdict.BETTER


def test_two_references_that_happen_to_be_equal_prove_nothing() -> None:
    flat = [make.with_values(make.run(f"old/{i}", seed=i), "val/loss", np.full(40, 0.5)) for i in range(2)]
    new = make.with_values(make.run("new", seed=5), "val/loss", np.full(40, 0.49))
    assert compare([new], flat).verdict is Verdict.UNCLEAR


def broken(name: str, at: int = 30) -> Run:
    base = make.run(name, seed=at)
    values = base.series["val/loss"].values.copy()
    values[at:] = np.nan
    return make.with_values(base, "val/loss", values)


def test_a_run_that_diverged_is_worse_and_the_step_is_told() -> None:
    found = compare([broken("new")], make.group("old", FIVE))
    assert found.verdict is Verdict.WORSE
    assert "NaN from step 3,000 on" in found.reason
    assert found.runs[0].diverged
    assert compare([*make.group("new", FIVE), broken("bad")], make.group("old", FIVE)).verdict is Verdict.WORSE
    assert compare([broken("new")], [make.run("old")]).verdict is Verdict.WORSE


def test_a_training_loss_that_diverged_counts_too() -> None:
    base = make.run("new", 0.2)
    values = base.series["train/loss"].values.copy()
    values[-1] = np.inf
    found = compare([make.with_values(base, "train/loss", values)], make.group("old", FIVE))
    assert (found.verdict, "train/loss is inf" in found.reason) == (Verdict.WORSE, True)


def test_a_single_reference_that_diverged_proves_nothing() -> None:
    assert compare([make.run("new")], [broken("old")]).verdict is Verdict.UNCLEAR
    many = compare(make.group("new", FIVE), [broken(f"old/{i}", 20 + i) for i in range(5)])
    assert many.verdict is Verdict.BETTER


def test_a_reference_that_diverged_among_others_does_not_cut_the_range() -> None:
    found = compare(make.group("new", FIVE), [*make.group("old", FIVE), broken("bad", 3)])
    assert found.verdict is Verdict.UNCLEAR
    assert found.primary.high == 3900


def test_nothing_is_extrapolated() -> None:
    found = compare([make.run("new", points=20)], make.group("old", FIVE))
    assert (found.primary.low, found.primary.high) == (0, 1900)
    assert any("compared up to step 1,900" in note for note in found.notes)
    assert all(m.points == 20 for m in found.primary.references)
    late = replace(make.run("late"), series={"val/loss": make.series("val/loss", np.ones(9), first=90_000)})
    with pytest.raises(UsageError, match="share no stretch"):
        compare([late], [make.run("old")])


def test_a_reference_that_ended_early_is_not_counted() -> None:
    found = compare([make.run("new")], [*make.group("old", FIVE), make.run("cut", points=5)])
    assert found.primary.high == 3900
    assert [m.used for m in found.references] == [True] * 5 + [False]
    assert any("cut ended early" in note for note in found.notes)


def test_the_measures_are_what_they_say() -> None:
    values = np.concatenate([np.linspace(2.0, 1.0, 51)[:-1], np.full(51, 1.0)])
    base = make.run("old", points=101, every=10)
    old = make.with_values(base, "val/loss", values)
    new = make.with_values(replace(base, id="new"), "val/loss", values - 0.5)
    metric = compare([new], [old]).primary
    (run,), (reference,) = metric.runs, metric.references
    assert (run.final, reference.final, metric.target) == (0.5, 1.0, 1.0)
    assert (run.best, run.best_at) == (0.5, 500)
    assert reference.mean == pytest.approx(1.25, abs=1e-9)
    assert run.mean == pytest.approx(0.75, abs=1e-9)
    assert run.reached == pytest.approx(250, abs=30)
    assert reference.reached == pytest.approx(500, abs=30)
    assert run.noise == 0
    assert metric.change == -0.5
    assert metric.name == "val/loss"
    assert level(new.series["val/loss"].values) == 0.5


def test_the_final_value_is_of_the_last_tenth_or_of_three_values() -> None:
    values = np.concatenate([np.ones(91), np.full(10, 2.0)])
    old = make.with_values(make.run("old", points=101), "val/loss", values)
    assert compare([make.run("new", points=101)], [old]).primary.references[0].final == 2.0
    few = [make.with_values(make.run(name, points=8), "val/loss", np.arange(8.0)) for name in ("new", "old")]
    assert compare(few[:1], few[1:]).primary.references[0].final == 6.0


def test_where_the_runs_leave_the_band_for_good() -> None:
    old = make.group("old", FIVE, points=100)
    base = make.run("new", 0.5, seed=31, points=100)
    values = base.series["val/loss"].values.copy()
    values[60:] += 0.3
    found = compare([make.with_values(base, "val/loss", values)], old)
    assert found.primary.left_at == pytest.approx(6000, abs=400)
    assert found.primary.left_to == "above"
    middle = compare([make.run("new", 0.5, seed=31, points=100)], old).primary
    assert math.isnan(middle.left_at) == (middle.left_to == "")


def test_runs_that_count_differently_are_aligned_by_epoch() -> None:
    by_epoch = make.run("new", unit="epoch", every=1, points=20)
    config = {"train_samples": 3200, "batch_size": 32}
    by_step = make.run("old", every=100, points=21, config=config)
    found = compare([by_epoch], [by_step])
    assert (found.by, found.unit) == ("epoch", "epoch")
    assert (found.primary.low, found.primary.high) == (1, 20)  # epoch 0 of the one ends where step 100 of the other is
    with pytest.raises(UsageError, match="not aligned by step"):
        compare([by_epoch], [by_step], by="step")
    with pytest.raises(UsageError, match="how many steps an epoch has in old"):
        compare([by_epoch], [make.run("old")], by="epoch")


def test_the_length_of_an_epoch() -> None:
    assert epoch_length(make.run("a", unit="epoch")) == 1
    assert epoch_length(make.run("a", config={"max_steps": 100, "epochs": 4})) == 25
    assert epoch_length(make.run("a", config={"train_samples": 90, "batch_size": 3, "grad_accumulation": 2})) == 15
    assert epoch_length(make.run("a", config={"train_samples": "many", "batch_size": 0})) is None


def test_runs_are_aligned_by_time() -> None:
    fast, slow = make.run("new"), make.run("old")
    seconds = {name: make.series("time/step", np.full(40, value)) for name, value in (("f", 0.5), ("s", 1.0))}
    fast = replace(fast, series={**fast.series, "time/step": seconds["f"]})
    slow = replace(slow, series={**slow.series, "time/step": seconds["s"]})
    found = compare([fast], [slow], by="time")
    assert (found.unit, found.primary.high) == ("second", 1950)
    with pytest.raises(UsageError, match="no time of a step is logged in old"):
        compare([fast], [make.run("old")], by="time")


def test_batch_sizes_that_differ_are_noted() -> None:
    found = compare([make.run("new", config={"batch_size": 64})], [make.run("old", config={"batch_size": 32})])
    assert any("batch sizes differ" in note for note in found.notes)
    assert [(d.key, d.runs, d.references) for d in found.settings] == [("batch_size", (64,), (32,))]


def test_a_side_of_several_settings_is_noted() -> None:
    new = [make.run(f"new/{i}", seed=i, config={"seed": i, "lr": 0.1 * i}) for i in (1, 2)]
    old = [make.run(f"old/{i}", seed=i + 5, config={"seed": i, "dropout": 0.1 * i}) for i in (1, 2)]
    notes = " ".join(compare(new, old).notes)
    assert "the runs differ in lr" in notes
    assert "the references differ in dropout" in notes


def test_settings_that_differ() -> None:
    old = [make.run(f"old/{i}", seed=i, config={"seed": i, "lr": 0.1, "same": 1, "gone": "x"}) for i in range(2)]
    new = make.run("new", seed=9, config={"seed": 9, "lr": 0.2, "same": 1.0})
    found = {d.key: (d.runs, d.references, d.incidental) for d in compare([new], old).settings}
    assert found == {"lr": ((0.2,), (0.1,), False), "gone": ((), ("x",), False), "seed": ((9,), (0, 1), True)}


def test_one_metric_decides() -> None:
    found = compare([make.run("new")], [make.run("old", seed=1)], metric="train/loss")
    assert [m.name for m in found.metrics] == ["train/loss", "val/loss"]
    with pytest.raises(UsageError, match="no val/f1 in new, old; all runs have: val/loss, train/loss"):
        compare([make.run("new")], [make.run("old")], metric="val/f1")
    lr = make.series("lr", np.ones(40))
    both = [replace(make.run(name), series={"lr": lr}) for name in ("new", "old")]
    with pytest.raises(UsageError, match="known direction"):
        compare(both[:1], both[1:], metric="lr")
    with pytest.raises(UsageError, match="no metric"):
        compare(both[:1], both[1:])


def test_empty_sides_and_short_runs() -> None:
    with pytest.raises(UsageError, match="no reference"):
        compare([make.run("new")], [])
    short = compare([make.run("new", points=2)], [make.run("old", points=2, seed=1)])
    assert (short.verdict, "fewer than 3" in short.reason) == (Verdict.UNCLEAR, True)


def test_runs_of_one_name_are_told_apart() -> None:
    found = compare([make.run(".")], [make.run(".", seed=2)])
    assert [m.id for m in (*found.runs, *found.references)] == [".", ". (2)"]


def test_the_exit_code_by_verdict() -> None:
    unclear = compare([make.run("new")], [make.run("old", seed=1)])
    better = compare(make.group("new", [v - 0.2 for v in FIVE]), make.group("old", FIVE))
    worse = compare(make.group("old", FIVE), make.group("new", [v - 0.2 for v in FIVE]))
    wanted = {"worse": (0, 0, 1), "not-better": (0, 1, 1), "different": (1, 0, 1), "never": (0, 0, 0)}
    assert {name: tuple(c.exit_code(name) for c in (better, unclear, worse)) for name in wanted} == wanted


def test_the_direction_of_every_objective_is_known() -> None:
    assert all(is_up_good(name) is (way == "max") for name, way in OBJECTIVES)
    assert is_up_good("val/cats/loss") is False
    assert is_up_good("grad_norm") is None


@pytest.mark.parametrize("values", [[np.nan] * 40, [np.inf] * 40, [1e308] * 40, [-1e308, 1e308] * 20, [0.0] * 40])
def test_any_values_give_a_verdict(values: list[float]) -> None:
    odd = make.with_values(make.run("odd"), "val/loss", np.array(values))
    with np.errstate(over="ignore", invalid="ignore"):
        for new, old in (([odd], [make.run("old")]), ([make.run("new")], [odd]), ([odd], [replace(odd, id="twin")])):
            assert compare(new, old).verdict in set(Verdict)
