"""The verdict in one word, which every format must give alike."""

from __future__ import annotations

from dataclasses import replace

import pytest

from runaudit.model import Report, Severity, Unreadable
from runaudit.pen import Options
from runaudit.render._footer import verdict
from runaudit.render._verdict import headline, judge, pen_of, worst_first
from tests.render import fixtures as fx

BASE = fx.healthy()
CORRUPT = Unreadable("x.csv", "cut off", "corrupt")
REPORTS = [
    *(make() for make in fx.REPORTS.values()),
    replace(BASE, unreadable=(CORRUPT,)),
    replace(BASE, runs=(replace(BASE.runs[0], verdict="unknown"),)),
    replace(BASE, runs=(replace(BASE.runs[0], verdict="warn"),), findings=(fx.spike(),)),
    replace(BASE, runs=(replace(BASE.runs[0], verdict="fail"),), findings=(fx.finding(),), fail_on="never"),
]


@pytest.mark.parametrize("report", REPORTS)
def test_it_is_the_verdict_of_the_terminal(report: Report) -> None:
    pen = pen_of(Options())
    kind, word = judge(report)
    assert verdict(pen, report)[-1].startswith(f"{pen.glyph(kind)} {word}  ")


@pytest.mark.parametrize(
    ("verdicts", "words"),
    [
        ((), "no run found"),
        (("ok",), "ok"),
        (("fail",), "fails"),
        (("ok", "ok"), "2 runs, nothing to warn of"),
        (("warn", "ok"), "1 of 2 runs warns"),
        (("warn", "fail", "fail"), "2 of 3 runs fail"),
        (("unknown", "unknown"), "too little in the log for a verdict"),
    ],
)
def test_headline(verdicts: tuple[str, ...], words: str) -> None:
    runs = tuple(fx.run(str(i), (), verdict) for i, verdict in enumerate(verdicts))
    assert headline(replace(BASE, runs=runs)) == words


def test_an_incomplete_audit_is_not_called_ok() -> None:
    assert headline(replace(BASE, unreadable=(CORRUPT,))) == "incomplete"


def test_new_root_causes_come_before_known_ones_and_consequences() -> None:
    known, below = fx.finding(rule="a", status="known"), fx.finding(rule="b", consequence_of="c")
    worst = fx.finding(rule="c")
    mild = fx.finding(rule="d", severity=Severity.NOTE)
    assert [f.rule for f in worst_first([mild, known, below, worst])] == ["c", "b", "a", "d"]
