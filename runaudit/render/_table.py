"""Many runs in one table, the worst first; of very many, the healthy ones in one line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from runaudit import plot
from runaudit.model import Curve, Finding, Report, RunReport
from runaudit.pen import WORDS, Pen
from runaudit.text import cells, count, left, number, right, shorten

MANY = 30  # more runs than this, and the healthy ones are counted instead of listed
MOST_ROWS = 50  # of the others, so many are listed
SPARK = 8
HEADS = {
    "run": "run",
    "format": "format",
    "until": "until",
    "loss": "train/loss",
    "val": "val/loss",
    "findings": "findings",
}
DROP = ("format", "val", "until")  # columns that give way in a narrow terminal, in this order
NUMBERS = ("until", "val")
LEAST_RUN = 30  # columns that a name keeps before another column gives way
ORDER = ("fail", "warn", "unknown", "ok")


def worst_first(runs: Sequence[RunReport], findings: Mapping[str, Sequence[Finding]]) -> list[RunReport]:
    """Return the runs in the order fail, warn, unknown, ok; those with more findings first, then by name."""
    return sorted(runs, key=lambda r: (ORDER.index(r.verdict), -len(findings.get(r.id, ())), r.id))


def table(pen: Pen, runs: Sequence[RunReport], findings: Mapping[str, Sequence[Finding]]) -> list[str]:
    """Return the table; its lines are no wider than the terminal."""
    ordered = worst_first(runs, findings)
    faulty = [r for r in ordered if r.verdict != "ok" or findings.get(r.id)]
    summarised = len(runs) > MANY and pen.options.verbosity <= 0
    shown = faulty[:MOST_ROWS] if summarised else ordered
    curves = [_loss(run) for run in shown]
    column = max((cells(number(c.last)) for c in curves if c is not None), default=0)
    rows = [_cells(pen, run, findings.get(run.id, ()), loss, column) for run, loss in zip(shown, curves, strict=True)]
    lines = _layout(pen, shown, rows) if rows else []
    if summarised and len(faulty) > len(shown):
        words = f"and {count(len(faulty) - len(shown), 'more run')} with findings: --verbose lists them"
        lines.append(pen.paint("dim", words))
    if summarised and len(runs) > len(faulty):
        words = f"{count(len(runs) - len(faulty), 'run')} without findings: --verbose lists them"
        lines.append(f"{pen.paint('ok', pen.glyph('ok'))} {words}")
    return lines


def tallies(report: Report) -> list[str]:
    """Return how many runs and searches there are of each verdict, in words; nothing for a single run."""
    runs = [f"{count(len(report.runs), 'run')}: {tally(report.runs)}"] if len(report.runs) > 1 else []
    if not report.sweeps:
        return runs
    runs = runs or ([f"1 run: {tally(report.runs)}"] if report.runs else [])
    return [*runs, f"{count(len(report.sweeps), 'search', 'searches')}: {tally(report.sweeps)}"]


def tally(runs: Sequence[RunReport]) -> str:
    """Return how many runs there are of each verdict, in words."""
    verdicts = Counter(r.verdict for r in runs)
    return ", ".join(f"{verdicts[v]} {WORDS[v].lower()}" for v in ORDER if verdicts[v])


def _loss(run: RunReport) -> Curve | None:
    named = {c.name: c for c in run.curves if c.points}
    return named.get("train/loss") or next((c for c in named.values() if "loss" in c.name), None)


def _cells(pen: Pen, run: RunReport, findings: Sequence[Finding], loss: Curve | None, column: int) -> dict[str, str]:
    val = next((c for c in run.curves if c.name == "val/loss" and c.points), None)
    shape = ""
    if loss is not None:
        spark = plot.sparkline(loss, plot.step_axis([loss]), SPARK, ascii_only=pen.options.ascii)
        shape = f"{spark}  {right(number(loss.last), column)}"
    return {
        "run": pen.clean(run.id),
        "format": pen.clean(run.format),
        "until": count(max((c.last_step for c in run.curves), default=0)),
        "loss": shape or "-",
        "val": number(val.last) if val is not None else "-",
        "findings": " ".join(f.rule for f in findings if f.consequence_of is None),
    }


def _layout(pen: Pen, runs: Sequence[RunReport], rows: Sequence[Mapping[str, str]]) -> list[str]:
    need = {key: max(cells(head), *(cells(row[key]) for row in rows)) for key, head in HEADS.items()}
    verdict = 2 + max(len(WORDS[r.verdict]) for r in runs)
    least = max(cells(HEADS["findings"]), *(cells(_fit_rules(row["findings"], 0)) for row in rows))
    keys = list(HEADS)
    for key in DROP:
        room = pen.width - verdict - sum(2 + need[k] for k in keys if k not in {"run", "findings"}) - 4
        if room >= min(need["run"], LEAST_RUN) + least:
            break
        keys.remove(key)
    room = pen.width - verdict - sum(2 + need[k] for k in keys if k not in {"run", "findings"}) - 4
    need["findings"] = min(need["findings"], max(room - need["run"], min(least, room * 3 // 5)))
    need["run"] = min(need["run"], room - need["findings"])
    lines = [pen.paint("dim", _line(pen, HEADS, keys, need, " " * verdict))]
    for run, row in zip(runs, rows, strict=True):
        mark = pen.paint(run.verdict, left(f"{pen.glyph(run.verdict)} {WORDS[run.verdict]}", verdict))
        fitted = {**row, "findings": _fit_rules(row["findings"], need["findings"])}
        lines.append(_line(pen, fitted, keys, need, mark))
    return [line.rstrip() for line in lines]


def _line(pen: Pen, row: Mapping[str, str], keys: Sequence[str], widths: Mapping[str, int], mark: str) -> str:
    parts = [mark]
    for key in keys:
        cell = shorten(row[key], widths[key], pen.glyph("ellipsis"))
        parts.append(right(cell, widths[key]) if key in NUMBERS else left(cell, widths[key]))
    return "  ".join(parts)


def _fit_rules(rules: str, width: int) -> str:
    """Return as many rules as fit, at least the first one, and how many more there are."""
    words = rules.split()
    for shown in range(len(words), 0, -1):
        more = len(words) - shown
        text = " ".join([*words[:shown], *([f"+{more}"] if more else [])])
        if len(text) <= width or shown == 1:
            return text
    return ""
