"""SARIF: what GitHub code scanning demands of a file, in every report and with any text."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given, settings

from runaudit.model import Report, Severity
from runaudit.render import Options, renderer
from runaudit.render import sarif as sarif_format
from tests.render import fixtures as fx
from tests.render import hostile

LINK = re.compile(r"(?<!\\)\[[^\]\\]*\]\(")


def show(report: Report) -> dict[str, Any]:
    def refuse(token: str) -> None:
        raise AssertionError(f"{token} is not JSON")

    text = renderer("sarif").render(report, Options())
    assert text.isascii()
    document = json.loads(text, parse_constant=refuse)
    assert (document["version"], len(document["runs"])) == ("2.1.0", 1)
    run: dict[str, Any] = document["runs"][0]
    return run


def check(run: dict[str, Any]) -> None:
    """Compare with what GitHub lists as required, and with its limits."""
    rules = run["tool"]["driver"]["rules"]
    assert len({r["id"] for r in rules}) == len(rules)
    for rule in rules:
        assert 0 < len(rule["shortDescription"]["text"]) <= 1_024
        assert 0 < len(rule["fullDescription"]["text"]) <= 1_024
        assert rule["help"]["text"]
        assert rule["help"]["markdown"]
        assert rule.get("name", "").lower() != rule["id"]
        assert rule["properties"]["precision"] in {"high", "medium", "low"}
        assert rule["properties"]["problem.severity"] in {"error", "warning", "recommendation"}
        assert "security-severity" not in rule["properties"]
    identities = []
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in {"error", "warning", "note"}
        assert result["message"]["text"].isprintable()
        assert not LINK.search(result["message"]["text"])
        assert len(result["locations"]) == 1
        check_place(result["locations"][0])
        identities.append((result["ruleId"], *result["partialFingerprints"].values()))
    assert len(set(identities)) == len(identities)
    assert len({"suppressions" in r for r in run["results"]}) <= 1
    for note in run["invocations"][0]["toolExecutionNotifications"]:
        assert note["message"]["text"].isprintable()
        for place in note.get("locations", []):
            check_place(place)


def check_place(place: dict[str, Any]) -> None:
    physical = place["physicalLocation"]
    path = physical["artifactLocation"]["uri"]
    parts = urlsplit(path)
    assert path
    assert (parts.scheme, parts.netloc, parts.query, parts.fragment) == ("", "", "", "")
    assert re.fullmatch(r"[A-Za-z0-9._~/%-]+", path)
    assert not unquote(path).startswith(("/", "../"))
    region = physical["region"]
    assert region["startLine"] >= 1
    assert (region["startColumn"], region["endLine"]) == (1, region["startLine"])
    assert region["endColumn"] > region["startColumn"]


@pytest.mark.parametrize("name", ["one", "many", "nasty", "search", "empty"])
def test_bytes(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sarif_format, "__version__", "0")
    hostile.check_golden(renderer("sarif").render(fx.REPORTS[name](), Options()), f"{name}.sarif")


@pytest.mark.parametrize("name", fx.REPORTS)
def test_what_github_demands(name: str) -> None:
    check(show(fx.REPORTS[name]()))


def test_a_finding_is_a_result_at_its_line() -> None:
    result = show(fx.one_run())["results"][0]
    physical = result["locations"][0]["physicalLocation"]
    assert physical["artifactLocation"]["uri"] == "runs/resnet50-a/trainer_state.json"
    assert physical["region"]["startLine"] == 412
    assert result["message"]["text"].startswith(
        "val/loss rose 133 % after its best point, while train/loss still fell."
    )
    assert result["properties"]["facts"] == {"best": 0.61, "gap": 1.34, "rise": 1.33}


def test_a_format_without_lines_stands_at_line_1() -> None:
    found = fx.finding(path="events.1", line=None)
    region = show(replace(fx.one_run(), findings=(found,)))["results"][0]["locations"][0]["physicalLocation"]["region"]
    assert region["startLine"] == 1


def test_the_fingerprint_holds_neither_step_nor_value() -> None:
    later = fx.finding(first_step=1800, message="rose 200 %", facts={"rise": 2.0}, line=500)
    results = [show(replace(fx.one_run(), findings=(f,)))["results"][0] for f in (fx.finding(), later)]
    assert results[0]["partialFingerprints"] == results[1]["partialFingerprints"]


def test_a_rule_has_its_level_help_and_address() -> None:
    rules = {r["id"]: r for r in show(fx.one_run())["tool"]["driver"]["rules"]}
    assert list(rules) == sorted(rules)
    rule = rules["overfitting"]
    assert rule["helpUri"] == "https://cs231n.github.io/neural-networks-3/#accuracy"
    assert rule["defaultConfiguration"]["level"] == "error"
    assert "1. Use the checkpoint of step 1,700" in rule["help"]["markdown"]


def test_known_and_suppressed_findings_are_suppressed_results() -> None:
    report = replace(fx.one_run(), findings=(fx.finding(status="known"), fx.spike()), suppressed=(fx.spike(rule="x"),))
    found = {r["ruleId"]: [s["kind"] for s in r["suppressions"]] for r in show(report)["results"]}
    assert found == {"overfitting": ["external"], "grad-norm-spikes": [], "x": ["external"]}
    assert "suppressions" not in show(fx.one_run())["results"][0]


def test_unread_files_and_crashes_are_notifications_and_the_run_no_success() -> None:
    invocation = show(fx.many_runs())["invocations"][0]
    told = {n["descriptor"]["id"]: n for n in invocation["toolExecutionNotifications"]}
    assert {k: n["level"] for k, n in told.items()} == {
        "crash": "error", "corrupt": "error", "not-a-log": "note", "skipped": "note",
    }  # fmt: skip
    assert told["not-a-log"]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "runs/data/prices.csv"
    assert (invocation["executionSuccessful"], invocation["exitCode"]) == (False, 1)
    assert show(fx.one_run())["invocations"][0]["executionSuccessful"] is True


def test_of_more_findings_than_github_takes_the_worst_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sarif_format, "MOST_RESULTS", 5)
    report = hostile.many(8, Severity.WARNING)
    run = show(replace(report, findings=(*report.findings, fx.finding(run="r00007", rule="diverged"))))
    assert [r["ruleId"] for r in run["results"]] == ["diverged", *["overfitting"] * 4]
    assert run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"].startswith("4 findings left out")


@pytest.mark.parametrize(
    ("root", "path", "expected"),
    [
        ("runs", "a/log.csv", "runs/a/log.csv"),
        (".", "log.csv", "log.csv"),
        ("/home/me/runs", "a/log.csv", "a/log.csv"),
        ("../runs", "a/log.csv", "a/log.csv"),
        ("C:/runs", "a/log.csv", "a/log.csv"),
        ("s3://bucket/runs", "a/log.csv", "a/log.csv"),
        ("runs", "a b#?%:損.csv", "runs/a%20b%23%3F%25%3A%E6%90%8D.csv"),
        ("runs", "a\\b.csv", "runs/a%5Cb.csv"),
    ],
)
def test_addresses(root: str, path: str, expected: str) -> None:
    report = replace(fx.one_run(), root=root, findings=(fx.finding(path=path),))
    place = show(report)["results"][0]["locations"][0]
    assert place["physicalLocation"]["artifactLocation"]["uri"] == expected


@settings(max_examples=80, deadline=None)
@given(hostile.ANY)
def test_any_text(text: str) -> None:
    check(show(hostile.report(text)))
