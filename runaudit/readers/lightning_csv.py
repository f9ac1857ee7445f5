"""PyTorch Lightning ``CSVLogger``: ``metrics.csv`` with ``epoch`` and ``step``, most cells blank.

Tested against lightning 2.6.6 and public files since version 1.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path, PurePosixPath

from runaudit.model import RawLog, RawSeries, Reduction
from runaudit.readers import Reader
from runaudit.readers._layout import find_layout
from runaudit.readers._table import read_table, require_metric
from runaudit.readers._text import head_lines

SUFFIXES = {"_epoch": Reduction.EPOCH_MEAN, "_step": Reduction.STEP}


def claims(path: PurePosixPath, head: bytes) -> bool:
    """Say whether it is named like the file of the logger and has its two axes."""
    if path.suffix.lower() != ".csv" or not path.name.lower().startswith("metrics"):
        return False
    layout = find_layout(head_lines(head))
    return layout is not None and layout.delimiter == "," and {"epoch", "step"} <= {*layout.names}


def read(path: Path) -> tuple[RawLog, ...]:
    """Return the table as one log. Names that end in ``_epoch`` or ``_step`` say what a value is."""
    table = read_table(path)
    require_metric(table.names, table.series)
    return (RawLog("lightning_csv", tuple(map(_reduced, table.series)), notes=table.notes),)


def _reduced(series: RawSeries) -> RawSeries:
    reduction = next((r for suffix, r in SUFFIXES.items() if series.name.endswith(suffix)), None)
    return replace(series, reduction=reduction)


READER = Reader("lightning_csv", "PyTorch Lightning CSVLogger", claims, read, priority=30)
