"""What the page lists besides runs and findings: what was not checked or not read, crashes, what is suppressed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from runaudit.model import ConfigValue, Crash, Finding, Note, Report, Skip, Unreadable
from runaudit.render._html._page import Ask
from runaudit.render._verdict import crashed, unread
from runaudit.render._words import locate, place, value
from runaudit.text import shorten

MOST = 100  # lines of a list in a lean page
MOST_CONFIG = 30
LONGEST = 200  # characters of a name or a value of a configuration

Item = TypeVar("Item")


def first(items: Sequence[Item], most: int | None) -> tuple[Sequence[Item], int]:
    """Return at most so many items (None: all) and how many more there are."""
    return (items, 0) if most is None else (items[:most], max(len(items) - most, 0))


def asks(report: Report) -> list[Ask]:
    """Return the skipped rules by what to log for them, or by the reason where nothing helps; the most rules first.

    Of a single run it is known which series it has: those nobody needs to be asked for.
    """
    logged = {c.name for run in report.runs for c in run.curves} if len(report.judged) == 1 else set()
    groups: dict[tuple[str, str], list[Skip]] = {}
    for skip in report.skips:
        need = _need(skip, logged)
        groups.setdefault((need, "" if need else skip.reason), []).append(skip)
    found = [
        Ask(need, reason, sorted({s.rule for s in group}), len({s.run for s in group}))
        for (need, reason), group in groups.items()
    ]
    return sorted(found, key=lambda a: (not a.need, -len(a.rules), -a.runs, a.need, a.reason))


def _need(skip: Skip, logged: set[str]) -> str:
    """Return what is not in the log at all, without the numbers behind it, else what there is too little of."""
    missing = [need for need in skip.needs if need.replace(",", " ").split(" ", 1)[0] not in logged]
    if not missing:
        return skip.needs[0] if skip.needs else ""
    return "; ".join(dict.fromkeys(need.split(",")[0].split(" (")[0].strip() for need in missing))


def unreadable(report: Report) -> list[tuple[Unreadable, str]]:
    """Return the files that gave no run, each with its place; the corrupt ones first."""
    return [(u, at(locate(report.root, u.path), u.line)) for u in unread(report)]


def crashes(report: Report, names: Mapping[str, str]) -> list[tuple[str, Sequence[str], str]]:
    """Return rule, names of the runs and error of every crash of a rule; the same error on several runs is one."""
    groups: dict[tuple[str, str], list[Crash]] = {}
    for crash in (c for c in crashed(report) if not c.plug_in):
        groups.setdefault((crash.rule, crash.error), []).append(crash)
    return [(rule, [names.get(c.run, c.run) for c in found], error) for (rule, error), found in groups.items()]


def suppressed(report: Report, names: Mapping[str, str]) -> list[tuple[Finding, str, str]]:
    """Return each suppressed finding with the name of its run and its place."""
    return [(f, names.get(f.run, f.run), place(report.root, f)) for f in report.suppressed]


def notes(found: Iterable[Note], root: str = "") -> list[tuple[str, str]]:
    """Return the place and the words of every note."""
    return [(at(locate(root, n.path), n.line), n.message) for n in found]


def config(given: Mapping[str, ConfigValue]) -> list[tuple[str, str]]:
    """Return names and values of a configuration in the order of the names."""
    return [(shorten(name, LONGEST), shorten(value(v), LONGEST)) for name, v in sorted(given.items())]


def at(path: str, line: int | None) -> str:
    """Return a path with the line behind it, if there is one."""
    return path if line is None else f"{path}:{line}"
