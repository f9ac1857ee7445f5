"""JUnit XML: the xunit2 shape, what fails and what is skipped, and text that XML forbids."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings

from runaudit.model import Report, Severity
from runaudit.render import Options, renderer
from tests.render import fixtures as fx
from tests.render import hostile

COUNTED = {"name", "tests", "failures", "errors"}
RESULTS = {"failure", "error", "skipped", "system-out"}


def show(report: Report) -> ET.Element:
    return ET.fromstring(renderer("junit").render(report, Options()).encode())  # noqa: S314  our own text


def check_shape(root: ET.Element) -> None:
    """Compare with what the schema of xunit2 (junit-10.xsd) allows of what we use."""
    assert (root.tag, set(root.attrib)) == ("testsuites", COUNTED)
    cases = root.findall("./testsuite/testcase")
    assert root.get("tests") == str(len(cases))
    for suite in root:
        assert (suite.tag, set(suite.attrib)) == ("testsuite", COUNTED | {"skipped", "time"})
        assert suite.get("tests") == str(len(suite))
        assert suite.get("failures") == str(len(suite.findall("./testcase/failure")))
        assert suite.get("errors") == str(len(suite.findall("./testcase/error")))
        assert suite.get("skipped") == str(len(suite.findall("./testcase/skipped")))
    for case in cases:
        assert (case.tag, set(case.attrib)) == ("testcase", {"classname", "name", "time"})
        assert [child.tag for child in case] in [[], *([tag] for tag in RESULTS)]
        for child in case:
            assert set(child.attrib) == (set() if child.tag == "system-out" else {"type", "message"})
            assert len(child) == 0


def case(report: Report, name: str) -> ET.Element:
    found = show(report).find(f"./testsuite/testcase[@name='{name}']")
    assert found is not None
    return found


@pytest.mark.parametrize("name", ["one", "many", "nasty", "search", "empty"])
def test_bytes(name: str) -> None:
    hostile.check_golden(renderer("junit").render(fx.REPORTS[name](), Options()), f"{name}.xml")


@pytest.mark.parametrize("name", fx.REPORTS)
def test_shape(name: str) -> None:
    check_shape(show(fx.REPORTS[name]()))


def test_a_suite_is_a_run_and_a_case_is_a_rule() -> None:
    suites = show(fx.many_runs()).findall("testsuite")
    assert [s.get("name") for s in suites][:2] == ["resnet50-a", "resnet50-b"]
    assert {c.get("name") for c in suites[0]} >= {"overfitting", "diverged", "noisy-batch"}
    for suite in suites:
        names = [(c.get("classname"), c.get("name")) for c in suite]
        assert len(set(names)) == len(names)


def test_errors_and_warnings_fail_and_notes_do_not() -> None:
    report = replace(fx.one_run(), findings=(fx.finding(), fx.spike(severity=Severity.NOTE)))
    failure = case(report, "overfitting").find("failure")
    assert failure is not None
    assert (failure.get("type"), failure.get("message")) == ("error", fx.finding().message)
    assert "runs/resnet50-a/trainer_state.json:412" in (failure.text or "")
    assert [child.tag for child in case(report, "grad-norm-spikes")] == ["system-out"]


def test_several_findings_of_a_rule_are_one_case() -> None:
    report = replace(fx.one_run(), findings=(fx.finding(), fx.finding(series="val/b/loss", message="again")))
    failure = case(report, "overfitting").find("failure")
    assert failure is not None
    assert (failure.get("message") or "").endswith("(and 1 more)")
    assert "again" in (failure.text or "")


def test_what_was_not_judged_is_skipped_with_the_reason() -> None:
    skipped = case(fx.one_run(), "update-ratio-high").find("skipped")
    assert skipped is not None
    assert skipped.get("message") == "not in this log: update_ratio/* (log update_ratio/<layer>)"


def test_known_and_suppressed_findings_fail_nothing() -> None:
    report = replace(fx.one_run(), findings=(fx.finding(status="known"),), suppressed=(fx.spike(),))
    root = show(report)
    assert root.get("failures") == "0"
    kinds = {c.get("name"): c[0].get("type") for c in root.iter("testcase") if len(c)}
    assert (kinds["overfitting"], kinds["grad-norm-spikes"]) == ("known", "suppressed")


def test_crashes_and_corrupt_files_are_errors() -> None:
    report = fx.many_runs()
    error = case(report, "loss-spikes")
    errors = [e.get("type") for e in show(report).iter("error")]
    assert error is not None
    assert errors == ["crash", "corrupt"]


@pytest.mark.parametrize("text", hostile.TEXTS)
def test_hostile_texts_are_read_back_on_one_line(text: str) -> None:
    root = show(hostile.report(text))
    check_shape(root)
    for element in root.iter():
        assert all(value.isprintable() for value in element.attrib.values())


@settings(max_examples=60, deadline=None)
@given(hostile.ANY)
def test_any_text(text: str) -> None:
    check_shape(show(hostile.report(text)))
