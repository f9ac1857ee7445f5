"""One run in markdown: its findings told in full, its curves as sparklines, its notes and what passed."""

from __future__ import annotations

from collections.abc import Sequence

from runaudit import plot
from runaudit.model import Curve, Finding, RunReport, Severity
from runaudit.pen import Pen
from runaudit.render._markup import code, html, inline
from runaudit.render._run import key_curves
from runaudit.render._words import change, extent, is_search, locate, place, run_name, sure, when
from runaudit.text import count, number, one_line, shorten

SPARK = 24
GAP = "\u00a0"  # a space that HTML does not swallow
LONGEST = 600  # characters of a text of a log or a rule
NAME = 100
PATH = 300
MOST_NOTES = 5
MARKS = {Severity.ERROR: "fail", Severity.WARNING: "warn", Severity.NOTE: "dot"}


def summary(pen: Pen, run: RunReport, findings: Sequence[Finding], root: str) -> str:
    """Return the line of a run that stands when its details are folded."""
    counts = [count(n, str(s)) for s in Severity if (n := sum(f.severity is s for f in findings))]
    curves = [c for c in run.curves if c.points]
    facts = [", ".join(counts) or "no findings", html(run.format)]
    if is_search(run):
        facts.append(count(len(run.tables["trials"]), "trial"))
    if curves:
        facts.append(extent(pen, min(c.first_step for c in curves), max(c.last_step for c in curves), run.step_unit))
    name = pen.short(run_name(root, run.id, run.paths), NAME)
    return f"<summary>{pen.glyph(run.verdict)} <b>{html(name)}</b> {pen.dotted(*facts)}</summary>"


def findings_part(pen: Pen, run: RunReport | None, findings: Sequence[Finding], root: str) -> str:
    """Return the findings in their order: a root cause in full, a consequence in a line below it."""
    causes = {f.rule for f in findings if f.consequence_of is None}
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.consequence_of not in causes:
            groups.setdefault(finding.rule, []).append(finding)
    lines: list[str] = []
    for rule, (first, *others) in groups.items():
        below = [f for f in findings if f.consequence_of == rule]
        lines += _told(pen, run, first, root)
        lines += [f"- **Also in:** {code(f.series)} {inline(when(pen, f, run))}" for f in others[:MOST_NOTES]]
        lines += [f"- and {count(len(others) - MOST_NOTES, 'more series', 'more series')}"] * (len(others) > MOST_NOTES)
        lines += [f"- **Also explains** {code(f.rule)} ({f.severity}): {_text(f.message)}" for f in below[:MOST_NOTES]]
        lines.append("")
    return "\n".join(lines) + "\n"


def _told(pen: Pen, run: RunReport | None, finding: Finding, root: str) -> list[str]:
    steps = inline(when(pen, finding, run))
    known = " (known)" if finding.status == "known" else ""
    where = code(shorten(place(root, finding), PATH))
    tag = f"{pen.glyph(MARKS[finding.severity])} **{finding.severity} {code(finding.rule)}**{known}"
    lines = [
        f"{tag}: {_text(finding.message)}",
        "",
        f"- {where}{f', {steps}' if steps else ''}; confidence {sure(finding)}",
        *(f"- {_text(line)}" for line in finding.evidence),
        f"- **Why:** {_text(finding.why)}",
    ]
    tries = [_text(line) for line in finding.remedy]
    lines += [f"- **Try:** {tries[0]}"] if len(tries) == 1 else ["- **Try:**"] * bool(tries)
    lines += [f"  {i + 1}. {line}" for i, line in enumerate(tries)] if len(tries) > 1 else []
    if finding.prescription is not None:
        lines.append(f"- **Set:** {code(shorten(change(pen, finding.prescription, run), PATH))}")
    return lines


def curves_part(pen: Pen, run: RunReport, findings: Sequence[Finding]) -> str:
    """Return a table of the curves that matter, on one step axis; "" for a run without any."""
    curves = key_curves(run, findings)
    if not curves:
        return ""
    steps = plot.step_axis(curves)
    arrow = pen.glyph("arrow")
    rows = [f"| series | shape | first {arrow} last | lowest |", "|---|---|--:|--:|"]
    for curve in curves:
        peaks = curve.name.startswith("grad_norm")
        shape = plot.sparkline(curve, steps, SPARK, peaks=peaks, ascii_only=pen.options.ascii)
        drawn = code(shape, cell=True).replace(" ", GAP)
        ends = f"{number(curve.first)} {arrow} {number(curve.last)}"
        rows.append(f"| {code(pen.short(curve.name, NAME), cell=True)} | {drawn} | {ends} | {_lowest(curve)} |")
    schedule = f"Learning rate: {_text(run.schedule)}\n\n" if run.schedule else ""
    return "\n".join(rows) + f"\n\n{schedule}"


def _lowest(curve: Curve) -> str:
    if "loss" not in curve.name or curve.best != curve.best:
        return ""
    return f"{number(curve.best)} @ {count(curve.best_step)}"


def rest_part(run: RunReport, root: str) -> str:
    """Return the notes on how the log was read, and the rules that passed; "" if there is neither."""
    lines = ["How the log was read:", ""] if run.notes else []
    for note in run.notes[:MOST_NOTES]:
        where = locate(root, note.path) + (f":{note.line}" if note.line is not None else "")
        lines.append(f"- {code(shorten(where, PATH))}: {_text(note.message)}")
    if len(run.notes) > MOST_NOTES:
        lines.append(f"- and {count(len(run.notes) - MOST_NOTES, 'more note')} on how the log was read")
    if run.passed:
        lines += ["", f"{count(len(run.passed), 'rule')} passed: {', '.join(map(code, run.passed))}"]
    return "\n".join(lines) + "\n\n" if lines else ""


def _text(text: str) -> str:
    return inline(shorten(one_line(text), LONGEST))
