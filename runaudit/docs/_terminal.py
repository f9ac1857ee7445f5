"""Page -> lines of a terminal; the list of rules too."""

from __future__ import annotations

from collections.abc import Sequence

from runaudit.docs._page import Page, Section
from runaudit.pen import Options, Pen
from runaudit.ruleset import Rule
from runaudit.text import count, left, wrap


def write_terminal(page: Page, options: Options) -> str:
    """Return the page in lines no wider than ``options.width``."""
    pen = Pen(options)
    lines = pen.lead("bold", page.name, f"  {pen.dotted(*page.facts)}", then="dim", indent=2)
    lines += wrap(_prose(pen, page.title), pen.width)
    for section in page.sections:
        lines += ["", pen.paint("code", section.title)]
        for i, item in enumerate(section.items):
            lines += _item(pen, section, i, item)
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _prose(pen: Pen, text: str) -> str:
    return pen.prose(text.replace("`", ""))


def _item(pen: Pen, section: Section, i: int, item: tuple[str, ...]) -> list[str]:
    first, *rest = item
    if section.kind == "shapes":
        return pen.hang("  ", pen.clean(first), indent=4) if first else [f"    {pen.short(rest[0], pen.width - 4)}"]
    if section.kind == "code":
        return [*([""] if i else []), *(f"  {_indented(pen, line)}" for line in rest[0].splitlines())]
    if section.kind == "steps":
        return pen.hang(f"  {i + 1}. ", _prose(pen, first), indent=5)
    if section.kind == "list":
        return pen.hang(f"  {pen.glyph('dot')} ", _prose(pen, first), indent=4)
    if section.kind == "limits":
        default, bounds, why = rest
        return _column(pen, section, first, f"{default}{f' ({bounds})' if bounds else ''}: {why}")
    if section.kind == "rules":
        return _column(pen, section, first, rest[0])
    if section.kind == "terms":
        return [
            *pen.hang("  ", _prose(pen, first), indent=2),
            *(pen.hang("  ", pen.paint("dim", rest[0]), indent=2) if rest[0] else []),
        ]
    return pen.hang("  ", _prose(pen, first), indent=2)


def _indented(pen: Pen, line: str) -> str:
    return " " * (len(line) - len(line.lstrip())) + pen.clean(line)


def _column(pen: Pen, section: Section, name: str, text: str) -> list[str]:
    column = max(len(item[0]) for item in section.items)
    return pen.hang(f"  {pen.paint('bold', left(name, column))}  ", _prose(pen, text), indent=column + 4)


def listing(rules: Sequence[Rule], options: Options) -> str:
    """Return the rules by family, one a line: severity, id, title, and what was measured of it."""
    pen = Pen(options)
    column = max((len(r.id) for r in rules), default=0)
    marks = {"error": "fail", "warning": "warn", "note": "dot"}
    lines: list[str] = []
    for family in dict.fromkeys(r.family for r in rules):
        lines += ["", pen.paint("bold", family)]
        for rule in (r for r in rules if r.family == family):
            mark = pen.paint(str(rule.severity), left(f"{pen.glyph(marks[str(rule.severity)])} {rule.severity}", 9))
            measured = f" (precision {rule.measured['precision']:.2f})" if "precision" in rule.measured else ""
            lines += pen.hang(
                f"  {mark}  {left(rule.id, column)}  ", pen.prose(rule.title + measured), indent=column + 15
            )
    lines += ["", pen.paint("dim", f"{count(len(rules), 'rule')}; the page of one: runaudit explain RULE")]
    return "\n".join(lines[1:]) + "\n"
