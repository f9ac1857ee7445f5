"""The recorder's own ``runaudit.jsonl``: a first line with the configuration, then what was measured at each update.

Tested against every recorder of ``runaudit.record``; ``runaudit.record.log`` says how the file looks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from runaudit.errors import LogError
from runaudit.model import Note, RawLog
from runaudit.readers import Reader
from runaudit.readers._json import Record, all_names, to_series
from runaudit.readers._json_rows import read_rows
from runaudit.readers._summary import Histogram
from runaudit.readers._table import require_metric

FIRST = b'{"runaudit_log":'
WORDS = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}
Histograms = dict[str, list[tuple[int, Histogram]]]


def claims(path: PurePosixPath, head: bytes) -> bool:
    """Say whether the first line is the recorder's."""
    return path.suffix.lower() == ".jsonl" and head.lstrip().startswith(FIRST)


def read(path: Path) -> tuple[RawLog, ...]:
    """Return the rows as one log, with its configuration, its histograms and what the recorder could not do as notes.

    A later ``config`` line adds to the first. Raises ``LogError`` if no row holds a metric.
    """
    lines, notes = read_rows(path)
    config: dict[str, Any] = {}
    rows: list[Record] = []
    histograms: Histograms = {}
    for number, line in lines:
        said = line.get("config")
        if isinstance(said, Mapping):
            config |= said
        elif isinstance(line.get("note"), str):
            notes = (*notes, Note(f"the recorder says: {line['note']}", str(path), number))
        elif isinstance(line.get("histograms"), Mapping):
            notes = (*notes, *_take(histograms, line, path, number))
        elif "runaudit_log" not in line:
            rows.append((number, {name: WORDS.get(v, v) if isinstance(v, str) else v for name, v in line.items()}))
    if not rows:
        raise LogError("the recorder wrote no row: the training stopped before its first update", line=1)
    series, _ = to_series(rows)
    require_metric(all_names(rows), series)
    tables = {"histograms": {tag: tuple(found) for tag, found in histograms.items()}} if histograms else {}
    return (RawLog("runaudit_jsonl", series, config=config, tables=tables, notes=notes),)


def _take(histograms: Histograms, line: Mapping[str, Any], path: Path, number: int) -> Sequence[Note]:
    """Add the histograms of a line, and return a note if one is broken."""
    broken = []
    for tag, said in line["histograms"].items():
        try:
            histograms.setdefault(str(tag), []).append((int(line["step"]), _histogram(said)))
        except (KeyError, TypeError, ValueError, OverflowError):
            broken.append(str(tag))
    return [Note(f"the histograms of {', '.join(broken)} are broken, left out", str(path), number)] if broken else []


def _histogram(said: Mapping[str, Any]) -> Histogram:
    """Return a histogram; raises ``ValueError`` and its kin where edges and counts do not belong together."""
    edges, counts = np.array(said["edges"], np.float64), np.array(said["counts"], np.float64)
    if edges.ndim != 1 or edges.shape != (len(counts) + 1,) or np.any(np.diff(edges) < 0):
        raise ValueError("edges and counts do not belong together")
    total, squares = (float(WORDS.get(said[name], said[name])) for name in ("sum", "sum_squares"))
    num = float(counts.sum())
    return Histogram(float(edges[0]), float(edges[-1]), num, total, squares, edges[:-1], edges[1:], counts)


READER = Reader("runaudit_jsonl", "runaudit's own recorder", claims, read, priority=60)
