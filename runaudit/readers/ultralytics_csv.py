"""Ultralytics' ``results.csv``: one row an epoch, from YOLOv5 (cells padded with spaces) to today's YOLO.

Tested against Ultralytics 8.4.190 and files of YOLOv5 and v8. ``args.yaml`` or ``opt.yaml`` beside it is the
configuration. No total loss is logged: the loader adds up the parts and says so.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from runaudit.model import RawLog, RawSeries
from runaudit.readers import Reader
from runaudit.readers._layout import find_layout
from runaudit.readers._table import read_table, require_metric
from runaudit.readers._text import head_lines

RATE = re.compile(r"(?:x/lr|lr/pg)(\d+)")


def claims(path: PurePosixPath, head: bytes) -> bool:
    """Say whether the columns are an epoch, training losses and the learning rates of parameter groups."""
    if path.suffix.lower() != ".csv":
        return False
    layout = find_layout(head_lines(head))
    if layout is None or layout.delimiter != "," or "epoch" not in layout.names[:2]:
        return False
    return any(map(RATE.fullmatch, layout.names)) and any(name.startswith("train/") for name in layout.names)


def read(path: Path) -> tuple[RawLog, ...]:
    """Return the table as one log, the learning rate of the weights before that of the other groups.

    The biases, which begin at a rate of their own, are group 0 or 2, depending on the version; group 1 never is them.
    """
    table = read_table(path)
    require_metric(table.names, table.series)
    return (RawLog("ultralytics_csv", tuple(sorted(table.series, key=_order)), notes=table.notes),)


def _order(series: RawSeries) -> int:
    """Return 0 for the learning rate to name first, 1 for all else."""
    rate = RATE.fullmatch(series.name)
    return 0 if rate and rate[1] == "1" else 1


READER = Reader("ultralytics_csv", "Ultralytics results.csv", claims, read, priority=40)
