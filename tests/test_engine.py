"""Rules on runs: inputs, skips, crashes that stop nothing, causes before consequences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
import pytest

from runaudit import engine
from runaudit.detectors import Detector
from runaudit.detectors.above import DETECTOR as ABOVE
from runaudit.errors import NotJudged
from runaudit.model import Confidence, ConfigValue, Hit, Run, Series, Severity
from runaudit.ruleset import Rule, load_rules

BASE = load_rules()["loss-spikes"]


def series(name: str, *values: float) -> Series:
    count = np.arange(len(values))
    return Series(name, count, np.array(values), count + 2, name, "log.csv")


def run(*every: Series, config: Mapping[str, ConfigValue] | None = None) -> Run:
    return Run("r", ("log.csv",), "csv", {s.name: s for s in every}, config or {})


def rule(name: str, detector: Detector = ABOVE, **changes: object) -> Rule:
    plain: dict[str, object] = {
        "id": name, "detector": detector, "inputs": {"series": ("train/loss",)}, "params": {}, "explains": (),
        "values": {"limit": 2.0, "min_points": 1}, "message": "{series} reached {peak:g}", "evidence": (),
        "severity": Severity.WARNING, "confidence": Confidence.HIGH, "needs": ("train/loss",), "prescription": {},
    }  # fmt: skip
    return replace(BASE, **{**plain, **changes})  # type: ignore[arg-type]


LOSS = series("train/loss", 1, 3, 1)


def test_a_rule_that_finds_nothing_passed() -> None:
    judged = engine.judge(run(series("train/loss", 1, 1)), [rule("a")])
    assert (judged.run.passed, judged.run.verdict, judged.findings) == (("a",), "ok", ())


def test_a_finding_says_where_and_what() -> None:
    (found,) = engine.judge(run(LOSS), [rule("a")]).findings
    assert (found.message, found.first_step, found.last_step, found.line) == ("train/loss reached 3", 1, 1, 3)
    assert (found.path, found.series, dict(found.limit)) == ("log.csv", "train/loss", {"limit": 2.0, "min_points": 1})


@pytest.mark.parametrize("unit", ["step", "epoch", "sample", "token", "row"])
def test_a_message_calls_a_step_what_the_run_counts(unit: str) -> None:
    words = rule("a", message="high at {step} {first_step}", evidence=("for {last_step} {step}s",))
    (found,) = engine.judge(replace(run(LOSS), step_unit=unit), [words]).findings
    assert (found.message, found.evidence) == (f"high at {unit} 1", (f"for 1 {unit}s",))


def test_a_missing_series_is_a_skip_with_what_to_log() -> None:
    judged = engine.judge(run(series("val/loss", 1)), [rule("a")])
    (skip,) = judged.skips
    assert (skip.rule, skip.reason, skip.needs) == ("a", "not in this log: train/loss", ("train/loss",))
    assert judged.run.verdict == "unknown"
    (skip,) = engine.judge(run(), [rule("a", inputs={"series": ("val/loss", "test/loss")}, needs=())]).skips
    assert (skip.reason, skip.needs) == ("not in this log: val/loss or test/loss", ("val/loss", "test/loss"))


def raises(series: Series, *, limit: float, min_points: int) -> Iterator[Hit]:
    if limit > 100:
        raise NotJudged("too little", "more")
    yield Hit(0, 0, {"peak": 1.0, "points": 1})
    raise ZeroDivisionError("by zero")


def test_a_crash_is_told_and_stops_no_other_rule() -> None:
    broken = rule("broken", Detector("raises", raises, frozenset({"peak", "points"})))
    judged = engine.judge(
        run(LOSS), [broken, rule("a"), replace(broken, id="thin", values={"limit": 200.0, "min_points": 1})]
    )
    (crash,) = judged.crashes
    assert (crash.rule, crash.run) == ("broken", "r")
    assert crash.error.startswith("ZeroDivisionError: by zero (test_engine.py:")
    assert [f.rule for f in judged.findings] == ["a"]
    assert [(s.rule, s.reason, s.needs) for s in judged.skips] == [("thin", "too little", ("more",))]


def test_a_message_that_cannot_be_written_is_a_crash_too() -> None:
    assert engine.judge(run(LOSS), [rule("a", message="{peek}")]).crashes[0].rule == "a"


def test_a_rule_of_a_sweep_is_not_asked_about_a_run() -> None:
    judged = engine.judge(run(LOSS), [rule("a", scope="sweep")])
    assert (judged.findings, judged.run.passed, judged.skips) == ((), (), ())


def test_of_several_series_each_gives_a_finding() -> None:
    layers = rule("a", inputs={"series": ("grad_norm/*",)})
    both = run(series("grad_norm/a", 3), series("grad_norm/b", 1), series("grad_norm/c", 4))
    assert [f.series for f in engine.judge(both, [layers]).findings] == ["grad_norm/a", "grad_norm/c"]


def test_a_weak_hit_has_the_weak_severity() -> None:
    def weak(series: Series, *, limit: float, min_points: int) -> Iterator[Hit]:
        yield Hit(0, 1, {"peak": limit, "points": min_points}, weak=True, factor=0.5)

    weakly = rule(
        "a",
        Detector("weak", weak, frozenset({"peak", "points"})),
        weak_severity=Severity.NOTE,
        weak_confidence=Confidence.LOW,
        prescription={"parameter": "learning_rate", "op": "multiply", "value": "factor"},
        evidence=("peak {peak}", "absent {other}"),
    )
    (found,) = engine.judge(run(LOSS), [weakly]).findings
    assert (found.severity, found.confidence, found.evidence) == (Severity.NOTE, Confidence.LOW, ("peak 2.0",))
    assert found.prescription is not None
    assert (found.prescription.parameter, found.prescription.value) == ("learning_rate", 0.5)


@pytest.mark.parametrize(("first", "second"), [("m", "b"), ("b", "m")])
def test_a_consequence_follows_its_cause_which_counts_as_much(first: str, second: str) -> None:
    rules = {"m": rule("m", explains=("b",)), "b": rule("b", severity=Severity.ERROR), "c": rule("c")}
    judged = engine.judge(run(LOSS), [rules[first], rules["c"], rules[second]])
    assert [(f.rule, f.consequence_of) for f in judged.findings] == [("m", None), ("b", "m"), ("c", None)]
    assert judged.run.verdict == "fail"


def test_the_last_cause_of_a_chain_is_the_root() -> None:
    chain = [rule("a", explains=("b", "a")), rule("b", explains=("c",)), rule("c")]
    found = engine.judge(run(LOSS), chain).findings
    assert [(f.rule, f.consequence_of) for f in found] == [("a", None), ("b", "a"), ("c", "a")]


def test_a_note_explains_no_warning() -> None:
    rules = [rule("a", explains=("b",), severity=Severity.NOTE), rule("b")]
    assert [(f.rule, f.consequence_of) for f in engine.judge(run(LOSS), rules).findings] == [("b", None), ("a", None)]


def needs_number(series: Series, classes: float | None, kind: str | None, *, limit: float) -> Iterator[Hit]:
    yield Hit(0, 0, {"classes": -1.0 if classes is None else classes, "kind": str(kind), "limit": limit})


@pytest.mark.parametrize(
    ("config", "seen"),
    [
        ({"classes": "10", "loss": "ce"}, (10.0, "ce")),
        ({"classes": True, "loss": True}, (1.0, "true")),
        ({"classes": "many", "loss": 3}, (-1.0, "3")),
        ({"classes": [1, 2], "loss": None}, (-1.0, "None")),
        ({}, (-1.0, "None")),
    ],
)
def test_settings_are_read_as_the_detector_takes_them(config: dict[str, ConfigValue], seen: tuple[float, str]) -> None:
    asks = rule(
        "a",
        Detector("needs_number", needs_number, frozenset({"classes", "kind", "limit"})),
        inputs={"series": ("train/loss",), "classes": ("config:classes",), "kind": ("config:loss",)},
        values={"limit": 1.0},
        message="m",
    )
    (found,) = engine.judge(run(LOSS, config=config), [asks]).findings
    assert (found.facts["classes"], found.facts["kind"]) == seen


def test_rules_that_explain_each_other_lose_no_finding() -> None:
    circle = [rule("a", explains=("b",)), rule("b", explains=("a",)), rule("c", explains=("a", "b"))]
    assert [f.rule for f in engine.judge(run(LOSS), circle[:2]).findings] == ["a", "b"]
    assert [f.rule for f in engine.judge(run(LOSS), circle).findings] == ["c", "a", "b"]
