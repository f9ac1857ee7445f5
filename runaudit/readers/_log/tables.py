"""Tables that a program prints into its log: boxes of names and values, and rows below a line of names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from runaudit.readers._layout import is_name
from runaudit.readers._log.words import axis_kind, is_measure
from runaudit.readers._text import is_number

BOX = re.compile(r"\s*[|│┃](?P<key>[^|│┃]+)[|│┃](?P<value>[^|│┃]*)[|│┃]\s*")
CELL = re.compile(r"\S+(?: \S+)*")
WORD = re.compile(r"\S+")
SIDES = frozenset("|│┃")
RULER = frozenset(" \t|+:=-─━┼│")
LIKE_NUMBER = re.compile(
    r"[-+]?[\d.,]+(?:e[-+]?\d+)?(?:/\d+|[A-Za-z%]{1,3}|:)?|nan|inf|-|\d+:\d\d(?::\d\d)?", re.IGNORECASE
)
BEST_COUNTERS = ("total_timesteps", "global_step", "num_updates", "step", "steps", "iteration", "epoch", "epochs")
LONGEST = 400  # letters of a line of names
FORGOTTEN = 100  # lines without a row after which a line of names no longer counts
SPACY = {"E": "epoch", "#": "step"}

Line = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Told:
    """The rows that a line completes; ``all``: the line itself belongs to a table."""

    rows: list[Line]
    all: bool = True


@dataclass(slots=True)
class Tables:
    """Turns the rows of tables into lines of names and values; ``take`` is given every line in turn."""

    names: list[tuple[str, int, int]] = field(default_factory=list)
    idle: int = 0
    box: list[tuple[int, str, str]] = field(default_factory=list)
    section: tuple[int, str] = (0, "")

    def take(self, number: int, line: str) -> Told | None:
        """Return the rows that the line completes (none yet inside a box), None where it has to do with no table."""
        found = BOX.fullmatch(line) if line.lstrip()[:1] in SIDES else None
        if found:
            self._row_of_box(number, found["key"], found["value"].strip())
            return Told([])
        if RULER.issuperset(line):
            return Told(self.flush())
        rows = self.flush() if self.box else []
        row = self._row_of_grid(line)
        if row is not None:
            return Told([*rows, *([(number, row)] if row else [])])
        return Told(rows, all=False) if rows else None

    def flush(self) -> list[Line]:
        """Return the lines of the box that ends here, its counter first, since it holds for all of them."""
        rows, self.box, self.section = self.box, [], (0, "")
        shown = [row for row in rows if is_number(row[2])]
        first = min((row for row in shown if axis_kind(row[1])), key=lambda row: _goodness(row[1]), default=None)
        rest = [row for row in shown if not axis_kind(row[1])]
        return [(number, f"{key}: {value}") for number, key, value in ([first] if first else []) + rest]

    def _row_of_box(self, number: int, key: str, value: str) -> None:
        indent = len(key) - len(key.lstrip())
        name = key.strip()
        if name.endswith("/") and not value:
            self.section = (indent, name)
        elif is_name(name) and not RULER.issuperset(name):
            prefix = self.section[1] if indent > self.section[0] else ""
            self.box.append((number, f"{prefix}{name}", value))

    # --- rows below a line of names ---

    def _row_of_grid(self, line: str) -> str | None:
        """Return a row with its names, nothing for the line of names itself, None for any other line."""
        if self.names:
            row = self._row(line)
            if row:
                self.idle = 0
                return row
            self.idle += 1
            if self.idle > FORGOTTEN:
                self.names = []
        head = line.partition("%|")[0].rpartition(":")[0] if "%|" in line else line
        if ":" in head or "=" in head or len(head) > LONGEST:
            return None
        names = _names(head)
        if names:
            self.names, self.idle = names, 0
            return ""
        return None

    def _row(self, line: str) -> str:
        body = line.partition("%|")[0].rsplit(":", 1)[0] if "%|" in line else line
        cells = [(m[0], m.start(), m.end()) for m in WORD.finditer(body.replace("|", " "))]
        if not 2 <= len(cells) <= len(self.names):
            return ""
        if sum(LIKE_NUMBER.fullmatch(text) is not None for text, _, _ in cells) < max(2, 0.7 * len(cells)):
            return ""
        if "%|" in line and "100%|" not in line:
            return ""
        if len(cells) == len(self.names):
            pairs = [(name, text) for (name, _, _), (text, _, _) in zip(self.names, cells, strict=True)]
        else:
            pairs = [(self._below(start, end), text) for text, start, end in cells]
            if len({name for name, _ in pairs}) < len(pairs):
                return ""
        return " | ".join(f"{name}: {text}" for name, text in pairs if LIKE_NUMBER.fullmatch(text))

    def _below(self, start: int, end: int) -> str:
        """Return the name that stands above a cell: the one that shares most columns with it, else the nearest."""
        return max(self.names, key=lambda n: (min(n[2], end) - max(n[1], start), -abs(n[2] - end)))[0]


def _goodness(key: str) -> int:
    last = key.rpartition("/")[2]
    return BEST_COUNTERS.index(last) if last in BEST_COUNTERS else len(BEST_COUNTERS)


def _names(line: str) -> list[tuple[str, int, int]]:
    """Return the names in a line that holds nothing else, each with its columns, or nothing."""
    body = line.replace("|", "  ")
    for pattern in (CELL, WORD):
        cells = [(m[0], m.start(), m.end()) for m in pattern.finditer(body)]
        texts = [text for text, _, _ in cells]
        if len(cells) < 2 or any(len(t) > 30 or len(t.split()) > 3 for t in texts):
            continue
        if not all(t == "#" or is_name(t) for t in texts):
            return []
        counted = any(axis_kind(t) for t in texts) or {"E", "#"} <= set(texts)
        if sum(map(is_measure, texts)) >= (1 if counted else 2) and (counted or pattern is CELL):
            return [(_name(t, texts), start, end) for t, start, end in cells]
    return []


def _name(text: str, texts: Sequence[str]) -> str:
    """Return a name in full words: that of a column of spaCy, or of the validation table of Ultralytics."""
    if {"E", "#"} <= set(texts):
        return SPACY.get(text) or (text if text.startswith("LOSS") else f"val {text}")
    bare = text.replace("(", "").replace(")", "")
    return f"val {bare}" if texts[0] == "Class" else bare
