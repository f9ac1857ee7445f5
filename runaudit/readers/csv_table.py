"""Any table of numbers below a line of names: CSV, TSV, semicolons, bars or padding by spaces."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path, PurePosixPath

import numpy as np

from runaudit.model import Note, RawLog, RawSeries
from runaudit.readers import Reader
from runaudit.readers._layout import Layout, find_layout
from runaudit.readers._splits import COLUMNS, split_series
from runaudit.readers._table import Table, read_table, require_metric
from runaudit.readers._text import head_lines, is_number, read_text, split_lines
from runaudit.readers._words import is_axis, is_companion, is_metric, listed, sounds_like_log

TABLES = {".csv", ".tsv"}
TEXTS = {".txt", ".log", ".dat", ".out", ""}


def claims(path: PurePosixPath, head: bytes) -> bool:
    """Say whether the head is a table whose names speak of training, or numbers in a file named so."""
    suffix = path.suffix.lower()
    if suffix not in TABLES | TEXTS or is_companion(path):
        return False
    if not head:
        return suffix in TABLES and sounds_like_log(path)
    layout = find_layout(head_lines(head))
    if layout is None:
        return False
    if layout.header < 0:
        return suffix != "" and sounds_like_log(path) and _steady(layout)
    if suffix in TEXTS and (len(layout.names) < 2 or not _steady(layout) or any(map(is_number, layout.names))):
        return False
    return _speaks_of_training(layout)


def read(path: Path) -> tuple[RawLog, ...]:
    """Return the table as one log; where a column says of which data a row is, its measures are named so.

    Raises ``LogError`` if it has no column that could be a metric.
    """
    table = read_table(path)
    if table.headless:
        table = _named(table, path)
    require_metric(table.names, table.series)
    return (RawLog("csv_table", _split(table, path), notes=table.notes),)


def _split(table: Table, path: Path) -> tuple[RawSeries, ...]:
    if not COLUMNS.intersection(name.strip().lower() for name in table.names):
        return table.series
    lines = split_lines(read_text(path)[0])
    layout = find_layout(lines)
    return split_series(lines, layout, table.series) if layout else table.series


def _steady(layout: Layout) -> bool:
    """Say whether the rows are as wide as the header and mostly numbers."""
    rows = [row for row in layout.body if len(row) == len(layout.names)]
    shown = [cell for row in rows for cell in row if cell.strip()]
    return len(rows) > 0.8 * len(layout.body) > 0 and sum(map(is_number, shown)) * 2 >= len(shown) > 0


def _speaks_of_training(layout: Layout) -> bool:
    """Say whether there is an axis, or a metric in a table that does not begin with a text (a list of runs)."""
    if any(map(is_axis, layout.names)):
        return not layout.body or any(is_number(cell) for row in layout.body for cell in row)
    return any(map(is_metric, layout.names)) and any(is_number(row[0]) for row in layout.body)


def _named(table: Table, path: Path) -> Table:
    """Return a table without names under names that its file suggests, and a note that says so.

    A single column, or the second of two behind one that counts up, is named like the file (``train_loss.txt``).
    """
    names = {name: name for name in table.names}
    if len(table.names) == 1:
        names["column 1"] = path.stem
    elif len(table.names) == 2 and len(table.series) == 2 and np.all(np.diff(table.series[0].values) > 0):
        names = {"column 1": "step", "column 2": path.stem}
    note = Note(f"no line of names: the columns are called {listed(names.values())}", str(path), 1)
    series = tuple(replace(s, name=names[s.name]) for s in table.series)
    return Table(tuple(names.values()), series, (*table.notes, note))


READER = Reader("csv_table", "Table of numbers (CSV, TSV, text)", claims, read, priority=0)
