"""What the examples in the rule files cannot show: random curves, capacity signs, names of parts, reduced means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from runaudit import engine
from runaudit.detectors._fold import even_grid, fold, strongest_period
from runaudit.errors import NotJudged
from runaudit.examples import example_run
from runaudit.model import FloatArray, Hit, Reduction, Run, Series
from runaudit.ruleset import Rule, load_rules

POINTS = 600
EPOCH = 37.5


@pytest.fixture(scope="module")
def rules() -> Mapping[str, Rule]:
    return load_rules()


def as_run(curves: Mapping[str, Any], config: Mapping[str, Any] | None = None) -> Run:
    series = {}
    for name, one in curves.items():
        x = np.arange(len(one), dtype=np.int64)
        series[name] = Series(name, x, np.asarray(one, dtype=np.float64), x + 1, name, "x.csv")
    return Run("x", ("x.csv",), "csv", series, config or {})


def found(rule: Rule, run: Run) -> list[Hit] | str:
    try:
        return engine.hits(rule, run)
    except NotJudged as answer:
        return answer.reason


def decay(points: int = POINTS) -> FloatArray:
    return np.asarray(0.3 + 2.0 * np.exp(-10.0 * np.arange(points) / points))


def phase() -> FloatArray:
    return np.asarray(np.arange(POINTS) / EPOCH % 1.0)


def running_mean(values: FloatArray) -> FloatArray:
    """Return the mean since the epoch began, as a progress bar prints it."""
    epochs = np.floor(np.arange(POINTS) / EPOCH)
    parts = [np.cumsum(values[epochs == e]) / np.arange(1, (epochs == e).sum() + 1) for e in np.unique(epochs)]
    return np.concatenate(parts)


CONFIGS: list[dict[str, Any]] = [{}, {"train_samples": 1200, "batch_size": 32}]


@pytest.mark.parametrize("config", CONFIGS, ids=["search", "known"])
@pytest.mark.parametrize("seed", range(5))
def test_unshuffled_tells_sorted_data_from_what_looks_alike(
    rules: Mapping[str, Rule], config: dict[str, Any], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal(POINTS)
    rule = rules["unshuffled-data"]
    healthy = {
        "noise": decay() + noise,
        "wander": 2.0 + 0.1 * np.cumsum(noise),
        "staircase": 3.0 - 0.15 * np.floor(np.arange(POINTS) / EPOCH) + 0.1 * noise,
        "epochal saw-tooth of a shuffled run": decay() + 0.1 * phase() + 0.05 * noise,
        "running mean": running_mean(decay() + 0.3 * noise),
        "spikes": decay() + 0.05 * noise + 5.0 * (rng.random(POINTS) < 0.01),
    }
    for name, curve in healthy.items():
        assert found(rule, as_run({"train/loss": curve}, config)) == [], name
    hits = found(rule, as_run({"train/loss": decay() + 0.4 * np.sin(2 * np.pi * phase()) + 0.2 * noise}, config))
    assert not isinstance(hits, str)
    assert [h.weak for h in hits] == [False]
    assert hits[0].facts["period"] == pytest.approx(EPOCH, abs=0.6)


def test_unshuffled_survives_a_run_that_ends_in_nan(rules: Mapping[str, Rule]) -> None:
    curve = decay() + 0.4 * np.sin(2 * np.pi * phase())
    curve[-100:] = np.nan
    hits = found(rules["unshuffled-data"], as_run({"train/loss": curve}))
    assert [(h.first_step, h.last_step) for h in hits if not isinstance(h, str)] == [(0, POINTS - 101)]


def test_unshuffled_says_why_it_could_not_look(rules: Mapping[str, Rule]) -> None:
    rule = rules["unshuffled-data"]
    assert "uneven" in found(rule, _uneven())
    assert "5.0 logged losses" in found(rule, as_run({"train/loss": decay()}, {"train_samples": 160, "batch_size": 32}))
    assert "reinforcement" in found(rule, as_run({"train/loss": decay(), "reward": decay()}))
    means = example_run({"series": {"train/loss": [{"decay": [2.0, 1.0, 60]}]}, "reduction": "epoch-mean"})
    assert means.series["train/loss"].reduction is Reduction.EPOCH_MEAN
    assert "mean over many batches" in found(rule, means)


def _uneven() -> Run:
    x = np.cumsum(np.tile([1, 1, 1, 40], 20)).astype(np.int64)
    loss = Series("train/loss", x, decay(80), x, "loss", "x.csv")
    return Run("x", ("x.csv",), "csv", {"train/loss": loss})


def test_a_fold_sees_a_rise_but_no_staircase() -> None:
    wave = np.tile([0.0, 1.0, 2.0, 3.0, 4.0, 3.0, 2.0, 1.0], 10)
    folded = fold(wave, 8.0)
    assert folded is not None
    assert folded.rise == pytest.approx(4.0)
    assert folded.repeat == pytest.approx(1.0)
    stairs = fold(-np.repeat(np.arange(10.0), 8), 8.0)
    assert stairs is not None
    assert stairs.rise == pytest.approx(0.0, abs=0.2)
    assert fold(wave[:20], 8.0) is None


def test_the_period_is_not_its_multiple() -> None:
    wave = np.tile([0.0, 1.0, 5.0, 1.0, 0.0, 0.0, 2.0, 0.0, 0.0], 20)
    assert strongest_period(wave, 6, 45) == pytest.approx(9.0)
    assert strongest_period(wave, 6, 5) is None


def test_gaps_are_filled() -> None:
    spacing, values = even_grid(np.array([0, 10, 20, 40]), np.array([0.0, 1.0, 2.0, 4.0]))
    assert (spacing, values.tolist()) == (10.0, [0.0, 1.0, 2.0, 3.0, 4.0])


PLATEAU = {
    "train/loss": [{"decay": [2.3, 1.6, 60]}, {"repeat": [[1.6], 60]}],
    "val/loss": [{"decay": [2.3, 1.62, 12]}, {"repeat": [[1.62], 12]}],
}


@pytest.mark.parametrize(
    ("extra", "config", "outcome"),
    [
        ({}, {"architecture": "Linear"}, False),
        ({}, {"architecture": "logistic regression"}, False),
        ({}, {"architecture": "linear", "parameters": 90_000}, False),  # linear at any width
        ({"update_ratio/head": [{"repeat": [[1e-3], 9]}]}, {}, False),
        ({"update_ratio/all": [{"repeat": [[1e-3], 9]}]}, {}, "the log does not say"),
        ({"update_ratio/a": [1e-3, 1e-3], "update_ratio/b": [1e-3, 1e-3]}, {}, "the log does not say"),
        ({}, {"architecture": "lineartransformer"}, "the log does not say"),
        ({}, {"parameters": 12.3}, None),
        ({}, {"parameters": 160, "classes": 5, "loss": "cross_entropy"}, None),
    ],
)
def test_underfitting_needs_a_sign_of_the_capacity(
    rules: Mapping[str, Rule], extra: dict[str, Any], config: dict[str, Any], outcome: bool | str | None
) -> None:
    hits = found(rules["underfitting"], example_run({"series": {**PLATEAU, **extra}, "config": config}))
    if isinstance(outcome, str):
        assert outcome in hits
    else:
        assert not isinstance(hits, str)
        assert [h.weak for h in hits] == ([] if outcome is None else [outcome])


def test_a_loud_first_value_is_no_progress(rules: Mapping[str, Rule]) -> None:
    noise = np.random.default_rng(0).standard_normal(400)
    noise[0] = 2.0
    run = as_run({"train/loss": 5.0 + noise, "val/loss": np.full(20, 5.0)}, {"parameters": 30})
    assert found(rules["underfitting"], run) == []


def test_epoch_means_lag_half_an_epoch_behind(rules: Mapping[str, Rule]) -> None:
    steep = 2.0 * 0.85 ** np.arange(8)
    run = as_run({"train/loss": steep, "val/loss": steep * 0.88})  # what the end of the epoch would give
    loss = run.series["train/loss"]
    mean = Series(loss.name, loss.steps, loss.values, loss.lines, "loss", "x.csv", Reduction.EPOCH_MEAN)
    assert found(rules["val-better-than-train"], run)
    lagging = Run("x", run.paths, "csv", {**run.series, "train/loss": mean})
    assert found(rules["val-better-than-train"], lagging) == []


def test_a_million_points_are_judged_at_once(rules: Mapping[str, Rule]) -> None:
    curve = 2.0 + np.random.default_rng(0).standard_normal(200_000)
    for rule in rules.values():
        if rule.id in {"unshuffled-data", "val-better-than-train", "average-weights"}:
            assert found(rule, as_run({"train/loss": curve, "val/loss": curve})) == []


@pytest.mark.parametrize(
    ("part", "outcome"),
    [
        ("weight_decay", False),
        ("l2_reg", False),
        ("regularization_loss", False),
        ("kl", True),
        ("reg", True),
        ("box_reg", "no part"),
        ("l1_pixel", "no part"),
        ("cls", "no part"),
    ],
)
def test_the_name_says_what_regularises(rules: Mapping[str, Rule], part: str, outcome: bool | str) -> None:
    run = as_run({"train/loss": np.full(40, 4.0), f"train/loss/{part}": np.full(40, 3.0)})
    hits = found(rules["regularization-dominates"], run)
    if isinstance(outcome, str):
        assert outcome in hits
    else:
        assert not isinstance(hits, str)
        assert [h.weak for h in hits] == [outcome]


def test_parts_without_a_total_are_compared_with_each_other(rules: Mapping[str, Rule]) -> None:
    parts = {"train/loss/penalty": np.full(40, 3.0), "train/loss/ce": np.full(40, 2.0)}
    hits = found(rules["regularization-dominates"], as_run(parts))
    assert not isinstance(hits, str)
    assert hits[0].facts["ratio"] == pytest.approx(1.5)
    alone = as_run({"train/loss/penalty": np.full(40, 3.0)})
    assert "nothing to compare" in found(rules["regularization-dominates"], alone)


def test_chance_is_contradicted_by_what_was_learnt(rules: Mapping[str, Rule]) -> None:
    rule, flat = rules["stuck-at-chance"], np.full(60, np.log(10))
    assert found(rule, as_run({"train/loss": flat}, {"classes": 10}))
    assert found(rule, as_run({"train/loss": flat, "val/accuracy": np.full(9, 0.6)}, {"classes": 10})) == []
    assert found(rule, as_run({"train/loss": flat, "val/loss": np.full(9, 1.5)}, {"classes": 10})) == []
    assert "not known" in found(rule, as_run({"train/loss": flat}, {"classes": 10, "loss": "mse"}))
    assert "not known" in found(rule, as_run({"train/loss": flat, "val/accuracy": np.full(9, 0.3)}))


def test_the_root_is_chance_and_not_learning_its_consequence(rules: Mapping[str, Rule]) -> None:
    run = as_run({"train/loss": np.log(10) + 0.01 * np.random.default_rng(0).standard_normal(200)}, {"classes": 10})
    findings = engine.judge(run, list(rules.values())).findings
    causes = {f.rule: f.consequence_of for f in findings}
    assert causes["stuck-at-chance"] is None
    assert causes["not-learning"] == "stuck-at-chance"
