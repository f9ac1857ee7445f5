"""JSON export of TensorBoard's page: ``[[wall time, step, value], ...]``, one tag a file, whose name tells it.

Tested against what TensorBoard's page exports of files of torch 2.13.
"""

from __future__ import annotations

import json
import re
from pathlib import Path, PurePosixPath

import numpy as np

from runaudit.errors import LogError
from runaudit.model import Note, RawLog
from runaudit.readers import Grouping, Reader
from runaudit.readers._tensorboard import EXPORT, exported_log, exported_name
from runaudit.readers._text import read_text, spelled

# a time in seconds since 1970, of nine digits and more, tells the export from any other list of three numbers
FIRST_ROW = re.compile(rb"(?:\xef\xbb\xbf)?\s*\[\s*\[\s*\d{9,10}(?:\.\d+)?\s*,\s*-?\d+(?:\.0)?\s*,\s*[-\d\"NIni]")
OPENS_LIST = re.compile(rb"(?:\xef\xbb\xbf)?\s*\[\s*\[")


def claims(path: PurePosixPath, head: bytes) -> bool:
    """Say whether the file is a list of (wall time, step, value), or is called like an export and opens like one."""
    if path.suffix.lower() != ".json":
        return False
    return bool(FIRST_ROW.match(head) or (EXPORT.fullmatch(path.stem) and OPENS_LIST.match(head)))


def read(path: Path) -> tuple[RawLog, ...]:
    """Return the one series of the file with its own steps, labelled with the run that the file's name tells.

    ``NaN`` and ``Infinity``, bare or quoted, are such values; a value of ``null`` is absent. Rows that are not three
    numbers are left out with a note. Raises ``LogError`` (with the line where the JSON is broken) and ``OSError``.
    """
    text, repairs = read_text(path)
    rows = _rows(text)
    points: list[tuple[int, float, float]] = []
    bad: list[int] = []
    for position, row in enumerate(rows):
        point = _point(row)
        if point is None:
            bad.append(position)
        elif point:
            points.append((position, *point))
    if not points:
        raise _nothing(bad)
    notes = list(repairs)
    if bad:
        what = f"{len(bad)} rows are not three numbers, left out, the first is row {bad[0]} (from 0)"
        notes.append(Note(f"{exported_name(path.stem)[1]}: {what}", str(path)))
    return (exported_log("tensorboard_json", path, points, notes),)


def _rows(text: str) -> list[object]:
    try:
        rows = json.loads(text)
    except json.JSONDecodeError as error:
        raise LogError(f"broken JSON: {error.msg}", line=error.lineno) from error
    except (RecursionError, ValueError) as error:  # nested too deep; an integer of thousands of digits
        raise LogError("broken JSON: nested too deep, or a number that is too long") from error
    if not isinstance(rows, list):
        raise LogError("not a list of [wall time, step, value]", kind="not-a-log")
    return rows


def _point(row: object) -> tuple[float, float] | tuple[()] | None:
    """Return the step and the value of a row, () where nothing was logged, None where it is not such a row."""
    if not isinstance(row, list) or len(row) != 3:
        return None
    if row[2] is None:
        return ()
    step, value = _number(row[1]), _number(row[2])
    return None if step is None or value is None or not np.isfinite(step) else (step, value)


def _number(cell: object) -> float | None:
    """Return a number, or the text of one such as ``"NaN"``; None for anything else."""
    if isinstance(cell, bool) or not isinstance(cell, int | float | str):
        return None
    try:
        return spelled(cell) if isinstance(cell, str) else float(cell)
    except (ValueError, OverflowError):
        return None


def _nothing(bad: list[int]) -> LogError:
    if bad:
        return LogError("no row is [wall time, step, value]", kind="not-a-log")
    return LogError("the list is empty", kind="not-a-log")


READER = Reader("tensorboard_json", "TensorBoard JSON export", claims, read, priority=60, grouping=Grouping.PARTS)
