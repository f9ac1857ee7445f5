"""GitLab Code Quality: its fields, unique lasting fingerprints, and relative paths."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings

from runaudit.model import Confidence, Report, Severity
from runaudit.render import Options, renderer
from tests.render import fixtures as fx
from tests.render import hostile


def show(report: Report) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = json.loads(renderer("gitlab").render(report, Options()))
    return items


@pytest.mark.parametrize("name", ["one", "many", "nasty", "search", "empty"])
def test_bytes(name: str) -> None:
    text = renderer("gitlab").render(fx.REPORTS[name](), Options())
    hostile.check_golden(text, f"{name}.codequality.json")
    assert text.isascii()


@pytest.mark.parametrize(
    ("severity", "confidence", "expected"),
    [
        (Severity.ERROR, Confidence.HIGH, "blocker"),
        (Severity.ERROR, Confidence.MEDIUM, "major"),
        (Severity.WARNING, Confidence.HIGH, "minor"),
        (Severity.NOTE, Confidence.HIGH, "info"),
    ],
)
def test_severities(severity: Severity, confidence: Confidence, expected: str) -> None:
    found = fx.finding(severity=severity, confidence=confidence)
    assert show(replace(fx.one_run(), findings=(found,)))[0]["severity"] == expected


def test_the_fingerprint_holds_neither_step_nor_value() -> None:
    later = fx.finding(first_step=1800, message="rose 200 %", facts={"rise": 2.0})
    prints = [show(replace(fx.one_run(), findings=(f,)))[0]["fingerprint"] for f in (fx.finding(), later)]
    assert prints[0] == prints[1] == fx.finding().fingerprint


def test_two_windows_of_one_rule_on_one_series_are_numbered_by_their_steps() -> None:
    late, early = fx.finding(first_step=3000), fx.finding(first_step=10)
    prints = [i["fingerprint"] for i in show(replace(fx.one_run(), findings=(late, early)))]
    assert prints == ["8f14e45fceea167a-2", "8f14e45fceea167a"]


@settings(max_examples=60, deadline=None)
@given(hostile.ANY)
def test_any_text(text: str) -> None:
    items = show(hostile.report(text))
    assert len({i["fingerprint"] for i in items}) == len(items) == 6 + 2 + 2
    for item in items:
        assert set(item) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert item["severity"] in {"info", "minor", "major", "blocker"}
        assert item["description"].isprintable()
        assert len(item["description"]) <= 2_000
        assert item["location"]["lines"]["begin"] >= 1
        path = item["location"]["path"]
        assert path
        assert not path.startswith(("/", "./", "../"))
