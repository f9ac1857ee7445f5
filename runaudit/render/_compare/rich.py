"""A comparison for the terminal: the verdict first, then the plot, the measures, what differs, and the runs."""

from __future__ import annotations

from collections.abc import Sequence

from runaudit.compare import Comparison
from runaudit.pen import Options, Pen
from runaudit.render._compare import words
from runaudit.render._compare.plotting import picture
from runaudit.text import cells, left, right, shorten, wrap

MOST_RUNS = 10  # of a side, named unless verbose


def render(comparison: Comparison, options: Options, fail_if: str) -> str:
    """Return the comparison in lines no wider than ``options.width``; text of logs is escaped."""
    pen = Pen(options)
    blocks = [_verdict(pen, comparison, fail_if)]
    if options.verbosity >= 0:
        blocks += [_plot(pen, comparison), _measures(pen, comparison), _others(pen, comparison)]
        blocks += [_settings(pen, comparison), _runs(pen, comparison), _notes(pen, comparison)]
    return "\n\n".join("\n".join(line.rstrip() for line in block) for block in blocks if block) + "\n"


def _verdict(pen: Pen, comparison: Comparison, fail_if: str) -> list[str]:
    kind = words.KINDS[comparison.verdict]
    head = f"{pen.glyph(kind)} {words.word(comparison)}"
    primary = comparison.primary
    facts = pen.clean(pen.dotted(words.sides(comparison), words.extent(comparison, primary)))
    name = pen.short(primary.name, max(pen.width - cells(head) - cells(facts) - 8, 12))
    rule = pen.glyph("floor") * (pen.width - cells(head) - cells(name) - cells(facts) - 4)
    top = f"{pen.paint(kind, head)}  {pen.paint('bold', name)} {pen.paint('dim', rule)}"
    lines = [f"{top}{' ' if rule else ''}{pen.paint('dim', facts)}"] if rule else [top, f"  {pen.paint('dim', facts)}"]
    lines += _indented(pen, comparison.reason)
    if comparison.advice:
        lines += pen.hang(f"  {pen.paint('gutter', '=')} try:  ", pen.clean(comparison.advice), indent=10)
    return [*lines, f"  {pen.paint('dim', words.ending(comparison, fail_if))}"]


def _indented(pen: Pen, text: str) -> list[str]:
    return [f"  {line}" for line in wrap(pen.clean(text), pen.width - 2)]


def _plot(pen: Pen, comparison: Comparison) -> list[str]:
    primary = comparison.primary
    lines = [f"  {line}" for line in picture(pen, primary, pen.width - 2)]
    return [*lines, *(pen.paint("dim", line) for line in _indented(pen, words.left(comparison, primary)))]


def _measures(pen: Pen, comparison: Comparison) -> list[str]:
    primary = comparison.primary
    heads = ("higher is better" if primary.up_good else "lower is better", *_sides(comparison), "difference")
    rows = [[r.label, r.runs, r.references, r.difference] for r in words.measures(comparison, primary)]
    if sum(max(cells(row[i]) for row in (heads, *rows)) + 2 for i in range(len(heads))) > pen.width:
        rows = [[label, *(cell.partition(" (")[0] for cell in rest)] for label, *rest in rows]  # without the ranges
    return _table(pen, heads, rows)


def _others(pen: Pen, comparison: Comparison) -> list[str]:
    rows = [(r.label, r.runs, r.references, r.difference) for r in words.others(comparison)]
    return _table(pen, ("others, not tested", *_sides(comparison), "difference"), rows) if rows else []


def _sides(comparison: Comparison) -> tuple[str, str]:
    runs = "run" if len(comparison.runs) == 1 else "runs"
    return runs, "reference" if len(comparison.primary.references) == 1 else "references"


def _settings(pen: Pen, comparison: Comparison) -> list[str]:
    rows, rest = words.settings(comparison)
    lines = _table(pen, ("settings that differ", *_sides(comparison)), rows, numbers=False) if rows else []
    if rest:
        lines += [pen.paint("dim", line) for line in _indented(pen, rest)]
    return lines


def _runs(pen: Pen, comparison: Comparison) -> list[str]:
    lines = []
    for label, side in zip(("run", "reference"), (comparison.runs, comparison.references), strict=True):
        shown = side if pen.options.verbosity > 0 else side[:MOST_RUNS]
        for one in shown:
            room = pen.width // 2
            name = pen.short(one.id, room)
            head = f"  {pen.paint('dim', left(label, 9))}  {pen.paint('code', name)}  "
            lines += pen.hang(head, pen.clean(words.member(one, comparison.unit)), indent=15 + min(cells(name), room))
        if len(side) > len(shown):
            lines.append(pen.paint("dim", f"  and {len(side) - len(shown)} more: --verbose names them"))
    return lines


def _notes(pen: Pen, comparison: Comparison) -> list[str]:
    head = f"{pen.paint('note', 'note')}  "
    return [line for note in comparison.notes for line in pen.hang(f"  {head}", pen.clean(note), indent=8)]


def _table(pen: Pen, heads: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: bool = True) -> list[str]:
    """Return a table that fits the width: its first column gives way first, then the others alike."""
    every = [[pen.clean(cell) for cell in row] for row in (heads, *rows)]
    widths = [max(cells(row[i]) for row in every) for i in range(len(heads))]
    room = pen.width - 2 - 2 * (len(heads) - 1)
    widths[0] = max(min(widths[0], room - sum(widths[1:])), min(widths[0], 16))
    while sum(widths) > room:
        widest = max(range(len(widths)), key=widths.__getitem__)
        widths[widest] -= 1
    lines = []
    for n, row in enumerate(every):
        parts = [shorten(cell, width, pen.glyph("ellipsis")) for cell, width in zip(row, widths, strict=True)]
        put = right if numbers else left
        rest = "".join(f"  {put(part, width)}" for part, width in zip(parts[1:], widths[1:], strict=True))
        first = left(parts[0], widths[0])
        lines.append("  " + (pen.paint("dim", first + rest) if n == 0 else pen.paint("bold", first) + rest))
    return lines
