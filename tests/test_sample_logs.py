"""The shipped sample runs against what is known of them: their expected.yaml was settled by experiment."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

import runaudit
from runaudit.model import Finding, Severity
from runaudit.ruleset import load_rules

SAMPLES = Path(__file__).parent.parent / "sample_logs"
REPORT = runaudit.audit(SAMPLES)
RULES = load_rules()
RUNS = sorted(str(p.parent.relative_to(SAMPLES).as_posix()) for p in SAMPLES.rglob("expected.yaml"))


def found(run: str) -> list[Finding]:
    return [f for f in REPORT.findings if f.run == run]


def expected(run: str, key: str) -> set[str]:
    return set(yaml.safe_load((SAMPLES / run / "expected.yaml").read_text("utf-8")).get(key) or [])


def test_every_sample_is_one_run_and_nothing_is_unreadable() -> None:
    assert sorted(r.id for r in REPORT.runs) == RUNS
    assert not REPORT.unreadable
    assert not REPORT.crashes


@pytest.mark.parametrize("run", RUNS)
def test_the_known_fault_is_found(run: str) -> None:
    assert expected(run, "findings") & RULES.keys() <= {f.rule for f in found(run)}


@pytest.mark.parametrize("run", RUNS)
def test_no_root_cause_is_invented(run: str) -> None:
    allowed = expected(run, "findings") | expected(run, "also")
    roots = {f.rule for f in found(run) if f.consequence_of is None and f.severity is not Severity.NOTE}
    assert roots <= allowed


@pytest.mark.parametrize("run", [r for r in RUNS if "healthy" in r])
def test_a_healthy_run_gets_no_finding_at_all(run: str) -> None:
    assert not found(run)


def test_each_format_has_a_healthy_run() -> None:
    formats = {r.split("/")[0] for r in RUNS}
    assert formats == {r.split("/")[0] for r in RUNS if "/healthy" in r}


def test_each_rule_fires_on_a_sample() -> None:
    assert {f.rule for f in REPORT.findings} == set(RULES)
