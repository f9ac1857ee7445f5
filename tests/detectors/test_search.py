"""What the rules on searches say of searches whose truth is known, and what they share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from runaudit import engine
from runaudit.detectors._importance import importance
from runaudit.detectors._search import Search, search_of
from runaudit.detectors._search_noise import fitted
from runaudit.errors import NotJudged
from runaudit.model import Finding, Run
from runaudit.ruleset import load_rules

OURS = ("best-on-border", "linear-scale", "grid-search", "not-staged", "winner-not-repeated", "trials-diverged")
RULES = [load_rules()[name] for name in OURS]
SEEDS = range(20)
Row = dict[str, Any]


def row(params: Mapping[str, float | str], value: float | None, **more: object) -> Row:
    return {"params": dict(params), "value": value, "state": "complete", **more}


def findings(rows: Sequence[Row], ranges: Sequence[Row] = ()) -> dict[str, Finding]:
    tables = {"trials": rows, "ranges": ranges, "search": [{"objective": "val/loss", "direction": "min"}]}
    judged = engine.judge(Run("s", ("s",), "search", {}, tables=tables), RULES, scope="sweep")
    assert not judged.crashes
    return {f.rule: f for f in judged.findings}


def alarms(rows: Sequence[Row], ranges: Sequence[Row] = ()) -> set[str]:
    return {rule for rule, f in findings(rows, ranges).items() if f.severity != "note"}


def loss(rate: float, decay: float, rng: np.random.Generator) -> float:
    """Return a loss that is best at a learning rate of 3e-3 and a weight decay of 1e-4."""
    bowl = 0.15 * (np.log10(rate) + 2.5) ** 2 + 0.02 * (np.log10(decay) + 4) ** 2
    return float(0.3 + bowl + 0.03 * rng.normal())


def drawn(rng: np.random.Generator, low: float, high: float, trials: int, *, log: bool = True) -> list[Row]:
    rates = 10 ** rng.uniform(np.log10(low), np.log10(high), trials) if log else rng.uniform(low, high, trials)
    decays = 10 ** rng.uniform(-6, -2, trials)
    return [row({"lr": a, "wd": b}, loss(a, b, rng)) for a, b in zip(rates.tolist(), decays.tolist(), strict=True)]


def rate(rows: Sequence[Sequence[Row]], rule: str) -> float:
    return float(np.mean([rule in alarms(one) for one in rows]))


def test_a_search_that_ends_below_the_best_values() -> None:
    searches = [drawn(np.random.default_rng(s), 1e-6, 1e-3, 30) for s in SEEDS]
    assert rate(searches, "best-on-border") >= 0.9
    assert sum("not-staged" in findings(one) for one in searches) <= 2  # the range must move, not shrink
    found = findings(searches[0])["best-on-border"]
    assert found.series == "lr"
    assert found.facts["side"] == "upper"
    assert float(found.facts["next_low"]) < 1e-3 < 3e-3 < float(found.facts["next_high"])


def test_a_search_on_a_linear_scale() -> None:
    searches = [drawn(np.random.default_rng(s), 1e-5, 1e-1, 40, log=False) for s in SEEDS]
    assert rate(searches, "linear-scale") >= 0.9
    declared = [{"param": "lr", "low": 1e-5, "high": 1e-1, "log": False, "choices": None}]
    assert all("linear-scale" in alarms(one[:10], declared) for one in searches)
    assert not any("best-on-border" in findings(one, declared) for one in searches)  # nobody looked at the lower end
    declared[0]["log"] = True
    assert not any("linear-scale" in alarms(one, declared) for one in searches)


def test_a_search_without_stages() -> None:
    searches = [drawn(np.random.default_rng(s), 1e-5, 1e-1, 40) for s in SEEDS]
    assert rate(searches, "not-staged") >= 0.9
    found = findings(searches[1])["not-staged"]
    assert float(found.facts["next_low"]) < 3e-3 < float(found.facts["next_high"])
    assert found.facts["optuna"].startswith('trial.suggest_float("lr", ')  # type: ignore[union-attr]


def test_a_good_search_is_left_alone() -> None:
    """A wide stage, a fine one around its best, and the winner four times more."""
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        rows = drawn(rng, 1e-5, 1e-1, 16)
        best = min(rows, key=lambda r: float(r["value"]))["params"]["lr"]
        rows += drawn(rng, best / 4, best * 4, 16)
        winner = min(rows, key=lambda r: float(r["value"]))["params"]
        rows += [row(winner, loss(winner["lr"], winner["wd"], rng), seed=i) for i in range(4)]
        assert not alarms(rows), seed


def test_a_plateau_at_the_end_is_no_border() -> None:
    """From the middle of the range on nothing gets better: the best of many lies in the outer tenth by luck."""
    found = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        rows = drawn(rng, 1e-5, 1e-1, 40)
        rows = [{**r, "value": max(0.0, -3 - np.log10(r["params"]["lr"])) + 0.1 * rng.normal()} for r in rows]
        found += "best-on-border" in findings(rows)
    assert found <= 8


def test_folds_that_order_the_trials_differently_are_needed() -> None:
    rng = np.random.default_rng(0)
    good = [[0.0] * 4, *([1.0 + 0.3 * x for x in rng.normal(size=4)] for _ in range(12))]
    rows = [row({"lr": 10.0**-i}, float(np.mean(folds)), folds=folds) for i, folds in enumerate(good)]
    rule = load_rules()["folds-where-one-would-do"]
    tables = {"trials": rows, "ranges": [], "search": [{"objective": "loss", "direction": "min"}]}
    assert not engine.hits(rule, Run("s", ("s",), "search", {}, tables=tables))


def test_nothing_is_seen_where_nothing_matters() -> None:
    quiet = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        rows = [{**one, "value": float(rng.normal())} for one in drawn(rng, 1e-5, 1e-1, 24)]
        quiet += not alarms(rows)
    assert quiet >= 57


def test_a_table_sorted_by_its_results_tells_no_stages() -> None:
    rows = drawn(np.random.default_rng(0), 1e-5, 1e-1, 40)
    for way in (False, True):
        assert "not-staged" in alarms(sorted(rows, key=lambda r: float(r["value"]), reverse=way))


def test_repeats_of_the_winner_are_one_sign_of_where_the_good_values_are() -> None:
    rows = drawn(np.random.default_rng(3), 1e-5, 1e-1, 24)
    edge = {"lr": 0.1, "wd": 1e-2}
    assert "best-on-border" not in alarms(rows + [row(edge, 0.29, seed=i) for i in range(6)])


def test_the_edge_between_good_and_lost_trials() -> None:
    rows = [row({"lr": 10.0**-i, "wd": 0.1}, None if i < 6 else 1.0, state="diverged" if i < 6 else "complete")
            for i in range(12)]  # fmt: skip
    found = findings(rows)["trials-diverged"]
    assert found.facts["where"] == "lr from 1e-05 on: 6 of 6 are lost, of the others 0 of 6"
    assert not any("cut short" in line for line in found.evidence)


def made(rows: Sequence[Row], direction: str | None = "min") -> Search:
    return search_of(rows, None, [{"objective": "loss", "direction": direction}], 8)


def test_importance_is_sure_of_what_matters_and_only_of_that() -> None:
    rng = np.random.default_rng(0)
    rows = drawn(rng, 1e-5, 1e-1, 40)
    rows = [{**r, "params": {**r["params"], "act": "relu" if i % 2 else "tanh"}} for i, r in enumerate(rows)]
    first, *others = importance(made(rows))
    assert (first.parameter, first.sure, first.trials) == ("lr", "sure", 40)
    assert first.share > 0.6
    assert {one.parameter for one in others} == {"wd", "act"}
    assert all(one.share < 0.2 for one in others)
    assert importance(made([{**r, "value": 1.0} for r in rows]))[0].sure == "unclear"


def test_importance_of_a_choice() -> None:
    rng = np.random.default_rng(1)
    rows = [row({"act": "abc"[i % 3], "x": i}, float(i % 3 == 0) + 0.1 * rng.normal()) for i in range(24)]
    assert importance(made(rows))[0].parameter == "act"


@pytest.mark.parametrize("direction", [None, "", "sideways"])
def test_without_a_direction_only_what_needs_none_is_judged(direction: str | None) -> None:
    rows = drawn(np.random.default_rng(0), 1e-5, 1e-1, 40, log=False)
    with pytest.raises(NotJudged, match="whether a large or a small loss is good"):
        importance(made(rows, direction))
    tables = {"trials": rows, "ranges": [], "search": [{"objective": "x", "direction": direction}]}
    judged = engine.judge(Run("s", ("s",), "search", {}, tables=tables), RULES, scope="sweep")
    assert {s.rule for s in judged.skips} == {"best-on-border", "not-staged", "winner-not-repeated"}
    assert {f.rule for f in judged.findings} == {"linear-scale"}


def test_rows_that_hold_little() -> None:
    """Blank settings, texts among numbers, infinite values, no states: no rule breaks."""
    rows: list[Row] = [{"params": {"lr": 0.1 * i, "odd": [1] if i % 2 else "x"}, "value": i} for i in range(10)]
    rows += [{"params": {}, "value": None}, {"params": {"lr": float("inf")}, "value": float("nan")}, {}]
    findings(rows)
    found = made(rows)
    assert found.states[-3:] == ("failed", "diverged", "failed")
    assert fitted(found, found.costs(8)) is None
    with pytest.raises(NotJudged, match="no setting differs"):
        made([row({"lr": 0.1}, float(i)) for i in range(9)])
    with pytest.raises(NotJudged, match="only 3 trials with a result, 8 needed"):
        made(rows[:3])
