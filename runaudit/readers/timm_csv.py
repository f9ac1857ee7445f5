"""timm's ``summary.csv``: one row an epoch; ``args.yaml`` beside it is the configuration.

Tested against the ``update_summary`` of timm 1.0.31, which its ``train.py`` calls.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from runaudit.model import RawLog
from runaudit.readers import Reader
from runaudit.readers._layout import find_layout
from runaudit.readers._table import read_table, require_metric
from runaudit.readers._text import head_lines


def claims(path: PurePosixPath, head: bytes) -> bool:
    """Say whether the columns begin with an epoch and a training loss, and the accuracy has timm's name or the file."""
    if path.suffix.lower() != ".csv":
        return False
    layout = find_layout(head_lines(head))
    if layout is None or layout.delimiter != "," or layout.names[:2] != ("epoch", "train_loss"):
        return False
    return "eval_top1" in layout.names or (path.name.lower() == "summary.csv" and "eval_loss" in layout.names)


def read(path: Path) -> tuple[RawLog, ...]:
    """Return the table as one log."""
    table = read_table(path)
    require_metric(table.names, table.series)
    return (RawLog("timm_csv", table.series, notes=table.notes),)


READER = Reader("timm_csv", "timm summary.csv", claims, read, priority=40)
