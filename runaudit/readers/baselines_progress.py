"""``progress.csv`` and ``progress.json`` of the logger of OpenAI Baselines, Stable-Baselines3 and guided-diffusion.

Tested against Stable-Baselines3 2.9.2. The order of the columns means nothing.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path, PurePosixPath

from runaudit.model import RawLog
from runaudit.readers import Reader, jsonl
from runaudit.readers._layout import find_layout
from runaudit.readers._table import read_table, require_metric
from runaudit.readers._text import head_lines
from runaudit.readers._words import is_axis, is_metric

OWN = (
    "time/total_timesteps",
    "rollout/ep_rew_mean",
    "time/fps",
    "eprewmean",
    "misc/total_timesteps",
    "time/time_elapsed",
)


def claims(path: PurePosixPath, head: bytes) -> bool:
    """Say whether it has the name of the logger's file, or columns that only this logger has, and numbers below."""
    suffix, named = path.suffix.lower(), path.name.lower().startswith("progress")
    if suffix == ".json":
        return named and jsonl.claims(path, head)
    if suffix != ".csv":
        return False
    layout = find_layout(head_lines(head))
    if layout is None or layout.delimiter != "," or layout.header != 0:
        return False
    own = any(name in OWN for name in layout.names)
    return own or (named and any(map(is_axis, layout.names)) and any(map(is_metric, layout.names)))


def read(path: Path) -> tuple[RawLog, ...]:
    """Return the rows as one log. Raises ``LogError`` if no column could be a metric."""
    if path.suffix.lower() == ".json":
        return tuple(replace(log, format="baselines_progress") for log in jsonl.read(path))
    table = read_table(path)
    require_metric(table.names, table.series)
    return (RawLog("baselines_progress", table.series, notes=table.notes),)


READER = Reader("baselines_progress", "Baselines and Stable-Baselines3 progress.csv", claims, read, priority=30)
