"""The report for agents: strict JSON Lines, worst root cause first, and what to log next."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings

from runaudit.model import Report, Severity
from runaudit.render import Options, renderer
from tests.render import fixtures as fx
from tests.render import hostile


def show(report: Report) -> list[dict[str, Any]]:
    def refuse(token: str) -> None:
        raise AssertionError(f"{token} is not JSON")

    text = renderer("agent").render(report, Options())
    assert text.isascii()
    assert text.endswith("\n")
    return [json.loads(line, parse_constant=refuse) for line in text.split("\n")[:-1]]


@pytest.mark.parametrize("name", ["one", "many", "nasty", "empty"])
def test_bytes(name: str) -> None:
    hostile.check_golden(renderer("agent").render(fx.REPORTS[name](), Options()), f"{name}.jsonl")


def test_first_the_verdict_then_root_causes_then_what_to_log() -> None:
    verdict, *causes, log = show(fx.one_run())
    assert verdict == {"verdict": "fail", "runs": {"total": 1, "fail": 1}, "exit_code": 1, "root_causes": 2}
    assert [c["rule"] for c in causes] == ["overfitting", "grad-norm-spikes"]
    assert causes[0]["window"] == [1700, 4000, "step"]
    assert causes[0]["evidence"] == {"best": 0.61, "gap": 1.34, "rise": 1.33}
    assert causes[0]["prescription"] == {"parameter": "weight_decay", "op": "multiply", "value": 10.0, "now": 0.01}
    assert causes[0]["consequences"] == [{"rule": "accuracy-gap", "severity": "warning"}]
    assert log["next_to_log"][0] == {"log": "update_ratio/<layer>", "rules": ["update-ratio-high", "update-ratio-low"]}


def test_what_was_not_read_is_in_the_verdict() -> None:
    verdict = show(fx.many_runs())[0]
    assert verdict["corrupt"] == ["runs/old/events.out.tfevents.1: the record at byte 812 is cut off"]
    assert verdict["crashes"][0]["rule"] == "loss-spikes"
    assert show(fx.empty())[0]["verdict"] == "no-run"


def test_the_same_rule_on_other_series_is_named_once() -> None:
    found = (fx.finding(), fx.finding(series="val/b/loss"), fx.finding(series="val/c/loss"))
    _, cause, _ = show(replace(fx.one_run(), findings=found))
    assert cause["also"] == ["val/b/loss", "val/c/loss"]


def test_a_consequence_without_its_cause_is_told() -> None:
    found = fx.finding(rule="accuracy-gap", consequence_of="overfitting")
    assert show(replace(fx.one_run(), findings=(found,)))[1]["rule"] == "accuracy-gap"


def test_the_worst_come_first_and_more_than_fifty_are_counted() -> None:
    report = hostile.many(60, Severity.WARNING)
    worse = fx.finding(run="r00059", rule="diverged")
    lines = show(replace(report, findings=(*report.findings, worse)))
    assert lines[1]["rule"] == "diverged"
    assert (lines[0]["root_causes"], lines[0]["told"], len(lines)) == (61, 50, 52)


def test_a_mild_cause_of_an_error_comes_before_a_warning() -> None:
    cause = fx.finding(rule="z", severity=Severity.NOTE)
    found = (fx.spike(), cause, fx.finding(rule="y", consequence_of="z"))
    assert [line["rule"] for line in show(replace(fx.one_run(), findings=found))[1:-1]] == ["z", "grad-norm-spikes"]


def test_what_is_logged_already_is_not_asked_for() -> None:
    report = fx.one_run()
    skip = replace(report.skips[0], needs=("train/loss, 100 values or more", "weight_norm/<layer>"))
    assert [a["log"] for a in show(replace(report, skips=(skip,)))[-1]["next_to_log"]] == ["weight_norm/<layer>"]


@settings(max_examples=60, deadline=None)
@given(hostile.ANY)
def test_any_text(text: str) -> None:
    lines = show(hostile.report(text))
    assert len(lines) == 1 + 4 + 1
    assert lines[0]["root_causes"] == 4
