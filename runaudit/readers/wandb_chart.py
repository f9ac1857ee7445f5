"""CSV export of a W&B chart: one metric of several runs side by side, as ``<run> - <metric>``, ``__MIN``, ``__MAX``.

Charts of one folder are parts of the same runs. Written from W&B's documentation and public files; the page that
exports them was not at hand.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import numpy as np

from runaudit.errors import LogError
from runaudit.model import IntArray, Note, RawLog, RawSeries
from runaudit.readers import Grouping, Reader
from runaudit.readers._layout import find_layout
from runaudit.readers._table import read_table
from runaudit.readers._text import head_lines
from runaudit.readers._words import is_axis, is_index, listed

BETWEEN = " - "
LOW, HIGH = "__MIN", "__MAX"


def claims(path: PurePosixPath, head: bytes) -> bool:
    """Say whether behind the first column some column of a run comes with its lowest and highest values."""
    if path.suffix.lower() != ".csv":
        return False
    layout = find_layout(head_lines(head))
    if layout is None or layout.delimiter != "," or BETWEEN in layout.names[0]:
        return False
    known = {*layout.names}
    return any(BETWEEN in name and {name + LOW, name + HIGH} <= known for name in layout.names[1:])


def read(path: Path) -> tuple[RawLog, ...]:
    """Return one log a run, labelled with its name. Raises ``LogError`` if no run has a value."""
    table = read_table(path)
    columns = {s.name: s for s in table.series}
    axis = columns.pop(table.names[0], None)
    runs: dict[str, dict[str, RawSeries]] = {}
    for name, series in columns.items():
        run, between, metric = name.rpartition(BETWEEN)
        if between and not name.endswith((LOW, HIGH)):
            runs.setdefault(run, {})[metric] = series
    notes = [*table.notes, *_empty(table.names, runs, path)]
    if any(_spread(columns, name) for name in columns):
        notes.append(Note("the lowest and highest of the values behind a point are not read", str(path), 1))
    logs = [_log(label, found, axis, tuple(notes)) for label, found in runs.items()]
    whole = tuple(log for log in logs if any(not is_index(s.name) for s in log.series))
    if not whole:
        raise LogError(f"no run has a value of a metric (columns: {listed(table.names)})", kind="not-a-log")
    return whole


def _log(label: str, metrics: dict[str, RawSeries], axis: RawSeries | None, notes: tuple[Note, ...]) -> RawLog:
    """Return the columns of one run with the common axis, or with its own steps where the axis is a clock."""
    values = {name: s for name, s in metrics.items() if name != "_step"}
    rows = np.unique(np.concatenate([s.rows for s in values.values()])) if values else np.empty(0, dtype=np.int64)
    if axis is not None and not is_axis(axis.name) and "_step" in metrics:
        axis = metrics["_step"]
        name = "_step"
    else:
        name = axis.name if axis is not None else ""
    series = [_renamed(s, name) for name, s in values.items()]
    if axis is not None:
        series.insert(0, _renamed(_at(axis, rows), name))
    return RawLog("wandb_chart", tuple(series), notes=notes, label=label)


def _at(series: RawSeries, rows: IntArray) -> RawSeries:
    """Return the values in those rows alone."""
    keep = np.isin(series.rows, rows)
    return RawSeries(series.name, series.values[keep], series.rows[keep], series.lines[keep])


def _renamed(series: RawSeries, name: str) -> RawSeries:
    return RawSeries(name, series.values, series.rows, series.lines)


def _spread(columns: dict[str, RawSeries], name: str) -> bool:
    """Say whether the points of a column stand for values that differ."""
    low, high = columns.get(name + LOW), columns.get(name + HIGH)
    return low is not None and high is not None and not np.array_equal(low.values, high.values, equal_nan=True)


def _empty(names: tuple[str, ...], runs: dict[str, dict[str, RawSeries]], path: Path) -> list[Note]:
    """Return a note about runs that have a column and no value in it."""
    named = dict.fromkeys(n.rpartition(BETWEEN)[0] for n in names[1:] if not n.endswith((LOW, HIGH)))
    blank = [run for run in named if run and run not in runs]
    return [Note(f"no value of {listed(blank)}", str(path), 1)] if blank else []


READER = Reader("wandb_chart", "W&B chart as CSV", claims, read, priority=60, grouping=Grouping.PARTS)
