"""The verdict on a whole report in one word, what it counts, and what comes first: the same in every format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from runaudit.model import Crash, Finding, Report, RunReport, Severity, Unreadable
from runaudit.pen import Options, Pen
from runaudit.render._words import judged
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
    if not report.judged:
        return "unknown", "NO RUN"
    if all_known(report):
        return "ok", "OK"
    verdicts = {r.verdict for r in report.judged}
    if "fail" in verdicts:  # --fail-on never changes the exit code, not what was found
        return "fail", "FAIL"
    if "warn" in verdicts:
        return "warn", "WARN"
    return ("unknown", "UNKNOWN") if verdicts == {"unknown"} else ("ok", "OK")


def all_known(report: Report) -> bool:
    """Say whether there is something to warn of, and the baseline lists all of it."""
    bad = [f for f in report.findings if f.severity is not Severity.NOTE]
    return bool(bad) and all(f.status == "known" for f in bad)


def headline(report: Report) -> str:
    """Return the verdict as a sentence without a full stop: ``2 of 5 runs fail``, ``1 search warns``."""
    every = report.judged
    if not every:
        return "no run found"
    alone = len(every) == 1
    if judge(report)[0] == "ok" and all_known(report):
        return "nothing new" if alone else f"{judged(report)}, nothing new"
    for verdict, verb in (("fail", "fail"), ("warn", "warn")):
        bad = [_bad(group, name, verdict, verb) for group, name in _groups(report)]
        if any(bad):
            return f"{verb}s" if alone else " and ".join(filter(None, bad))
    if report.failures:
        return "does not meet a requirement" if alone else f"{judged(report)}, a requirement is not met"
    if judge(report)[1] == "INCOMPLETE":
        return "incomplete"
    if all(r.verdict == "unknown" for r in every):
        return "too little in the log for a verdict"
    return "ok" if alone else f"{judged(report)}, nothing to warn of"


def _groups(report: Report) -> tuple[tuple[Sequence[RunReport], tuple[str, str]], ...]:
    return (report.runs, ("run", "runs")), (report.sweeps, ("search", "searches"))


def _bad(group: Sequence[RunReport], name: tuple[str, str], verdict: str, verb: str) -> str:
    """Return how many of a group have the verdict, "" if none has."""
    bad = sum(r.verdict == verdict for r in group)
    if not bad:
        return ""
    words = f"1 {name[0]}" if len(group) == 1 else f"{bad} of {len(group)} {name[1]}"
    return f"{words} {verb}{'' if bad > 1 else 's'}"


def counted(report: Report, nothing: str = "nothing found") -> str:
    """Return how many errors, warnings, notes, corrupt files, crashes, plug-ins and failed requirements, in words."""
    corrupt = sum(u.kind == "corrupt" for u in report.unreadable)
    parts = [_counted(report, s) for s in Severity if report.count(s)]
    parts += [count(corrupt, "corrupt file")] if corrupt else []
    plug_ins = sum(crash.plug_in for crash in report.crashes)
    crashes = len(report.crashes) - plug_ins
    parts += [count(crashes, "crash", "crashes")] if crashes else []
    parts += [count(plug_ins, "broken plug-in")] if plug_ins else []
    parts += [count(len(report.failures), "failed requirement")] if report.failures else []
    return ", ".join(parts) or nothing


def _counted(report: Report, severity: Severity) -> str:
    """Return how many findings of a severity there are, and how many of them the baseline lists."""
    total, known = report.count(severity), sum(f.severity is severity and f.status == "known" for f in report.findings)
    some = f" ({count(known)} known)" if known < total else " (known)"
    return count(total, str(severity)) + (some if known else "")


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
    """Return the crashes by rule and run, plug-ins that cannot be used first."""
    return sorted(report.crashes, key=lambda c: (not c.plug_in, c.rule, c.run, c.error))


def by_id(report: Report) -> dict[str, RunReport]:
    """Return the runs and the searches by id, in its order."""
    return {run.id: run for run in sorted(report.judged, key=lambda r: r.id)}
