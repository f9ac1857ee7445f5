"""The pages of rules: complete, in order, no wider than asked, and right about their own examples."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from rich.cells import cell_len

from runaudit import docs
from runaudit.config import resolve
from runaudit.detectors import detectors
from runaudit.pen import Options
from runaudit.policy_check import policy_of
from runaudit.readers import readers
from runaudit.render import renderers
from runaudit.ruleset import Rule, load_rules, read_rule

RULES = load_rules()
YAML = """
id: my-rule
title: The norm is high
severity: warning
detector: above
inputs: {series: grad_norm}
params:
  limit: {default: 10.0, min: 0.0, why: "clipping at 1 is usual"}
  min_points: {default: 3, min: 1, max: 99, why: "single spikes are normal"}
message: "{series} is above {limit:g}, at most <i>"
why: |
  Long
  prose.
remedy: [First., Second.]
needs: [grad_norm]
explains: []
citations: [{title: A paper, url: "https://example.org"}, {title: A book}]
examples:
  - {series: {grad_norm: [1, 20, 30, 40, 1]}, hits: [[1, 3]]}
  - {series: {grad_norm: [1, 20, 1]}, config: {batch_size: 4}, hits: []}
  - {series: {grad_norm: [1]}, skips: "3 needed"}
"""


@pytest.fixture
def rule(tmp_path: Path) -> Rule:
    file = tmp_path / "mine" / "my-rule.yaml"
    file.parent.mkdir()
    file.write_text(YAML)
    found = read_rule(file, detectors())
    assert isinstance(found, Rule), found
    return found


def test_page_in_the_terminal(rule: Rule) -> None:
    text = docs.terminal(rule, Options(60))
    for part in (
        "my-rule  mine · warning · confidence medium\nThe norm is high\n",
        "what it says\n  <series> is above <limit>, at most <i>\n",
        "why it matters\n  Long prose.\n",
        "  1. First.\n  2. Second.\n",
        "what to log\n  · grad_norm\n",
        "limits\n  limit       10 (at least 0): clipping at 1 is usual\n",
        "  min_points  3 (1 to 99): single spikes are normal\n",
        "to change a limit\n  thresholds:\n    my-rule.limit: 10.0\n",
        "to silence it\n  suppressions:\n    - rule: my-rule\n      match: runs/old-*",
        "  runaudit check logs --ignore my-rule\n",
        "examples\n  fires at steps 1 to 3\n    ▁▂▄▅▆█▅▁  grad_norm 1 → 1\n",
        "  silent\n",
        "    batch_size 4\n",
        "  skipped: 3 needed\n",
        "Not measured yet.",
        "read on\n  A paper\n  https://example.org\n  A book\n",
    ):
        assert part in text, part
    assert "related" not in text


def test_page_in_markdown(rule: Rule) -> None:
    text = docs.markdown(rule)
    assert text.startswith("# my-rule\n\n**The norm is high** - mine, warning, confidence medium\n\n## What it says\n")
    assert "at most &lt;i>" in text
    assert "1. First.\n2. Second.\n" in text
    assert "| `limit` | 10 | at&nbsp;least&nbsp;0 | clipping at 1 is usual |\n" in text
    assert "- [A paper](https://example.org)\n- A book\n" in text
    assert text.count("```text") == 1


def test_a_threshold_that_the_user_changed_is_shown(rule: Rule) -> None:
    assert "10, set to 5 here (at least 0): " in docs.terminal(
        replace(rule, values={**rule.values, "limit": 5.0}), Options(120)
    )


def test_measured_precision_is_shown(rule: Rule) -> None:
    measured = replace(rule, measured={"precision": 0.9, "false_alarm_rate": 0.01})
    assert "Measured: precision 0.9, false alarm rate 0.01." in docs.terminal(measured, Options(120))
    assert "The norm is high (precision 0.90)" in docs.listing([measured], Options())


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
@pytest.mark.parametrize("options", [Options(60), Options(80, ascii=True), Options(120)])
def test_every_page_fits(rule: Rule, options: Options) -> None:
    text = docs.terminal(rule, options)
    assert all(cell_len(line) <= options.width and line.isprintable() for line in text.splitlines())
    assert not options.ascii or text.isascii()
    assert f"# {rule.id}\n" in docs.markdown(rule)


def test_listing_is_by_family_and_fits() -> None:
    text = docs.listing(list(RULES.values()), Options(80))
    assert all(len(line) <= 80 for line in text.splitlines())
    families = [line for line in text.splitlines() if line and not line.startswith(" ")][:-1]
    assert families == list(dict.fromkeys(r.family for r in RULES.values()))


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_what_a_page_says_of_settings_is_taken(rule: Rule, tmp_path: Path) -> None:
    sections = {section.title: section for section in docs.page(rule, Options()).sections}
    codes = [
        item for title in ("to change a limit", "to silence it") if title in sections for item in sections[title].items
    ]
    settings = "\n".join(text for language, text in codes if language == "yaml")
    (tmp_path / "runaudit.yaml").write_text(settings)
    policy = policy_of(resolve(file=tmp_path / "runaudit.yaml", environ={}), tmp_path)
    assert policy.config.suppressions[0].rule == rule.id
    assert list(yaml.safe_load(settings).get("thresholds", {}).values()) == list(rule.values.values())[:1]


def test_related_rules_are_linked_and_told_once() -> None:
    text = docs.markdown(RULES["accuracy-gap"], list(RULES.values()))
    related = text.partition("## Related\n")[2].partition("\n## ")[0]
    assert "- [overfitting](overfitting.md): where both are found, this one is named under it\n" in related
    names = [line.partition("]")[0] for line in related.splitlines() if line]
    assert len(names) == len(set(names)) > 1
    assert "- [accuracy-gap]" not in related


@pytest.mark.parametrize("options", [Options(60), Options(80, ascii=True)])
def test_every_page_of_a_format_fits_and_says_something(options: Options) -> None:
    subjects: list[docs.Subject] = [*readers(), *renderers().values()]
    for subject in subjects:
        text = docs.terminal(subject, options)
        assert all(cell_len(line) <= options.width and line.isprintable() for line in text.splitlines()), text
        assert not options.ascii or text.isascii()
        assert len(text.splitlines()) > 6, f"{text.split()[0]} says nothing of itself in its docstring"


def test_what_was_tested_stands_apart() -> None:
    timm = next(reader for reader in readers() if reader.name == "timm_csv")
    read, tested = docs.said(timm)
    assert read[0].startswith("timm's `summary.csv`")
    assert all(part.startswith("Tested") and part.endswith(".") for part in tested)
    assert "Tested" not in " ".join(read)


def test_prose_in_markdown_means_only_itself() -> None:
    assert docs.cell("a*b* _c_ d_e <f> &amp; `g|<h>`") == (
        r"a\*b\* \_c\_ d_e &lt;f> &amp;amp; <code>g&#124;&lt;h&gt;</code>"
    )
    assert docs.fence("text", "```\n")[0] == "````text"
