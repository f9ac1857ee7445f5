"""GitHub workflow commands: their escapes, the ten that are kept of a level, and nothing but our commands."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings

from runaudit.model import Confidence, Report, Severity, Unreadable
from runaudit.render import Options, renderer
from tests.render import fixtures as fx
from tests.render import hostile

COMMAND = re.compile(r"::(error|warning|notice) ([^:]*)::(.*)", re.DOTALL)


def show(report: Report) -> list[str]:
    return renderer("github").render(report, Options()).split("\n")[:-1]


def level(lines: list[str], name: str) -> list[str]:
    return [line for line in lines if line.startswith(f"::{name} ")]


@pytest.mark.parametrize("name", ["one", "many", "nasty", "search", "empty"])
def test_bytes(name: str) -> None:
    hostile.check_golden("\n".join(show(fx.REPORTS[name]())) + "\n", f"{name}.github.txt")


def test_colon_comma_percent_and_line_ends_are_escaped_where_they_must() -> None:
    found = fx.finding(path="lr=1e-3,bs=4/a:b%.csv", message="50 % a:b, c", evidence=("second",), remedy=())
    line = show(replace(fx.one_run(), findings=(found,)))[0]
    assert line == (
        "::error file=runs/lr=1e-3%2Cbs=4/a%3Ab%25.csv,line=412,title=runaudit (overfitting)"
        "::resnet50-a, steps 1,700–4,000: 50 %25 a:b, c%0Asecond"  # noqa: RUF001  as the terminal writes it
    )


@pytest.mark.parametrize(("n", "errors", "notices"), [(10, 10, 0), (11, 10, 1), (200, 10, 1)])
def test_the_worst_ten_are_annotated_and_the_others_counted(n: int, errors: int, notices: int) -> None:
    lines = show(hostile.many(n))
    assert (len(level(lines, "error")), len(level(lines, "notice"))) == (errors, notices)
    if notices:
        assert lines[-2] == f"::notice title=runaudit::{n - 10:,} more {'errors' if n > 11 else 'error'}" + (
            " without an annotation: see the report"
        )


@pytest.mark.parametrize(("n", "told"), [(10, 10), (11, 9), (30, 9)])
def test_the_notice_that_counts_takes_a_place_of_a_notice(n: int, told: int) -> None:
    notices = level(show(hostile.many(n, Severity.NOTE)), "notice")
    assert len(notices) == 10
    assert sum("overfitting" in line for line in notices) == told


def test_the_surest_root_causes_are_kept() -> None:
    report = hostile.many(12)
    low = tuple(replace(f, confidence=Confidence.LOW) for f in report.findings[:2])
    lines = show(replace(report, findings=(*low, *report.findings[2:])))
    assert not [line for line in lines if "r00000" in line or "r00001" in line]


def test_known_findings_are_counted_only() -> None:
    lines = show(replace(fx.one_run(), findings=(fx.finding(status="known"),)))
    assert lines[0] == "::notice title=runaudit::1 known without an annotation: see the report"


def test_crashes_and_corrupt_files_take_one_error_each() -> None:
    corrupt = tuple(Unreadable(f"{i}.csv", "cut off", "corrupt", 3) for i in range(40))
    lines = show(replace(hostile.many(40), unreadable=corrupt, crashes=fx.many_runs().crashes * 3))
    errors = level(lines, "error")
    assert len(errors) == 10
    assert errors[0].endswith("(spikes.py:41) (and 2 more)")
    assert errors[1] == "::error file=runs/0.csv,line=3,title=runaudit (corrupt)::not read: cut off (and 39 more files)"


@settings(max_examples=60, deadline=None)
@given(hostile.ANY)
def test_any_text_is_no_command_of_its_own(text: str) -> None:
    *commands, verdict = show(hostile.report(text))
    assert len(commands) == 2 + 1 + 3 + 1 + 1  # a crash, a corrupt file, an error, three warnings, a note, the count
    for line in commands:
        match = COMMAND.fullmatch(line)
        assert match is not None, line
        assert line.isprintable()
        keys = [part.split("=")[0] for part in match[2].split(",")]
        assert keys in (["file", "line", "title"], ["title"])
        assert len(match[3]) <= 4_096
        assert not re.search(r"%(?!25|0A)", match[3])
    assert not verdict.lstrip().startswith("::")
    assert "##[" not in verdict
