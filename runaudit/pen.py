"""What the terminal can show: colours or none, Unicode shapes or ASCII. Every shape has its meaning without colour."""

from __future__ import annotations

from dataclasses import dataclass

from runaudit import text
from runaudit.model import Severity

STYLES = {
    "error": "1;31", "warning": "1;33", "note": "1;34", "fail": "1;31", "warn": "1;33", "ok": "1;32", "unknown": "1;35",
    "bold": "1", "dim": "2", "gutter": "34", "train": "36", "val": "35", "other": "36", "code": "36",
    "error window": "31", "warning window": "33", "note window": "34",
    "heat 0": "38;5;26", "heat 1": "38;5;74", "heat 2": "38;5;246", "heat 3": "38;5;208", "heat 4": "38;5;160",
}  # fmt: skip
GLYPHS = {
    "fail": ("✗", "X"), "warn": ("!", "!"), "ok": ("✓", "v"), "unknown": ("?", "?"),
    "dot": ("·", "-"), "arrow": ("→", "->"), "ellipsis": ("…", "..."), "to": ("\u2013", "-"), "times": ("\u00d7", "x"),
    "bar": ("│", "|"), "tick": ("┤", "+"), "corner": ("└", "+"), "floor": ("─", "-"), "broken": ("\u00d7", "x"),
    "heat 0": ("·", "1"), "heat 1": ("░", "2"), "heat 2": ("▒", "3"), "heat 3": ("▓", "4"), "heat 4": ("█", "5"),
    "mark": ("━", "^"), "point": ("▲", "^"), "from": ("╰", "["), "span": ("─", "="), "until": ("╯", "]"),
    "best": ("◆", "*"), "short": ("○", "c"),
}  # fmt: skip
WORDS = {"fail": "FAIL", "warn": "warn", "ok": "ok", "unknown": "unknown"}


@dataclass(frozen=True, slots=True)
class Options:
    """How the reader of a text sees it; formats for machines take no notice of it.

    ``verbosity`` is -1 (headlines and verdict), 0, or 1 (notes, passed rules, every skip, every curve, every limit).
    """

    width: int = 80
    color: bool = False
    ascii: bool = False
    verbosity: int = 0


@dataclass(frozen=True, slots=True)
class Pen:
    """Writes for one terminal: paints, chooses shapes, and makes log text harmless."""

    options: Options

    @property
    def width(self) -> int:
        """Return the number of columns of a line."""
        return self.options.width

    def paint(self, style: str, words: str) -> str:
        """Return the words in that style; as they are without colour."""
        body = words.rstrip(" ")
        if not self.options.color or not body or style not in STYLES:
            return words
        return f"\x1b[{STYLES[style]}m{body}\x1b[0m{words[len(body) :]}"

    def glyph(self, name: str) -> str:
        """Return the shape of that name."""
        return GLYPHS[name][self.options.ascii]

    def clean(self, words: str) -> str:
        """Return text of a log or a rule without anything that a terminal would obey, stripped."""
        return text.clean(words.strip(), ascii_only=self.options.ascii)

    def prose(self, words: str) -> str:
        """Return text of a rule file on one line, harmless."""
        return self.clean(text.one_line(words))

    def short(self, words: str, width: int) -> str:
        """Return the text harmless and, where it is too wide, without its middle."""
        return text.shorten(self.clean(words), width, self.glyph("ellipsis"))

    def hang(self, head: str, words: str, *, indent: int) -> list[str]:
        """Return ``head``, at most ``indent`` columns and painted or not, and the words wrapped behind it."""
        first, *rest = text.wrap(words, max(self.width - indent, 16))
        return [head + first, *(" " * indent + line for line in rest)]

    def lead(self, style: str, tag: str, words: str, *, then: str, indent: int) -> list[str]:
        """Return ``tag`` in its style and the words behind it in the style ``then``, further lines indented."""
        first, *rest = text.wrap(tag + words, self.width)
        whole = first.startswith(tag)
        lines = [self.paint(style, tag) + self.paint(then, first[len(tag) :]) if whole else self.paint(then, first)]
        further = text.wrap(" ".join(rest), self.width - indent) if rest else []
        return [*lines, *(" " * indent + self.paint(then, line) for line in further)]

    def dotted(self, *parts: str) -> str:
        """Return the parts that are not empty, with a middle dot between them."""
        return f" {self.glyph('dot')} ".join(p for p in parts if p)


def window_style(severity: Severity) -> str:
    """Return the style of the part of a curve that a finding is about."""
    return f"{severity} window"
