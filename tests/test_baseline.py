"""Baselines: what is new, known, fixed or unseen, and the file and how it breaks."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runaudit import baseline
from runaudit.baseline import Baseline
from runaudit.errors import UsageError
from runaudit.model import Crash, Finding, Known, Report, Severity, Unreadable
from runaudit.render import _words as words
from runaudit.render._verdict import counted, headline, judge
from tests.render import fixtures as fx

ERROR, WARNING, NOTE = Severity
HEAD = '{"runaudit_baseline": 1}\n'


def finding(severity: Severity = ERROR, step: int = 10, **changes: object) -> Finding:
    values = {"run": "a", "rule": "overfitting", "series": "val/loss", **changes}
    return fx.finding(severity=severity, first_step=step, **values)


def report(*findings: Finding, root: Path | str = "/repo/logs", **changes: object) -> Report:
    runs = tuple(replace(fx.run(name, (), "ok"), passed=("diverged",)) for name in ("a", "b"))
    return replace(Report(str(root), runs, findings), **changes)  # type: ignore[arg-type]


def listed(*known: Known, folder: str = "/repo") -> Baseline:
    return Baseline(Path(folder) / "b.jsonl", known)


def statuses(found: Report) -> list[str]:
    return [f.status for f in found.findings]


ACCEPTED = Known("logs/a", "overfitting", "val/loss", ERROR)


def test_what_is_listed_is_known_and_does_not_fail() -> None:
    found = baseline.compare(report(finding(), finding(WARNING, run="b")), listed(ACCEPTED))
    assert statuses(found) == ["known", "new"]
    assert found.exit_code == 0
    assert replace(found, fail_on="warning").exit_code == 1
    assert words.compared(found) == "1 new, 1 known, 0 fixed"


def test_without_a_listed_finding_the_exit_code_is_that_of_the_report() -> None:
    assert baseline.compare(report(finding()), listed()).exit_code == 1
    assert baseline.compare(report(), listed()).exit_code == 0
    crashed = report(finding(), crashes=(Crash("lr-zero", "a", "boom"),))
    assert baseline.compare(crashed, listed(ACCEPTED)).exit_code == 4
    assert baseline.compare(Report("/repo/logs", ()), listed(ACCEPTED)).exit_code == 3


def test_step_and_value_do_not_matter() -> None:
    moved = finding(step=999, message="another value", facts={"rise": 7.0})
    assert statuses(baseline.compare(report(moved), listed(ACCEPTED))) == ["known"]


@pytest.mark.parametrize("change", [{"run": "b"}, {"rule": "diverged"}, {"series": "val/b/loss"}])
def test_another_run_rule_or_series_is_new(change: dict[str, Any]) -> None:
    assert statuses(baseline.compare(report(finding(**change)), listed(ACCEPTED))) == ["new"]


def test_a_finding_that_has_become_worse_is_new_and_one_that_is_better_is_known() -> None:
    mild = replace(ACCEPTED, severity=WARNING)
    assert statuses(baseline.compare(report(finding(ERROR)), listed(mild))) == ["new"]
    assert statuses(baseline.compare(report(finding(NOTE)), listed(mild))) == ["known"]


def test_of_several_in_one_series_so_many_are_known_as_are_listed() -> None:
    three = report(finding(step=30), finding(step=10), finding(WARNING, step=5))
    assert statuses(baseline.compare(three, listed(ACCEPTED))) == ["new", "known", "new"]
    assert statuses(baseline.compare(three, listed(replace(ACCEPTED, count=2)))) == ["known", "known", "new"]
    several = listed(ACCEPTED, replace(ACCEPTED, severity=WARNING))
    assert statuses(baseline.compare(three, several)) == ["new", "known", "known"]
    accepted = baseline.accepted(three, Path("/repo/b.jsonl"))
    assert [(one.severity, one.count) for one in accepted] == [(ERROR, 2), (WARNING, 1)]


def test_fixed_is_what_the_rule_no_longer_finds_in_a_run_that_it_judged() -> None:
    gone = Known("logs/a", "diverged", "train/loss", ERROR, 2)
    unseen = [Known("logs/other", "diverged", "train/loss", ERROR), Known("logs/a", "lr-zero", "lr", NOTE)]
    found = baseline.compare(report(), listed(gone, *unseen))
    assert found.fixed == (gone,)
    assert found.unseen == tuple(sorted(unseen, key=lambda one: one.run))
    assert words.compared(found) == "0 new, 0 known, 2 fixed"
    assert words.gone(found.fixed[0]) == "logs/a: error[diverged] train/loss (2 times)"


def test_one_of_two_is_fixed() -> None:
    found = baseline.compare(report(finding()), listed(replace(ACCEPTED, count=2)))
    assert (statuses(found), found.fixed) == (["known"], (ACCEPTED,))


def test_a_suppressed_finding_is_not_fixed() -> None:
    found = baseline.compare(report(suppressed=(finding(),)), listed(ACCEPTED))
    assert found.fixed == found.unseen == ()


def test_a_run_has_one_name_from_whatever_folder_it_is_audited() -> None:
    for root, run in (("/repo", "logs/a"), ("/repo/logs", "a"), ("/repo/logs/a", ".")):
        assert baseline.accepted(report(finding(run=run), root=root), Path("/repo/b.jsonl")) == (ACCEPTED,)


def test_a_run_outside_of_the_folder_has_its_id_and_is_no_run_inside() -> None:
    path = Path("/repo/b.jsonl")
    outside = report(finding(), root="/data")
    assert [one.run for one in baseline.accepted(outside, path)] == ["outside:a"]
    assert [one.run for one in baseline.accepted(report(finding(run="."), root="/data/a"), path)] == ["outside:a"]
    assert statuses(baseline.compare(outside, listed(replace(ACCEPTED, run="a")))) == ["new"]


def alone(*findings: Finding, path: str) -> Report:
    """Return a report on one file of the folder logs/two, which makes the folder its run."""
    run = replace(fx.run(".", (), "ok"), paths=(path,), passed=("diverged",))
    return Report("/repo/logs/two", (run,), findings)


def test_a_log_audited_alone_is_the_one_that_was_audited_with_others_of_its_folder() -> None:
    one, other = replace(ACCEPTED, run="logs/two/r1.csv"), replace(ACCEPTED, run="logs/two/r2.csv")
    diverged = replace(one, rule="diverged")
    file = listed(one, other, diverged)
    found = baseline.compare(alone(finding(run="."), path="r1.csv"), file)
    assert (statuses(found), found.fixed, found.unseen) == (["known"], (diverged,), (other,))
    assert baseline.pruned(found, file, ["/repo/logs/two/r1.csv"]) == (one, other)
    assert statuses(baseline.compare(alone(finding(run="."), path="r3.csv"), file)) == ["new"]


def test_a_run_outside_is_known_by_its_longer_name_but_never_by_a_shorter_one() -> None:
    below, above = report(finding(), root="/data/x"), report(finding(run="x/a"), root="/data")
    assert statuses(baseline.compare(below, listed(replace(ACCEPTED, run="outside:x/a")))) == ["known"]
    assert statuses(baseline.compare(above, listed(replace(ACCEPTED, run="outside:a")))) == ["new"]
    assert statuses(baseline.compare(above, listed(replace(ACCEPTED, run="outside:y/x/a")))) == ["new"]


def test_what_is_known_is_no_failure_in_the_verdict() -> None:
    found = baseline.compare(report(finding()), listed(ACCEPTED))
    assert (judge(found), headline(found)) == (("ok", "OK"), "2 runs, nothing new")
    assert counted(found) == "1 error (known)"
    worse = baseline.compare(report(finding(), finding(run="b")), listed(ACCEPTED))
    assert (judge(worse)[1], counted(worse)) == ("FAIL", "2 errors (1 known)")


# --- prune -------------------------------------------------------------------------------------------------


def prune(now: Report, *known: Known, paths: tuple[str, ...] = ("/repo/logs",)) -> tuple[Known, ...]:
    file = listed(*known)
    return baseline.pruned(baseline.compare(now, file), file, paths)


def test_prune_takes_out_what_is_fixed_and_adds_nothing() -> None:
    fixed = Known("logs/a", "diverged", "train/loss", ERROR)
    assert prune(report(finding(), finding(run="b")), ACCEPTED, fixed) == (ACCEPTED,)


def test_prune_lists_a_finding_as_bad_as_it_is_now() -> None:
    assert prune(report(finding(WARNING)), ACCEPTED) == (replace(ACCEPTED, severity=WARNING),)


def test_prune_takes_out_runs_that_are_gone_but_none_that_was_not_looked_at() -> None:
    gone, elsewhere = replace(ACCEPTED, run="logs/gone"), replace(ACCEPTED, run="old/a")
    outside, unjudged = replace(ACCEPTED, run="outside:x"), replace(ACCEPTED, rule="lr-zero")
    assert prune(report(), gone, elsewhere, outside, unjudged) == (unjudged, elsewhere, outside)
    assert prune(report(), gone, paths=("/repo/logs/a",)) == (gone,)
    assert prune(report(), elsewhere, outside, paths=("/repo",)) == (outside,)


def test_prune_keeps_a_run_whose_file_could_not_be_read() -> None:
    gone = replace(ACCEPTED, run="logs/gone")
    broken = report(unreadable=(Unreadable("gone/log.csv", "cut off", "corrupt"),))
    assert prune(broken, gone) == (gone,)


# --- the file ----------------------------------------------------------------------------------------------

names = st.text(st.characters(codec="utf-8"), max_size=8)
entries = st.builds(Known, names, names, names, st.sampled_from(Severity), st.integers(1, 5))


@given(st.lists(entries, unique_by=lambda one: (one.run, one.rule, one.series, one.severity)))
def test_the_file_says_what_it_was_given_in_any_order(
    tmp_path_factory: pytest.TempPathFactory, known: list[Known]
) -> None:
    path = tmp_path_factory.mktemp("b") / "b.jsonl"
    path.write_text(baseline.text(known))
    assert set(baseline.read(path).known) == set(known)
    assert baseline.text(reversed(known)) == path.read_text()
    assert path.read_text().isascii()


def test_the_file_has_one_finding_a_line_sorted_without_steps_and_values() -> None:
    text = baseline.text([replace(ACCEPTED, run="logs/b", count=2), ACCEPTED])
    assert text == (
        HEAD + '{"run": "logs/a", "rule": "overfitting", "series": "val/loss", "severity": "error"}\n'
        '{"run": "logs/b", "rule": "overfitting", "series": "val/loss", "severity": "error", "count": 2}\n'
    )


def test_a_line_that_a_merge_doubled_counts_once(tmp_path: Path) -> None:
    line = json.dumps({"run": "a", "rule": "x", "series": "", "severity": "note"})
    (tmp_path / "b").write_text(f'{HEAD}{line}\n\n{line}\n{line[:-1]}, "count": 3}}\n')
    assert baseline.read(tmp_path / "b").known == (Known("a", "x", "", NOTE, 3),)


GOOD = '{"run": "a", "rule": "x", "series": "", "severity": "note"}\n'
BROKEN = {
    "": "1: it is no baseline",
    "\n" + GOOD: "2: it is no baseline",
    '{"runaudit_baseline": 2}\n': "1: it is no baseline",
    HEAD + GOOD + "<<<<<<< HEAD\n": "3: a merge conflict was left here: <<<<<<<",
    HEAD + GOOD[:-5]: "2: it is no JSON object on one line",
    HEAD + "[" * 100_000: "2: it is no JSON object on one line",
    HEAD + "[1]\n": "2: it is no JSON object",
    HEAD + '{"run": "a"}\n': "2: a finding has run, rule, series, severity",
    HEAD + GOOD.replace('"x"', "3"): "2: a finding has run, rule, series, severity",
    HEAD + GOOD.replace("}", ', "step": 3}'): "2: a finding has run, rule, series, severity",
    HEAD + GOOD.replace('"note"', '"fatal"'): "2: severity 'fatal' is none of ['error', 'warning', 'note']",
    HEAD + GOOD.replace('"note"', "[]"): "2: severity [] is none of",
    HEAD + GOOD.replace("}", ', "count": 0}'): "2: count 0 is no whole number from 1",
    HEAD + GOOD.replace("}", ', "count": true}'): "2: count True is no whole number from 1",
}


@pytest.mark.parametrize(("text", "said"), BROKEN.items(), ids=range(len(BROKEN)))
def test_a_broken_file_is_refused_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "b.jsonl"
    path.write_text(text)
    with pytest.raises(UsageError) as error:
        baseline.read(path)
    assert error.value.problems[0].startswith(f"{path}:{said}")


def test_every_broken_line_is_named_at_once(tmp_path: Path) -> None:
    (tmp_path / "b").write_text(HEAD + "x\n" + GOOD + "y\n")
    with pytest.raises(UsageError) as error:
        baseline.read(tmp_path / "b")
    assert [p.partition("b:")[2][:1] for p in error.value.problems] == ["2", "4"]


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file; runaudit baseline write makes it"):
        baseline.read(tmp_path / "none")
    with pytest.raises(UsageError, match="directory"):
        baseline.read(tmp_path)
    (tmp_path / "latin").write_bytes(b"\xe9\xff")
    with pytest.raises(UsageError, match="no text in UTF-8"):
        baseline.read(tmp_path / "latin")
