"""Detectron2's ``metrics.json``: JSON lines by iteration; results of evaluations lie on rows of their own.

Written from its sources and public files, not tested against a live writer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from runaudit.model import RawLog, RawSeries, Reduction
from runaudit.readers import Reader
from runaudit.readers._json import all_names, to_series
from runaudit.readers._json_rows import read_rows
from runaudit.readers._table import require_metric
from runaudit.readers._text import head_lines

RESULT = re.compile(r"(?:bbox|segm|keypoints|sem_seg|panoptic_seg|box_proposals)/")


def claims(path: PurePosixPath, head: bytes) -> bool:
    """Say whether lines of JSON have the iteration and the total loss or the expected time."""
    if path.suffix.lower() != ".json":
        return False
    lines = [line for line in head_lines(head) if line.startswith("{")]
    return any('"iteration": ' in line and ('"total_loss": ' in line or '"eta_seconds": ' in line) for line in lines)


def read(path: Path) -> tuple[RawLog, ...]:
    """Return the rows; the losses are medians of the last twenty steps, results of evaluations are named so.

    Raises ``LogError`` if no row can be read or none holds a metric.
    """
    rows, notes = read_rows(path)
    records = [(line, _row(row)) for line, row in rows]
    series, _ = to_series(records)
    require_metric(all_names(records), series)
    return (RawLog("detectron2_json", tuple(map(_reduced, series)), notes=notes),)


def _row(row: Mapping[str, Any]) -> dict[str, Any]:
    return {f"val/{name}" if RESULT.match(name) else name: value for name, value in row.items()}


def _reduced(series: RawSeries) -> RawSeries:
    is_loss = "loss" in series.name and not series.name.startswith(("val", "test"))
    return replace(series, reduction=Reduction.WINDOW_MEAN) if is_loss else series


READER = Reader("detectron2_json", "Detectron2 metrics.json", claims, read, priority=40)
