"""Findings that a team has accepted, in a file beside its code: what is new, what is known, what is fixed.

The file is JSON Lines: a head, then one finding a line, sorted, without steps and values, so that two branches that
change it merge. A finding is known by its run, rule and series, and by how bad it was: one that has become worse is
new. A run is named by its place seen from the folder of the file; one outside of it by its id (``outside:a/b``).
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path, PurePath
from typing import Any

from runaudit.errors import UsageError
from runaudit.model import Finding, Report, Severity

HEAD = "runaudit_baseline"
VERSION = 1
OUTSIDE = "outside:"
CONFLICT = ("<<<<<<<", "=======", ">>>>>>>", "|||||||")


@dataclass(frozen=True, slots=True)
class Known:
    """A finding that was accepted; ``count`` is how often the rule found it in the same series of the run."""

    run: str
    rule: str
    series: str
    severity: Severity
    count: int = 1

    @property
    def place(self) -> Place:
        """Return what two findings share if they are the same but for step, value and severity."""
        return self.run, self.rule, self.series

    @property
    def order(self) -> tuple[str, str, str, int]:
        """Return by what the lines of the file are sorted."""
        return *self.place, self.severity.rank


Place = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Baseline:
    """The file of accepted findings: its path, and what it lists."""

    path: Path
    known: tuple[Known, ...]


@dataclass(frozen=True, eq=False)  # slots would make a second class, and super() look for the first
class Compared(Report):
    """A report whose accepted findings have the status ``known``; only the others count for the exit code.

    ``fixed``: what the file lists, and the rule no longer finds in that run. ``unseen``: what the file lists of runs
    that were not audited, or of rules that did not judge them; it says nothing either way.
    """

    fixed: tuple[Known, ...] = ()
    unseen: tuple[Known, ...] = ()

    @property
    def exit_code(self) -> int:
        """Return the exit code of the report without what is known."""
        new = tuple(f for f in self.findings if f.status != "known")
        return replace(self, findings=new).exit_code if len(new) < len(self.findings) else super().exit_code


# --- the file ----------------------------------------------------------------------------------------------


def read(path: Path) -> Baseline:
    """Return the findings that a file lists; raises ``UsageError`` with every broken line.

    A line that stands twice, as after a merge, counts once.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
    except FileNotFoundError:
        raise UsageError(f"{path}: no such file; runaudit baseline write makes it") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: {getattr(error, 'strerror', '') or 'it is no text in UTF-8'}") from error
    rows = [(number, line) for number, line in enumerate(lines, start=1) if line.strip()]
    problems: list[str] = []
    if not rows or not _is_head(rows[0][1]):
        number = rows[0][0] if rows else 1
        problems.append(f'{path}:{number}: it is no baseline: {{"{HEAD}": {VERSION}}} must be its first line')
    found: dict[tuple[str, str, str, int], Known] = {}
    for number, line in rows[1:]:
        entry = _entry(line)
        if isinstance(entry, str):
            problems.append(f"{path}:{number}: {entry}")
        elif entry.order not in found or entry.count > found[entry.order].count:
            found[entry.order] = entry
    if problems:
        raise UsageError(*problems)
    return Baseline(path, _sorted(found.values()))


def _is_head(line: str) -> bool:
    try:
        return bool(json.loads(line) == {HEAD: VERSION})
    except (ValueError, RecursionError):
        return False


def _entry(line: str) -> Known | str:
    """Return the finding of a line, or what is wrong with it."""
    if line.startswith(CONFLICT):
        return f"a merge conflict was left here: {line[:7]}"
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return "it is no JSON object on one line"
    if not isinstance(row, dict):
        return "it is no JSON object"
    names = [f.name for f in fields(Known)]
    wrong = [name for name in names[:3] if not isinstance(row.get(name), str)]
    if wrong or not set(row) <= set(names):
        return f"a finding has {', '.join(names[:-1])} and, if it is there more than once, count; this is {sorted(row)}"
    count = row.get("count", 1)
    if row.get("severity") not in list(Severity):
        return f"severity {row.get('severity')!r} is none of {[str(s) for s in Severity]}"
    if not isinstance(count, int) or isinstance(count, bool) or count < 1:
        return f"count {count!r} is no whole number from 1"
    return Known(row["run"], row["rule"], row["series"], Severity(row["severity"]), count)


def text(known: Iterable[Known]) -> str:
    """Return the file as text in ASCII: the same findings, the same bytes."""
    rows: list[Mapping[str, Any]] = [{HEAD: VERSION}]
    for one in _sorted(known):
        row = {"run": one.run, "rule": one.rule, "series": one.series, "severity": str(one.severity)}
        rows.append(row | ({"count": one.count} if one.count > 1 else {}))
    return "".join(json.dumps(row) + "\n" for row in rows)


