"""Ray Tune's ``result.json`` (one object a line) and ``progress.csv`` of a trial, which tell the same.

Tested against Ray 2.60.0. ``params.json`` beside them, and the ``config`` of each result, are the configuration.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path, PurePosixPath

from runaudit.model import RawLog
from runaudit.readers import Grouping, Reader, jsonl
from runaudit.readers._table import read_table, require_metric

OWN = re.compile(
    rb"\b(?:trial_id|time_this_iter_s|iterations_since_restore|time_since_restore|episodes_this_iter|env_runners"
    rb"|sampler_results|custom_metrics|num_env_steps_sampled\w*|experiment_id)\b"
)
RESTORED = {"time_since_restore", "iterations_since_restore", "timesteps_since_restore"}
KEEPING = {"trial_id", "timestamp", "pid", "done"} | RESTORED


def claims(path: PurePosixPath, head: bytes) -> bool:
    """Say whether it is one of the two files by its name and the keys of Tune in the head."""
    name = path.name.lower()
    if name == "progress.csv":
        header = head.partition(b"\n")[0]
        return b"training_iteration" in header and OWN.search(header) is not None
    if name == "result.json" and head.lstrip()[:2] == b'{"':
        return OWN.search(head) is not None or b'"training_iteration"' in head
    return False


def read(path: Path) -> tuple[RawLog, ...]:
    """Return the results of the trial as one log, without what Tune keeps for itself (process, restores)."""
    if path.suffix.lower() == ".json":
        (log,) = jsonl.read(path)
    else:
        table = read_table(path)
        log = RawLog("", table.series, notes=table.notes)
    series = tuple(s for s in log.series if s.name not in KEEPING)
    require_metric((s.name for s in log.series), series)
    return (replace(log, format="ray_tune", series=series),)


READER = Reader(
    "ray_tune", "Ray Tune result.json and progress.csv", claims, read, priority=50, grouping=Grouping.COPIES
)
