"""What is worse than a good audit, what is not, and how audits are drawn."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from runaudit.history.against import LAST_GOOD, compare, reference
from runaudit.history.rows import Audit, FindingState, RunState, audit_of
from runaudit.history.store import opened
from runaudit.history.trend import branches, only, rules, runs
from runaudit.model import Severity
from runaudit.pen import Options
from runaudit.render import _history, _history_json
from runaudit.render._markup import APART
from tests.history.test_store import AUDIT, FINDING, RUN
from tests.render import fixtures as fx
from tests.render.hostile import TEXTS

ERROR = replace(FINDING, rule="diverged", severity=Severity.ERROR)


def now(*findings: FindingState, verdict: str = "warn", fail_on: str = "error", exit_code: int = 0) -> Audit:
    state = replace(RUN, verdict=verdict)
    return replace(AUDIT, number=2, findings=findings, runs=(state,), fail_on=fail_on, exit_code=exit_code)


@pytest.mark.parametrize(
    ("audit", "worse"),
    [
        (now(FINDING), False),
        (now(verdict="ok"), False),
        (now(FINDING, ERROR), True),
        (now(FINDING, replace(ERROR, status="known")), False),
        (now(FINDING, ERROR, fail_on="never"), False),
        (now(FINDING, replace(FINDING, rule="lr-zero")), False),  # a warning, where errors fail
        (now(FINDING, replace(FINDING, rule="lr-zero"), fail_on="warning"), True),
        (now(FINDING, FINDING, fail_on="warning"), True),  # one more of a kind
        (now(replace(FINDING, severity=Severity.ERROR)), True),
        (now(replace(FINDING, severity=Severity.NOTE), fail_on="note"), False),
        (now(FINDING, verdict="fail"), True),
        (now(FINDING, verdict="unknown"), False),
        (now(FINDING, exit_code=4), True),
    ],
)
def test_what_is_worse(audit: Audit, worse: bool) -> None:
    found = compare(audit, AUDIT)
    assert found.is_worse is worse
    assert compare(audit, None).is_worse is False


def test_a_run_that_can_no_longer_be_judged_is_worse_than_a_good_one() -> None:
    good = replace(AUDIT, runs=(replace(RUN, verdict="ok"),), findings=())
    assert compare(now(verdict="unknown"), good).is_worse
    assert not compare(replace(good, number=2), replace(good, runs=(replace(RUN, verdict="unknown"),))).is_worse


def test_runs_that_come_and_go() -> None:
    other = replace(RUN, run="logs/b", verdict="fail")
    before = replace(AUDIT, runs=(RUN, other), findings=(FINDING, replace(ERROR, run="logs/b")))
    found = compare(now(FINDING), before)
    assert (found.missing, found.gone, found.is_worse) == (("logs/b",), (), False)
    assert compare(replace(before, number=3), now(FINDING)).is_worse  # the error of a new run is new
    assert [f.rule for f in compare(now(verdict="ok"), AUDIT).gone] == ["overfitting"]


def test_the_last_good_audit(tmp_path: Path) -> None:
    with opened(tmp_path / "h.sqlite", create=True) as store:

        def add(branch: str, exit_code: int, scope: str = "logs") -> Audit:
            audit = replace(AUDIT, branch=branch, exit_code=exit_code, scope=scope)
            return replace(audit, number=store.record(audit))

        def against(audit: Audit, what: str = LAST_GOOD) -> int:
            found = reference(store, audit, what)
            return found.number if found is not None else 0

        first = add("main", 0)
        assert against(first) == 0
        assert against(add("main", 1)) == first.number
        add("main", 0, "other")  # of something else
        branch = add("fix", 1)
        assert against(branch) == first.number  # the branch has none of its own
        own = add("fix", 0)
        assert against(own) == first.number  # not itself
        last = add("fix", 1)
        assert against(last) == own.number
        assert against(last, "main") == 2  # the newest, good or not
        assert against(last, "none") == 0


def test_trends() -> None:
    middle = replace(AUDIT, number=2, exit_code=1, findings=(FINDING, FINDING, ERROR), runs=())
    last = replace(AUDIT, number=3, branch="fix", findings=())
    audits = [replace(AUDIT, number=1), middle, last]
    fix, main = branches(audits)
    assert (fix.branch, main.errors, main.warnings) == ("fix", [0, 1], [1, 2])
    assert (fix.good, main.good) == (last, audits[0])
    assert [(r.rule, r.severity, r.counts, r.audits) for r in rules(audits)] == [
        ("diverged", "error", (0, 1, 0), 1),
        ("overfitting", "warning", (1, 2, 0), 2),
    ]
    (run,) = runs(audits)
    assert (run.states, run.changed, run.newest) == ((RUN, None, RUN), False, RUN)
    (kept, *_) = only(audits, ["lr-zero"], "logs/*")
    assert (kept.findings, kept.runs) == ((), (RUN,))
    assert only(audits, [], "b")[0].runs == ()


def test_the_audit_of_a_report(tmp_path: Path) -> None:
    report = replace(fx.many_runs(), root=str(tmp_path / "logs"))
    audit = audit_of(report, tmp_path, datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), {})
    assert (audit.time, audit.scope, audit.project) == ("2026-01-02T03:04:05+00:00", "logs", tmp_path.name)
    assert {r.run for r in audit.runs} == {f"logs/{r.id}" for r in report.runs}
    assert len(audit.findings) == len(report.findings)
    assert (audit.exit_code, audit.fail_on) == (report.exit_code, report.fail_on)
    elsewhere = audit_of(report, tmp_path / "other", env={})
    assert elsewhere.scope == f"outside:{tmp_path.name}/logs"


def test_accuracy_is_best_at_its_top() -> None:
    curve = fx.curve("val/accuracy", np.array([0.1, 0.9, 0.5]))
    run = replace(fx.many_runs().runs[0], curves=(curve,))
    (state,) = audit_of(replace(fx.many_runs(), runs=(run,), sweeps=()), Path("/nowhere"), env={}).runs
    assert (state.series, state.direction, state.last, state.best) == ("val/accuracy", "max", 0.5, 0.9)


@pytest.mark.parametrize("text", TEXTS)
def test_hostile_texts_break_out_of_nothing(text: str) -> None:
    run, finding = replace(RUN, run=text, series=text), replace(ERROR, run=text, rule=text, series=text)
    audit = replace(
        AUDIT, time=text, project=text, branch=text, commit=text, runs=(run,), findings=(finding,), exit_code=1
    )
    found = [compare(replace(audit, number=2), replace(audit, findings=(), runs=(replace(run, verdict="ok"),)))]
    for width in (60, 100):
        shown = _history.history([[audit]], found, Options(width))
        assert max(map(len, shown.splitlines())) <= width or not text.isascii()
        assert all(c.isprintable() or c == "\n" for c in shown)
    marked = _history.markdown([[audit]], found, Options())
    assert "<script" not in re.sub(r"(`+)[^`].*?\1", "", marked)
    assert all(c.isprintable() or c in {"\n", APART} for c in marked)
    assert not [line for line in marked.splitlines() if line.startswith(("::", "# ", "##["))]
    assert json.loads(_history_json.document([[audit]], found))["worse"] is True
    assert _history.history([[audit]], found, Options(80, ascii=True)).isascii()


def test_numbers_that_are_not_finite_stay_strict_json() -> None:
    audit = replace(AUDIT, runs=(RunState("a", "fail", "val/loss", "min", math.nan, math.inf),))

    def refuse(text: str) -> float:
        raise AssertionError(text)

    json.loads(_history_json.document([[audit]], []), parse_constant=refuse)
    assert "NaN" in _history.history([[audit]], [], Options())
