"""The shipped sample runs against what is known of them: their expected.yaml was settled by experiment."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

import runaudit
from runaudit.model import Finding
from runaudit.ruleset import load_rules

SAMPLES = Path(__file__).parent.parent / "sample_logs"
REPORT = runaudit.audit(SAMPLES)
EXPECTED = {
    path.parent.relative_to(SAMPLES).as_posix(): yaml.safe_load(path.read_text("utf-8"))
    for path in sorted(SAMPLES.rglob("expected.yaml"))
}


def found(run: str) -> list[Finding]:
    """Return the findings of a run, or of the search that the runs below a folder are."""
    return [f for f in REPORT.findings if f.run.removesuffix("/*") == run]


def test_every_sample_is_one_run_and_nothing_is_unreadable() -> None:
    assert sorted(r.id.removesuffix("/*") for r in REPORT.judged) == sorted(EXPECTED)
    assert not REPORT.unreadable
    assert not REPORT.crashes


@pytest.mark.parametrize("run", EXPECTED)
def test_exactly_the_expected_findings_are_given(run: str) -> None:
    findings = {f.rule: f.severity.value for f in found(run)}
    consequences = {f.rule: f.consequence_of for f in found(run) if f.consequence_of}
    assert findings == EXPECTED[run]["findings"]
    assert consequences == EXPECTED[run]["consequences"]


@pytest.mark.parametrize("run", EXPECTED)
def test_no_rule_reports_a_sample_twice(run: str) -> None:
    rules = [f.rule for f in found(run)]
    assert len(rules) == len(set(rules))


@pytest.mark.parametrize("run", EXPECTED)
def test_a_consequence_follows_from_an_expected_root(run: str) -> None:
    findings, consequences = EXPECTED[run]["findings"], EXPECTED[run]["consequences"]
    assert consequences.keys() <= findings.keys()
    assert set(consequences.values()) <= findings.keys() - consequences.keys()


@pytest.mark.parametrize("run", EXPECTED)
def test_only_a_healthy_sample_has_no_finding(run: str) -> None:
    found = set(EXPECTED[run]["findings"])
    if run.startswith("sweep/"):
        found -= {"ensemble-candidates"}  # no fault: what a good search is good for
    assert (not found) == ("/healthy" in run)


def test_each_format_has_a_healthy_run() -> None:
    formats = {run.split("/healthy")[0].removesuffix("/") for run in EXPECTED if run.startswith("formats/")}
    formats |= {run.split("/")[0] for run in EXPECTED if not run.startswith("formats/")}
    healthy = [run for run in EXPECTED if "/healthy" in run]
    assert formats == {run.split("/healthy" if run.startswith("formats/") else "/")[0] for run in healthy}


def test_each_rule_fires_on_a_sample() -> None:
    assert {f.rule for f in REPORT.findings} == set(load_rules())


def test_the_page_names_every_sample_and_its_root_causes() -> None:
    cells = [line.split(" | ") for line in (SAMPLES / "README.md").read_text("utf-8").splitlines() if "/" in line]
    table = {row[0].removeprefix("| "): set(row[1].split(", ")) - {"none"} for row in cells if row[0].startswith("| ")}
    assert table == {
        run: known["findings"].keys() - known["consequences"]
        for run, known in EXPECTED.items()
        if not run.startswith("formats/")
    }
