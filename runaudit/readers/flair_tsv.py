"""Flair's ``loss.tsv``: one row an epoch; older versions write an empty cell too many behind the training loss.

Tested against flair 0.15.1.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path, PurePosixPath

import numpy as np

from runaudit.errors import LogError
from runaudit.model import Note, RawLog, RawSeries, Reduction
from runaudit.readers import Reader
from runaudit.readers._table import require_metric
from runaudit.readers._text import read_text, split_lines, to_number

AHEAD = "TRAIN_LOSS"


def claims(path: PurePosixPath, head: bytes) -> bool:
    """Say whether the first line has the names that Flair gives to epoch, time and training loss, between tabs."""
    first = head.partition(b"\n")[0]
    return path.suffix.lower() == ".tsv" and first.startswith(b"EPOCH\tTIMESTAMP\t") and AHEAD.encode() in first


def read(path: Path) -> tuple[RawLog, ...]:
    """Return the columns; ``_`` and a blank were not measured.

    Raises ``LogError`` if no row is below the header or none holds a metric.
    """
    text, notes = read_text(path)
    header, *lines = split_lines(text) or [""]
    names = [name.strip() for name in header.split("\t")]
    columns: dict[str, list[tuple[float, int]]] = defaultdict(list)
    odd: list[int] = []
    for number, line in enumerate(lines, start=2):
        cells = _without_extra(line.split("\t"), names)
        if cells is None:
            odd.extend([number] if line.strip() else [])
            continue
        for name, cell in zip(names, cells, strict=True):
            value = _number(cell)
            if value is not None:
                columns[name].append((value, number))
    if not columns:
        reason = "no row has as many cells as the header has names" if odd else "no row below the header"
        raise LogError(reason, line=odd[0] if odd else None)
    if odd:
        what = f"{len(odd)} rows have" if len(odd) > 1 else "1 row has"
        notes = (*notes, Note(f"{what} more or fewer cells than the header has names, left out", str(path), odd[0]))
    series = tuple(_series(name, points) for name, points in columns.items())
    require_metric(names, series)
    return (RawLog("flair_tsv", series, notes=notes),)


def _without_extra(cells: list[str], names: list[str]) -> list[str] | None:
    """Return the cells, one for each name, None if they cannot be told apart."""
    if len(cells) == len(names) + 1 and AHEAD in names:
        extra = names.index(AHEAD) + 1
        if not cells[extra].strip():
            return cells[:extra] + cells[extra + 1 :]
    return cells if len(cells) == len(names) else None


def _number(cell: str) -> float | None:
    try:
        return to_number(cell)
    except ValueError:  # the time of day
        return None


def _series(name: str, points: list[tuple[float, int]]) -> RawSeries:
    values, lines = zip(*points, strict=True)
    numbers = np.array(lines, dtype=np.int64)
    reduction = Reduction.EPOCH_MEAN if name.endswith("LOSS") else None
    return RawSeries(name, np.array(values, dtype=np.float64), numbers - 2, numbers, reduction=reduction)


READER = Reader("flair_tsv", "Flair loss.tsv", claims, read, priority=40)
