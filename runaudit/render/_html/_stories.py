"""Findings as the page tells them: root causes with their consequences; what a rule says of all of them only once."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256

from runaudit.model import Finding, Report, RunReport
from runaudit.pen import Pen
from runaudit.render._html._figures import Artist, Drawn
from runaudit.render._html._page import Reasons, Told
from runaudit.render._words import change, pairs, place, sure, when
from runaudit.text import one_line

SAFE = re.compile(r"[^A-Za-z0-9._/=,+-]+")  # what stays as it is in a deep link
LONGEST = 200  # characters of a deep link
FINGERPRINT = 8  # characters of it that a deep link takes
MOST_ALSO = 20  # findings of one rule in one run, on other series
MOST_ALSO_LEAN = 5

Key = tuple[str, str, tuple[str, ...], str, str, tuple[str, ...]]


class Anchors:
    """Gives each thing a name that a link can carry; the same name to the same thing in every report."""

    def __init__(self) -> None:
        self.taken: dict[str, int] = {}

    def __call__(self, kind: str, name: str) -> str:
        """Return the name; a second thing of the same name gets a number behind it."""
        safe = SAFE.sub("-", name)
        if safe != name or len(safe) > LONGEST:
            digest = sha256(name.encode("utf-8", "backslashreplace")).hexdigest()[:8]
            safe = f"{safe[:LONGEST]}-{digest}"
        anchor = f"{kind}-{safe}"
        self.taken[anchor] = seen = self.taken.get(anchor, 0) + 1
        return anchor if seen == 1 else f"{anchor}~{seen}"


class Teller:
    """Tells the findings of a report. The reasons of a rule that found something in several runs get their own block.

    Those of a rule that did so in one run stand with its first finding there.
    """

    def __init__(self, pen: Pen, report: Report, anchors: Anchors, *, lean: bool) -> None:
        self.pen, self.anchors, self.lean = pen, anchors, lean
        self.root = "." if lean else report.root  # which stands at the top of the page
        runs: dict[Key, set[str]] = {}
        for finding in report.findings:
            runs.setdefault(_key(finding), set()).add(finding.run)
        shared = sorted(((key, len(at)) for key, at in runs.items() if len(at) > 1), key=lambda k: k[0][0])
        self.shared = {key: _reasons(key, anchors("rule", key[0]), many) for key, many in shared}
        self.told: dict[Key, str] = {}

    def findings(self, run: RunReport | None, findings: Sequence[Finding], artist: Artist | None) -> list[Told]:
        """Return the root causes, the worst first.

        A consequence whose cause is missing (suppressed, in another run) is one too.
        """
        causes = {f.rule for f in findings if f.consequence_of is None}
        groups: dict[str, list[Finding]] = {}
        for finding in findings:
            if finding.consequence_of not in causes:
                groups.setdefault(finding.rule, []).append(finding)
        below = {rule: [f for f in findings if f.consequence_of == rule] for rule in groups}
        worst = {rule: min(f.severity.rank for f in (group[0], *below[rule])) for rule, group in groups.items()}
        roots = [self._root(run, groups[r], below[r], worst[r]) for r in sorted(groups, key=worst.__getitem__)]
        if artist is None:
            return roots
        windows = {told.anchor: told.finding for told in roots}
        return [replace(told, figures=_figures(artist, told, windows)) for told in roots]

    def _root(self, run: RunReport | None, group: Sequence[Finding], below: Sequence[Finding], worst: int) -> Told:
        first, *others = group
        most = MOST_ALSO_LEAN if self.lean else MOST_ALSO
        return replace(
            self._told(run, first),
            worst=worst,
            below=[self._told(run, f) for f in below],
            also=[self._told(run, f) for f in others[:most]],
            more=max(len(others) - most, 0),
        )

    def _told(self, run: RunReport | None, finding: Finding) -> Told:
        anchor = self.anchors("finding", finding.fingerprint[:FINGERPRINT])
        key = _key(finding)
        shared = self.shared.get(key)
        see = shared.anchor if shared is not None else self.told.get(key, "")  # a cause is told before its consequences
        self.told.setdefault(key, anchor)
        return Told(
            finding=finding,
            anchor=anchor,
            where=self._place(run, finding),
            when=when(self.pen, finding, run),
            message=one_line(finding.message),
            evidence=[one_line(e) for e in finding.evidence],
            sure=str(finding.confidence) if see else sure(finding),
            wanted=change(self.pen, finding.prescription, run) if finding.prescription is not None else "",
            facts=pairs(finding.facts) if not self.lean else "",
            reasons=None if see else _reasons(key),
            see=see,
            worst=finding.severity.rank,
        )

    def _place(self, run: RunReport | None, finding: Finding) -> str:
        """Return file and line; in a lean page as seen from the folder of the run, whose heading names it."""
        whole = place(self.root, finding)
        return whole.removeprefix(f"{run.id}/") if self.lean and run is not None else whole


def _key(finding: Finding) -> Key:
    measured = sure(finding).removeprefix(str(finding.confidence)).strip(" ()")
    return (finding.rule, finding.why, finding.remedy, pairs(finding.limit), measured, finding.citations)


def _reasons(key: Key, anchor: str = "", runs: int = 1) -> Reasons:
    rule, why, remedy, limits, measured, links = key
    return Reasons(rule, one_line(why), [one_line(r) for r in remedy], limits, measured, links, anchor, runs)


def _figures(artist: Artist, told: Told, windows: Mapping[str, Finding]) -> list[Drawn]:
    """Return what shows a finding: its curve, and the layers where it or what follows from it is about one of them."""
    series = [one.finding.series for one in (told, *told.below)]
    return [*artist.of_finding(told.anchor, windows), *artist.heats_of(series)]
