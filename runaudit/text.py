"""Text for people: escape what a log holds, write numbers, measure and wrap lines by terminal cells."""

from __future__ import annotations

import math
import unicodedata
from functools import lru_cache

PLAIN = str.maketrans(
    {"\u2013": "-", "\u2014": "-", "\u2212": "-", "\u2192": "->", "\u00d7": "x", "\u2265": ">=", "\u2264": "<="}
    | {
        "\u2026": "...",
        "\u00b7": "-",
        "\u00b1": "+-",
        "\u2018": "'",
        "\u2019": "'",
        "\u201c": '"',
        "\u201d": '"',
        "\u2248": "~",
    }
)  # what our own texts use, for terminals without Unicode
EMOJI_STYLE = "\ufe0f"  # makes the sign before it wide
BREAKS = "/,;=_-."  # a word that is too long for a line is best cut after one of these


def clean(text: str, *, ascii_only: bool = False) -> str:
    r"""Return the text with everything made visible that could move the cursor, recolour or reorder a terminal.

    Control characters, bidi controls, zero-width characters, line separators and lone surrogates become backslash
    escapes; unusual spaces become a space. With ``ascii_only`` other letters become escapes too.

    >>> clean("a\x1b[31mred\n\u202eb")
    'a\\x1b[31mred\\n\\u202eb'
    >>> clean("loss → ∞", ascii_only=True)
    'loss -> \\u221e'
    """
    if not text.isprintable():
        text = "".join(c if c.isprintable() else _visible(c) for c in text)
    if ascii_only and not text.isascii():
        text = text.translate(PLAIN).encode("ascii", "backslashreplace").decode("ascii")
    return text


def _visible(char: str) -> str:
    if unicodedata.category(char) == "Zs":
        return " "
    return char.encode("unicode_escape").decode("ascii")


def one_line(text: str) -> str:
    """Return prose of a rule file on one line: YAML breaks lines where the file does."""
    return " ".join(text.split())


def number(value: float) -> str:
    """Return the value with four significant digits: thousands separated, small ones as ``5e-4``.

    >>> [number(v) for v in (0.61234, 2.0, 0.0005, 12345.6, 4.2e9, 0.0, float("nan"), float("-inf"))]
    ['0.6123', '2', '5e-4', '12,346', '4.2e9', '0', 'NaN', '-inf']
    """
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    size = abs(value)
    if size == 0:
        return "0"
    if 999.95 <= size < 1e6:
        return f"{value:,.0f}"
    if 0.01 <= size < 999.95:
        return f"{value:.4g}"
    mantissa, _, exponent = f"{value:.3e}".partition("e")
    return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"


def count(n: int, word: str = "", plural: str = "") -> str:
    """Return a whole number with thousands separators, and the word that it counts.

    >>> count(4000, "step"), count(1, "step"), count(2, "series", "series")
    ('4,000 steps', '1 step', '2 series')
    """
    if not word:
        return f"{n:,}"
    return f"{n:,} {word if n == 1 else plural or word + 's'}"


def cells(text: str) -> int:
    """Return the number of terminal columns that the text takes: 2 for a wide letter, 0 for a combining mark.

    >>> cells("loss"), cells("損失"), cells("e\u0301")
    (4, 4, 1)
    """
    return len(text) if text.isascii() else sum(map(_cell, text))


@lru_cache(maxsize=1024)
def _cell(char: str) -> int:
    if char == EMOJI_STYLE:
        return 1
    if unicodedata.category(char) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def left(text: str, width: int) -> str:
    """Return the text padded on its right to ``width`` columns."""
    return text + " " * (width - cells(text))


def right(text: str, width: int) -> str:
    """Return the text padded on its left to ``width`` columns."""
    return " " * (width - cells(text)) + text


def shorten(text: str, width: int, ellipsis: str = "…") -> str:
    """Return the text, without its middle where it is wider than ``width``; a path keeps its last part if that fits.

    >>> shorten("runs/vision/resnet50-a", 16), shorten("runs/a", 16), shorten("resnet50-with-warmup", 16)
    ('runs…/resnet50-a', 'runs/a', 'resnet5…h-warmup')
    """
    if cells(text) <= width:
        return text
    room = max(width - len(ellipsis), 0)
    last = text[text.rfind("/") :] if "/" in text else ""
    end = last if last and cells(last) <= room else _take(text[::-1], room - room // 2)[::-1]
    return (_take(text, room - cells(end)) + ellipsis + end)[: max(width, 0)]


def wrap(text: str, width: int) -> list[str]:
    """Return the text in lines of at most ``width`` columns, broken at spaces; at least one line.

    A word longer than a line is cut, if possible behind one of ``/ , ; = _ - .``.

    >>> wrap("the loss rose to 12", 9)
    ['the loss', 'rose to', '12']
    >>> wrap("runs/vision/a.csv", 12)
    ['runs/vision/', 'a.csv']
    """
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        joined = f"{line} {word}" if line else word
        if cells(joined) <= width:
            line = joined
            continue
        if line:
            lines.append(line)
        rest = word
        while cells(rest) > width:
            piece = _take(rest, width)
            cut = max(piece.rfind(c) for c in BREAKS) + 1
            piece = piece[:cut] if cut > width // 2 else piece or rest[:1]
            lines.append(piece)
            rest = rest[len(piece) :]
        line = rest
    return [*lines, line] if line or not lines else lines


def _take(text: str, width: int) -> str:
    used = 0
    for i, char in enumerate(text):
        used += _cell(char)
        if used > width:
            return text[:i]
    return text
