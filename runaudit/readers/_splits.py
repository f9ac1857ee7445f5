"""Shared by the tables and JSON lines: rows that a column of words such as ``train`` and ``val`` keeps apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from runaudit.model import RawSeries
from runaudit.readers._json import Record
from runaudit.readers._layout import Layout, records
from runaudit.readers._log.words import is_control, split_of
from runaudit.readers._words import is_index

COLUMNS = frozenset({"split", "phase", "mode", "stage", "subset", "set", "partition", "kind", "type", "data_split"})
WORDS = {
    **dict.fromkeys(("train", "training", "trn", "tr", "opt"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev", "eval", "evaluation", "validate"), "val"),
    **dict.fromkeys(("test", "testing"), "test"),
}


def apart(name: str, split: str) -> str:
    """Return the name of a measure in rows of ``split``; counters, timings and settings belong to no split.

    >>> apart("loss", "val"), apart("lr", "train"), apart("epoch", "val"), apart("val_acc", "val")
    ('val/loss', 'lr', 'epoch', 'val_acc')
    """
    kept = not split or is_index(name) or is_control(name) or split_of(name)
    return name if kept else f"{split}/{name}"


def split_records(rows: Sequence[Record]) -> list[Record]:
    """Return the rows of JSON, each measure named after the split that its row names, if the rows name several."""
    key = next((k for k in _keys(rows) if _tells(str(row[k]) for _, row in rows if k in row)), None)
    if key is None:
        return list(rows)
    return [(line, _renamed(row, WORDS.get(str(row.get(key, "")).lower(), ""))) for line, row in rows]


def split_series(lines: Sequence[str], layout: Layout, series: Iterable[RawSeries]) -> tuple[RawSeries, ...]:
    """Return the columns of a table, each measure cut by the split that a column of words names, if there is one."""
    series = tuple(series)
    at = next((i for i, name in enumerate(layout.names) if name.strip().lower() in COLUMNS), None)
    if at is None or layout.header < 0 or any(s.name == layout.names[at] for s in series):
        return series
    said = {n: cells[at].strip() for n, cells in records(lines, layout.delimiter, layout.header + 1) if at < len(cells)}
    if not _tells(said.values()):
        return series
    out: list[RawSeries] = []
    for one in series:
        splits = [WORDS.get(said.get(int(line), "").lower(), "") for line in one.lines]
        names = [apart(one.name, split) for split in splits]
        for name in dict.fromkeys(names):
            mine = np.array([n == name for n in names])
            out.append(replace(one, name=name, values=one.values[mine], rows=one.rows[mine], lines=one.lines[mine]))
    return tuple(out)


def tells_splits(layout: Layout) -> bool:
    """Say whether a column of the table tells by words of which data each of the first rows is."""
    at = next((i for i, name in enumerate(layout.names) if name.strip().lower() in COLUMNS), None)
    return at is not None and _tells(row[at].strip() for row in layout.body if at < len(row))


def _keys(rows: Iterable[Record]) -> list[str]:
    """Return the keys that may name a split, in the order of the rows."""
    return list(dict.fromkeys(k for _, row in rows for k, v in row.items() if k.lower() in COLUMNS and type(v) is str))


def _tells(words: Iterable[str]) -> bool:
    """Say whether the words name two splits of the data, and nothing else most of the time."""
    told = [WORDS.get(word.lower(), "") for word in words]
    return len({split for split in told if split}) > 1 and 2 * sum(map(bool, told)) > len(told)


def _renamed(row: Mapping[str, Any], split: str) -> dict[str, Any]:
    return {apart(name, split): value for name, value in row.items()}