def _sorted(known: Iterable[Known]) -> tuple[Known, ...]:
    return tuple(sorted(known, key=lambda one: one.order))


# --- a report and the file ---------------------------------------------------------------------------------


def accepted(report: Report, path: Path) -> tuple[Known, ...]:
    """Return every finding of a report as a baseline at ``path`` lists it."""
    return _counted(_keys(report, report.findings, path))


def compare(report: Report, baseline: Baseline) -> Compared:
    """Return the report with what the baseline lists marked as known, and what of it is fixed.

    Where a rule finds more in a series than the baseline lists, the worst and then the first are the known ones.
    """
    left: dict[Place, list[Severity]] = defaultdict(list)
    for one in baseline.known:  # sorted: the worst severity of a place comes first
        left[one.place] += [one.severity] * one.count
    keys = _keys(report, report.findings, baseline.path)
    known: set[int] = set()
    for i in sorted(range(len(keys)), key=lambda i: (keys[i].severity.rank, report.findings[i].first_step)):
        if _take(left, keys[i]):
            known.add(i)
    for key in _keys(report, report.suppressed, baseline.path):
        _take(left, key)
    judged = _judged(report, baseline.path)
    rest = _counted(Known(*place, severity) for place, severities in left.items() for severity in severities)
    findings = tuple(replace(f, status="known") if i in known else f for i, f in enumerate(report.findings))
    return Compared(
        **{f.name: getattr(report, f.name) for f in fields(Report)} | {"findings": findings},
        fixed=tuple(one for one in rest if (one.run, one.rule) in judged),
        unseen=tuple(one for one in rest if (one.run, one.rule) not in judged),
    )


def pruned(report: Compared, baseline: Baseline, paths: Sequence[str | Path]) -> tuple[Known, ...]:
    """Return what a baseline keeps: what is still there, as bad as it is now, and what could not be judged.

    Of what was not judged, the runs at or below ``paths`` that no longer exist are left out; a file that could not be
    read may hold one, and keeps it. What the configuration suppresses needs no baseline and is left out too.
    """
    still = [f for f in report.findings if f.status == "known"]
    home = baseline.path.resolve().parent
    tops = [Path(path).resolve() for path in paths]
    found = {_name(report.root, run.id, home) for run in report.runs}
    broken = [_name(report.root, file.path, home) for file in report.unreadable]

    def gone(one: Known) -> bool:
        place = Path(os.path.normpath(home / one.run))
        below = not one.run.startswith(OUTSIDE) and any(place.is_relative_to(top) for top in tops)
        return below and one.run not in found and not any(PurePath(b).is_relative_to(one.run) for b in broken)

    return _counted([*_keys(report, still, baseline.path), *(one for one in report.unseen if not gone(one))])


def _take(left: Mapping[Place, list[Severity]], key: Known) -> bool:
    """Take one finding out of what is left of the baseline; say no if none is left that was as bad."""
    severities = left.get(key.place, [])
    if not severities or severities[0].rank > key.severity.rank:
        return False
    severities.pop(0)
    return True


def _counted(known: Iterable[Known]) -> tuple[Known, ...]:
    counts: dict[Known, int] = defaultdict(int)
    for one in known:
        counts[replace(one, count=1)] += one.count
    return _sorted(replace(one, count=n) for one, n in counts.items())


def _judged(report: Report, path: Path) -> set[tuple[str, str]]:
    """Return the pairs of run and rule of which this report says whether there is anything."""
    home = path.resolve().parent
    pairs = {(run.id, rule) for run in report.runs for rule in run.passed}
    pairs |= {(f.run, f.rule) for f in (*report.findings, *report.suppressed)}
    return {(_name(report.root, run, home), rule) for run, rule in pairs}


def _keys(report: Report, findings: Sequence[Finding], path: Path) -> list[Known]:
    home = path.resolve().parent
    names = {run: _name(report.root, run, home) for run in {f.run for f in findings}}
    return [Known(names[f.run], f.rule, f.series, f.severity) for f in findings]


def _name(root: str, run: str, home: Path) -> str:
    """Return the name of a run, or of a file below the root, in a baseline that lies in ``home``."""
    top = Path(root).resolve()
    place = Path(os.path.normpath(top / run))
    if place.is_relative_to(home):
        return place.relative_to(home).as_posix()
    return OUTSIDE + (top.name if run == "." else run)


def summary(report: Compared) -> Iterator[str]:
    """Report in words how many findings are new and known, and each that is fixed."""
    known = sum(f.status == "known" for f in report.findings)
    gone = sum(one.count for one in report.fixed)
    yield f"{len(report.findings) - known} new, {known} known, {gone} fixed"
    for one in report.fixed:
        times = f" ({one.count} times)" if one.count > 1 else ""
        yield f"fixed: {one.run}: {one.severity}[{one.rule}]{f' {one.series}' if one.series else ''}{times}"
