"""The ``log.txt`` of DETR, DeiT, MAE and what was built on them: JSON lines, one an epoch.

Written from their sources and public files, not tested against a live writer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from runaudit.model import Note, RawLog, Reduction
from runaudit.readers import Reader
from runaudit.readers._json import all_names, to_series
from runaudit.readers._json_rows import read_rows
from runaudit.readers._table import require_metric
from runaudit.readers._text import head_lines

SUFFIXES = {".txt", ".log", ".json", ".jsonl", ""}
ROW = re.compile(r'\{"train_\w+": .*"epoch": \d+')
HISTORY = re.compile(r'\{"train_\w+": \[')  # lists of numbers, one for each metric
FIRSTS = (
    "",
    "_50",
)  # the first two of the twelve numbers that COCO's evaluation gives: mAP, and mAP at an overlap of 0.5


def claims(path: PurePosixPath, head: bytes) -> bool:
    """Say whether a line is a row of means over an epoch, or the beginning of one that is longer than the head."""
    if path.suffix.lower() not in SUFFIXES:
        return False
    lines = head_lines(head)
    long = len(lines) == 1 and lines[0].startswith(('{"train_lr": ', '{"train_loss": ', '{"train_class_error": '))
    return (long and HISTORY.match(lines[0]) is None) or any(map(ROW.match, lines))


def read(path: Path) -> tuple[RawLog, ...]:
    """Return the means of every epoch. What is called ``test_`` is measured on the validation data.

    The number of parameters is a setting. Raises ``LogError`` if no row can be read or none holds a metric.
    """
    rows, notes = read_rows(path)
    config = {key: value for _, row in rows for key, value in row.items() if key == "n_parameters"}
    records = [(line, _row(row)) for line, row in rows]
    series, _ = to_series(records)
    require_metric(all_names(records), series)
    if any(s.name.startswith("val_") for s in series):
        notes = (*notes, Note("test_... is measured on the validation data, read as val_...", str(path)))
    means = tuple(replace(s, reduction=Reduction.EPOCH_MEAN) if "loss" in s.name else s for s in series)
    return (RawLog("detr_jsonl", means, config=config, notes=notes),)


def _row(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row with the test data called validation data, of each list the first numbers."""
    out: dict[str, Any] = {}
    for key, value in row.items():
        if key == "n_parameters":
            continue
        name = f"val_{key.removeprefix('test_')}" if key.startswith("test_") and f"val_{key[5:]}" not in row else key
        if isinstance(value, list):
            out |= {
                f"{name}{ending}": v for ending, v in zip(FIRSTS, value, strict=False) if isinstance(v, int | float)
            }
        else:
            out[name] = value
    return out


READER = Reader("detr_jsonl", "DETR, DeiT, MAE log.txt", claims, read, priority=40)
