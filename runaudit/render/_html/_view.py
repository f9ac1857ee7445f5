"""What the page says, in the order in which it says it; the templates only lay it out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from runaudit.model import ConfigValue, Finding, Report, RunReport, Severity, Skip, Unreadable
from runaudit.pen import GLYPHS, WORDS, Pen
from runaudit.render._html._figures import FULL, LEAN, LEANEST, Artist, Detail, Figure, Spark, sparks
from runaudit.render._table import worst_first
from runaudit.render._verdict import counted, crashed, headline, judge, unread
from runaudit.render._words import change, extent, locate, pairs, place, run_name, steps_of, sure, value
from runaudit.text import count, number, one_line, shorten

SAFE = re.compile(r"[^A-Za-z0-9._/=,+-]+")  # what stays as it is in a deep link
MOST_ALSO = 20  # findings of one rule in one run, on other series
MOST_CONFIG = 30
MOST_NOTES = 12
NAME = 80
VERBS = ("fails", "warns")
LONGEST = 200  # characters of a value of a configuration
MARKS = {"error": GLYPHS["fail"][0], "warning": GLYPHS["warn"][0], "note": "i"}
MARKS |= {kind: GLYPHS[kind][0] for kind in WORDS}


@dataclass(frozen=True, slots=True)
class Told:
    """A finding and what is told with it: its consequences and the same rule on other series.

    ``elsewhere`` is the finding further up that has the reasons of this rule, None where they are told here.
    """

    finding: Finding
    anchor: str
    where: str
    when: str
    message: str
    evidence: Sequence[str]
    sure: str
    wanted: str
    limits: str
    facts: str
    links: Sequence[str]
    why: str
    remedy: Sequence[str]
    elsewhere: Told | None = None
    run: str = ""
    figure: Figure | None = None
    below: Sequence[Told] = ()
    also: Sequence[Told] = ()
    more: int = 0


@dataclass(frozen=True, slots=True)
class Ask:
    """Rules that did not judge for the same reason, and what to log, if that helps."""

    need: str
    reason: str
    rules: Sequence[str]
    runs: int


@dataclass(frozen=True, slots=True)
class Shown:
    """One run; ``findings`` are its root causes. ``whole`` is False where only the most important is told of it."""

    anchor: str
    name: str
    verdict: str
    format: str
    extent: str
    until: int
    counts: Mapping[str, int]
    findings: Sequence[Told]
    rules: Sequence[str]
    sparks: tuple[Spark | None, Spark | None]
    figures: Sequence[Figure]
    more_figures: int
    series: Sequence[Sequence[str]]
    config: Sequence[tuple[str, str]]
    more_config: int
    notes: Sequence[tuple[str, str]]
    more_notes: int
    passed: Sequence[str]
    asks: Sequence[Ask]
    skipped: Sequence[str]
    paths: Sequence[str]
    whole: bool


@dataclass(frozen=True, slots=True)
class Page:
    """The whole page."""

    kind: str
    word: str
    headline: str
    counted: str
    root: str
    exit_code: int
    verdicts: Mapping[str, int]
    severities: Mapping[str, int]
    runs: Sequence[Shown]
    orphans: Sequence[tuple[str, Sequence[Told]]]
    asks: Sequence[Ask]
    skips: int
    unread: Sequence[tuple[Unreadable, str]]
    crashes: Sequence[tuple[str, str, str]]
    suppressed: Sequence[tuple[Finding, str]]
    known: int
    ignored: int
    passed: int
    failures: Sequence[str]
    notes: Sequence[tuple[str, str]]
    config: str
    lean: bool
    marks: Mapping[str, str] = field(default_factory=lambda: MARKS)


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


class Viewer:
    """Makes the page of a report; ``lean`` tells reasons once a rule and draws less."""

    def __init__(self, pen: Pen, report: Report, *, lean: bool) -> None:
        self.pen, self.report, self.lean = pen, report, lean
        self.anchors = Anchors()
        self.first: dict[tuple[str, str, tuple[str, ...]], Told] = {}

    def page(self) -> Page:
        """Return everything that the page shows, the worst runs first."""
        report = self.report
        by_run: dict[str, list[Finding]] = {run.id: [] for run in report.runs}
        for finding in report.findings:
            by_run.setdefault(finding.run, []).append(finding)
        skips: dict[str, list[Skip]] = {}
        for skip in report.skips:
            skips.setdefault(skip.run, []).append(skip)
        runs = worst_first(report.runs, by_run)
        shown = [self._run(i, run, by_run[run.id], skips.get(run.id, [])) for i, run in enumerate(runs)]
        known = {run.id for run in runs}
        names = {run.id: run_name(report.root, run.id, run.paths) for run in runs}
        kind, word = judge(report)
        return Page(
            kind=kind,
            word=word,
            headline=_headline(report),
            counted=counted(report),
            root=report.root,
            exit_code=report.exit_code,
            verdicts={v: n for v in WORDS if (n := sum(r.verdict == v for r in runs))},
            severities={str(s): report.count(s) for s in Severity},
            runs=shown,
            orphans=[(n, self._findings(None, found, n, None)) for n, found in by_run.items() if n not in known],
            asks=asks(report.skips, {}),
            skips=len(report.skips),
            unread=[(u, _at(locate(report.root, u.path), u.line)) for u in unread(report)],
            crashes=[(c.rule, names.get(c.run, c.run), c.error) for c in crashed(report)],
            suppressed=[(f, names.get(f.run, f.run)) for f in report.suppressed],
            known=sum(f.status == "known" for f in report.findings),
            ignored=report.ignored_files,
            passed=sum(len(run.passed) for run in runs),
            failures=report.failures,
            notes=[(_at(n.path, n.line), n.message) for n in report.notes],
            config=report.config,
            lean=self.lean,
        )

    def _run(self, index: int, run: RunReport, findings: Sequence[Finding], skips: Sequence[Skip]) -> Shown:
        name = run_name(self.report.root, run.id, run.paths)
        artist = Artist(self.pen, run, index, self._detail(findings))
        told = self._findings(run, findings, name, artist)
        anchors = {t.anchor: t.finding for t in told}
        figures, more = artist.overview(anchors, again=not self.lean)
        whole = bool(findings) or not self.lean
        curves = list(artist.curves.values())
        logged = {c.name for c in curves}
        ends = (min(c.first_step for c in curves), max(c.last_step for c in curves)) if curves else (0, 0)
        roots = [t.finding for t in told]
        return Shown(
            anchor=self.anchors("run", run.id),
            name=name,
            verdict=run.verdict,
            format=run.format,
            extent=extent(self.pen, *ends, run.step_unit) if curves else "no values",
            until=ends[1],
            counts={str(s): n for s in Severity if (n := sum(f.severity is s for f in findings))},
            findings=told,
            rules=list(dict.fromkeys(f.rule for f in roots)),
            sparks=sparks(self.pen, run, roots),
            figures=figures,
            more_figures=more,
            series=[_series(self.pen, artist, k.name) for f in figures for k in f.legend] if not self.lean else [],
            config=list(_config(run.config)) if whole else [],
            more_config=max(len(run.config) - MOST_CONFIG, 0),
            notes=[(_at(locate(self.report.root, n.path), n.line), n.message) for n in run.notes[:MOST_NOTES]],
            more_notes=max(len(run.notes) - MOST_NOTES, 0),
            passed=run.passed if not self.lean else [],
            asks=asks(skips, logged) if not self.lean else [],
            skipped=sorted({s.rule for s in skips}),
            paths=[locate(self.report.root, p) for p in run.paths],
            whole=whole,
        )

    def _detail(self, findings: Sequence[Finding]) -> Detail:
        if not self.lean:
            return FULL
        return LEAN if findings else LEANEST

    def _findings(
        self, run: RunReport | None, findings: Sequence[Finding], name: str, artist: Artist | None
    ) -> list[Told]:
        """Return the root causes; a consequence whose cause is missing (suppressed, in another run) is one too."""
        causes = {f.rule for f in findings if f.consequence_of is None}
        groups: dict[str, list[Finding]] = {}
        for finding in findings:
            if finding.consequence_of not in causes:
                groups.setdefault(finding.rule, []).append(finding)
        told = []
        for rule, (first, *others) in groups.items():
            anchor = self._anchor(first)
            figure = artist.of_finding(first, anchor) if artist is not None else None
            below = [self._told(run, f, name) for f in findings if f.consequence_of == rule]
            also = [self._told(run, f, name) for f in others[:MOST_ALSO]]
            more = max(len(others) - MOST_ALSO, 0)
            told.append(self._told(run, first, name, anchor, figure, below, also, more))
        return told

    def _anchor(self, finding: Finding) -> str:
        return self.anchors("finding", finding.fingerprint)

    def _told(
        self,
        run: RunReport | None,
        finding: Finding,
        name: str,
        anchor: str = "",
        figure: Figure | None = None,
        below: Sequence[Told] = (),
        also: Sequence[Told] = (),
        more: int = 0,
    ) -> Told:
        reasons = (finding.rule, finding.why, finding.remedy)
        unit = run.step_unit if run is not None else "step"
        told = Told(
            finding=finding,
            anchor=anchor or self._anchor(finding),
            where=place(self.report.root, finding),
            when=steps_of(self.pen, finding, unit),
            message=one_line(finding.message),
            evidence=[one_line(e) for e in finding.evidence],
            sure=sure(finding),
            wanted=change(self.pen, finding.prescription, run) if finding.prescription is not None else "",
            limits=pairs(finding.limit),
            facts=pairs(finding.facts) if not self.lean else "",
            links=finding.citations,
            why=one_line(finding.why),
            remedy=[one_line(r) for r in finding.remedy],
            elsewhere=self.first.get(reasons) if self.lean else None,
            run=name,
            figure=figure,
            below=below,
            also=also,
            more=more,
        )
        self.first.setdefault(reasons, told)
        return told


def _headline(report: Report) -> str:
    """Return the verdict as a sentence, with the name of the run if there is only one."""
    if not report.runs:
        return f"nothing to audit in {report.root}"
    if len(report.runs) > 1:
        return headline(report)
    only = report.runs[0]
    name, said = shorten(run_name(report.root, only.id, only.paths), NAME), headline(report)
    if said in VERBS:
        return f"{name} {said}"
    return f"{name}: {'nothing to warn of' if said == 'ok' else said}"


def asks(skips: Sequence[Skip], logged: Iterable[str]) -> list[Ask]:
    """Return the skipped rules by what to log for them, or by the reason where nothing helps; the most rules first.

    ``logged`` are the series that the run has, which nobody needs to be asked for.
    """
    has = set(logged)
    groups: dict[tuple[str, str], list[Skip]] = {}
    for skip in skips:
        missing = [n for n in skip.needs if n.replace(",", " ").split(" ", 1)[0] not in has] or skip.needs
        need = "; ".join(dict.fromkeys(n.split(",")[0].split(" (")[0].strip() for n in missing))
        groups.setdefault((need, "" if need else skip.reason), []).append(skip)
    found = [
        Ask(need, reason, sorted({s.rule for s in group}), len({s.run for s in group}))
        for (need, reason), group in groups.items()
    ]
    return sorted(found, key=lambda a: (not a.need, -len(a.rules), a.need, a.reason))


def _series(pen: Pen, artist: Artist, name: str) -> tuple[str, ...]:
    curve = artist.curves[name]
    low = number(curve.best)
    at = count(curve.best_step) if curve.best == curve.best else ""
    return (name, curve.source_name, count(curve.points), number(curve.first), number(curve.last), low, at)


def _config(config: Mapping[str, ConfigValue]) -> Iterable[tuple[str, str]]:
    for name, given in sorted(config.items())[:MOST_CONFIG]:
        yield shorten(name, LONGEST), shorten(value(given), LONGEST)


def _at(path: str, line: int | None) -> str:
    return path if line is None else f"{path}:{line}"
