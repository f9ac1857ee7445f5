"""The rules on gradient checks, on logs of runaudit's own check and on those of others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from runaudit import engine
from runaudit.model import Finding, Run
from runaudit.ruleset import load_rules

RULES = [rule for rule in load_rules().values() if rule.family == "gradcheck"]


def judged(rows: Sequence[Mapping[str, Any]] | None) -> dict[str, Finding]:
    tables = {} if rows is None else {"gradcheck": rows}
    judgement = engine.judge(Run("x", ("x.csv",), "x", {}, tables=tables), RULES)
    assert not judgement.crashes
    return {f.rule: f for f in judgement.findings}


def rows(factor: float = 1.0, n: int = 20, spread: float = 1e-8, **more: Any) -> list[dict[str, Any]]:  # noqa: ANN401
    rng = np.random.default_rng(0)
    numeric = rng.normal(size=n)
    analytic = factor * numeric * (1 + spread * rng.normal(size=n))
    return [
        {"parameter": "w", "index": str(i), "analytic": float(a), "numeric": float(b), **more}
        for i, (a, b) in enumerate(zip(analytic, numeric, strict=True))
    ]


def severities(found: Mapping[str, Finding]) -> dict[str, str]:
    return {rule: finding.severity.value for rule, finding in found.items()}


def test_there_are_seven_rules_and_all_skip_with_one_reason_without_a_check() -> None:
    judgement = engine.judge(Run("x", ("x.csv",), "x", {}), RULES)
    assert len(judgement.skips) == len(RULES) == 7
    assert len({(skip.reason, skip.needs) for skip in judgement.skips}) == 1
    assert severities(judged([])) == {}


def test_a_right_check_of_others_is_silent() -> None:
    assert severities(judged(rows())) == {}
    assert severities(judged(rows(spread=1e-5))) == {}


@pytest.mark.parametrize("factor", [-1.0, 2.0, 0.0])
def test_a_wrong_check_of_others_is_an_error(factor: float) -> None:
    found = judged(rows(factor))
    assert severities(found) == {"gradient-wrong": "error"}
    assert "20 of 20" in found["gradient-wrong"].message
    assert "pattern" in found["gradient-wrong"].facts


def test_single_bad_rows_of_others_are_a_note() -> None:
    table = rows()
    table[3]["analytic"] *= 1.5
    assert severities(judged(table)) == {"gradient-wrong": "note"}
    table[4]["analytic"] *= 1.001
    assert severities(judged(table))["gradient-suspect"] == "note"


def test_a_bias_with_two_wrong_numbers_is_an_error_beside_a_right_matrix() -> None:
    bias = [{"parameter": "b", "index": str(i), "analytic": 0.0, "numeric": 0.5 + i} for i in range(2)]
    found = judged(rows(n=200) + bias)
    assert severities(found)["gradient-wrong"] == "error"
    assert "b (2 of 2)" in found["gradient-wrong"].evidence[0]
    assert "missing" in str(found["gradient-wrong"].facts["pattern"])


def test_nearly_right_is_a_warning_and_follows_from_wrong() -> None:
    assert severities(judged(rows(1.002))) == {"gradient-suspect": "warning"}
    both = judged(rows(1.002) + [{**row, "parameter": "v"} for row in rows(-1.0)])
    assert both["gradient-suspect"].consequence_of == "gradient-wrong"


def test_single_precision_is_right_up_to_a_hundredth() -> None:
    assert severities(judged(rows(spread=1e-3, dtype="torch.float32"))) == {"gradient-precision": "warning"}
    assert severities(judged(rows(-1.0, dtype="float32"))) == {
        "gradient-precision": "warning",
        "gradient-wrong": "error",
    }


def test_single_precision_that_nobody_names_is_seen() -> None:
    low = [{**row, **{k: float(np.float32(row[k])) for k in ("analytic", "numeric")}} for row in rows(spread=1e-6)]
    assert severities(judged(low)) == {"gradient-precision": "warning"}


def test_a_sweep_of_others_is_judged_at_its_best_step() -> None:
    swept = [{**row, "h": 1e-5} for row in rows()] + [{**row, "h": 1e-12} for row in rows(1.3)]
    found = judged(swept)
    assert severities(found) == {"gradient-step-size": "warning"}
    assert "at h = 1e-12 right gradients look wrong, at h = 1e-05 they agree" in found["gradient-step-size"].message
    wrong = [{**row, "h": 1e-5} for row in rows(2.0)] + [{**row, "h": 1e-12} for row in rows(2.6)]
    assert severities(judged(wrong)) == {"gradient-wrong": "error"}


@pytest.mark.parametrize(("h", "word"), [(1e-12, "small"), (0.1, "large")])
def test_one_step_out_of_range_is_a_note_beside_the_error(h: float, word: str) -> None:
    found = judged(rows(1.3, h=h))
    assert severities(found) == {"gradient-wrong": "error", "gradient-step-size": "note"}
    assert f"is too {word}" in found["gradient-step-size"].message
    assert severities(judged(rows(h=h))) == {}


def test_tiny_numbers_are_noted_and_the_loss_scaled() -> None:
    tiny = [{**row, "analytic": row["analytic"] * 1e-12, "numeric": row["numeric"] * 1e-12} for row in rows()]
    assert severities(judged(tiny)) == {"gradient-tiny": "note"}


def test_a_parameter_with_hardly_a_row_beside_many_is_noted() -> None:
    found = judged([*rows(n=60), {"parameter": "b", "index": "0", "analytic": 1.0, "numeric": 1.0}])
    assert severities(found) == {"gradient-coverage": "note"}
    assert "too few coordinates of b (1)" in found["gradient-coverage"].message


def test_rows_of_nan_are_unresolved_for_the_loss_and_wrong_for_the_gradient() -> None:
    nan = float("nan")
    assert "gradient-wrong" not in judged([{**row, "numeric": nan} for row in rows()])
    assert severities(judged([{**row, "analytic": nan} for row in rows()]))["gradient-wrong"] == "error"
    every = judged([{"analytic": nan, "numeric": nan}, {"analytic": float("inf"), "numeric": 1e300}])
    assert "gradient-wrong" in every
