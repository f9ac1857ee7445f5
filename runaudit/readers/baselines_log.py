"""Boxes of names and values that the logger of OpenAI Baselines and Stable-Baselines3 prints (``log.txt``, stdout).

Tested against Stable-Baselines3 2.9.2. Baselines rounds every number to three digits, its counters too: a counter that
is rounded is no step. A file that begins with more than 4 KiB of other text is read as any text log.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import numpy as np

from runaudit.errors import LogError
from runaudit.model import Note, RawLog, RawSeries
from runaudit.readers import Reader
from runaudit.readers._table import require_metric
from runaudit.readers._text import head_lines, numbered_lines, read_text, to_number
from runaudit.readers._words import is_axis

RULER = re.compile(r"-{10,}")
ROUNDED = re.compile(r"[-+]?\d(?:\.\d\d?)?e\+\d+")
TEXTS = {".txt", ".log", ".out", ".err", ""}
FEWEST = 2
INDENT = "   "


@dataclass(slots=True)
class _Column:
    values: list[float] = field(default_factory=list)
    boxes: list[int] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    rounded: int = 0


def claims(path: PurePosixPath, head: bytes) -> bool:
    """Say whether the head has the beginning of a box: a line of dashes, then names and numbers between bars."""
    if path.suffix.lower() not in TEXTS:
        return False
    lines = head_lines(head)
    for at, line in enumerate(lines):
        if RULER.fullmatch(line.strip()):
            found = [row for row in map(_row, lines[at + 1 : at + 12]) if row]
            if sum(_number(value) is not None for _, value in found) >= FEWEST:
                return True
    return False


def read(path: Path) -> tuple[RawLog, ...]:
    """Return one log with a row for each box. Raises ``LogError`` if there is no box or no metric in them."""
    text, notes = read_text(path)
    columns = _columns(text)
    if not columns:
        raise LogError("no box of names and numbers", line=1)
    counters = {name: c.rounded for name, c in columns.items() if c.rounded and is_axis(name)}
    series = tuple(
        RawSeries(name, np.array(c.values), np.array(c.boxes, dtype=np.int64), np.array(c.lines, dtype=np.int64))
        for name, c in columns.items()
        if name not in counters
    )
    require_metric(columns, series)
    told = (Note(f"{n}: rounded to three digits, so it is no step", str(path), line) for n, line in counters.items())
    return (RawLog("baselines_log", series, notes=(*notes, *told)),)


def _columns(text: str) -> dict[str, _Column]:
    """Return the numbers of all boxes by name; of a name twice in a box the first counts."""
    columns: dict[str, _Column] = {}
    box, inside, section = 0, False, ""
    for number, line in numbered_lines(text):
        found = _row(line)
        if found is None:
            box += inside
            inside, section = False, ""
            continue
        key, value = found
        if key.endswith("/") and not value:
            section = key.strip()
            continue
        name = f"{section}{key.strip()}" if key.startswith(INDENT) else key.strip()
        amount = _number(value)
        if amount is None:
            continue
        inside = True
        column = columns.setdefault(name, _Column())
        if not column.boxes or column.boxes[-1] != box:
            column.values.append(amount)
            column.boxes.append(box)
            column.lines.append(number)
        if not column.rounded and ROUNDED.fullmatch(value):
            column.rounded = number
    return columns


def _row(line: str) -> tuple[str, str] | None:
    """Return the name, indented as it is, and the value of a line ``| name | value |``, None for any other line.

    >>> _row("|    fps     | 3114     |"), _row("| a | b | c |")
    (('   fps', '3114'), None)
    """
    bare = line.strip()
    cells = bare[1:-1].split("|") if bare[:1] == "|" == bare[-1:] else []
    if len(cells) != 2 or not cells[0].strip():
        return None
    return cells[0].removeprefix(" ").rstrip(), cells[1].strip()


def _number(value: str) -> float | None:
    try:
        return to_number(value)
    except ValueError:
        return None


READER = Reader("baselines_log", "Boxes of Baselines and Stable-Baselines3", claims, read, priority=20)
