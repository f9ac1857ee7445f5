"""GitHub markdown for job summaries and comments: verdict, alerts, a table of runs, and each run folded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from runaudit import __version__, plot
from runaudit.model import Crash, Curve, Finding, Report, RunReport, Severity
from runaudit.pen import Options, Pen
from runaudit.render import Renderer
from runaudit.render._budget import COMMENT, SUMMARY, Budget, fitting
from runaudit.render._footer import skipped
from runaudit.render._markup import block, code, html, inline
from runaudit.render._md_run import curves_part, findings_part, rest_part, summary
from runaudit.render._table import tallies, worst_first
from runaudit.render._verdict import counted, crashed, headline, judge, pen_of, unread
from runaudit.render._verdict import worst_first as worst_findings
from runaudit.render._words import compared, gone, is_search, locate, run_name
from runaudit.text import count, number, one_line, shorten

MARKER = "<!-- runaudit -->"  # by which a comment is found again, to be replaced
ALERTS = {Severity.ERROR: "CAUTION", Severity.WARNING: "WARNING"}
MOST_ALERTS = 10  # rules told in an alert
MOST_NAMES = 3  # runs named of each
MOST_FILES = 20
MANY = 30  # more runs than this, and those without findings are counted instead of listed
MOST_ROWS = 100
SPARK = 8
NAME = 80
SHORT = 300
WRAP = "<details open>\n\n</details>\n\n"
RESERVE = 1_500  # for headings and the line that says what was left out
WIDTH = 100  # columns of what is shown as it stands


@dataclass(frozen=True)
class Section:
    """One run, or what findings name in place of one; its parts are written when they are asked for."""

    pen: Pen
    root: str
    name: str
    run: RunReport | None
    findings: Sequence[Finding]

    @cached_property
    def head(self) -> str:
        """Return the line that stands when the run is folded."""
        if self.run is None:
            return f"<summary>{html(self.pen.short(self.name, NAME))}</summary>"
        return summary(self.pen, self.run, self.findings, self.root)

    @cached_property
    def told(self) -> str:
        """Return the findings in full, "" if there are none."""
        return findings_part(self.pen, self.run, self.findings, self.root) if self.findings else ""

    @cached_property
    def search(self) -> str:
        """Return the trials and settings of a search, "" for a run."""
        if self.run is None or not is_search(self.run):
            return ""
        from runaudit.render._search.markdown import search_part  # most audits have none

        return search_part(self.pen, self.run)

    @cached_property
    def curves(self) -> str:
        """Return the table of curves, "" if there are none."""
        return curves_part(self.pen, self.run, self.findings) if self.run is not None else ""

    @cached_property
    def rest(self) -> str:
        """Return notes and passed rules, "" if there are none."""
        return rest_part(self.run, self.root) if self.run is not None else ""


def render(report: Report, options: Options) -> str:
    """Return the report for a job summary: at most 1 MB, the least important left out first, and that is said."""
    return fitted(report, options, SUMMARY)


def comment(report: Report, options: Options) -> str:
    """Return the report for a comment on a pull request: at most 64,000 characters."""
    return fitted(report, options, COMMENT)


def fitted(report: Report, options: Options, budget: Budget) -> str:
    """Return the report within the budget.

    What goes first: the curves, then notes and passed rules, what was skipped, the findings of the runs from the least
    important on, the table from its end. Verdict and alerts stay.
    """
    pen = pen_of(options)
    by_run: dict[str, list[Finding]] = {run.id: [] for run in report.judged}
    for finding in report.findings:
        by_run.setdefault(finding.run, []).append(finding)
    runs, searches = worst_first(report.runs, by_run), worst_first(report.sweeps, by_run)
    listed = [r for r in runs if r.verdict != "ok" or by_run[r.id]] if len(runs) > MANY else runs
    head = _head(pen, report)
    alerts = {severity: _alert(pen, report, severity) for severity in ALERTS}
    sections = [Section(pen, report.root, run.id, run, by_run[run.id]) for run in (*searches, *listed)]
    known = {run.id for run in report.judged}
    sections += [Section(pen, report.root, name, None, found) for name, found in by_run.items() if name not in known]
    rows = listed[:MOST_ROWS]
    trouble, skips, fixed = _trouble(pen, report), _skips(options, report), _fixed(report)
    groups: dict[str, tuple[int, Iterable[str]]] = {
        "lines of the alerts": (sum(map(len, alerts.values())), (line for lines in alerts.values() for line in lines)),
        "files and crashes": (len(trouble), trouble),
        "rows of the table": (len(rows), (_row(pen, report.root, run, by_run[run.id]) for run in rows)),
        "searches": (len(searches), (f"{WRAP}{s.head}{s.search}" for s in sections[: len(searches)])),
        "runs in full": (len(sections), (f"{WRAP}{s.head}{s.told}" for s in sections)),
        "what is fixed": (len(fixed), fixed),
        "what was skipped": (len(skips), skips),
        "notes and passed rules": (len(sections), (s.rest for s in sections)),
        "curves": (len(sections), (s.curves for s in sections)),
    }
    kept = fitting({name: pieces for name, (_, pieces) in groups.items()}, budget, budget.measure(head) + RESERVE)
    parts = [head, *_alerts(alerts, len(kept["lines of the alerts"]))]
    parts.append(_table(pen, kept["rows of the table"], len(listed) - len(rows), len(runs) - len(listed)))
    parts.append("".join(kept["files and crashes"]))
    parts += [_folded(section, i, kept, alone=len(report.judged) == 1) for i, section in enumerate(sections)]
    parts += [*kept["what is fixed"], *kept["what was skipped"]]
    short = {name: size - len(kept[name]) for name, (size, _) in groups.items() if len(kept[name]) < size}
    parts.append(_foot(pen, report, short, budget))
    return "\n".join(filter(None, parts))


def _head(pen: Pen, report: Report) -> str:
    kind, word = judge(report)
    only = report.judged[0] if len(report.judged) == 1 else None
    about = f" {code(pen.short(run_name(report.root, only.id, only.paths), NAME))}" if only is not None else ""
    said = headline(report)
    title = f"## {pen.glyph(kind)} runaudit:{about} {said}"
    facts = [f"**{word}**", counted(report)]
    facts += tallies(report)
    facts += [f"nothing to audit in {code(pen.short(report.root, NAME))}"] if not report.judged else []
    facts += [compared(report)] if compared(report) else []
    facts += [f"{count(len(report.suppressed))} suppressed"] if report.suppressed else []
    facts += [f"{count(len(report.skips))} checks skipped"] if report.skips else []
    failures = "".join(f"- {_short(failure)}\n" for failure in report.failures)
    return f"{MARKER}\n{title}\n\n{pen.dotted(*facts, f'exit {report.exit_code}')}\n" + (failures and f"\n{failures}")


def _alert(pen: Pen, report: Report, severity: Severity) -> list[str]:
    """Return a line for each rule that found something so severe, unless a cause as bad explains it, and its runs."""
    causes = {(f.run, f.rule) for f in report.findings if f.consequence_of is None and f.severity.rank <= severity.rank}
    by_rule: dict[str, list[Finding]] = {}
    for finding in worst_findings([f for f in report.findings if f.severity is severity and f.status != "known"]):
        if (finding.run, finding.consequence_of) not in causes:
            by_rule.setdefault(finding.rule, []).append(finding)
    paths = {run.id: run.paths for run in report.judged}
    lines = []
    for rule, found in list(by_rule.items())[:MOST_ALERTS]:
        names = list(dict.fromkeys(f.run for f in found))
        shown = [code(pen.short(run_name(report.root, n, paths.get(n, ())), NAME)) for n in names[:MOST_NAMES]]
        more = f" and {count(len(names) - MOST_NAMES, 'more run')}" if len(names) > MOST_NAMES else ""
        tries = [_short(r) for r in found[0].remedy[:1]]
        words = f"{_short(found[0].message)}{'' if not tries else f'. Try: {tries[0]}'}"
        lines.append(f"> - **{code(rule)}** in {', '.join(shown)}{more}: {words}\n")
    if len(by_rule) > MOST_ALERTS:
        lines.append(f"> - and {count(len(by_rule) - MOST_ALERTS, 'more rule')}\n")
    return lines


def _alerts(alerts: dict[Severity, list[str]], kept: int) -> list[str]:
    parts = []
    for severity, lines in alerts.items():
        shown, kept = lines[:kept], max(kept - len(lines), 0)
        if shown:
            parts.append(f"> [!{ALERTS[severity]}]\n{''.join(shown)}")
    return parts


def _row(pen: Pen, root: str, run: RunReport, findings: Sequence[Finding]) -> str:
    named = {c.name: c for c in run.curves if c.points}
    loss = named.get("train/loss") or next((c for c in named.values() if "loss" in c.name), None)
    val = named.get("val/loss")
    rules = list(dict.fromkeys(f.rule for f in findings if f.consequence_of is None))
    shown = " ".join(code(r, cell=True) for r in rules[:MOST_NAMES]) + (
        f" +{len(rules) - MOST_NAMES}" * (len(rules) > MOST_NAMES)
    )
    name = code(pen.short(run_name(root, run.id, run.paths), NAME), cell=True)
    cells = [pen.glyph(run.verdict), name, inline(run.format), count(max((c.last_step for c in run.curves), default=0))]
    cells += [_shape(pen, loss), number(val.last) if val is not None else "", shown]
    return f"| {' | '.join(cells)} |\n"


def _shape(pen: Pen, curve: Curve | None) -> str:
    if curve is None:
        return ""
    shape = plot.sparkline(curve, plot.step_axis([curve]), SPARK, ascii_only=pen.options.ascii)
    return f"{code(shape, cell=True)}&nbsp;{number(curve.last)}"


def _table(pen: Pen, rows: Sequence[str], more: int, healthy: int) -> str:
    text = ""
    if rows:
        text = "| | run | format | until | train/loss | val/loss | findings |\n|---|---|---|--:|---|--:|---|\n"
        text += "".join(rows)
    if more:
        text += f"\nand {count(more, 'more run')} with findings\n"
    if healthy:
        text += f"\n{pen.glyph('ok')} {count(healthy, 'run')} without findings\n"
    return text


def _folded(section: Section, place: int, kept: Mapping[str, Sequence[str]], *, alone: bool) -> str:
    """Return what is kept of a run or a search; nothing of a run where not even its findings are."""
    whole = place < len(kept["runs in full"])
    if not whole and place >= len(kept["searches"]):
        return ""
    parts = [
        section.search if place < len(kept["searches"]) else "",
        section.curves if place < len(kept["curves"]) else "",
        section.told if whole else "",
        section.rest if place < len(kept["notes and passed rules"]) else "",
    ]
    if not any(parts):
        return ""
    return f"<details{' open' if alone or section.search else ''}>{section.head}\n\n{''.join(parts)}</details>\n"


def _trouble(pen: Pen, report: Report) -> list[str]:
    lines = [_crash(pen, crash) for crash in crashed(report)]
    for file in unread(report):
        where = locate(report.root, file.path) + (f":{file.line}" if file.line is not None else "")
        lines.append(f"- not read ({file.kind}): {code(shorten(where, SHORT))}: {_short(file.reason)}\n")
    if len(lines) > MOST_FILES:
        lines = [*lines[:MOST_FILES], f"- and {count(len(lines) - MOST_FILES, 'more', 'more')}\n"]
    return ["### Not read, or crashed\n\n", *lines] if lines else []


def _crash(pen: Pen, crash: Crash) -> str:
    if crash.plug_in:
        return f"- {inline(crash.rule)}: {_short(crash.error)}; the audit went on without\n"
    where = f"{code(crash.rule)} on {code(pen.short(crash.run, NAME))}"
    return f"- crash of {where}, a defect of runaudit: {_short(crash.error)}\n"


def _fixed(report: Report) -> list[str]:
    """Return what the baseline lists and the rules no longer find, folded, as one piece."""
    if not report.fixed:
        return []
    lines = [f"- {inline(gone(one))}\n" for one in report.fixed[:MOST_FILES]]
    lines += [f"- and {count(len(report.fixed) - MOST_FILES, 'more', 'more')}\n"] * (len(report.fixed) > MOST_FILES)
    number = count(sum(one.count for one in report.fixed), "finding")
    head = f"<details><summary>{number} fixed since the baseline</summary>"
    return [f"{head}\n\n{''.join(lines)}\n</details>\n"]


def _skips(options: Options, report: Report) -> list[str]:
    if not report.skips:
        return []
    first, *lines = skipped(Pen(Options(WIDTH, ascii=options.ascii)), report)
    return [f"<details><summary>{first}</summary>\n\n" + "\n".join(block(lines)) + "\n\n</details>\n"]


def _foot(pen: Pen, report: Report, short: dict[str, int], budget: Budget) -> str:
    left_out = ", ".join(f"{name} ({count(n)})" for name, n in short.items())
    note = f"**Left out to fit {budget.name}:** {left_out}. The other formats tell everything.\n\n" if short else ""
    passed = sum(len(run.passed) for run in report.judged)
    facts = [f"runaudit {__version__}", count(passed, "check passed", "checks passed")]
    facts += [count(report.ignored_files, "other file ignored", "other files ignored")] if report.ignored_files else []
    return f"{note}<sub>{pen.dotted(*facts)}</sub>\n"


def _short(text: str) -> str:
    return inline(shorten(one_line(text), SHORT).rstrip("."))


RENDERER = Renderer("markdown", ".md", render)
