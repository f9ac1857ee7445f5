"""Tables of trials: one row a run with its settings and results, and no curve. They make a search.

What W&B's table of runs, Optuna's ``trials_dataframe``, Ray Tune's ``get_dataframe``, scikit-learn's ``cv_results_``
and home-made lists of experiments look like.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path, PurePosixPath

import numpy as np

from runaudit.errors import LogError
from runaudit.model import RawLog
from runaudit.readers import Reader
from runaudit.readers._layout import Layout, find_layout, records
from runaudit.readers._text import head_lines, is_number, read_text, split_lines
from runaudit.readers._trials_table import WEAK, is_strong, kinds, plain, searches
from runaudit.readers._words import is_axis, is_index, is_metric, listed

WANDB = ({"Name", "State", "Created"}, {"Name", "Runtime", "Sweep"}, {"name", "config", "summary"})


def claims(path: PurePosixPath, head: bytes) -> bool:
    """Say whether it is a table without an axis in which settings stand beside results, or one that W&B gives."""
    if path.suffix.lower() not in {".csv", ".tsv"}:
        return False
    layout = find_layout(head_lines(head))
    if layout is None or layout.header < 0:
        return False
    if any(own <= {*layout.names} for own in WANDB):
        return True
    settings, results = kinds(layout.names)
    results = [name for name in results if _is_measured(layout, name)]
    strong = [name for name in settings if is_strong(name)]
    only = all(name in settings or is_index(name) for name in layout.names) and any(map(is_metric, settings))
    tried = bool(results) or only  # what every run was made with, and how long it took
    return tried and len(settings) > 1 and _varies(layout, strong) and not _has_axis(layout)


def read(path: Path) -> tuple[RawLog, ...]:
    """Return the search, or one for each task where a column such as the dataset tells several apart.

    Raises ``LogError``, which says how many trials there are and with which settings and results, where fewer than
    five have a result or no setting differs.
    """
    text, notes = read_text(path)
    lines = split_lines(text)
    layout = find_layout(lines)
    if layout is None:
        raise LogError("the file holds no table, only blank lines or comments", kind="not-a-log")
    rows = list(records(lines, layout.delimiter, skip=layout.header + 1))
    logs = searches(layout.names, rows, str(path))
    if not logs:
        raise LogError(_why(layout.names, len(rows)), kind="not-a-log")
    return (replace(logs[0], notes=(*notes, *logs[0].notes)), *logs[1:])


def _why(names: tuple[str, ...], rows: int) -> str:
    settings, results = kinds(names)
    count = f"{rows} trials" if rows != 1 else "1 trial"
    shown = f"settings ({listed(settings, 6)})" if settings else f"columns ({listed(names, 6)})"
    ended = f" and results ({listed(results, 4)})" if results else ""
    return f"a table of trials and no curve: {count}, one a row, with {shown}{ended}"


def _is_measured(layout: Layout, name: str) -> bool:
    """Say whether the column holds a number that is no count or flag, or nothing is known of it yet."""
    at = layout.names.index(name)
    cells = [row[at] for row in layout.body if at < len(row)]
    return not cells or any(is_number(cell) and not cell.strip().lstrip("-").isdigit() for cell in cells)


def _varies(layout: Layout, names: list[str]) -> bool:
    """Say whether one of the columns changes, or the rows are too few to tell: a log repeats its settings."""
    if len(layout.body) < 3:
        return bool(names)
    at = [layout.names.index(name) for name in names]
    return any(len({row[i] for row in layout.body if i < len(row)}) > 1 for i in at)


def _has_axis(layout: Layout) -> bool:
    """Say whether a column of steps or epochs goes up, or the first rows are too few to tell."""
    for at, name in enumerate(layout.names):
        if not is_axis(name) or is_strong(name):
            continue
        values = [float(row[at]) for row in layout.body if at < len(row) and is_number(row[at])]
        steps = np.diff(values)
        rising = np.all(steps > 0) if WEAK.fullmatch(plain(name)) else np.all(steps >= 0) and np.any(steps > 0)
        if len(values) < 3 or rising:
            return True
    return False


READER = Reader("trials_csv", "Table of trials", claims, read, priority=25)
