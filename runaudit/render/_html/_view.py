"""From a report to what the page says of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from runaudit.model import Curve, Finding, Report, RunReport, Severity, Skip
from runaudit.pen import WORDS, Pen
from runaudit.render._html import _lists, search
from runaudit.render._html._figures import FULL, HEALTHY, Artist, Drawn, curve_spark, sparks
from runaudit.render._html._page import Page, Row, Shown
from runaudit.render._html._stories import Anchors, Teller
from runaudit.render._html._svg import Detail
from runaudit.render._table import worst_first
from runaudit.render._verdict import counted, crashed, headline, judge
from runaudit.render._words import compared, extent, gone, locate, run_name
from runaudit.text import count, number, shorten

MOST_NOTES = 12  # of a run in a lean page
MOST_PATHS = 4
NAME = 80
VERBS = ("fails", "warns")


class Viewer:
    """Makes the page of a report, with as much detail as its plots have.

    One of less than the full detail is lean: it tells no series in numbers, facts, passed rules and reasons of skips.
    """

    def __init__(self, pen: Pen, report: Report, detail: Detail) -> None:
        self.pen, self.report, self.detail = pen, report, detail
        self.lean = detail != FULL
        self.most = _lists.MOST if self.lean else None
        self.anchors = Anchors()
        self.teller = Teller(pen, report, self.anchors, lean=self.lean)

    def page(self) -> Page:
        """Return everything that the page shows, the worst runs first."""
        report = self.report
        by_run: dict[str, list[Finding]] = {run.id: [] for run in report.judged}
        for finding in report.findings:
            by_run.setdefault(finding.run, []).append(finding)
        skips: dict[str, list[Skip]] = {}
        for skip in report.skips:
            skips.setdefault(skip.run, []).append(skip)
        runs = worst_first(report.runs, by_run)
        shown = [self._run(i, run, by_run[run.id], skips.get(run.id, [])) for i, run in enumerate(runs)]
        sweeps = worst_first(report.sweeps, by_run)
        searches = [self._search(i, one, by_run[one.id], skips.get(one.id, [])) for i, one in enumerate(sweeps)]
        names = {run.id: run_name(report.root, run.id, run.paths) for run in report.judged}
        kind, word = judge(report)
        asks, more_asks = _lists.first(_lists.asks(report), self.most)
        unread, more_unread = _lists.first(_lists.unreadable(report), self.most)
        crashes, more_crashes = _lists.first(_lists.crashes(report, names), self.most)
        suppressed, more_suppressed = _lists.first(_lists.suppressed(report, names), self.most)
        notes, more_notes = _lists.first(_lists.notes(report.notes), self.most)
        fixed, more_fixed = _lists.first([gone(one) for one in report.fixed], self.most)
        return Page(
            kind=kind,
            word=word,
            headline=_headline(report),
            counted=counted(report),
            root=report.root,
            exit_code=report.exit_code,
            config=report.config,
            verdicts={v: n for v in WORDS if (n := sum(r.verdict == v for r in runs))},
            severities={str(s): report.count(s) for s in Severity},
            known=sum(f.status == "known" for f in report.findings),
            ignored=report.ignored_files,
            passed=sum(len(run.passed) for run in report.judged),
            skips=len(report.skips),
            failures=report.failures,
            runs=shown,
            searches=searches,
            orphans=[(n, self.teller.findings(None, found, None)) for n, found in by_run.items() if n not in names],
            reasons=list(self.teller.shared.values()),
            asks=asks,
            more_asks=more_asks,
            unread=unread,
            more_unread=more_unread,
            crashes=crashes,
            more_crashes=more_crashes,
            crashed=sum(not c.plug_in for c in report.crashes),
            plug_ins=[(c.rule, c.error) for c in crashed(report) if c.plug_in],
            baseline=report.baseline,
            compared=compared(report),
            fixed=fixed,
            more_fixed=more_fixed,
            suppressed=suppressed,
            more_suppressed=more_suppressed,
            notes=notes,
            more_notes=more_notes,
            lean=self.lean,
        )

    def _run(self, index: int, run: RunReport, findings: Sequence[Finding], skips: Sequence[Skip]) -> Shown:
        detail = self.detail if findings or not self.lean else HEALTHY
        artist = Artist(self.pen, run, index, detail, again=not self.lean)
        told = self.teller.findings(run, findings, artist)
        roots = [t.finding for t in told]
        figures: list[Drawn] = [*artist.overview({t.anchor: t.finding for t in told}), *artist.pictures()]
        curves = list(artist.curves.values())
        whole = bool(findings) or not self.lean
        config, more_config = _lists.first(_lists.config(run.config) if whole else [], _lists.MOST_CONFIG)
        paths, more_paths = _lists.first([locate(self.report.root, p) for p in run.paths], self._lean(MOST_PATHS))
        notes, more_notes = _lists.first(_lists.notes(run.notes, self.report.root), self._lean(MOST_NOTES))
        return Shown(
            anchor=self.anchors("run", run.id),
            name=run_name(self.report.root, run.id, run.paths),
            verdict=run.verdict,
            facts=self._facts(run, curves, findings),
            until=max((c.last_step for c in curves), default=0),
            findings=told,
            sparks=sparks(run, roots),
            figures=figures,
            hidden=artist.hidden(),
            format=run.format,
            series=[_row(c) for c in curves] if not self.lean else [],
            config=config,
            more_config=more_config,
            paths=paths,
            more_paths=more_paths,
            notes=notes,
            more_notes=more_notes,
            passed=run.passed if not self.lean else [],
            skipped=[(s.rule, "" if self.lean else s.reason) for s in sorted(skips, key=lambda s: s.rule)],
        )

    def _search(self, index: int, run: RunReport, findings: Sequence[Finding], skips: Sequence[Skip]) -> Shown:
        shown = self._run(index, run, findings, skips)
        found = [(s, sum(f.severity is s for f in findings)) for s in Severity]
        return replace(
            shown,
            facts=[*search.facts(run), *(count(n, str(s)) for s, n in found if n)],
            figures=search.pictures(run, f"s{index}", lean=self.lean),
            search=search.searched(run, lean=self.lean),
        )

    def _lean(self, most: int) -> int | None:
        """Return so many for a lean page, else None: all."""
        return most if self.lean else None

    def _facts(self, run: RunReport, curves: Sequence[Curve], findings: Sequence[Finding]) -> list[str]:
        """Return format, steps, number of points and what was found, in words."""
        if not curves:
            return [run.format, "no values"]
        steps = min(c.first_step for c in curves), max(c.last_step for c in curves)
        points = count(max(c.points for c in curves), "point")
        found = [(s, sum(f.severity is s for f in findings)) for s in Severity]
        told = [run.format, extent(self.pen, *steps, run.step_unit), points]
        told += [count(n, str(s)) for s, n in found if n]
        return [*told, f"schedule: {run.schedule}"] if run.schedule else told


def _row(curve: Curve) -> Row:
    at = count(curve.best_step) if curve.best == curve.best else ""
    numbers = (count(curve.points), number(curve.first), number(curve.last), number(curve.best), at)
    return Row(curve.name, curve.source_name, numbers, curve_spark(curve))


def _headline(report: Report) -> str:
    """Return the verdict as a sentence, with the name of the run if there is only one."""
    if not report.judged:
        return f"nothing to audit in {report.root}"
    if len(report.judged) > 1:
        return headline(report)
    only = report.judged[0]
    name, said = shorten(run_name(report.root, only.id, only.paths), NAME), headline(report)
    if said in VERBS:
        return f"{name} {said}"
    return f"{name}: {'nothing to warn of' if said == 'ok' else said}"
