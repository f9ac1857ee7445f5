"""What became worse since an audit that was good, or that of another branch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from runaudit.history.rows import VERDICTS, Audit, FindingState
from runaudit.history.store import Store
from runaudit.model import Severity

LAST_GOOD = "last-good"
MAIN = ("main", "master", "trunk")
"""Where the last good audit is looked for if the branch itself has none."""


@dataclass(frozen=True, slots=True)
class Change:
    """A run whose verdict changed; "" where it was not audited."""

    run: str
    before: str
    now: str


@dataclass(frozen=True, slots=True)
class Regression:
    """An audit against an earlier one, ``reference``; None if there is none to compare with.

    ``new`` findings were not there, or were less severe; those that count are at or above ``fail_on`` of the audit and
    in no baseline. ``gone`` findings are no longer there, in runs that are. ``worse`` and ``better`` are runs of both
    audits; ``missing`` runs are in the reference alone.
    """

    audit: Audit
    reference: Audit | None
    new: tuple[FindingState, ...] = ()
    gone: tuple[FindingState, ...] = ()
    worse: tuple[Change, ...] = ()
    better: tuple[Change, ...] = ()
    missing: tuple[str, ...] = ()

    def counts(self, finding: FindingState) -> bool:
        """Say whether a new finding makes the audit worse."""
        bar = self.audit.fail_on
        return finding.status != "known" and bar != "never" and finding.severity.rank <= Severity(bar).rank

    @property
    def incomplete(self) -> bool:
        """Say whether the reference could be judged as a whole, and this audit could not."""
        return self.reference is not None and self.audit.exit_code > 2 and self.reference.exit_code <= 1

    @property
    def is_worse(self) -> bool:
        """Say whether a gate should fail."""
        return self.incomplete or bool(self.worse) or any(map(self.counts, self.new))


def reference(store: Store, audit: Audit, against: str) -> Audit | None:
    """Return what an audit is compared with: the newest earlier one of a branch, or the last good one.

    The last good one has exit code 0, and is of the same branch, or of the main branch if that has none.
    """
    group = audit.project, audit.scope
    if against != LAST_GOOD:
        return _newest(store.audits(group, branches=[against], before=audit.number, last=1))
    ours = _newest(store.audits(group, branches=[audit.branch], good=True, before=audit.number, last=1))
    return ours or _newest(store.audits(group, branches=MAIN, good=True, before=audit.number, last=1))


def _newest(audits: Sequence[Audit]) -> Audit | None:
    return audits[-1] if audits else None


def compare(audit: Audit, reference: Audit | None) -> Regression:
    """Return what changed since the reference; runs are the same if their place is."""
    if reference is None:
        return Regression(audit, None)
    before = {state.run: state.verdict for state in reference.runs}
    now = {state.run: state.verdict for state in audit.runs}
    changes = [Change(run, before[run], now[run]) for run in now if run in before and before[run] != now[run]]
    worse = [c for c in changes if VERDICTS.index(c.now) > VERDICTS.index(c.before)]
    return Regression(
        audit,
        reference,
        new=_beyond(audit.findings, reference.findings),
        gone=tuple(f for f in _beyond(reference.findings, audit.findings) if f.run in now),
        worse=tuple(worse),
        better=tuple(c for c in changes if c not in worse),
        missing=tuple(run for run in before if run not in now),
    )


def _beyond(findings: Sequence[FindingState], others: Sequence[FindingState]) -> tuple[FindingState, ...]:
    """Return the findings for which the others have none at the same place that is as severe, each used once."""
    left: dict[tuple[str, str, str], list[Severity]] = defaultdict(list)
    for other in sorted(others, key=lambda f: f.severity.rank):
        left[other.place].append(other.severity)
    found = []
    for finding in sorted(findings, key=lambda f: (f.severity.rank, f.run, f.rule, f.series)):
        severities = left[finding.place]
        if severities and severities[0].rank <= finding.severity.rank:
            severities.pop(0)
        else:
            found.append(finding)
    return tuple(found)
