"""The small phrases: every format calls a step what its run counts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from runaudit.model import Known, Report, Severity
from runaudit.render import Options, renderer
from runaudit.render._verdict import pen_of
from runaudit.render._words import when
from tests.render import fixtures as fx

PEN = pen_of(Options(ascii=True))


def epochs() -> Report:
    """Return a report on a run that counts epochs."""
    base = fx.one_run()
    found = fx.finding(first_step=12, last_step=12, message="val/loss rose", evidence=(), remedy=("Stop.",))
    return replace(base, runs=(replace(base.runs[0], step_unit="epoch"),), findings=(found,))


@pytest.mark.parametrize("form", ["rich", "markdown", "html", "github", "junit", "sarif", "agent", "json"])
def test_the_window_of_a_run_that_counts_epochs_is_in_epochs(form: str) -> None:
    text = renderer(form).render(epochs(), Options())
    assert "epoch 12" in text or '"window":[12,12,"epoch"]' in text or '"step_unit": "epoch"' in text
    assert "step 12" not in text


def with_baseline(fixed: int = 2) -> Report:
    """Return a report of which one finding is known, with fixed ones."""
    base = fx.one_run()
    first, *others = base.findings
    gone = tuple(Known(f"logs/r{i:02}", "diverged", "train/loss", Severity.ERROR) for i in range(fixed))
    return replace(base, findings=(replace(first, status="known"), *others), baseline="b.jsonl", fixed=gone)


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ("rich", ["2 new, 1 known, 2 fixed", "2 findings fixed: runaudit baseline prune takes them out of b.jsonl"]),
        ("rich", ["\n  logs/r00: error[diverged] train/loss\n"]),
        ("markdown", ["2 new, 1 known, 2 fixed", "<summary>2 findings fixed since the baseline</summary>"]),
        ("markdown", ["- logs/r01: error\\[diverged\\] train/loss"]),
        ("github", ["1 known without an annotation: see the report; 2 findings fixed since the baseline"]),
        ("json", ['"known": 1,', '"run": "logs/r01",']),
    ],
)
def test_what_is_new_known_and_fixed_is_told(form: str, said: list[str]) -> None:
    text = renderer(form).render(with_baseline(), Options(100))
    for words in said:
        assert words in text


def test_many_fixed_findings_are_counted() -> None:
    text = renderer("rich").render(with_baseline(13), Options())
    assert "  and 3 more: --verbose names them\n" in text
    assert "logs/r12" in renderer("rich").render(with_baseline(13), Options(verbosity=1))
    assert "- and 3 more\n" in renderer("markdown").render(with_baseline(23), Options())
    assert "2 new, 1 known, 13 fixed" in renderer("rich").render(with_baseline(13), Options(verbosity=-1))


def test_without_a_baseline_nothing_is_said_of_one() -> None:
    for form in ("rich", "markdown", "github"):
        assert "fixed" not in renderer(form).render(fx.one_run(), Options())
    assert '"baseline": null' in renderer("json").render(fx.one_run(), Options())


def test_a_window_in_words() -> None:
    run = epochs().runs[0]
    assert when(PEN, fx.finding(first_step=3, last_step=1200), run) == "epochs 3-1,200"
    assert when(PEN, fx.finding(first_step=3, last_step=3), replace(run, step_unit="token")) == "token 3"
    assert when(PEN, fx.finding(first_step=3, last_step=3), None) == "step 3"
    assert when(PEN, fx.finding(series=""), run) == ""
