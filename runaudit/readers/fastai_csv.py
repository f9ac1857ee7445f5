"""fastai's ``CSVLogger``: ``history.csv`` with one row an epoch; what is no loss is measured on the validation data.

Tested against fastai 2.8.12.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path, PurePosixPath

from runaudit.model import Note, RawLog, RawSeries, Reduction
from runaudit.readers import Reader
from runaudit.readers._layout import find_layout
from runaudit.readers._table import read_table, require_metric
from runaudit.readers._text import head_lines
from runaudit.readers._words import listed

FIRST = ("epoch", "train_loss", "valid_loss")
SPLITS = ("train_", "valid_")


def claims(path: PurePosixPath, head: bytes) -> bool:
    """Say whether the table begins with fastai's columns and ends with its time, or has its name."""
    if path.suffix.lower() != ".csv":
        return False
    layout = find_layout(head_lines(head))
    if layout is None or layout.delimiter != "," or layout.names[:3] != FIRST:
        return False
    return layout.names[-1] == "time" or path.name.lower() == "history.csv"


def read(path: Path) -> tuple[RawLog, ...]:
    """Return the table as one log: the training loss is a running mean, a metric is one of the validation."""
    table = read_table(path)
    require_metric(table.names, table.series)
    bare = [s.name for s in table.series if s.name not in {*FIRST, "time"} and not s.name.startswith(SPLITS)]
    notes = list(table.notes)
    if bare:
        notes.append(Note(f"fastai measures {listed(bare)} on the validation data: read as valid_...", str(path), 1))
    return (RawLog("fastai_csv", tuple(_told(s, s.name in bare) for s in table.series), notes=tuple(notes)),)


def _told(series: RawSeries, bare: bool) -> RawSeries:
    """Return the series with what fastai computes: a smoothed training loss, and metrics of the validation."""
    if series.name == "train_loss":
        return replace(series, reduction=Reduction.RUNNING_MEAN)
    return replace(series, name=f"valid_{series.name}") if bare else series


READER = Reader("fastai_csv", "fastai CSVLogger", claims, read, priority=40)
