"""The terminal report: its look (golden files), and what must hold of every report at every width."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from runaudit.model import Confidence, Crash, Report, Severity, Skip, Unreadable
from runaudit.render import Options, renderer
from runaudit.text import cells
from tests.render import fixtures as fx

GOLDEN = Path(__file__).parent / "golden"
ANSI = re.compile(r"\x1b\[[0-9;]*m")
LOOKS = {
    "one-80": ("one", Options()),
    "one-120": ("one", Options(120)),
    "one-60-ascii": ("one", Options(60, ascii=True)),
    "one-80-color": ("one", Options(color=True)),
    "one-80-verbose": ("one", Options(verbosity=1)),
    "one-80-quiet": ("one", Options(verbosity=-1)),
    "healthy-80": ("healthy", Options()),
    "healthy-120-ascii": ("healthy", Options(120, ascii=True)),
    "many-80": ("many", Options()),
    "many-60": ("many", Options(60)),
    "many-120-color": ("many", Options(120, color=True)),
    "many-80-quiet": ("many", Options(verbosity=-1)),
    "very-many-100": ("very-many", Options(100)),
    "nasty-80": ("nasty", Options()),
    "nasty-60-ascii": ("nasty", Options(60, ascii=True)),
    "search-80": ("search", Options()),
    "search-120-color": ("search", Options(120, color=True)),
    "search-60-ascii": ("search", Options(60, ascii=True)),
    "search-100-verbose": ("search", Options(100, verbosity=1)),
    "empty-80": ("empty", Options()),
}


def show(report: Report, **options: int | bool) -> str:
    return renderer("rich").render(report, Options(**options))  # type: ignore[arg-type]


@pytest.mark.parametrize("look", LOOKS)
def test_look(look: str) -> None:
    name, options = LOOKS[look]
    text = renderer("rich").render(fx.REPORTS[name](), options)
    file = GOLDEN / f"{look}.txt"
    if os.environ.get("RUNAUDIT_UPDATE_GOLDEN"):
        file.write_text(text, "utf-8")
    assert text == file.read_text("utf-8"), "RUNAUDIT_UPDATE_GOLDEN=1 accepts the new look"


@pytest.mark.parametrize("verbosity", [-1, 0, 1])
@pytest.mark.parametrize("ascii_only", [False, True])
@pytest.mark.parametrize("width", [60, 61, 67, 80, 99, 120, 200])
@pytest.mark.parametrize("name", fx.REPORTS)
def test_every_line_fits_and_holds_nothing_that_a_terminal_obeys(
    name: str, width: int, ascii_only: bool, verbosity: int
) -> None:
    text = show(fx.REPORTS[name](), width=width, ascii=ascii_only, verbosity=verbosity)
    for line in text.splitlines():
        assert cell_len(line) <= width, line
        assert line == line.rstrip()
        assert line.isprintable()
    assert not ascii_only or text.isascii()
    assert text.endswith("\n")
    assert "\n\n\n" not in text


@pytest.mark.parametrize("name", fx.REPORTS)
def test_colour_changes_nothing_but_colour(name: str) -> None:
    coloured = show(fx.REPORTS[name](), color=True)
    assert "\x1b[" in coloured
    assert ANSI.sub("", coloured) == show(fx.REPORTS[name]())


def test_a_consequence_is_told_under_its_cause_only() -> None:
    text = show(fx.one_run())
    assert "= also explains: accuracy-gap" in text
    assert "warning[accuracy-gap]" not in text


def test_a_consequence_that_is_worse_than_its_cause_says_so() -> None:
    report = fx.one_run()
    cause = replace(report.findings[0], severity=Severity.WARNING)
    worse = replace(report.findings[1], severity=Severity.ERROR)
    assert "= also explains: error[accuracy-gap]" in show(replace(report, findings=(cause, worse)))


def test_one_picture_serves_several_findings_of_one_run() -> None:
    first, other = fx.finding(), fx.finding(rule="lr-too-high")
    moved = fx.finding(rule="lr-too-low", last_step=3000)
    assert show(replace(fx.one_run(), findings=(first,))).count("└") == 1
    text = show(replace(fx.one_run(), findings=(first, other, moved)))
    assert text.count("└") == 2
    assert "error[lr-too-high]" in text


def test_a_consequence_whose_cause_is_missing_stands_alone() -> None:
    report = fx.one_run()
    assert "warning[accuracy-gap]" in show(replace(report, findings=report.findings[1:]))


def test_several_findings_of_one_rule_are_one_story() -> None:
    findings = tuple(
        fx.finding(rule="dead-relu", series=f"dead_frac/fc{i}", message=f"fc{i} is dead") for i in range(1, 9)
    )
    text = show(replace(fx.one_run(), findings=findings))
    assert text.count("error[dead-relu]") == 1
    assert "= also in: dead_frac/fc2 (steps 1,700–4,000)" in text  # noqa: RUF001  the dash of ranges
    assert "dead_frac/fc6" in text
    assert "2 more" in text
    assert "dead_frac/fc7" not in text
    verbose = show(replace(fx.one_run(), findings=findings), verbosity=1)
    assert verbose.count("error[dead-relu]") == 8
    assert verbose.count("= why:") == 1


def test_reasons_are_given_once_for_many_runs() -> None:
    report = fx.many_runs()
    again = fx.finding(run="yolo-n", path="yolo-n/results.csv")
    text = show(replace(report, findings=(*report.findings, again)))
    assert text.count("Raise weight decay or dropout") == 2  # overfitting, and non-finite, which borrows its text
    assert "= try:  as in resnet50-a, above" in text


def test_only_the_worst_of_many_faulty_runs_are_told_in_full() -> None:
    runs = tuple(fx.run(f"r{i:02}", fx.overfitting_curves(), "fail") for i in range(14))
    findings = tuple(fx.finding(run=r.id, path=f"{r.id}/log.csv") for r in runs)
    text = show(Report(root="runs", runs=runs, findings=findings))
    assert text.count("error[overfitting]") == 10
    assert "4 more runs with findings" in text
    assert show(Report(root="runs", runs=runs, findings=findings), verbosity=1).count("error[overfitting]") == 14


def test_healthy_runs_among_very_many_are_counted() -> None:
    text = show(fx.many_runs(40), width=100)
    assert "✓ 41 runs without findings" in text
    assert "trial-000" not in text
    assert "trial-000" in show(fx.many_runs(40), width=100, verbosity=1)


def test_of_hundreds_of_faulty_runs_the_worst_are_listed() -> None:
    runs = tuple(fx.run(f"r{i:03}", fx.overfitting_curves()[:1], "fail") for i in range(120))
    findings = tuple(fx.finding(run=r.id, path=f"{r.id}/log.csv") for r in runs)
    report = Report(root="runs", runs=runs, findings=findings)
    assert "and 70 more runs with findings: --verbose lists them" in show(report)
    assert "r119" not in show(report)
    assert "r119" in show(report, verbosity=1)


def test_the_worst_run_comes_first() -> None:
    table = show(fx.many_runs(), width=120).split("\n\n")[0].splitlines()[1:]
    assert [line.split()[1] for line in table] == ["FAIL", "FAIL", "warn", "unknown", "ok"]


def test_nothing_unread_or_crashed_is_hidden_from_the_quiet_report() -> None:
    text = show(fx.many_runs(), verbosity=-1)
    assert "the record at byte 812 is cut off" in text
    assert "ZeroDivisionError" in text
    assert text.splitlines()[-1].endswith("exit 1")


def test_the_quiet_report_gives_paths_whole() -> None:
    path = f"{'long/' * 30}log.csv"
    text = show(Report(root=".", runs=fx.healthy().runs, findings=(fx.finding(path=path, line=3),)), verbosity=-1)
    assert f"{path}:3" in "".join(line.removeprefix("  -->").strip() for line in text.splitlines())


def test_counts_are_not_broken_inside() -> None:
    text = show(fx.many_runs(), width=80)
    assert "\n1 suppressed · 1,204 other files ignored\n" in text


def test_every_skip_names_its_run_where_there_are_several() -> None:
    assert "  noisy-batch: 41 points, and 100 are needed" in show(fx.one_run(), verbosity=1)
    assert " on resnet50-a: 41 points, and 100 are needed" in show(fx.many_runs(), verbosity=1)


def test_unjudged_rules_are_grouped_by_what_to_log() -> None:
    text = show(fx.one_run(), width=120)
    assert "  log update_ratio/<layer>                    update-ratio-high, update-ratio-low" in text
    assert "  41 points, and 100 are needed               noisy-batch" in text


BASE = fx.healthy()
WARNING = fx.finding(run=".", severity=Severity.WARNING)
CORRUPT = Unreadable("x.csv", "cut off", "corrupt")


@pytest.mark.parametrize(
    ("report", "last"),
    [
        (BASE, "✓ OK  nothing found  exit 0"),
        (replace(BASE, findings=(fx.finding(run="."),)), "✗ FAIL  1 error  exit 1  runaudit explain overfitting"),
        (replace(BASE, findings=(WARNING,), runs=(replace(BASE.runs[0], verdict="warn"),)),
         "! WARN  1 warning  exit 0  runaudit explain overfitting"),
        (replace(BASE, findings=(fx.finding(run="."),), runs=(replace(BASE.runs[0], verdict="fail"),), fail_on="never"),
         "✗ FAIL  1 error  exit 0  runaudit explain overfitting"),
        (replace(BASE, findings=(WARNING,), fail_on="warning"),
         "✗ FAIL  1 warning  exit 1  runaudit explain overfitting"),
        (replace(BASE, runs=(replace(BASE.runs[0], verdict="unknown"),)), "? UNKNOWN  nothing found  exit 0"),
        (replace(BASE, crashes=(Crash("a", ".", "e"), Crash("b", ".", "e"))), "✗ INCOMPLETE  2 crashes  exit 4"),
        (replace(BASE, unreadable=(CORRUPT,)), "✗ INCOMPLETE  1 corrupt file  exit 4"),
        (replace(BASE, unreadable=(replace(CORRUPT, kind="not-a-log"),)), "✓ OK  nothing found  exit 0"),
        (fx.empty(), "? NO RUN  nothing to audit in nowhere  exit 3"),
    ],
)  # fmt: skip
def test_last_line(report: Report, last: str) -> None:
    assert show(report).splitlines()[-1] == last


def test_the_hint_names_the_worst_and_surest() -> None:
    findings = (fx.spike(), fx.finding(rule="a", confidence=Confidence.LOW), fx.finding(rule="b"))
    assert show(replace(fx.one_run(), findings=findings)).rstrip().endswith("runaudit explain b")


def test_steps_that_are_not_finite_are_marked() -> None:
    text = show(fx.many_runs())
    assert "━×××" in text  # noqa: RUF001  the cross marks what is not finite
    assert "train/loss NaN" in text


def test_a_short_window_is_drawn_with_its_surroundings() -> None:
    labels = next(line for line in show(fx.one_run()).splitlines() if "1,100  " in line and "│" in line)
    assert labels.split() == ["│", "400", "1,100", "1,800"]


def test_a_finding_about_no_curve_has_no_picture() -> None:
    lone = fx.finding(series="", evidence=())
    text = show(replace(fx.one_run(), findings=(lone,)))
    assert "steps 1,700" not in text
    assert "│\n   │" not in text


def test_known_findings_say_so() -> None:
    assert "error[overfitting] (known): val/loss" in show(replace(fx.one_run(), findings=(fx.finding(status="known"),)))


# The widths of symbols and numerals changed with Unicode 16.
TEXT = st.text(st.characters(exclude_categories=("So", "No")), max_size=60)
NUMBER = st.one_of(st.floats(width=64), st.sampled_from([0.0, 1.0, float("nan"), float("inf"), 1e308, -1e308, 5e-324]))


@settings(max_examples=60, deadline=None)
@given(
    words=TEXT,
    values=st.lists(NUMBER, min_size=1, max_size=240),
    first=st.integers(0, 30_000),
    length=st.integers(0, 30_000),
    ascii_only=st.booleans(),
    width=st.integers(60, 130),
)
def test_any_text_and_any_curve_can_be_shown(
    words: str, values: list[float], first: int, length: int, ascii_only: bool, width: int
) -> None:
    curves = (
        fx.curve("val/loss", np.array(values)),
        fx.curve("train/loss", np.array(values[::-1])),
        replace(fx.curve("x", np.array(values)), name=words or "x"),
    )
    found = fx.finding(run="r", message=words, path=words, remedy=(words,), first_step=first, last_step=first + length)
    about = replace(found, series=curves[2].name, rule="second")
    report = Report(
        root=words,
        runs=(fx.run("r", curves, "fail"),),
        findings=(found, about),
        skips=(Skip("dead-relu", "r", words, (words,)),),
    )
    for line in show(report, width=width, ascii=ascii_only, verbosity=1).splitlines():
        assert cells(line) <= width, line
        assert cell_len(line) <= width, line
        assert line.isprintable()


def test_of_equally_bad_runs_the_one_with_more_findings_comes_first() -> None:
    runs = tuple(fx.run(name, fx.overfitting_curves(), "fail") for name in "abcd")
    findings = (fx.finding(run="a"), fx.finding(run="c"), fx.spike(run="c"), fx.finding(run="d"))
    table = show(Report(root=".", runs=runs, findings=findings)).split("\n\n")[0].splitlines()[1:]
    assert [line.split()[2] for line in table] == ["c", "a", "d", "b"]


def test_one_spike_among_thousands_of_gradient_norms_is_seen() -> None:
    values = np.ones(5000)
    values[2500] = 50.0
    report = Report(root=".", runs=(fx.run("r", (fx.curve("grad_norm", values),), "ok"),))
    assert "█" in next(line for line in show(report).splitlines() if "grad_norm" in line)


def test_of_many_curves_the_important_ones_and_those_with_findings_are_shown() -> None:
    layers = tuple(fx.curve(f"act_mean/fc{i}", np.ones(5)) for i in range(20))
    report = fx.one_run()
    runs = (replace(report.runs[0], curves=(*layers, *report.runs[0].curves)),)
    about = fx.finding(series="act_mean/fc7", first_step=0, last_step=400)
    text = show(replace(report, runs=runs, findings=(about,)))
    names = [line.split()[0] for line in text.split("\n\n")[1].splitlines() if "▁" in line]
    assert names == ["train/loss", "val/loss", "lr", "grad_norm", "act_mean/fc7"]
    assert "  19 more series: --verbose shows them" in text
    assert "act_mean/fc19" in show(replace(report, runs=runs), verbosity=1)
