"""The report for the terminal: run by run curves and findings, then what was skipped or unread, then the verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from runaudit.model import Finding, Report, RunReport
from runaudit.pen import Pen
from runaudit.render import Options, Renderer
from runaudit.render._finding import Story, finding_lines, headline
from runaudit.render._footer import (
    counts,
    crashed,
    failures,
    fixed,
    plug_ins,
    settings,
    skipped,
    suppressed,
    unreadable,
    verdict,
)
from runaudit.render._run import run_lines, title
from runaudit.render._table import table, worst_first
from runaudit.render._words import compared, place
from runaudit.text import count

FEW = 3  # up to so many runs are shown whole; of more, only those with findings, after a table
MOST_WHOLE = 10  # of many runs, the findings of so many are told in full unless verbose
MOST_SEARCHES = 5  # that are shown unless verbose


def render(report: Report, options: Options) -> str:
    """Return the report in lines no wider than ``options.width``; text of logs is escaped."""
    pen = Pen(options)
    by_run: dict[str, list[Finding]] = {run.id: [] for run in report.judged}
    for finding in report.findings:
        by_run.setdefault(finding.run, []).append(finding)
    if options.verbosity < 0:
        return _quiet(pen, report)
    blocks = _few(pen, report, by_run) if len(report.runs) <= FEW else _many(pen, report, by_run)
    blocks += _searches(pen, report, by_run)
    known = {run.id for run in report.judged}
    blocks += _findings(pen, [f for f in report.findings if f.run not in known], None, report.root, {})
    blocks += [skipped(pen, report), unreadable(pen, report), crashed(pen, report), plug_ins(pen, report)]
    blocks += [suppressed(pen, report), fixed(pen, report), settings(pen, report), failures(pen, report)]
    blocks.append([*counts(pen, report), *verdict(pen, report)])
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _few(pen: Pen, report: Report, by_run: Mapping[str, Sequence[Finding]]) -> list[list[str]]:
    blocks = []
    told: dict[str, str] = {}
    for run in worst_first(report.runs, by_run):
        blocks.append(run_lines(pen, run, by_run[run.id], report.root))
        blocks += _findings(pen, by_run[run.id], run, report.root, told)
    return blocks


def _many(pen: Pen, report: Report, by_run: Mapping[str, Sequence[Finding]]) -> list[list[str]]:
    blocks = [table(pen, report.runs, by_run)]
    told: dict[str, str] = {}
    ordered = worst_first(report.runs, by_run)
    if pen.options.verbosity > 0:
        for run in ordered:
            blocks.append(run_lines(pen, run, by_run[run.id], report.root))
            blocks += _findings(pen, by_run[run.id], run, report.root, told)
        return blocks
    faulty = [run for run in ordered if by_run[run.id]]
    for run in faulty[:MOST_WHOLE]:
        blocks.append(title(pen, run, report.root))
        blocks += _findings(pen, by_run[run.id], run, report.root, told)
    if len(faulty) > MOST_WHOLE:
        more = count(len(faulty) - MOST_WHOLE, "more run")
        words = " with findings: see the table; --verbose tells them in full"
        blocks.append(pen.lead("bold", more, words, then="dim", indent=2))
    return blocks


def _searches(pen: Pen, report: Report, by_run: Mapping[str, Sequence[Finding]]) -> list[list[str]]:
    if not report.sweeps:
        return []
    from runaudit.render._search.rich import search_lines  # most audits have none

    blocks = []
    told: dict[str, str] = {}
    ordered = worst_first(report.sweeps, by_run)
    shown = ordered if pen.options.verbosity > 0 else ordered[:MOST_SEARCHES]
    for search in shown:
        blocks.append(search_lines(pen, search, report.root))
        blocks += _findings(pen, by_run[search.id], search, report.root, told)
    if len(ordered) > len(shown):
        more = count(len(ordered) - len(shown), "more search", "more searches")
        blocks.append(pen.lead("bold", more, ": --verbose tells them in full", then="dim", indent=2))
    return blocks


def _findings(
    pen: Pen, findings: Sequence[Finding], run: RunReport | None, root: str, told: dict[str, str]
) -> list[list[str]]:
    """Return a block for each rule that found a root cause; ``told`` remembers which rules were explained in which run.

    A consequence is named under its cause, or stands alone if the cause is missing (suppressed, or of another run).
    """
    causes = {f.rule for f in findings if f.consequence_of is None}
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.consequence_of not in causes:
            groups.setdefault(finding.rule, []).append(finding)
    blocks = []
    drawn: set[tuple[str, int, int, bool]] = set()
    maps = {h.quantity: h for h in run.heatmaps} if run is not None else {}
    for rule, (first, *others) in groups.items():
        below = [f for f in findings if f.consequence_of == rule and f.consequence_of in causes]
        name = pen.short("." if run is None else run.id, pen.width // 2)
        picture = (first.series, first.first_step, first.last_step, first.family == "generalization")
        quantities = dict.fromkeys(f.series.partition("/")[0] for f in (first, *below))
        heats = [maps.pop(name) for name in quantities if name in maps]
        story = Story(first, run, root, below, others, told.get(rule, ""), drawn=picture in drawn, heats=heats)
        drawn.add(picture)
        blocks.append(finding_lines(pen, story))
        told.setdefault(rule, name)
        if pen.options.verbosity > 0:
            blocks += [finding_lines(pen, Story(f, run, root, told=name)) for f in others]
    return blocks


def _quiet(pen: Pen, report: Report) -> str:
    lines = []
    for finding in report.findings:
        where = pen.hang("  --> ", pen.clean(place(report.root, finding)), indent=6)
        lines += [*headline(pen, finding), *(pen.paint("dim", line) for line in where)]
    lines += [*unreadable(pen, report), *crashed(pen, report), *plug_ins(pen, report), *failures(pen, report)]
    lines += [compared(report)] if report.baseline else []
    lines.append(verdict(pen, report)[-1])
    return "\n".join(lines) + "\n"


RENDERER = Renderer("rich", ".txt", render)
