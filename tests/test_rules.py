"""Every rule by the examples in its own file, and the contracts that every rule and detector keeps."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from runaudit import engine
from runaudit.detectors import detectors
from runaudit.errors import NotJudged, UsageError
from runaudit.examples import example_run
from runaudit.model import FloatArray, Hit, Run, Series
from runaudit.ruleset import Rule, load_rules

RULES = load_rules()
EXAMPLES = [
    pytest.param(rule, example, id=f"{rule.id}-{i}")
    for rule in RULES.values()
    for i, example in enumerate(rule.examples)
]


def fired(rule: Rule, run: Run) -> list[Hit] | str:
    """Return the hits, or the reason of the skip."""
    try:
        return engine.hits(rule, run)
    except NotJudged as answer:
        return answer.reason


@pytest.mark.parametrize(("rule", "example"), EXAMPLES)
def test_example(rule: Rule, example: Mapping[str, Any]) -> None:
    found = fired(rule, example_run(example))
    if "skips" in example:
        assert isinstance(found, str)
        assert example["skips"] in found
        return
    assert not isinstance(found, str), f"skipped: {found}"
    assert [[h.first_step, h.last_step] for h in found] == example["hits"], [dict(h.facts) for h in found]
    assert [h.weak for h in found] == [example.get("weak", False)] * len(found)
    for name, value in example.get("facts", {}).items():
        assert found[0].facts[name] == pytest.approx(value, rel=0.02), name


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_a_rule_has_an_example_that_fires_and_one_that_is_silent(rule: Rule) -> None:
    outcomes = [bool(e.get("hits")) for e in rule.examples if "skips" not in e]
    assert True in outcomes
    assert False in outcomes


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_a_rule_reads_like_a_page(rule: Rule) -> None:
    assert rule.title[0].isupper()
    assert not rule.title.endswith(".")
    assert rule.why.strip()
    assert rule.remedy
    assert rule.needs
    for param in rule.params.values():
        assert len(param.why) > 10


def one_run(rule: Rule, values: FloatArray, steps: int) -> Run:
    names = {i.name: rule.inputs[i.name] for i in rule.detector.inputs}
    series = {}
    config: dict[str, Any] = {}
    for i in rule.detector.inputs:
        for spec in names[i.name][:1]:
            if spec.startswith("config:"):
                config[spec.removeprefix("config:")] = 10 if i.kind == "number" else "cross_entropy"
            elif spec != "run:step_unit":
                for layer in ("fc1", "fc2") if "*" in spec else ("",):
                    name = spec.replace("*", layer)
                    x = np.arange(len(values), dtype=np.int64) * steps
                    series[name] = Series(name, x, values, x + 1, name, "x.csv")
    return Run("x", ("x.csv",), "csv", series, config)


NASTY = st.one_of(
    st.floats(width=64),
    st.sampled_from([0.0, 1.0, -1.0, math.nan, math.inf, -math.inf, 1e300, -1e300, 1e-300]),
)


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
@settings(max_examples=40, deadline=None)
@given(values=hnp.arrays(np.float64, st.integers(0, 60), elements=NASTY), steps=st.sampled_from([1, 10, 1000]))
def test_total_and_in_range(rule: Rule, values: FloatArray, steps: int) -> None:
    run = one_run(rule, values, steps)
    with np.errstate(all="ignore"):  # what numpy says of 1e300 squared is no concern of a contract on the outcome
        found = fired(rule, run)
    if isinstance(found, str):
        assert found
        return
    last = (len(values) - 1) * steps
    for hit in found:
        assert 0 <= hit.first_step <= hit.last_step <= last
        assert rule.detector.facts <= hit.facts.keys() <= rule.detector.facts | rule.detector.more_facts


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
@settings(max_examples=20, deadline=None)
@given(values=hnp.arrays(np.float64, st.integers(0, 60), elements=NASTY))
def test_a_finding_can_always_be_written(rule: Rule, values: FloatArray) -> None:
    run = one_run(rule, values, 1)
    with np.errstate(all="ignore"):
        judgement = engine.judge(run, [rule])
    assert not judgement.crashes
    for finding in judgement.findings:
        assert finding.message
        assert "{" not in finding.message


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_a_template_says_what_the_run_counts_and_not_always_step(rule: Rule) -> None:
    for template in (rule.message, *rule.evidence):
        assert not re.search(r"\bsteps? \{\w*step\b", template), template


def test_every_detector_is_used_or_generic() -> None:
    generic = {"above", "below", "outside", "gap", "trend", "flat", "changed"}
    assert set(detectors()) == generic | {rule.detector.name for rule in RULES.values()}


def test_explains_has_no_circle() -> None:
    def reach(start: str, seen: frozenset[str]) -> None:
        for other in RULES[start].explains:
            assert other not in seen, f"{start} explains {other}, which explains it"
            reach(other, seen | {other})

    for rule in RULES:
        reach(rule, frozenset({rule}))


def test_a_bad_rule_file_names_every_problem(tmp_path: Any) -> None:  # noqa: ANN401  pytest's path
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "my-rule.yaml").write_text(
        "id: my_rule\ntitle: T\nseverity: fatal\ndetector: above\ninputs: {series: train/loss}\n"
        "params:\n  limit: {default: 1e-3, why: because it is so}\n  min_point: {default: 0, why: x}\n"
        "message: '{peek}'\nwhy: w\nremedy: [r]\nexamples: []\n"
    )
    with pytest.raises(UsageError) as caught:
        load_rules([folder])
    text = str(caught.value)
    assert "my-rule.yaml:1: id: 'my_rule' differs from the name of the file" in text
    assert "my-rule.yaml:3: severity: 'fatal' is none of error, warning, note" in text
    assert "7: params.limit.default: '1e-3' is text and no number: write 0.001" in text
    assert "8: params.min_point: above has no such parameter; did you mean 'min_points'?" in text
    assert "params.min_points: it is missing" in text
    assert "9: message: it uses {peek}" in text
