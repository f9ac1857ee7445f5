"""Shared by the text logs: any lines that a training script printed, to series.

A file goes through ``prepare`` and ``tables`` (lines without times and bars), ``tokens`` and ``words`` (what the
numbers of a line are), ``scan`` (which lines are the log), ``place`` (the step of every line, and where a new run
begins), ``naming`` and ``series``; ``settings`` finds what the log says about how the run was made.
"""

from __future__ import annotations

from pathlib import Path

from runaudit.errors import LogError
from runaudit.model import Note, RawLog
from runaudit.readers._log.place import place
from runaudit.readers._log.scan import scan
from runaudit.readers._log.series import to_series
from runaudit.readers._log.settings import settings
from runaudit.readers._table import require_metric
from runaudit.readers._text import read_text


def read_log(path: Path, name: str) -> tuple[RawLog, ...]:
    """Return the runs in a text, labelled where there are several, as logs of the format ``name``.

    Raises ``LogError`` if no line counts steps or epochs and names a measure, and ``OSError``.
    """
    text, notes = read_text(path)
    rows = scan(text)
    if not rows:
        raise LogError(_refusal(text), kind="not-a-log")
    config = settings(text, rows[0].line)
    if rows[-1].line > text.count("\n") and not text.endswith("\r"):
        notes = (*notes, Note("the last line has no end: it may be cut off", str(path), rows[-1].line))
    logs: list[RawLog] = []
    tracks = place(rows)
    for track in tracks:
        series = to_series(track)
        require_metric((s.name for s in series), series)
        told = tuple(Note(what, str(path), line) for what, line in track.remarks)
        label = str(len(logs) + 1) if len(tracks) > 1 else ""
        logs.append(RawLog(name, series, config=config, notes=(*notes, *told), label=label))
    return tuple(logs)


def _refusal(text: str) -> str:
    lines = text.count("\n") + (not text.endswith("\n"))
    counted = "1 line" if lines == 1 else f"{lines:,} lines"
    return f"no training log: in {counted} none counts steps or epochs beside a measure such as a loss"
