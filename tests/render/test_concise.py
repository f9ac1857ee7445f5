"""The concise report: one line a finding, and no line that a CI runner would obey."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings

from runaudit.model import Report
from runaudit.render import Options, renderer
from tests.render import fixtures as fx
from tests.render import hostile


def show(report: Report, options: Options | None = None) -> list[str]:
    return renderer("concise").render(report, options or Options()).split("\n")[:-1]


@pytest.mark.parametrize("name", ["one", "many", "nasty", "search", "empty"])
def test_bytes(name: str) -> None:
    hostile.check_golden("\n".join(show(fx.REPORTS[name]())) + "\n", f"{name}.concise.txt")


def test_a_line_is_path_line_severity_rule_message() -> None:
    first = show(fx.one_run())[0]
    assert first.startswith("runs/resnet50-a/trainer_state.json:412: error[overfitting] val/loss rose 133 %")


def test_a_format_without_lines_gives_a_path_alone() -> None:
    found = fx.finding(path="a/events.1", line=None)
    assert show(replace(fx.one_run(), findings=(found,)))[0].startswith("runs/a/events.1: error[overfitting]")


def test_what_is_no_log_is_named_on_demand_and_what_is_corrupt_always() -> None:
    assert not [line for line in show(fx.many_runs()) if "not-a-log" in line]
    assert "runs/old/events.out.tfevents.1: error[corrupt] the record at byte 812 is cut off" in show(fx.many_runs())
    assert [line for line in show(fx.many_runs(), Options(verbosity=1)) if "note[not-a-log]" in line]


def test_known_findings_say_so() -> None:
    known = fx.finding(status="known")
    assert "error[overfitting] (known) val/loss" in show(replace(fx.one_run(), findings=(known,)))[0]


def test_only_severity_and_verdict_are_coloured() -> None:
    lines = show(fx.one_run(), Options(color=True))
    assert "\x1b[1;31merror[overfitting]\x1b[0m" in lines[0]
    assert lines[-1].startswith("\x1b[1;31m")
    assert "\x1b" not in "".join(show(fx.one_run()))


@settings(max_examples=60, deadline=None)
@given(hostile.ANY)
def test_any_text_stays_on_its_line(text: str) -> None:
    lines = show(hostile.report(text))
    assert len(lines) == 6 + 1 + 2 + 1
    for line in lines:
        assert line.isprintable()
        assert not line.lstrip().startswith("::")
        assert "##[" not in line
