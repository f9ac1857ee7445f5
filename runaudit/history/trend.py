"""How audits of one project moved: per branch, per rule and per run, over audits from the oldest to the newest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from runaudit.history.rows import VERDICTS, Audit, FindingState, RunState, worst
from runaudit.model import Severity


@dataclass(frozen=True, slots=True)
class BranchTrend:
    """A branch: its audits, the newest last; the newest one with exit code 0, None if there is none."""

    branch: str
    audits: tuple[Audit, ...]
    good: Audit | None

    @property
    def errors(self) -> list[int]:
        """Return the number of errors of each audit."""
        return [audit.count(Severity.ERROR) for audit in self.audits]

    @property
    def warnings(self) -> list[int]:
        """Return the number of warnings of each audit."""
        return [audit.count(Severity.WARNING) for audit in self.audits]


@dataclass(frozen=True, slots=True)
class RuleTrend:
    """A rule: how many findings each audit has of it, and the worst severity that it ever had."""

    rule: str
    severity: Severity
    counts: tuple[int, ...]

    @property
    def audits(self) -> int:
        """Return in how many audits it was found."""
        return sum(n > 0 for n in self.counts)


@dataclass(frozen=True, slots=True)
class RunTrend:
    """A run: its state in each audit, None in those that did not have it."""

    run: str
    states: tuple[RunState | None, ...]

    @property
    def newest(self) -> RunState:
        """Return the last state that is known."""
        return next(state for state in reversed(self.states) if state is not None)

    @property
    def changed(self) -> bool:
        """Say whether the verdict was not always the same."""
        return len({state.verdict for state in self.states if state is not None}) > 1


def only(audits: Sequence[Audit], rules: Sequence[str] = (), run: str = "") -> list[Audit]:
    """Return the audits with the findings of some rules, and the runs that fit a pattern, alone."""

    def kept(finding: FindingState) -> bool:
        return (not rules or finding.rule in rules) and (not run or fits(finding.run, run))

    return [
        replace(
            audit,
            runs=tuple(r for r in audit.runs if not run or fits(r.run, run)),
            findings=tuple(f for f in audit.findings if kept(f)),
        )
        for audit in audits
    ]


def fits(name: str, pattern: str) -> bool:
    """Say whether a name is a pattern, or its end below some folder.

    >>> fits("logs/a/lr3", "lr*"), fits("logs/a/lr3", "logs/*"), fits("logs/a/lr3", "a")
    (True, True, False)
    """
    return fnmatchcase(name, pattern) or fnmatchcase(name, f"*/{pattern}")


def branches(audits: Sequence[Audit]) -> list[BranchTrend]:
    """Return the branches, that of the newest audit first."""
    found: dict[str, list[Audit]] = defaultdict(list)
    for audit in audits:
        found[audit.branch].append(audit)
    newest = sorted(found, key=lambda branch: -found[branch][-1].number)
    return [
        BranchTrend(b, tuple(found[b]), next((a for a in reversed(found[b]) if not a.exit_code), None)) for b in newest
    ]


def rules(audits: Sequence[Audit]) -> list[RuleTrend]:
    """Return the rules that were found at all, the worst and most frequent in the newest audits first."""
    found: dict[str, list[int]] = {}
    severity: dict[str, Severity] = {}
    for i, audit in enumerate(audits):
        for finding in audit.findings:
            found.setdefault(finding.rule, [0] * len(audits))[i] += 1
            before = severity.get(finding.rule, finding.severity)
            severity[finding.rule] = min(before, finding.severity, key=lambda s: s.rank)
    trends = [RuleTrend(rule, severity[rule], tuple(counts)) for rule, counts in found.items()]
    return sorted(trends, key=lambda t: (t.severity.rank, -t.counts[-1], -t.audits, t.rule))


def runs(audits: Sequence[Audit]) -> list[RunTrend]:
    """Return the runs, those that are bad now first, then those that changed."""
    found: dict[str, list[RunState | None]] = {}
    for i, audit in enumerate(audits):
        for state in audit.runs:
            found.setdefault(state.run, [None] * len(audits))[i] = state
    trends = [RunTrend(run, tuple(states)) for run, states in found.items()]
    return sorted(trends, key=lambda t: (-VERDICTS.index(t.newest.verdict), not t.changed, t.run))


def verdict(audit: Audit) -> str:
    """Return the verdict of an audit in one word, as of a run: ``fail`` if its exit code is not 0."""
    return "fail" if audit.exit_code else worst(state.verdict for state in audit.runs)
