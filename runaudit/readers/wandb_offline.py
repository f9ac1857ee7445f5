"""W&B's ``run-ID.wandb``: everything that a run logged, as W&B keeps it on disk, offline or not.

Written by wandb 0.14.0, 0.15.12, 0.23.1 and 0.31.0. The history is read with its histograms, the configuration, the
summary, and the measurements of the machine as ``system/...``; text that the program printed, and files, are not.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

from runaudit.errors import LogError
from runaudit.model import Note, RawLog
from runaudit.readers import Reader
from runaudit.readers._json import as_number, flatten
from runaudit.readers._stores.points import Points, is_media
from runaudit.readers._stores.wandb_histograms import MOST, Histograms, part_of
from runaudit.readers._stores.wandb_log import IDENT, MAGIC, START, VERSION, Damage, read_records
from runaudit.readers._wire import BYTES, VARINT, Field, WireError, fields, signed, varint
from runaudit.readers._words import is_index, is_metric, listed

POINTER = b"version https://git-lfs"
HISTORY, SUMMARY, CONFIG, STATS, RUN, EXIT = 2, 3, 5, 7, 17, 18
ITEMS = {HISTORY: 1, SUMMARY: 1, CONFIG: 1, STATS: 3}  # where a record keeps its (key, value in JSON)
RUN_PARTS = {4: CONFIG, 5: SUMMARY}  # what the record of the run holds at its start
KEY, NESTED_KEY, VALUE = 1, 2, 16
KEY_TAGS, VALUE_TAG = {KEY << 3 | BYTES, NESTED_KEY << 3 | BYTES}, b"\x82\x01"
STEP, EXIT_CODE = 2, 1


@dataclass(slots=True)
class _Found:
    """What has been seen of a file so far."""

    points: Points = field(default_factory=Points)
    rows: int = 0
    history: int = 0
    stats: int = 0
    config: dict[str, Any] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)
    lists: set[str] = field(default_factory=set)
    histograms: Histograms = field(default_factory=Histograms)
    exit_code: int | None = None
    broken: int = 0


def claims(path: PurePosixPath, head: bytes) -> bool:
    """Say whether the file begins as W&B's do, or has their suffix."""
    return head.startswith(IDENT) or path.suffix == ".wandb"


def read(path: Path) -> tuple[RawLog, ...]:
    """Return the run of the file. A tail that is cut off and damaged records are left out with a note.

    ``tables["summary"]`` has the last values that W&B kept, ``tables["histograms"]`` the (step, Histogram) by name.
    Raises ``LogError`` if the file is no such log or nothing but measurements of the machine was logged, ``OSError``.
    """
    _refuse_other_content(path)
    found, damage = _Found(), Damage()
    for record in read_records(path, damage):
        try:
            _take(found, record)
        except WireError:
            found.broken += 1
    series = found.points.series()
    if not any(not is_index(one.name) and not one.name.startswith("system/") for one in series):
        raise _nothing(found, damage)
    notes = tuple(Note(text, str(path)) for text in _remarks(found, damage))
    found.config.pop("_wandb", None)
    summary = {name: value for name, value in found.summary.items() if not name.startswith("_")}
    known = any(is_metric(one.name) for one in series)  # tables alone would pass for a run
    tables: dict[str, Any] = {"summary": summary} if summary and known else {}
    if found.histograms.found:
        tables["histograms"] = {tag: tuple(rows) for tag, rows in found.histograms.found.items()}
    return (RawLog("wandb_offline", series, config=found.config, tables=tables, notes=notes),)


def _refuse_other_content(path: Path) -> None:
    with path.open("rb") as file:
        head = file.read(len(POINTER))
    if not head:
        raise LogError("the file is empty (0 bytes)")
    if head.startswith(POINTER):
        raise LogError("this is a git-LFS pointer, not the run itself: run `git lfs pull`")
    if len(head) < START.size or not head.startswith(IDENT):
        raise LogError("the file does not begin as W&B's runs do")
    _, magic, version = START.unpack_from(head)
    if magic != MAGIC or version != VERSION:
        raise LogError(f"a W&B log of version {version}, of which only version {VERSION} is known")


def _take(found: _Found, record: bytes) -> None:
    """Take one record: the field of it that says what it is."""
    for part in fields(record):
        if part.wire != BYTES:
            continue
        if part.number in {HISTORY, STATS}:
            _take_row(found, record, part)
        elif part.number in {SUMMARY, CONFIG}:
            _take_settings(found, record, part, part.number)
        elif part.number == RUN:
            for inner in fields(record, part.start, part.stop):
                if inner.number in RUN_PARTS and inner.wire == BYTES:
                    _take_settings(found, record, inner, RUN_PARTS[inner.number])
        elif part.number == EXIT:
            found.exit_code = _number_of(record, part, EXIT_CODE)


def _take_row(found: _Found, record: bytes, part: Field) -> None:
    row = found.rows
    found.rows += 1
    if part.number == STATS:
        found.stats += 1
        for name, text in _items(record, part, ITEMS[STATS]):
            number = _plain(text)
            if number is not None:
                found.points.add(f"system/{name}", number, row)
        return
    step = found.history
    found.history += 1
    named = False
    parts: dict[str, dict[str, Any]] = {}
    for name, text in _items(record, part, ITEMS[HISTORY]):
        number = _plain(text)
        if number is None:
            _take_value(found, name, text, row, parts)
            continue
        found.points.add(name, number, row)
        if name == "_step" and math.isfinite(number):
            named, step = True, int(number)
    if not named:
        steps = [f for f in fields(record, part.start, part.stop) if (f.number, f.wire) == (STEP, BYTES)]
        if steps:
            step = _number_of(record, steps[-1], 1)
            found.points.add("_step", float(step), row)
    found.histograms.take(parts, step)


