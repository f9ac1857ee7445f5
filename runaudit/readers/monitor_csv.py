"""``monitor.csv`` of gym, Baselines and Stable-Baselines3: one row an episode below a line ``#{json}``.

Tested against Stable-Baselines3 2.9.2. Each file is the log of one environment: several make several runs.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from runaudit.errors import LogError
from runaudit.model import FloatArray, Note, RawLog, RawSeries
from runaudit.readers import Reader
from runaudit.readers._table import read_table
from runaudit.readers._text import read_text

FIRST = re.compile(rb"(?:\xef\xbb\xbf)?#\s*\{[^\r\n]*\}[ \t]*\r*\n\s*\"?r\"?,\"?l\"?,\"?t\"?")
NOT_CONFIG = {"t_start", "gym_version"}


def claims(path: PurePosixPath, head: bytes) -> bool:
    """Say whether it begins with the comment in JSON and the three columns, or has the name and nothing in it yet."""
    return FIRST.match(head) is not None or (not head and path.name.lower().endswith("monitor.csv"))


def read(path: Path) -> tuple[RawLog, ...]:
    """Return the episodes as one log; the step of an episode is the number of environment steps up to its end.

    Where a length is missing, episodes are counted instead. A clock that falls back (another run was appended) is
    noted, and the steps go on. Raises ``LogError`` if there is no episode.
    """
    table = read_table(path)
    columns = {s.name: s for s in table.series}
    if "r" not in columns:
        raise LogError("no episode is logged", kind="not-a-log")
    notes = list(table.notes)
    rows = 1 + max(int(s.rows[-1]) for s in table.series)
    steps = _ends(columns.get("l"), rows)
    if steps is None:
        steps = np.arange(1, rows + 1, dtype=np.float64)
        notes.append(Note("not every episode has a length: a step is an episode", str(path)))
    clock = columns.get("t")
    if clock is not None and np.any(np.diff(clock.values) < 0):
        at = int(np.flatnonzero(np.diff(clock.values) < 0)[0]) + 1
        notes.append(
            Note("the clock falls back: another run was appended, its steps go on", str(path), int(clock.lines[at]))
        )
    series = tuple(replace(s, steps=steps[s.rows]) for s in table.series)
    return (RawLog("monitor_csv", series, config=_header(path), notes=tuple(notes)),)


def _ends(lengths: RawSeries | None, rows: int) -> FloatArray | None:
    """Return the number of steps at the end of each episode, None if a length is missing or no count."""
    if lengths is None or len(lengths.values) != rows:
        return None
    values = lengths.values
    if not np.all(np.isfinite(values)) or np.any(values < 1) or values.sum() > 2.0**53:
        return None
    return np.cumsum(values)


def _header(path: Path) -> dict[str, Any]:
    """Return what the first line says, nothing where it is broken."""
    line = read_text(path)[0].partition("\n")[0].strip().removeprefix("#")
    try:
        header = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return {k: v for k, v in header.items() if k not in NOT_CONFIG} if isinstance(header, dict) else {}


READER = Reader("monitor_csv", "Monitor of gym and Stable-Baselines3", claims, read, priority=50)
