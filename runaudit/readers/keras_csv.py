"""Keras ``CSVLogger``: one row an epoch, each value the mean of that epoch.

Tested against keras 3.15.1 and public files of Keras 2.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path, PurePosixPath

import numpy as np

from runaudit.model import RawLog, RawSeries, Reduction
from runaudit.readers import Reader
from runaudit.readers._layout import find_layout
from runaudit.readers._splits import tells_splits
from runaudit.readers._table import read_table, require_metric
from runaudit.readers._text import head_lines
from runaudit.readers._words import is_axis

LOSSES = {"loss", "val_loss"}


def claims(path: PurePosixPath, head: bytes) -> bool:
    """Say whether the header has ``epoch``, a loss under Keras' name, and no other axis."""
    if path.suffix.lower() not in {".csv", ".log", ".txt", ".tsv"}:
        return False
    layout = find_layout(head_lines(head))
    if layout is None or layout.delimiter == " " or tells_splits(layout):
        return False
    return LOSSES & {*layout.names} != set() and [n for n in layout.names if is_axis(n)] == ["epoch"]


def read(path: Path) -> tuple[RawLog, ...]:
    """Return the table as one log; the values are epoch means unless an epoch has several rows in a row."""
    table = read_table(path)
    require_metric(table.names, table.series)
    series = table.series
    if _one_row_an_epoch(series):
        series = tuple(replace(s, reduction=Reduction.EPOCH_MEAN) for s in series)
    return (RawLog("keras_csv", series, notes=table.notes),)


def _one_row_an_epoch(series: tuple[RawSeries, ...]) -> bool:
    epochs = next((s.values for s in series if s.name == "epoch"), np.empty(0))
    return bool(np.all(epochs == np.round(epochs)) and np.all(np.diff(epochs) != 0))


READER = Reader("keras_csv", "Keras CSVLogger", claims, read, priority=20)