def _take_value(found: _Found, name: str, text: bytes, row: int, parts: dict[str, dict[str, Any]]) -> None:
    """Take a value that is no plain number: numbers in a mapping, or a NaN that an old writer spelled as text.

    What may belong to a histogram goes into ``parts``.
    """
    value = _load(text)
    if is_media(value):
        parts[name] = value
        return
    piece = part_of(name)
    if piece is not None and (piece[1] != "_type" or value == "histogram"):
        parts.setdefault(piece[0], {})[piece[1]] = value
    for inner, content in flatten({name: value}, separator="."):
        number = as_number(content)
        if number is not None:
            found.points.add(inner, number, row)
        elif isinstance(content, list) and content and as_number(content[0]) is not None and part_of(inner) is None:
            found.lists.add(inner)


def _take_settings(found: _Found, record: bytes, part: Field, kind: int) -> None:
    target = found.config if kind == CONFIG else found.summary
    for name, text in _items(record, part, ITEMS[kind]):
        number = _plain(text) if kind == SUMMARY else None
        value = _load(text) if number is None else number
        if not is_media(value):
            target[name] = value


def _items(record: bytes, part: Field, number: int) -> Iterator[tuple[str, bytes]]:
    """Yield name and JSON of each item; the keys of a nested one are joined by dots, as W&B shows them."""
    at, tag = part.start, number << 3 | BYTES
    while at < part.stop:
        # nearly all items are short and have one key: their lengths are single bytes at known places
        if record[at] == tag and at + 4 < part.stop and (stop := at + 2 + record[at + 1]) <= part.stop:
            start = at + 2
            middle = start + 2 + record[start + 1]
            plain = record[start] in KEY_TAGS and middle + 3 <= stop and record[middle : middle + 2] == VALUE_TAG
            if plain and middle + 3 + record[middle + 2] == stop and record[at + 1] < 0x80:
                yield _decode(record[start + 2 : middle]), record[middle + 3 : stop]
                at = stop
                continue
        item = next(fields(record, at, part.stop))
        at = item.stop
        if item.number == number and item.wire == BYTES:
            yield from _item(record, item)


def _item(record: bytes, item: Field) -> Iterator[tuple[str, bytes]]:
    keys: list[str] = []
    text = b""
    for inner in fields(record, item.start, item.stop):
        if inner.wire == BYTES and inner.number in {KEY, NESTED_KEY}:
            keys.append(_decode(record[inner.start : inner.stop]))
        elif inner.wire == BYTES and inner.number == VALUE:
            text = record[inner.start : inner.stop]
    if keys:
        yield ".".join(keys), text


@lru_cache(maxsize=4096)
def _decode(key: bytes) -> str:
    return key.decode("utf-8", errors="replace")


def _plain(text: bytes) -> float | None:
    """Return the number that JSON holds, ``NaN`` and ``Infinity`` included, None for anything else."""
    try:
        return None if b"_" in text else float(text)
    except ValueError:
        return None


def _load(text: bytes) -> Any:  # noqa: ANN401  any JSON
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _number_of(record: bytes, part: Field, number: int) -> int:
    """Return the last varint of a message under that number, 0 where there is none, as protobuf means it."""
    value = 0
    for inner in fields(record, part.start, part.stop):
        if (inner.number, inner.wire) == (number, VARINT):
            value = signed(varint(record, inner.start, inner.stop)[0])
    return value


def _remarks(found: _Found, damage: Damage) -> Iterator[str]:
    if damage.pieces:
        pieces = "1 damaged piece" if damage.pieces == 1 else f"{damage.pieces} damaged pieces"
        yield f"{pieces} of records left out, the first at byte {damage.first}"
    if found.broken:
        yield f"{found.broken} records are no protobuf message, left out"
    if damage.ends_inside is not None:
        yield f"the file ends inside the record at byte {damage.ends_inside}, which is left out"
    if found.histograms.broken:
        yield f"histograms left out: {found.histograms.broken:,}, whose edges and counts do not belong together"
    if found.histograms.left_out:
        yield f"histograms left out: {found.histograms.left_out:,}, since {MOST:,} are read at most"
    for name in sorted(found.lists):
        yield f"{name}: lists of numbers are not read"
    if found.exit_code:
        yield f"the program ended with exit code {found.exit_code}"
    elif found.exit_code is None:
        yield "no end of the run is recorded: it was killed, or goes on"


def _nothing(found: _Found, damage: Damage) -> LogError:
    """Return why the file gives no curve."""
    if not found.rows and not found.config and (damage.pieces or damage.ends_inside is not None or found.broken):
        where = damage.first if damage.pieces else damage.ends_inside
        return LogError(f"no record is intact, the first is damaged or cut off at byte {where or START.size}")
    names = [name for name, value in found.summary.items() if not name.startswith("_") and _is_finite(value)]
    said = [f"{found.history} rows of history" if found.history else "no row of history"]
    said += [f"{found.stats} of the machine" if found.stats else "none of the machine"]
    if names:
        said.append(f"a summary of {listed(names)}")
    end = "" if found.exit_code is None else f", exit code {found.exit_code}"
    return LogError(f"a W&B run without any metric: {', '.join(said)}{end}", kind="not-a-log")


def _is_finite(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


READER = Reader("wandb_offline", "W&B run file", claims, read, priority=95)
