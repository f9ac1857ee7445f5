"""OpenMMLab's logs in JSON lines: ``*.log.json`` of mmcv, ``vis_data/scalars.json`` of mmengine.

Tested against mmengine 0.10.7; mmcv's from public files only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath

from runaudit.model import RawLog, RawSeries, Reduction
from runaudit.readers import Reader
from runaudit.readers._json import all_names, to_series
from runaudit.readers._json_rows import read_rows
from runaudit.readers._table import require_metric
from runaudit.readers._text import head_lines

MODE = re.compile(r'"mode"\s*:\s*"(?:train|val)"')
ENGINE = re.compile(r'"data_time"\s*:.*"iter"\s*:\s*\d+.*"step"\s*:\s*\d+')
OWN = {"time", "data_time", "memory", "mode", "epoch", "iter", "step", "lr", "eta"}


def claims(path: PurePosixPath, head: bytes) -> bool:
    """Say whether lines of JSON have the mode that mmcv writes or the timers and counters of mmengine."""
    if path.suffix.lower() != ".json":
        return False
    lines = [line for line in head_lines(head) if line.startswith("{")]
    named = path.name.endswith(".log.json") and any('"env_info"' in line or '"exp_name"' in line for line in lines)
    return named or any(MODE.search(line) or ENGINE.search(line) for line in lines)


def home(path: PurePosixPath) -> PurePosixPath:
    """Return the folder of the run, where mmengine's text log lies.

    >>> home(PurePosixPath("work/20230605_200941/vis_data/scalars.json"))
    PurePosixPath('work/20230605_200941')
    """
    return path.parent.parent if path.parent.name == "vis_data" else path.parent


def read(path: Path) -> tuple[RawLog, ...]:
    """Return the rows; those of an evaluation are named so, and stand at the step of the training row before.

    The losses are means since the row before. Raises ``LogError`` if no row can be read or none holds a metric.
    """
    rows, notes = read_rows(path)
    records = [(line, _evaluated(row) if _is_evaluation(row) else row) for line, row in rows]
    series, _ = to_series(records)
    require_metric(all_names(records), series)
    return (RawLog("openmmlab_json", tuple(map(_reduced, series)), notes=notes),)


def _is_evaluation(row: Mapping[str, object]) -> bool:
    if "mode" in row:
        return row["mode"] == "val"
    return "iter" not in row and "lr" not in row and "loss" not in row


def _evaluated(row: Mapping[str, object]) -> dict[str, object]:
    """Return the row without its steps, which count the batches of the evaluation, or the epochs."""
    kept = {f"val/{name}": value for name, value in row.items() if name not in OWN}
    return kept | {name: row[name] for name in ("epoch",) if name in row}


def _reduced(series: RawSeries) -> RawSeries:
    is_loss = "loss" in series.name and not series.name.startswith("val/")
    return replace(series, reduction=Reduction.WINDOW_MEAN) if is_loss else series


READER = Reader("openmmlab_json", "OpenMMLab JSON log", claims, read, priority=40, home=home)
