"""The verdict on a whole report in one word, what it counts, and what comes first: the same in every format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from runaudit.model import Crash, Finding, Report, RunReport, Severity, Unreadable
from runaudit.pen import Options, Pen
from runaudit.text import count

UNBROKEN = 1_000_000  # columns of a line that is not wrapped


def pen_of(options: Options) -> Pen:
    """Return the pen for a format that wraps and colours nothing itself."""
    return Pen(replace(options, width=UNBROKEN, color=False))


def judge(report: Report) -> tuple[str, str]:
    """Return the kind of the verdict (``fail``, ``warn``, ``ok``, ``unknown``) and its word, such as ``INCOMPLETE``."""
    if report.exit_code == 1:
        return "fail", "FAIL"
    if report.exit_code == 4:
        return "fail", "INCOMPLETE"
    if not report.runs:
        return "unknown", "NO RUN"
    verdicts = {r.verdict for r in report.runs}
    if "fail" in verdicts:  # --fail-on never changes the exit code, not what was found
        return "fail", "FAIL"
    if "warn" in verdicts:
        return "warn", "WARN"
    return ("unknown", "UNKNOWN") if verdicts == {"unknown"} else ("ok", "OK")


def headline(report: Report) -> str:
    """Return the verdict as a sentence without a full stop: ``2 of 5 runs fail``."""
    runs = report.runs
    if not runs:
        return "no run found"
    for verdict, verb in (("fail", "fail"), ("warn", "warn")):
        bad = sum(r.verdict == verdict for r in runs)
        if bad:
            return f"{verb}s" if len(runs) == 1 else f"{bad} of {len(runs)} runs {verb}{'' if bad > 1 else 's'}"
    if report.failures:
        return "does not meet a requirement" if len(runs) == 1 else f"{len(runs)} runs, a requirement is not met"
    if judge(report)[1] == "INCOMPLETE":
        return "incomplete"
    if all(r.verdict == "unknown" for r in runs):
        return "too little in the log for a verdict"
    return "ok" if len(runs) == 1 else f"{len(runs)} runs, nothing to warn of"


def counted(report: Report, nothing: str = "nothing found") -> str:
    """Return how many errors, warnings, notes, corrupt files, crashes and failed requirements there are, in words."""
    corrupt = sum(u.kind == "corrupt" for u in report.unreadable)
    parts = [count(report.count(s), str(s)) for s in Severity if report.count(s)]
    parts += [count(corrupt, "corrupt file")] if corrupt else []
    parts += [count(len(report.crashes), "crash", "crashes")] if report.crashes else []
    parts += [count(len(report.failures), "failed requirement")] if report.failures else []
    return ", ".join(parts) or nothing


def worst_first(findings: Sequence[Finding]) -> list[Finding]:
    """Return the findings by severity, new ones and root causes before others, the surest first; else as they came."""
    return sorted(
        findings,
        key=lambda f: (f.severity.rank, f.status == "known", f.consequence_of is not None, f.confidence.rank),
    )


def unread(report: Report) -> list[Unreadable]:
    """Return the files that gave no run, the corrupt ones first, in an order that does not depend on how they came."""
    return sorted(report.unreadable, key=lambda u: (u.kind != "corrupt", u.path, u.reason))


def crashed(report: Report) -> list[Crash]:
    """Return the crashes by rule and run."""
    return sorted(report.crashes, key=lambda c: (c.rule, c.run, c.error))


def by_id(report: Report) -> dict[str, RunReport]:
    """Return the runs by id, in its order."""
    return {run.id: run for run in sorted(report.runs, key=lambda r: r.id)}
