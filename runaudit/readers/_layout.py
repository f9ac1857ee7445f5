"""Shared by the tables: which line holds the names, what separates the cells, and text to rows of cells."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from runaudit.errors import LogError
from runaudit.readers._text import is_number

DELIMITERS = "\t,;|"
RULER = frozenset(" \t|+:=-")

Record = tuple[int, list[str]]


@dataclass(frozen=True, slots=True)
class Layout:
    """How a table is written: its delimiter, the 0-based line of the names, and the names.

    A space as ``delimiter`` stands for any white space, ``header`` is -1 where the table has no names, and ``body`` are
    the first rows of cells below.
    """

    delimiter: str
    header: int
    names: tuple[str, ...]
    body: tuple[list[str], ...]


def find_layout(lines: Sequence[str]) -> Layout | None:
    """Return how the table is written, judged by its first lines, None if none of them has a cell."""
    content = [i for i, line in enumerate(lines[:200]) if line.strip() and not line.lstrip().startswith("#")][:20]
    shown = [lines[i] for i in content]
    delimiter = _delimiter(shown[:6])
    rows = list(records(shown, delimiter))
    if not rows:
        return None
    number, first = rows[0]
    header = content[number - 1]
    body = [cells for _, cells in rows[1:]]
    if is_number(first[0]):
        body = [first, *body]
        header, first = _commented_names(lines[:header], len(first), delimiter)
    return Layout(delimiter, header, unique_names(first), tuple(body))


def records(lines: Sequence[str], delimiter: str, skip: int = 0, *, whole: bool = False) -> Iterator[Record]:
    """Yield the 1-based line and the cells of each record after ``skip`` lines, passing over blank lines and comments.

    A record with quoted line ends has the line that it begins in. Raises ``LogError`` for a quote that never ends, in
    a part of a file (not ``whole``) only if it is very long.
    """
    body: Iterable[str] = islice(lines, skip, None)
    if any(line.lstrip().startswith("#") for line in lines):
        body = ("" if line.lstrip().startswith("#") else line for line in body)
    if delimiter == "|":
        body = ("" if _is_ruler(line) else line for line in body)
    if delimiter == " ":
        yield from ((number, line.split()) for number, line in enumerate(body, start=skip + 1) if line.strip())
        return
    reader = csv.reader((line.replace("\r", " ") + "\n" for line in body), delimiter=delimiter, skipinitialspace=True)
    line = skip + 1
    try:
        for cells in reader:
            end = skip + reader.line_num
            if whole and end > line and end == len(lines) and _odd_quotes(lines[line - 1 : end]):
                raise LogError("the quote that begins here does not end", line=line)
            if len(cells) > 1 or (cells and cells[0].strip()):
                yield line, cells
            line = skip + 1 + reader.line_num
    except csv.Error as error:
        quoted = _odd_quotes(lines[line - 1 : skip + reader.line_num])
        what = "the quote that begins here does not end" if quoted else "the line cannot be split into cells"
        raise LogError(f"{what} ({error})", line=line) from error


def _odd_quotes(lines: Sequence[str]) -> bool:
    return sum(line.count('"') for line in lines) % 2 == 1


def unique_names(cells: Iterable[str]) -> tuple[str, ...]:
    """Return the names without padding, made-up ones for blanks, and a number after a name that was there before.

    >>> unique_names([" loss", "", "loss"])
    ('loss', 'column 2', 'loss (2)')
    """
    seen: Counter[str] = Counter()
    names: list[str] = []
    for i, cell in enumerate(cells):
        name = " ".join(cell.split()) or f"column {i + 1}"
        seen[name] += 1
        names.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return tuple(names)


def is_name(cell: str) -> bool:
    """Say whether the cell could name a column: it has a letter and is no number, NaN included."""
    return any(letter.isalpha() for letter in cell) and not is_number(cell)


def _delimiter(lines: list[str]) -> str:
    """Return the delimiter that gives the header and the rows the same number of cells, more than one."""
    widths = {d: [len(cells) for _, cells in records(lines, d)] or [0] for d in DELIMITERS + " "}
    for delimiter, counts in widths.items():
        if delimiter == " " and max(widths[d][0] for d in DELIMITERS) > 1:
            continue  # a table with tabs or commas is not divided by spaces, even where that happens to fit
        below = Counter(counts[1:]).most_common(1)
        if counts[0] > 1 and (not below or below[0][0] == counts[0]):
            return delimiter
    return max(DELIMITERS, key=lambda d: (widths[d][0], d == ","))


def _commented_names(above: Sequence[str], width: int, delimiter: str) -> tuple[int, list[str]]:
    """Return the line and names of the last comment above the rows that has as many, else -1 and made-up names."""
    for i in range(len(above) - 1, -1, -1):
        text = above[i].strip().lstrip("#").strip()
        names = next((cells for _, cells in records([text], delimiter)), [])
        if len(names) == width and all(map(is_name, names)):
            return i, names
    return -1, [f"column {i + 1}" for i in range(width)]


def _is_ruler(line: str) -> bool:
    return "--" in line and RULER.issuperset(line)
