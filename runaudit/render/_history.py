"""The history of audits for people: how findings and runs moved, and what became worse. As markdown, too."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from runaudit.history.against import Regression
from runaudit.history.rows import Audit, FindingState
from runaudit.history.trend import BranchTrend, RuleTrend, RunTrend, branches, rules, runs, verdict
from runaudit.model import Severity
from runaudit.pen import WORDS, Options, Pen
from runaudit.plot import ASCII_LEVELS, BLOCKS
from runaudit.render._markup import code, inline
from runaudit.render._words import heading
from runaudit.text import cells, clean, count, left, number, one_line, right

MOST_RUNS = 10  # shown unless a pattern asks for some
MOST_AUDITS = 10
MOST_NEW = 20
STRIP = 24  # columns of a sparkline: so many audits, the newest
MOST_NAME = 40
LEAST_NAME = 8
Table = tuple[Sequence[str], list[Sequence[str]]]
NUMBERS = frozenset({"audits", "errors", "warnings", "notes", "runs", "found in", "exit", "best"})


def history(
    groups: Sequence[Sequence[Audit]], found: Sequence[Regression], options: Options, *, every_run: bool = False
) -> str:
    """Return the groups of audits, each with its trends, then what became worse, in lines of the terminal."""
    pen = Pen(options)
    blocks: list[list[str]] = []
    for audits in groups:
        facts = (count(len(audits), "audit"), f"{_day(audits[0])} {pen.glyph('to')} {_day(audits[-1])}")
        blocks.append(heading(pen, verdict(audits[-1]), audits[-1].group, facts))
        blocks += [_aligned(pen, table) for table in _tables(pen, audits, every_run=every_run) if table[1]]
        blocks += [_more(pen, audits, every_run=every_run)]
    blocks += [_against(pen, one) for one in found]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def markdown(
    groups: Sequence[Sequence[Audit]], found: Sequence[Regression], options: Options, *, every_run: bool = False
) -> str:
    """Return the same as GitHub markdown."""
    pen = Pen(Options(1_000, ascii=options.ascii))
    parts: list[str] = []
    for audits in groups:
        parts.append(f"## {inline(audits[-1].group)}")
        parts.append(f"{count(len(audits), 'audit')}, {inline(_day(audits[0]))} to {inline(_day(audits[-1]))}")
        for heads, rows in _tables(pen, audits, every_run=every_run):
            if rows:
                above = [list(heads), ["--:" if head in NUMBERS else "---" for head in heads]]
                below = [[code(cell, cell=True) if cell else "" for cell in row] for row in rows]
                parts.append("\n".join(f"| {' | '.join(line)} |" for line in (*above, *below)))
        parts += [inline(line) for line in _more(pen, audits, every_run=every_run)]
    for one in found:
        head, *changes = _told(pen, one)
        parts.append(f"**{inline(head)}**")
        parts += ["\n".join(f"- {inline(line)}" for line in changes)] if changes else []
    return "\n\n".join(parts) + "\n"


def spark(values: Sequence[float | None], *, ascii_only: bool = False, zero: bool = False) -> str:
    """Return a bar for each value, blank where there is none; ``zero`` for bars that begin there.

    >>> spark([0, 1, None, 2], zero=True), spark([3.0, 3.0, math.nan])
    ('▁▅ █', '▁▁ ')
    """
    levels = ASCII_LEVELS if ascii_only else BLOCKS
    known = [v for v in values if v is not None and math.isfinite(v)]
    low, high = min(known, default=0.0), max(known, default=0.0)
    low = min(low, 0.0) if zero else low
    bars = []
    for value in values:
        if value is None or not math.isfinite(value):
            bars.append(" ")
        else:
            place = (value - low) / (high - low) if high > low else 0.0
            bars.append(levels[min(int(place * len(levels)), len(levels) - 1)])
    return "".join(bars)


# --- the tables --------------------------------------------------------------------------------------------


def _tables(pen: Pen, audits: Sequence[Audit], *, every_run: bool) -> Iterator[Table]:
    """Yield what moved: the branches, the rules, the runs, and the audits one by one."""
    yield (
        ("branch", "audits", "errors", "warnings", "last", "commit", "last good"),
        [_branch(pen, one) for one in branches(audits)],
    )
    yield ("rule", "worst", "found in", "count"), [_rule(pen, one, len(audits)) for one in rules(audits)]
    shown = runs(audits)
    yield (
        ("run", "verdicts", "series", "last value", "best"),
        [_run(pen, one) for one in (shown if every_run else shown[:MOST_RUNS])],
    )
    yield (
        ("time", "branch", "commit", "exit", "errors", "warnings", "notes", "runs"),
        [_audit(pen, one) for one in audits[-MOST_AUDITS:]],
    )


def _more(pen: Pen, audits: Sequence[Audit], *, every_run: bool) -> list[str]:
    hidden = len(runs(audits)) - MOST_RUNS
    words = f"{count(hidden, 'more run')}: --run '*' lists them"
    return [pen.paint("dim", words)] if hidden > 0 and not every_run else []


def _branch(pen: Pen, trend: BranchTrend) -> list[str]:
    newest = trend.audits[-1]
    return [
        _name(pen, trend.branch),
        count(len(trend.audits)),
        _moved(pen, trend.errors),
        _moved(pen, trend.warnings),
        f"{pen.glyph(verdict(newest))} {WORDS[verdict(newest)]}",
        pen.clean(newest.commit[:8]) or "-",
        (pen.clean(trend.good.commit[:8]) or _day(trend.good)) if trend.good is not None else "none",
    ]


def _rule(pen: Pen, trend: RuleTrend, audits: int) -> list[str]:
    found = f"{count(trend.audits)} of {count(audits)}"
    return [_name(pen, trend.rule), str(trend.severity), found, _moved(pen, trend.counts)]


def _run(pen: Pen, trend: RunTrend) -> list[str]:
    newest = trend.newest
    states = trend.states[-STRIP:]
    strip = "".join(pen.glyph("dot") if s is None else pen.glyph(s.verdict) for s in states)
    same = [s.last if s is not None and s.series == newest.series else None for s in states]
    last = f"{spark(same, ascii_only=pen.options.ascii)} {number(newest.last)}" if newest.series else "-"
    best = [s.best for s in trend.states if s is not None and s.series == newest.series and math.isfinite(s.best)]
    good = (max(best) if newest.direction == "max" else min(best)) if best and newest.series else None
    return [_name(pen, trend.run), strip, _name(pen, newest.series), last, "-" if good is None else number(good)]


def _audit(pen: Pen, audit: Audit) -> list[str]:
    amounts = [count(audit.count(severity)) for severity in Severity]
    return [
        pen.clean(audit.time[:16].replace("T", " ")),
        _name(pen, audit.branch),
        pen.clean(audit.commit[:8]) or "-",
        str(audit.exit_code),
        *amounts,
        count(len(audit.runs)),
    ]


def _moved(pen: Pen, values: Sequence[int]) -> str:
    """Return the newest amounts as bars, the first and the last in numbers."""
    drawn = spark(values[-STRIP:], ascii_only=pen.options.ascii, zero=True)
    ends = f"{count(values[0])} {pen.glyph('arrow')} {count(values[-1])}" if len(values) > 1 else count(values[0])
    return f"{drawn} {ends}"


def _name(pen: Pen, name: str) -> str:
    return pen.short(one_line(name), MOST_NAME) or "-"


def _day(audit: Audit) -> str:
    return clean(audit.time[:10])


DROP = (
    "best",
    "last good",
    "commit",
    "notes",
    "series",
    "runs",
    "warnings",
    "found in",
    "worst",
)  # in a narrow terminal


def _aligned(pen: Pen, table: Table) -> list[str]:
    """Return a table in columns; columns are dropped, then names shortened, until it fits."""
    heads, rows = table
    widths = [max(cells(head), *(cells(row[i]) for row in rows)) for i, head in enumerate(heads)]
    keep = list(range(len(heads)))
    for name in DROP:
        if sum(widths[i] + 2 for i in keep) <= pen.width:
            break
        keep = [i for i in keep if heads[i] != name]
    first = keep[0] if heads[keep[0]] != "time" else keep[1]
    room = pen.width - sum(widths[i] + 2 for i in keep if i != first) - 2
    widths[first] = min(widths[first], max(room, LEAST_NAME))

    def line(row: Sequence[str]) -> str:
        parts = []
        for i in keep:
            cell = pen.short(row[i], widths[i]) if i == first else row[i]
            parts.append(right(cell, widths[i]) if heads[i] in NUMBERS and " " not in row[i] else left(cell, widths[i]))
        return ("  " + "  ".join(parts)).rstrip()

    return [pen.paint("dim", line(heads)), *(line(row) for row in rows)]


# --- against -----------------------------------------------------------------------------------------------


def _against(pen: Pen, found: Regression) -> list[str]:
    head, *lines = _told(pen, found)
    style = "fail" if found.is_worse else "ok" if found.reference is not None else "unknown"
    mark = f"{pen.paint(style, pen.glyph(style))} "
    return [*pen.hang(mark, head, indent=2), *(row for line in lines for row in pen.hang("    ", line, indent=4))]


def _told(pen: Pen, found: Regression) -> list[str]:
    """Return a sentence, and a line for each change."""
    reference, audit = found.reference, found.audit
    name = pen.prose(audit.group)
    if reference is None:
        return [f"{name}: no earlier audit to compare with"]
    lines = [f"worse: {pen.prose(c.run)}: {c.before} {pen.glyph('arrow')} {c.now}" for c in found.worse]
    if found.incomplete:
        lines.append(f"worse: exit code {reference.exit_code} {pen.glyph('arrow')} {audit.exit_code}")
    new = sorted(found.new, key=lambda f: not found.counts(f))
    lines += [f"new: {_place(pen, f)}{'' if found.counts(f) else ' (does not count)'}" for f in new[:MOST_NEW]]
    lines += [f"new: and {count(len(new) - MOST_NEW)} more"] if len(new) > MOST_NEW else []
    lines += [f"gone: {_place(pen, f)}" for f in found.gone[:MOST_NEW]]
    lines += [f"better: {pen.prose(c.run)}: {c.before} {pen.glyph('arrow')} {c.now}" for c in found.better]
    lines += [f"not audited any more: {', '.join(map(pen.prose, found.missing[:MOST_NEW]))}"] if found.missing else []
    verb = "worse than" if found.is_worse else "not worse than"
    return [f"{name}: {_which(pen, audit)} is {verb} {_which(pen, reference)}", *lines]


def _place(pen: Pen, finding: FindingState) -> str:
    series = f" {finding.series}" if finding.series else ""
    return pen.prose(f"{finding.run}: {finding.severity}[{finding.rule}]{series}")


def _which(pen: Pen, audit: Audit) -> str:
    """Return what an audit goes by: commit, branch and time."""
    at = audit.time[:16].replace("T", " ")
    named = [audit.commit[:8], f"on {audit.branch}" if audit.branch else "", f"of {at}"]
    return pen.prose(" ".join(part for part in (["the audit"] if not audit.commit else []) + named if part))
