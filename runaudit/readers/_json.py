"""Shared by the JSON formats: entries with their lines, nested keys, and records to series."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from runaudit.model import RawSeries

NUMBER = re.compile(r"\s*[-+]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:e[-+]?\d+)?|nan|inf(?:inity)?)\s*", re.IGNORECASE | re.ASCII)
SPACE = re.compile(r"[\s,]*")
DEEPEST = 8

Record = tuple[int, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Entries:
    """The objects of a JSON list with the 1-based line of each; ``end`` is where the list ends in the text.

    ``broken`` is the line from which on the list could not be read, None if it is whole.
    """

    records: tuple[Record, ...]
    end: int
    broken: int | None = None


def decode_list(text: str, start: int) -> Entries:
    r"""Return the objects of the list whose bracket is at ``start``, as far as they are whole; never raises.

    >>> decode_list('[{"a": 1},\n {"a": NaN}, {"a"', 0)
    Entries(records=((1, {'a': 1}), (2, {'a': nan})), end=24, broken=2)
    """
    decoder = json.JSONDecoder()
    records: list[Record] = []
    line = text.count("\n", 0, start) + 1
    at = start + 1
    while True:
        here = SPACE.match(text, at)
        following = here.end() if here else at
        line += text.count("\n", at, following)
        at = following
        if text.startswith("]", at):
            return Entries(tuple(records), at + 1)
        try:
            entry, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            return Entries(tuple(records), at, broken=line)
        if isinstance(entry, dict):
            records.append((line, entry))
        line += text.count("\n", at, end)
        at = end


def load_object(line: str) -> dict[str, Any] | None:
    """Return the JSON object in a line, None if there is none; never raises."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def flatten(row: Mapping[str, Any], separator: str = "/", depth: int = 1) -> Iterator[tuple[str, Any]]:
    """Yield every value under its path of keys; what lies deeper than eight keys is left out.

    >>> dict(flatten({"train": {"loss": 1.0}, "step": 3}))
    {'train/loss': 1.0, 'step': 3}
    """
    for key, value in row.items():
        if not isinstance(value, dict):
            yield str(key), value
        elif depth < DEEPEST:
            yield from ((f"{key}{separator}{name}", v) for name, v in flatten(value, separator, depth + 1))


def as_number(value: object) -> float | None:
    """Return the number that a value is or spells, None for anything else; booleans are no numbers.

    >>> as_number(3), as_number("1e-3"), as_number("nan"), as_number("0:31"), as_number(True), as_number(None)
    (3.0, 0.001, nan, None, None, None)
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        try:
            return float(value)
        except OverflowError:
            return math.inf if value > 0 else -math.inf
    if isinstance(value, str) and NUMBER.fullmatch(value):
        return float(value)
    return None


@dataclass(slots=True)
class _Points:
    values: list[float] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)


def to_series(records: Iterable[Record]) -> tuple[tuple[RawSeries, ...], dict[str, int]]:
    """Return one series for each key that has a number in some record, and the line of each key with a list of numbers.

    A null is absent; text, booleans and lists are no points.
    """
    points: dict[str, _Points] = {}
    lists: dict[str, int] = {}
    for row, (line, record) in enumerate(records):
        nested = any(type(value) is dict for value in record.values())
        for name, value in flatten(record) if nested else record.items():
            number = value if type(value) is float else as_number(value)
            if number is None:
                if type(value) is list and value and as_number(value[0]) is not None:
                    lists.setdefault(name, line)
                continue
            if name not in points:
                points[name] = _Points()
            column = points[name]
            if not column.rows or column.rows[-1] != row:  # {"a": {"b": 1}, "a/b": 2} names one thing twice
                column.values.append(number)
                column.rows.append(row)
                column.lines.append(line)
    series = tuple(
        RawSeries(name, np.array(p.values), np.array(p.rows, dtype=np.int64), np.array(p.lines, dtype=np.int64))
        for name, p in points.items()
    )
    return series, lists


def all_names(records: Iterable[Record]) -> Iterator[str]:
    """Yield every flattened key of every record."""
    return (name for _, record in records for name, _ in flatten(record))
