"""Findings that a team has accepted, in a file beside its code: what is new, what is known, what is fixed.

The file is JSON Lines: a head, then one finding a line, sorted, without steps and values, so that two branches that
change it merge. A finding is known by its run, rule and series, and by how bad it was: one that has become worse is
new. A run is named by its place seen from the folder of the file; one outside of it by its id (``outside:a/b``). The id
of a run depends on what is audited with it, so a run is also looked for under the names that it may have had.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path, PurePath
from typing import Any

from runaudit.errors import UsageError
from runaudit.model import Finding, Known, Report, Severity

HEAD = "runaudit_baseline"
VERSION = 1
OUTSIDE = "outside:"
CONFLICT = ("<<<<<<<", "=======", ">>>>>>>", "|||||||")


Place = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Baseline:
    """The file of accepted findings: its path, and what it lists."""

    path: Path
    known: tuple[Known, ...]


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
        elif _order(entry) not in found or entry.count > found[_order(entry)].count:
            found[_order(entry)] = entry
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
    return tuple(sorted(known, key=_order))


def _place(one: Known) -> Place:
    """Return what two findings share if they are the same but for step, value and severity."""
    return one.run, one.rule, one.series


def _order(one: Known) -> tuple[str, str, str, int]:
    """Return by what the lines of the file are sorted."""
    return *_place(one), one.severity.rank


# --- a report and the file ---------------------------------------------------------------------------------


def accepted(report: Report, path: Path) -> tuple[Known, ...]:
    """Return every finding of a report as a baseline at ``path`` lists it."""
    names = _Names(report, path)
    return _counted(Known(names.of(f.run)[0], f.rule, f.series, f.severity) for f in report.findings)


def compare(report: Report, baseline: Baseline) -> Report:
    """Return the report with what the baseline lists marked as known, and what of it is fixed.

    Where a rule finds more in a series than the baseline lists, the worst and then the first are the known ones.
    """
    names = _Names(report, baseline.path)
    known, left = _matched(report, baseline, names)
    judged = {(name, rule) for run, rule in _judged(report) for name in names.of(run)}
    rest = _counted(Known(*place, severity) for place, severities in left.items() for severity in severities)
    return replace(
        report,
        findings=tuple(replace(f, status="known") if i in known else f for i, f in enumerate(report.findings)),
        baseline=str(baseline.path),
        fixed=tuple(one for one in rest if (one.run, one.rule) in judged),
        unseen=tuple(one for one in rest if (one.run, one.rule) not in judged),
    )


def pruned(report: Report, baseline: Baseline, paths: Sequence[str | Path]) -> tuple[Known, ...]:
    """Return what a baseline keeps: what is still there, as bad as it is now, and what could not be judged.

    Of what was not judged, the runs at or below ``paths`` that no longer exist are left out; a file that could not be
    read may hold one, and keeps it. What the configuration suppresses needs no baseline and is left out too.
    """
    names = _Names(report, baseline.path)
    known, _ = _matched(report, baseline, names)
    still = [Known(*place, report.findings[i].severity) for i, place in known.items()]
    tops = [Path(path).resolve() for path in paths]
    found = {name for run in report.runs for name in names.of(run.id)}
    broken = [name for file in report.unreadable for name in names.of(file.path)]

    def gone(one: Known) -> bool:
        place = Path(os.path.normpath(names.home / one.run))
        below = not one.run.startswith(OUTSIDE) and any(place.is_relative_to(top) for top in tops)
        return below and one.run not in found and not any(PurePath(b).is_relative_to(one.run) for b in broken)

    return _counted([*still, *(one for one in report.unseen if not gone(one))])


class _Names:
    """Names the runs of a report as a baseline at ``path`` does."""

    def __init__(self, report: Report, path: Path) -> None:
        self.home = path.resolve().parent
        self.top = Path(report.root).resolve()
        self.files = {run.id: run.paths for run in report.runs if len(run.paths) == 1}
        self.known: dict[str, tuple[str, ...]] = {}

    def of(self, run: str) -> tuple[str, ...]:
        """Return the name of a run, or of a file below the root, and those that it may have had in other audits.

        A run of one file goes by that file where it was audited with others of its folder; a run outside of the folder
        of the baseline has a longer name where a folder further up was audited.
        """
        if run not in self.known:
            place = Path(os.path.normpath(self.top / run))
            if place.is_relative_to(self.home):
                ours = [place, *(Path(os.path.normpath(self.top / file)) for file in self.files.get(run, ()))]
                inside = (one for one in ours if one.is_relative_to(self.home))
                self.known[run] = tuple(one.relative_to(self.home).as_posix() for one in inside)
            else:
                name = self.top.name if run == "." else run
                above = [part for part in place.as_posix().removesuffix(f"/{name}").split("/") if part]
                longer = ["/".join([*above[i:], name]) for i in range(len(above) - 1, -1, -1)]
                self.known[run] = tuple(OUTSIDE + one for one in (name, *longer))
        return self.known[run]


def _matched(report: Report, baseline: Baseline, names: _Names) -> tuple[dict[int, Place], dict[Place, list[Severity]]]:
    """Return the place in the baseline of each known finding, by its position, and what of the baseline is left."""
    left: dict[Place, list[Severity]] = defaultdict(list)
    for one in baseline.known:  # sorted: the worst severity of a place comes first
        left[_place(one)] += [one.severity] * one.count
    known: dict[int, Place] = {}
    order = range(len(report.findings))
    for i in sorted(order, key=lambda i: (report.findings[i].severity.rank, report.findings[i].first_step)):
        place = _take(left, report.findings[i], names)
        if place is not None:
            known[i] = place
    for finding in report.suppressed:
        _take(left, finding, names)
    return known, left


def _take(left: Mapping[Place, list[Severity]], finding: Finding, names: _Names) -> Place | None:
    """Take one finding out of what is left of the baseline; None if none is left that was as bad."""
    for name in names.of(finding.run):
        place = (name, finding.rule, finding.series)
        severities = left.get(place, [])
        if severities and severities[0].rank <= finding.severity.rank:
            severities.pop(0)
            return place
    return None


def _counted(known: Iterable[Known]) -> tuple[Known, ...]:
    counts: dict[Known, int] = defaultdict(int)
    for one in known:
        counts[replace(one, count=1)] += one.count
    return _sorted(replace(one, count=n) for one, n in counts.items())


def _judged(report: Report) -> set[tuple[str, str]]:
    """Return the pairs of run and rule of which this report says whether there is anything."""
    pairs = {(run.id, rule) for run in report.runs for rule in run.passed}
    return pairs | {(f.run, f.rule) for f in (*report.findings, *report.suppressed)}
