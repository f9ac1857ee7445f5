"""W&B's history as a table: what ``run.history().to_csv()`` gives of one run, with ``_step`` and ``_timestamp``.

Written from files in the wild and W&B's documentation; the server that gives such a table was not at hand.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import numpy as np

from runaudit.model import RawLog, RawSeries
from runaudit.readers import Reader
from runaudit.readers._layout import find_layout
from runaudit.readers._table import read_table, require_metric
from runaudit.readers._text import head_lines
from runaudit.readers._words import is_index, is_metric

OWN = {"_timestamp", "_runtime"}


def claims(path: PurePosixPath, head: bytes) -> bool:
    """Say whether the columns hold W&B's own step and clock."""
    if path.suffix.lower() not in {".csv", ".tsv"}:
        return False
    layout = find_layout(head_lines(head))
    return layout is not None and "_step" in layout.names and not OWN.isdisjoint(layout.names)


def read(path: Path) -> tuple[RawLog, ...]:
    """Return the table as one log; a setting beside the history, the same in each row, is configuration."""
    table = read_table(path)
    require_metric(table.names, table.series)
    config = {s.name: _setting(s) for s in table.series if _is_setting(s)}
    series = tuple(s for s in table.series if s.name not in config)
    return (RawLog("wandb_csv", series, config=config, notes=table.notes),)


def _is_setting(series: RawSeries) -> bool:
    same = len(series.values) > 1 and bool(np.all(series.values == series.values[0]))
    return same and not is_metric(series.name) and not is_index(series.name)


def _setting(series: RawSeries) -> int | float:
    value = float(series.values[0])
    return int(value) if value.is_integer() else value


READER = Reader("wandb_csv", "W&B history as CSV", claims, read, priority=40)
