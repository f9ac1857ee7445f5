"""What a history keeps of an audit: how it ended; of each run the verdict; of each finding rule, series, severity."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from runaudit import __version__
from runaudit.history.git import Commit, commit_of
from runaudit.model import Curve, Report, RunReport, Severity
from runaudit.sweep import OBJECTIVES

VERDICTS = ("ok", "unknown", "warn", "fail")
"""From good to bad: a run that can no longer be judged is worse than a good one."""
OUTSIDE = "outside:"


@dataclass(frozen=True, slots=True)
class RunState:
    """A run in one audit, named by its place seen from the home of the history.

    ``series`` is the one that tells how good it is (validation loss first), "" if there is none; ``last`` and ``best``
    are its values, NaN where it has no finite one; ``direction`` is ``min`` or ``max``.
    """

    run: str
    verdict: str
    series: str = ""
    direction: str = "min"
    last: float = math.nan
    best: float = math.nan


@dataclass(frozen=True, slots=True)
class FindingState:
    """A finding in one audit, without steps and numbers; ``status`` is ``known`` where a baseline listed it."""

    run: str
    rule: str
    severity: Severity
    series: str
    fingerprint: str
    status: str = "new"

    @property
    def place(self) -> tuple[str, str, str]:
        """Return what two findings share if they are the same but for step, value and severity."""
        return self.run, self.rule, self.series


@dataclass(frozen=True, slots=True)
class Audit:
    """One audit as the history keeps it; ``time`` is UTC, ``scope`` what was audited, seen from the home.

    ``branch`` and ``commit`` are "" where there is no repository. ``number`` counts the audits of a file, 0 before it
    is kept.
    """

    time: str
    project: str
    scope: str
    branch: str
    commit: str
    version: str
    exit_code: int
    fail_on: str
    runs: tuple[RunState, ...] = ()
    findings: tuple[FindingState, ...] = ()
    number: int = 0

    @property
    def group(self) -> str:
        """Return the project and what of it was audited: only such audits can be compared."""
        return self.project if self.scope == "." else f"{self.project}/{self.scope}"

    def count(self, severity: Severity) -> int:
        """Return the number of findings of that severity."""
        return sum(f.severity is severity for f in self.findings)


def audit_of(report: Report, home: Path, now: datetime | None = None, env: Mapping[str, str] | None = None) -> Audit:
    """Return what is kept of a report; ``home`` is the folder that the history belongs to."""
    commit = commit_of(home, os.environ if env is None else env)
    top = Path(report.root).resolve()
    return Audit(
        time=(now or datetime.now(UTC)).astimezone(UTC).isoformat(timespec="seconds"),
        project=_project(commit, home),
        scope=_place(top, home),
        branch=commit.branch,
        commit=commit.id,
        version=__version__,
        exit_code=report.exit_code,
        fail_on=report.fail_on,
        runs=tuple(_state(run, _place(top / run.id, home)) for run in report.judged),
        findings=tuple(
            FindingState(_place(top / f.run, home), f.rule, f.severity, f.series, f.fingerprint, f.status)
            for f in report.findings
        ),
    )


def _project(commit: Commit, home: Path) -> str:
    """Return the name of the repository and the folder in it: the same on every machine that has it checked out."""
    top = commit.top or home
    below = home.relative_to(top).as_posix() if home.is_relative_to(top) else "."
    return _text(top.name if below == "." else f"{top.name}/{below}") or "/"


def _place(path: Path, home: Path) -> str:
    """Return a path as seen from the home; of one outside its last two parts, for they alone are the same elsewhere."""
    path = Path(os.path.normpath(path))
    if path.is_relative_to(home):
        return _text(path.relative_to(home).as_posix())
    return _text(OUTSIDE + "/".join(path.parts[1:][-2:]))


def _text(text: str) -> str:
    """Return the text without lone surrogates (undecodable bytes of a file name), which no database takes."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _state(run: RunReport, place: str) -> RunState:
    curves = {curve.name: curve for curve in run.curves if curve.points}
    for name, direction in OBJECTIVES:
        if name in curves:
            return RunState(place, run.verdict, name, direction, curves[name].last, _best(curves[name], direction))
    return RunState(place, run.verdict)


def _best(curve: Curve, direction: str) -> float:
    if direction == "min":
        return curve.best
    return float(np.nanmax(curve.high)) if np.isfinite(curve.high).any() else math.nan


def worst(verdicts: Iterable[str]) -> str:
    """Return the worst of some verdicts, ``unknown`` for none.

    >>> worst(["ok", "warn"]), worst([])
    ('warn', 'unknown')
    """
    return max(verdicts, key=VERDICTS.index, default="unknown")
