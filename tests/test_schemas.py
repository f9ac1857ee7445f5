"""The JSON Schemas that ship: they know what the code knows, and our check agrees with the reference."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from runaudit import api
from runaudit.config import Config, Override, Suppression
from runaudit.render.json import document
from runaudit.ruleset import Rule, load_rules
from runaudit.schemas import schema
from runaudit.schemas.check import faults
from runaudit.schemas.lines import read_yaml
from runaudit.tasks import TASKS

SAMPLES = Path(__file__).parent.parent / "sample_logs"
RULES = load_rules(examples=False)


def test_the_schema_knows_what_the_code_knows() -> None:
    definition = schema("config")["properties"]
    fields = {"change", "path", "folder", "origins", "lines", "problems"}
    assert set(definition) == set(Config.__slots__) - fields
    assert set(definition["overrides"]["items"]["properties"]) == set(Override.__slots__)
    assert set(definition["suppressions"]["items"]["properties"]) == set(Suppression.__slots__)
    assert set(definition["overrides"]["items"]["properties"]["task"]["enum"]) == {"supervised", *TASKS}
    assert definition["profile"]["default"] == Config().profile
    assert definition["fail_on"]["default"] == Config().fail_on


def test_a_real_report_keeps_the_schema_and_ours_agrees_with_the_reference(tmp_path: Path) -> None:
    text = "require: update-ratio-high\nsuppressions: [{rule: loss-spikes, reason: x}, {rule: diverged, reason: y}]"
    (tmp_path / "x.yaml").write_text(text, "utf-8")
    report = api.audit(SAMPLES / "csv" / "loss-spikes", config=tmp_path / "x.yaml")
    assert report.suppressed
    assert report.failures
    assert report.notes
    told = json.loads(json.dumps(document(report)))
    definition = schema("report")
    assert list(faults(told, definition, definition)) == []
    reference = pytest.importorskip("jsonschema").Draft202012Validator
    for name in ("config", "report", "rule"):
        reference.check_schema(schema(name))
    assert [error.message for error in reference(definition).iter_errors(told)] == []
    told["failures"] = [1]
    assert len(list(reference(definition).iter_errors(told))) == 1


def test_every_rule_keeps_the_schema_of_rules() -> None:
    definition = schema("rule")
    made = {"family", "path", "values", "weak_severity", "weak_confidence"}
    assert set(definition["properties"]) == set(Rule.__slots__) - made | {"weak"}
    assert set(definition["properties"]["not_for"]["items"]["enum"]) == set(TASKS)
    for rule in RULES.values():
        data = read_yaml(Path(rule.path).read_text("utf-8")).data
        assert [f"{rule.id}: {fault}" for fault in faults(data, definition, definition)] == []


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("ignore: a", True), ("ignore: [a]", True), ("ignore: 3", False), ("ignore: [3]", False), ("x: 1", False),
        ("max_warnings: 1.5", False), ("max_warnings: true", False), ("max_warnings: 0", True),
        ("thresholds: {a.b: 1}", True), ("thresholds: {a: {b: 1}}", True), ("thresholds: {a.b: x}", False),
        ("overrides: [{match: []}]", False), ("overrides: [{ignore: a}]", False), ("measured: ''", False),
        ("suppressions: [{rule: a, reason: b, expires: 2020-02-30}]", False), ("profile: strict", True),
    ],
)  # fmt: skip
def test_our_check_agrees_with_the_reference(text: str, good: bool) -> None:
    data, definition = read_yaml(text).data, schema("config")
    assert (not list(faults(data, definition, definition))) is good
    jsonschema = pytest.importorskip("jsonschema")
    checker = jsonschema.FormatChecker(formats=["date"])
    validator = jsonschema.Draft202012Validator(definition, format_checker=checker)
    assert validator.is_valid(data) is good
