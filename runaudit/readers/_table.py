"""Shared by the tables: rows of cells to series."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np

from runaudit.errors import LogError
from runaudit.model import FloatArray, IntArray, Note, RawSeries
from runaudit.readers._layout import Layout, Record, find_layout, is_name, records, unique_names
from runaudit.readers._text import read_text, split_lines, to_number
from runaudit.readers._words import is_axis, is_index, is_metric, listed

BIG = 50_000
BLOCK = 1000
LONGEST = 1_000_000  # letters of a line; a longer one is no row of a table

REPEATED = "the header line is repeated (the run was restarted)"
CHANGED = "the columns change"
LONGER = "more cells than the header has names, dropped"
TRAILING = "a blank cell beyond the last name, ignored"
SHORTER = "fewer cells than the header has names, the rest is read as blank"


@dataclass(frozen=True, slots=True)
class Table:
    """A table as it was read: the names of all columns, and a series for each with a number in it."""

    names: tuple[str, ...]
    series: tuple[RawSeries, ...]
    notes: tuple[Note, ...]
    headless: bool = False


def read_table(path: Path) -> Table:
    """Return the table in a file: one series for each column that holds a number.

    A blank cell is absent, a logged ``nan`` stays. Rows with more cells than there are names are dropped with a note,
    since nothing says which name each cell belongs to. Raises ``LogError`` if no row can be read, and ``OSError``.
    """
    text, notes = read_text(path)
    lines, long = _without_long(split_lines(text))
    if long:
        what = f"{len(long)} lines are" if len(long) > 1 else "1 line is"
        notes = (*notes, Note(f"{what} longer than {LONGEST:,} letters, left out", str(path), long[0]))
    layout = find_layout(lines)
    if layout is None:
        raise LogError("the file holds no table, only blank lines or comments", kind="not-a-log")
    table = _Builder(str(path), layout.names)
    if long or not _read_fast(table, text, lines, layout):
        below = records(lines, layout.delimiter, skip=layout.header + 1, whole=True)
        while block := list(islice(below, BLOCK)):
            table.add(block)
    if not table.rows:
        _refuse(table, layout)
    series = table.series()
    odd = table.end(cut=not text.endswith(("\n", "\r")))
    return Table(tuple(table.columns), series, (*notes, *odd), headless=layout.header < 0)


def _without_long(lines: list[str]) -> tuple[list[str], list[int]]:
    """Return the lines with blanks for those that are no rows, and the 1-based numbers of these.

    Raises ``LogError`` if nothing stands above the first of them, where the names should be.
    """
    long = [i for i, line in enumerate(lines) if len(line) > LONGEST]
    if not long:
        return lines, []
    if not any(line.strip() for line in lines[: long[0]]):
        raise LogError(f"the line is longer than {LONGEST:,} letters: no table begins so", line=long[0] + 1)
    kept = ["" if len(line) > LONGEST else line for line in lines]
    return kept, [i + 1 for i in long]


def require_metric(names: Iterable[str], series: Iterable[RawSeries]) -> None:
    """Raise ``LogError`` if no series is more than an axis or a timing; its reason names the columns."""
    if all(is_index(s.name) for s in series):
        raise LogError(f"no training metric: the columns are {listed(dict.fromkeys(names))}", kind="not-a-log")


def numbers(cells: Sequence[str]) -> tuple[IntArray, FloatArray, list[int]]:
    """Return the positions of the numbers, the numbers, and the positions of other text.

    >>> numbers(["1", "", "nan", "x"])
    (array([0, 2]), array([ 1., nan]), [3])
    """
    at = [i for i, cell in enumerate(cells) if cell]
    kept = cells if len(at) == len(cells) else [cells[i] for i in at]
    letters = "".join(kept)
    if letters.isascii() and "_" not in letters:  # else float takes what is no number, see spelled
        try:
            return np.array(at, dtype=np.int64), np.fromiter(map(float, kept), np.float64, len(kept)), []
        except ValueError:
            pass
    places: list[int] = []
    values: list[float] = []
    odd: list[int] = []
    for i in at:
        try:
            value = to_number(cells[i])
        except ValueError:
            odd.append(i)
            continue
        if value is not None:
            places.append(i)
            values.append(value)
    return np.array(places, dtype=np.int64), np.array(values, dtype=np.float64), odd


@dataclass(slots=True)
class _Column:
    values: list[FloatArray] = field(default_factory=list)
    rows: list[IntArray] = field(default_factory=list)
    lines: list[IntArray] = field(default_factory=list)
    texts: int = 0
    text: tuple[int, str] = (0, "")
    percent: bool = False

    def add(self, cells: Sequence[str], row: int, lines: IntArray) -> None:
        """Take the next cells, the first of them in record ``row``."""
        at, values, odd = numbers(cells)
        if len(at):
            self.percent = self.percent or cells[int(at[0])].rstrip().endswith("%")
            self.values.append(values)
            self.rows.append(at + row)
            self.lines.append(lines[at])
        if odd and not self.texts:
            self.text = (int(lines[odd[0]]), cells[odd[0]].strip())
        self.texts += len(odd)

    def series(self, name: str) -> RawSeries:
        """Return the numbers as a series; its name says so where a sign behind them does."""
        if self.percent and "%" not in name:
            name = f"{name} (%)"
        return RawSeries(name, np.concatenate(self.values), np.concatenate(self.rows), np.concatenate(self.lines))


class _Builder:
    """Collects the columns of a table block by block, and counts what is odd about its rows."""

    def __init__(self, path: str, names: tuple[str, ...]) -> None:
        self.path = path
        self.names = names
        self.columns = {name: _Column() for name in names}
        self.rows = 0
        self.last = 0
        self.odd: dict[str, list[int]] = {}

    def add(self, block: list[Record]) -> None:
        """Take the next records; one that repeats or changes the header is no row."""
        clean: list[Record] = []
        for line, cells in block:
            width = len(self.names)
            if len(cells) == width and not cells[0][:1].isalpha():
                clean.append((line, cells))
            elif unique_names(cells) == self.names:
                self._count(REPEATED, line)
            elif _is_header(cells):
                self._flush(clean)
                clean = []
                self._count(CHANGED, line)
                self.names = unique_names(cells)
                self.columns |= {name: _Column() for name in self.names if name not in self.columns}
            elif len(cells) > width and any(cell.strip() for cell in cells[width:]):
                self._count(LONGER, line)
            else:
                if len(cells) != width:
                    self._count(SHORTER if len(cells) < width else TRAILING, line)
                clean.append((line, [*cells, *[""] * (width - len(cells))][:width]))
        self._flush(clean)
        self.last = block[-1][0]

    def series(self) -> tuple[RawSeries, ...]:
        """Return the columns that hold a number."""
        return tuple(column.series(name) for name, column in self.columns.items() if column.values)

    def end(self, *, cut: bool) -> list[Note]:
        """Return a note for each kind of oddity; ``cut`` says that the last line has no line end."""
        notes: list[Note] = []
        for what, lines in self.odd.items():
            if what == SHORTER and cut and lines[-1] == self.last:
                notes.append(Note("the last line is cut off", self.path, lines.pop()))
                cut = False
            if lines:
                rows = f"{len(lines)} rows: " if len(lines) > 1 else ""
                notes.append(Note(f"{rows}{what}", self.path, lines[0]))
        if cut and self.rows > 1:
            notes.append(Note("the last line has no end, so that its last cell may be cut off", self.path, self.last))
        for name, column in self.columns.items():
            if column.texts and (column.values or is_metric(name)):
                line, text = column.text
                cells = f"{column.texts} cells are" if column.texts > 1 else "1 cell is"
                notes.append(Note(f"{name}: {cells} no number (such as {text[:40]!r}), dropped", self.path, line))
        return notes

    def _flush(self, clean: list[Record]) -> None:
        lines = np.array([line for line, _ in clean], dtype=np.int64)
        rows = [cells for _, cells in clean]
        for i, name in enumerate(self.names):
            self.columns[name].add([row[i] for row in rows], self.rows, lines)
        self.rows += len(clean)

    def _count(self, what: str, line: int) -> None:
        self.odd.setdefault(what, []).append(line)


def _is_header(cells: list[str]) -> bool:
    return len(cells) > 1 and all(map(is_name, cells)) and any(is_axis(c) or is_metric(c) for c in cells)


def _read_fast(table: _Builder, text: str, lines: list[str], layout: Layout) -> bool:
    """Fill ``table`` with pandas if it is long and plain, and say whether that was so."""
    body = lines[layout.header + 1 :]
    if len(body) < BIG or layout.header < 0 or layout.delimiter == " ":
        return False
    if any(mark in text for mark in ('"', "#", "\n\n", "\r")):
        return False
    if {line.count(layout.delimiter) for line in body} != {len(layout.names) - 1}:
        return False
    import pandas as pd

    try:
        frame = pd.read_csv(
            io.StringIO("\n".join(body)), sep=layout.delimiter, header=None, keep_default_na=False, na_values=[""],
            skipinitialspace=True, skip_blank_lines=False, low_memory=False,
        )  # fmt: skip
    except (pd.errors.ParserError, ValueError):
        return False
    numeric = [frame[i].dtype.kind in "iuf" for i in frame]
    if len(frame) != len(body) or len(numeric) != len(layout.names) or not any(numeric):
        return False
    at_lines = np.arange(len(body), dtype=np.int64) + layout.header + 2
    for i, name in enumerate(layout.names):
        if numeric[i]:
            values = frame[i].to_numpy(dtype=np.float64)
            at = np.flatnonzero(~np.isnan(values))
            if len(at):
                table.columns[name] = _Column([values[at]], [at], [at_lines[at]])
        else:
            table.columns[name].add(frame[i].astype(object).fillna("").astype(str).tolist(), 0, at_lines)
    table.rows = len(body)
    return True


def _refuse(table: _Builder, layout: Layout) -> None:
    """Raise ``LogError`` for a table without a row that can be read."""
    if LONGER not in table.odd:
        raise LogError(f"no row below the header ({listed(layout.names)})", kind="not-a-log")
    line = table.odd[LONGER][0]
    raise LogError(f"every row has more cells than the {len(layout.names)} names of the header", line=line)
