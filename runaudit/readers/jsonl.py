"""JSON Lines, one object a row, in a file of any suffix; and a JSON file that is one bare list of such rows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from runaudit.errors import LogError
from runaudit.model import Note, RawLog
from runaudit.readers import Reader
from runaudit.readers._json import Record, all_names, as_number, decode_list, flatten, load_object, to_series
from runaudit.readers._json_rows import rows_of
from runaudit.readers._splits import split_records
from runaudit.readers._table import require_metric
from runaudit.readers._text import head_lines, read_text
from runaudit.readers._words import is_axis, is_companion, is_index, is_metric, sounds_like_log

LINES = {".jsonl", ".ndjson"}
TEXTS = {".json", ".log", ".txt", ".out", ""}
CONFIGS = frozenset({"config", "args", "hparams", "hyperparameters", "hyper_parameters", "params", "cfg"})
KEY = re.compile(r'"([^"\\]+)"\s*:\s*(?:-?[\d.]|NaN|-?Infinity|null)')
LIST = re.compile(r"\s*\[\s*\{")


def claims(path: PurePosixPath, head: bytes) -> bool:
    """Say whether the head holds JSON objects, one a line or in a list, with numbers under names of training."""
    suffix = path.suffix.lower()
    if suffix not in LINES | TEXTS or is_companion(path):
        return False
    if not head:
        return suffix in LINES and sounds_like_log(path)
    lines = [line.strip() for line in head_lines(head) if line.strip()]
    if not lines:
        return False
    if suffix == ".json" and LIST.match("\n".join(lines[:3])):
        return _speaks_of_training(KEY.findall("\n".join(lines)))
    rows = [row for line in lines if line.startswith("{") and (row := load_object(line)) is not None]
    if not rows:
        long = lines[0].startswith('{"') and len(lines) == 1 and len(head) > len(lines[0]) - 1 > 1000
        return long and (suffix in LINES or sounds_like_log(path)) and _speaks_of_training(KEY.findall(lines[0]))
    if suffix not in LINES and (len(rows) * 2 < len(lines) or (suffix == ".json" and len(rows) < 2)):
        return False
    return _speaks_of_training(n for row in rows for n, v in flatten(row) if v is None or as_number(v) is not None)


def read(path: Path) -> tuple[RawLog, ...]:
    """Return the rows as one log; a first row that only says how the run was made goes to its config.

    Keys of nested objects are joined by ``/``; bare ``NaN`` and ``Infinity`` are values, ``null`` is absent.
    Where a key such as ``split`` says of which data a row is, its measures are named so.
    Raises ``LogError`` if no row can be read or none holds a metric.
    """
    text, notes = read_text(path)
    bracket = LIST.match(text)
    records, found = _read_list(text, path) if bracket else rows_of(text, path)
    if not records:
        raise LogError("no line is a JSON object", line=1)
    config, rows = _split_config(records)
    series, lists = to_series(split_records(rows))
    require_metric(all_names(rows), series)
    skipped = (Note(f"{name}: lists of numbers are not read", str(path), line) for name, line in lists.items())
    return (RawLog("jsonl", series, config=config, notes=(*notes, *found, *skipped)),)


def _read_list(text: str, path: Path) -> tuple[list[Record], list[Note]]:
    entries = decode_list(text, text.index("["))
    notes: list[Note] = []
    if entries.broken is not None:
        if not entries.records:
            raise LogError("broken JSON", line=entries.broken)
        what = f"the list is cut off or broken from here, {len(entries.records)} entries read"
        notes.append(Note(what, str(path), entries.broken))
    return list(entries.records), notes


def _split_config(records: Sequence[Record]) -> tuple[dict[str, Any], list[Record]]:
    """Return what the rows say about how the run was made, and the rows without that."""
    config: dict[str, Any] = {}
    rows: list[Record] = []
    axes = {name for _, row in records[1:200] for name in row if is_axis(name)}
    known = {name for _, row in records[1:200] for name in row}
    for line, row in records:
        nested = {key for key in CONFIGS.intersection(row) if isinstance(row[key], dict)}
        for key in nested:
            config |= dict(flatten(row[key], separator="."))
        rest = {key: value for key, value in row.items() if key not in nested} if nested else row
        first = not rows and axes and not axes & rest.keys()
        if first and 2 * len(rest.keys() - known) >= len(rest):
            config |= dict(flatten(rest, separator="."))
        elif rest:
            rows.append((line, rest))
    return config, rows


def _speaks_of_training(names: Iterable[str]) -> bool:
    """Say whether an axis comes with another number, or two metrics come without an axis."""
    known = set(names)
    axes = {name for name in known if is_axis(name)}
    if axes:
        return bool(known - axes)
    return sum(is_metric(name) and not is_index(name) for name in known) >= 2


READER = Reader("jsonl", "JSON Lines", claims, read, priority=10)
