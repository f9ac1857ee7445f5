"""The report for agents: two kilobytes of strict JSON Lines, worst root cause first, and what to log next."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings

from runaudit.model import Confidence, Known, Report, Severity, Skip, Unreadable
from runaudit.render import Options, renderer
from runaudit.render.agent import BUDGET
from tests.render import fixtures as fx
from tests.render import hostile


def show(report: Report, verbosity: int = 0) -> list[dict[str, Any]]:
    def refuse(token: str) -> None:
        raise AssertionError(f"{token} is not JSON")

    text = renderer("agent").render(report, Options(verbosity=verbosity))
    assert text.isascii()
    assert text.endswith("\n")
    return [json.loads(line, parse_constant=refuse) for line in text.split("\n")[:-1]]


@pytest.mark.parametrize("name", ["one", "many", "nasty", "search", "empty"])
def test_bytes(name: str) -> None:
    hostile.check_golden(renderer("agent").render(fx.REPORTS[name](), Options()), f"{name}.jsonl")


def test_first_the_verdict_then_the_runs_then_what_to_log() -> None:
    verdict, run, log = show(fx.one_run())
    assert verdict == {
        "verdict": "fail", "exit_code": 1, "runs": {"total": 1, "fail": 1}, "root_causes": 2, "consequences": 1,
    }  # fmt: skip
    first, second = run["findings"]
    assert (run["run"], first["rule"], second["rule"]) == ("resnet50-a", "overfitting", "grad-norm-spikes")
    assert first["at"] == "runs/resnet50-a/trainer_state.json:412"
    assert first["window"] == [1700, 4000, "step"]
    assert first["evidence"] == {"best": 0.61, "gap": 1.34, "rise": 1.33}
    assert first["set"] == {"parameter": "weight_decay", "op": "multiply", "value": 10.0, "now": 0.01}
    assert first["try"] == ["Use the checkpoint of step 1,700, and stop there next time (early stopping)."]
    assert first["explains"] == ["accuracy-gap"]
    assert log["next_to_log"][0] == {"log": "update_ratio/<layer>", "rules": ["update-ratio-high", "update-ratio-low"]}


def test_verbose_tells_all_of_it() -> None:
    _, run, log = show(fx.one_run(), verbosity=1)
    assert len(run["findings"][0]["try"]) == 3
    assert run["findings"][0]["limit"] == {"max_rise": 0.2, "min_points": 5.0}
    assert "next_to_log" in log
    assert len(show(hostile.many(300), verbosity=1)) == 1 + 300 + 1


def test_what_was_not_read_is_in_the_verdict() -> None:
    verdict = show(fx.many_runs())[0]
    assert verdict["corrupt"] == ["runs/old/events.out.tfevents.1: the record at byte 812 is cut off"]
    assert verdict["crashes"] == ["loss-spikes on tiny: ZeroDivisionError: division by zero (spikes.py:41)"]
    five = tuple(Unreadable(f"x{i}.csv", "cut off", "corrupt") for i in range(5))
    verdict = show(replace(fx.healthy(), unreadable=five, lacking=("lr-zero is required",)))[0]
    assert (len(verdict["corrupt"]), verdict["more_corrupt"], verdict["failures"]) == (3, 2, ["lr-zero is required"])
    assert show(fx.empty())[0]["verdict"] == "no-run"


def test_a_run_without_findings_is_not_told() -> None:
    verdict, log = show(fx.healthy())
    assert (verdict["verdict"], verdict["root_causes"]) == ("ok", 0)
    assert "next_to_log" in log


def test_the_same_rule_on_other_series_is_named_once() -> None:
    found = (fx.finding(), fx.finding(series="val/b/loss"), fx.finding(series="val/c/loss"))
    _, run, _ = show(replace(fx.one_run(), findings=found))
    assert [cause["also_in"] for cause in run["findings"]] == [["val/b/loss", "val/c/loss"]]


def test_a_consequence_without_its_cause_is_told() -> None:
    found = fx.finding(rule="accuracy-gap", consequence_of="overfitting")
    assert show(replace(fx.one_run(), findings=(found,)))[1]["findings"][0]["rule"] == "accuracy-gap"


def test_a_mild_cause_of_an_error_comes_before_a_warning() -> None:
    cause = fx.finding(rule="z", severity=Severity.NOTE)
    found = (fx.spike(), cause, fx.finding(rule="y", consequence_of="z"))
    (run,) = show(replace(fx.one_run(), findings=found))[1:-1]
    assert [one["rule"] for one in run["findings"]] == ["z", "grad-norm-spikes"]


def test_of_the_same_severity_the_new_and_then_the_surest_come_first() -> None:
    sure, unsure = fx.finding(rule="sure"), fx.finding(rule="unsure", confidence=Confidence.LOW)
    known = fx.finding(rule="known", status="known")
    (run,) = show(replace(fx.one_run(), findings=(known, unsure, sure)), verbosity=1)[1:-1]
    assert [(one["rule"], one.get("status")) for one in run["findings"]] == [
        ("sure", None), ("unsure", None), ("known", "known"),
    ]  # fmt: skip


def test_a_baseline_is_counted() -> None:
    fixed = (Known("logs/x", "diverged", "train/loss", Severity.ERROR, 2),)
    verdict = show(replace(fx.one_run(), baseline="b.jsonl", fixed=fixed))[0]
    assert verdict["baseline"] == {"new": 3, "known": 0, "fixed": 2}


# --- the budget --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("runs", [2, 5, 12, 60, 2000])
def test_what_does_not_fit_is_shortened_then_named_then_counted_and_never_lost(runs: int) -> None:
    report = hostile.many(runs, Severity.WARNING)
    worse = fx.finding(run=report.runs[-1].id, rule="diverged", remedy=("Lower the rate.",))
    report = replace(report, findings=(*report.findings, worse))
    assert len(renderer("agent").render(report, Options())) <= BUDGET
    verdict, *lines = show(report)
    told = [cause for line in lines for cause in line.get("findings", ())]
    (named,) = [line["also"] for line in lines if "also" in line] or [{}]
    (left,) = [line["left_out"] for line in lines if "left_out" in line] or [{}]
    assert verdict["root_causes"] == runs + 1
    assert len(told) + sum(map(len, named.values())) + left.get("root_causes", 0) == runs + 1
    assert (told[0]["rule"], told[0]["try"]) == ("diverged", ["Lower the rate."])
    assert left.get("in_brief", 0) == sum("try" not in cause for cause in told)
    assert left.get("only_named", 0) == sum(map(len, named.values()))
    assert left.get("root_causes", 0) == left.get("warning", 0)
    if left:
        assert left["all"] == "runaudit check runs --format json"
        assert left["one_run"].startswith("runaudit check runs/r0")


def test_a_long_text_is_cut_in_its_middle() -> None:
    found = fx.finding(message="begin " + "x" * 5000 + " end", remedy=("é" * 5000,))
    text = renderer("agent").render(replace(fx.one_run(), findings=(found,)), Options())
    assert len(text) <= BUDGET
    message = json.loads(text.splitlines()[1])["findings"][0]["message"]
    assert message.startswith("begin xxx")
    assert message.endswith("xxx end")
    assert len(message) <= 240


def test_what_is_logged_already_is_not_asked_for() -> None:
    report = fx.one_run()
    skip = replace(report.skips[0], needs=("train/loss, 100 values or more", "weight_norm/<layer>"))
    assert [a["log"] for a in show(replace(report, skips=(skip,)))[-1]["next_to_log"]] == ["weight_norm/<layer>"]


def test_of_what_to_log_three_are_named_and_the_rest_counted() -> None:
    skips = tuple(Skip(f"rule-{i}", "a", "no", (f"series/{i % 5}",)) for i in range(25))
    line = show(replace(fx.one_run(), skips=skips))[-1]
    assert [ask["log"] for ask in line["next_to_log"]] == ["series/0", "series/1", "series/2"]
    assert (line["next_to_log"][0]["rules"], line["next_to_log"][0]["more_rules"]) == (
        ["rule-0", "rule-10", "rule-15"],
        2,
    )
    assert line["more_to_log"] == 2


@settings(max_examples=60, deadline=None)
@given(hostile.ANY)
def test_any_text(text: str) -> None:
    report = hostile.report(text)
    assert len(renderer("agent").render(report, Options())) <= 3 * BUDGET  # the verdict and the worst stay
    verdict, *_ = show(report)
    assert verdict["root_causes"] == 5
    assert sum(len(line.get("findings", ())) for line in show(report, verbosity=1)) == 5
