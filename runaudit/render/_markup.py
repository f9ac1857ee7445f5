"""Text of logs inside markdown and its HTML: shown as it is, never obeyed, never linked, never a mention."""

from __future__ import annotations

import re
from html import escape

from runaudit.text import clean

SPECIAL = re.compile(r"([\\`*_\[\]|~])")
FIRST = re.compile(r"^(\d*)([.)](?=\s|$)|[#+=-](?=[\s#+=-]|$))")  # what would begin a heading, a list or a rule
APART = "\u200b"  # between a sign and what it would refer to: a mention and an issue survive every escape
TICKS = re.compile(r"`+")


def inline(text: str) -> str:
    r"""Return the text for a paragraph, list item or table cell of GitHub markdown, on one line.

    >>> inline("a|b *c* <script> 5 < 6"), inline("[x](y)\n# z"), inline("1. one")
    ('a\\|b \\*c\\* &lt;script&gt; 5 &lt; 6', '\\[x\\](y)\\\\n# z', '1\\. one')
    """
    marked = SPECIAL.sub(r"\\\1", escape(clean(text.strip()), quote=False))
    marked = FIRST.sub(r"\1\\\2", marked)
    marked = re.sub(r"#(?=\d)|@|\bGH-(?=\d)|:(?=//)|ww(?=w)", lambda sign: sign.group() + APART, marked)
    return marked.replace("$", "<span>$</span>")


def code(text: str, *, cell: bool = False) -> str:
    r"""Return the text as a code span, in which nothing is a link or a mention; ``cell`` for one inside a table.

    >>> code("val/loss"), code("a`b|c", cell=True), code("")
    ('`val/loss`', '``a`b\\|c``', '` `')
    """
    words = clean(text) or " "
    fence = "`" * (max((len(t) for t in TICKS.findall(words)), default=0) + 1)
    pad = " " if words.startswith("`") or words.endswith("`") else ""
    if cell:
        words = words.replace("|", "\\|")
    return f"{fence}{pad}{words}{pad}{fence}"


def html(text: str) -> str:
    """Return the text for a line of HTML, as code.

    >>> html("<b>@you</b>")
    '<code>&lt;b&gt;@you&lt;/b&gt;</code>'
    """
    return f"<code>{escape(clean(text))}</code>"


def block(lines: list[str]) -> list[str]:
    """Return lines that are shown as they stand, behind a fence that none of them can close."""
    longest = max((len(t) for line in lines for t in TICKS.findall(line)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}text", *lines, fence]
