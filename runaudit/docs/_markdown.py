"""Page -> GitHub markdown, which the site of the docs is built from too."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from html import escape

from runaudit.docs._page import Page, Section
from runaudit.text import one_line

CODE = re.compile(r"(`[^`]+`)")
ENTITY = re.compile(r"&(?=#?\w+;)")
UNDERSCORE = re.compile(r"(?<!\w)_|_(?!\w)")  # one inside a word is none of markdown's


def write_markdown(page: Page) -> str:
    """Return the page as markdown; links lead to the pages of rules beside it."""
    named = page.title if page.heading == page.name else page.name
    lines = [f"# {_safe(page.heading)}", "", f"**{_safe(named)}** - {_safe(', '.join(page.facts))}", ""]
    for section in page.sections:
        lines += [f"## {section.title.capitalize()}", "", *_items(section), ""]
    return "\n".join(lines).rstrip() + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of a table of cells that are markdown already."""
    lines = [head, ["---"] * len(head), *rows]
    return [f"| {' | '.join(line)} |" for line in lines]


def cell(text: str) -> str:
    r"""Return prose for a cell of a table, in which a bar ends the cell, even inside code.

    >>> cell("`a|b` or <c> | *d*")
    '<code>a&#124;b</code> or &lt;c> &#124; \\*d\\*'
    """
    return "".join(_unbarred(part) if "|" in part else part for part in CODE.split(_safe(text)))


def _unbarred(text: str) -> str:
    if text.startswith("`"):
        text = f"<code>{escape(text.strip('`'), quote=False)}</code>"
    return text.replace("|", "&#124;")


def fence(language: str, text: str) -> list[str]:
    """Return the lines of a block of code; the fence is longer than any in it."""
    longest = max((len(run) for run in re.findall(r"`{3,}", text)), default=2)
    ticks = "`" * (longest + 1)
    return [f"{ticks}{language}", *text.splitlines(), ticks]


def _safe(text: str) -> str:
    """Return prose in which only backticks mean anything."""
    return "".join(p if i % 2 else _plain(p) for i, p in enumerate(CODE.split(one_line(text))))


def _plain(text: str) -> str:
    safe = ENTITY.sub("&amp;", text).replace("<", "&lt;").replace("*", "\\*")
    return UNDERSCORE.sub(r"\\_", safe)


def _items(section: Section) -> list[str]:
    if section.kind == "shapes":
        return ["```text", *(said if said else f"  {line}" for said, line in section.items), "```"]
    if section.kind == "limits":
        rows = [
            [f"`{name}`", cell(default), bounds.replace(" ", "&nbsp;"), cell(why)]
            for name, default, bounds, why in section.items
        ]
        return table(("limit", "default", "may be", "why"), rows)
    return list(_listed(section))


def _listed(section: Section) -> Iterator[str]:
    for i, (first, *rest) in enumerate(section.items):
        if section.kind == "text":
            yield from ("", _safe(first)) if i else (_safe(first),)
        elif section.kind == "code":
            yield from ([""] if i else [])
            yield from fence(first, rest[0])
        elif section.kind == "steps":
            yield f"{i + 1}. {_safe(first)}"
        elif section.kind == "rules":
            yield f"- [{first}]({first}.md): {_safe(rest[0])}"
        elif section.kind == "terms" and rest[0]:
            address = rest[0].startswith(("https://", "http://"))
            yield f"- [{_safe(first)}]({rest[0]})" if address else f"- {_safe(first)}: {_safe(rest[0])}"
        else:
            yield f"- {_safe(first)}"
