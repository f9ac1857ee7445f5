"""Shared by the formats in JSON lines: the rows of a file, and what had to be left out of it."""

from __future__ import annotations

from pathlib import Path

from runaudit.errors import LogError
from runaudit.model import Note
from runaudit.readers._json import Record, load_object
from runaudit.readers._text import numbered_lines, read_text


def read_rows(path: Path) -> tuple[list[Record], tuple[Note, ...]]:
    """Return the object in each line with the number of the line, and a note if other lines were skipped.

    Raises ``LogError`` if no line is a JSON object, and ``OSError``.
    """
    text, notes = read_text(path)
    rows, found = rows_of(text, path)
    if not rows:
        raise LogError("no line is a JSON object", line=1)
    return rows, (*notes, *found)


def rows_of(text: str, path: Path) -> tuple[list[Record], list[Note]]:
    """Return the object in each line of a text with the number of the line, and a note if other lines were skipped."""
    rows: list[Record] = []
    broken: list[int] = []
    last = 0
    for number, line in numbered_lines(text):
        if not line or line.isspace():
            continue
        row = load_object(line)
        if row is None:
            broken.append(number)
        else:
            rows.append((number, row))
        last = number
    notes: list[Note] = []
    if broken and broken[-1] == last and not text.endswith(("\n", "\r")):
        notes.append(Note("the last line is cut off", str(path), broken.pop()))
    if broken:
        what = f"{len(broken)} lines are" if len(broken) > 1 else "1 line is"
        notes.append(Note(f"{what} no JSON object, skipped", str(path), broken[0]))
    return rows, notes
