"""CSV export of TensorBoard's page: one tag a file, ``Wall time,Step,Value``; the tag is in the file's name only.

Tested against what TensorBoard's page exports of files of torch 2.13.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import numpy as np

from runaudit.errors import LogError
from runaudit.model import Note, RawLog
from runaudit.readers import Grouping, Reader
from runaudit.readers._tensorboard import exported_log, exported_name
from runaudit.readers._text import head_lines, read_text, split_lines, to_number

HEADER = ["wall time", "step", "value"]
FIRST = 2  # the line of the first row


def claims(path: PurePosixPath, head: bytes) -> bool:
    """Say whether the first line is the export's header, whatever the file is called."""
    return _cells(next(iter(head_lines(head)), "")) == HEADER


def read(path: Path) -> tuple[RawLog, ...]:
    """Return the one series of the file with its own steps, labelled with the run that the file's name tells.

    Rows that are blank or whose value is blank are absent. Rows without two numbers are left out with a note, and
    rows of several runs one after the other stay in the order of the file. Raises ``LogError`` and ``OSError``.
    """
    text, repairs = read_text(path)
    lines = split_lines(text)
    if not lines or _cells(lines[0]) != HEADER:
        raise LogError("the first line is not Wall time,Step,Value", line=1)
    points: list[tuple[int, float, float]] = []
    bad: list[int] = []
    for position, line in enumerate(lines[1:]):
        point = _point(line)
        if point is None:
            bad.append(position)
        elif point:
            points.append((position, *point))
    if not points:
        raise _nothing(bad)
    notes = list(repairs)
    if bad:
        message = f"{exported_name(path.stem)[1]}: {len(bad)} rows are not three numbers, left out"
        notes.append(Note(message, str(path), bad[0] + FIRST))
    return (exported_log("tensorboard_csv", path, points, notes, first_line=FIRST),)


def _point(line: str) -> tuple[float, float] | tuple[()] | None:
    """Return the step and the value of a row, () where nothing was logged, None where it is not such a row."""
    cells = _cells(line)
    if not any(cells):
        return ()
    if len(cells) != len(HEADER):
        return None
    try:
        step, value = to_number(cells[1]), to_number(cells[2])
    except ValueError:
        return None
    if value is None:
        return ()
    return (step, value) if step is not None and np.isfinite(step) else None


def _cells(line: str) -> list[str]:
    """Return the cells in lower case and without quotes, inside of which this format has no comma."""
    return [cell.strip().strip('"').strip().lower() for cell in line.split(",")]


def _nothing(bad: list[int]) -> LogError:
    if bad:
        return LogError("no row has a step and a value", line=bad[0] + FIRST)
    return LogError("the file has a header, but no value", kind="not-a-log")


READER = Reader("tensorboard_csv", "TensorBoard CSV export", claims, read, priority=60, grouping=Grouping.PARTS)
