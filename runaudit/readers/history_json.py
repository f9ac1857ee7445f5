"""Histories in JSON: an object with one list of numbers for each metric, as ``json.dump(history.history)`` writes it.

Keras' ``History.history`` and the ``training_history.json`` of many scripts, also nested: by split of the data, below
one wrapping key, or one history for each of several runs or folds.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from runaudit.errors import LogError
from runaudit.model import Note, RawLog, RawSeries
from runaudit.readers import Reader
from runaudit.readers._json import as_number, flatten
from runaudit.readers._table import require_metric
from runaudit.readers._text import read_text
from runaudit.readers._words import is_axis, is_companion, is_index, is_metric, sounds_like_log

NUMBERS = re.compile(r'"([^"\\]+)"\s*:\s*\[\s*(?:-?\d[\d.eE+-]*|-?Infinity|NaN|null)\s*,')
LISTS = re.compile(r"\[[^\[\]{}\"]*\]")
STRONG = re.compile(r"loss|acc|reward|return", re.IGNORECASE)
WRAPPER = re.compile(r"(?:train(?:ing)?_?)?(?:history|hist|logs?|metrics|results|curves|losses)", re.IGNORECASE)
SPLIT = re.compile(r"train(?:ing)?|val(?:id(?:ation)?)?|dev|eval(?:uation)?|test(?:ing)?", re.IGNORECASE)
RATE = re.compile(r"(?:.*[._])?(?:lr|learning_?rate)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Curve:
    """The numbers of one list: ``rows`` are their places in it, ``lines`` where they stand; ``size`` counts nulls."""

    values: Sequence[float]
    rows: Sequence[int]
    lines: Sequence[int]
    size: int


def claims(path: PurePosixPath, head: bytes) -> bool:
    """Say whether an object begins that has lists of numbers under names of training."""
    if path.suffix.lower() != ".json" or is_companion(path):
        return False
    text = head.decode("utf-8", errors="replace").lstrip("\ufeff \t\r\n")
    if not text.startswith("{"):
        return False
    named = {name for name in NUMBERS.findall(text) if is_metric(name) and not is_index(name)}
    return any(map(STRONG.search, named)) and (len(named) > 1 or sounds_like_log(path))


def read(path: Path) -> tuple[RawLog, ...]:
    """Return one log, or one for each of several histories of the same form; the rest of the object is its config.

    A list that is shorter by a whole factor was measured every so many entries of the longest, and stands at the last
    of them. Raises ``LogError`` if the file is cut off or has no list of numbers, and ``OSError``.
    """
    text, notes = read_text(path)
    try:
        content = json.loads(text)
    except RecursionError:
        raise LogError("the JSON is nested too deeply", line=1) from None
    except ValueError as error:
        line = min(getattr(error, "lineno", 1), text.count("\n") + 1)
        raise LogError("the JSON object is cut off or broken here", line=line) from None
    if not isinstance(content, dict):
        raise LogError("the file holds no JSON object", line=1)
    curves = dict(_curves(content, text))
    if not curves:
        raise LogError("no metric of the object is a list of numbers", kind="not-a-log")
    told_once = ((k, v) for k, v in flatten(content, separator=".") if isinstance(v, str | int | float))
    config = {k: v for k, v in told_once if not is_metric(k) or RATE.fullmatch(k)}
    logs: list[RawLog] = []
    for label, group in _runs(_unwrapped(curves)).items():
        series, told = _series(group, path)
        require_metric(group, series)
        logs.append(RawLog("history_json", series, config=config, notes=(*notes, *told), label=label))
    return tuple(logs)


def _curves(content: Mapping[str, Any], text: str) -> Iterator[tuple[str, _Curve]]:
    """Yield every list of two numbers or more under its path of keys."""
    flat = [(name, value) for name, value in flatten(content) if isinstance(value, list)]
    plain = list(LISTS.finditer(text))
    starts = [m.start() for m in plain] if len(plain) == len(flat) else [-1] * len(flat)
    line, at = 1, 0
    for (name, value), start in zip(flat, starts, strict=True):
        if start >= 0:
            line, at = line + text.count("\n", at, start), start
        numbers = [None if v is None else as_number(v) for v in value]
        if len(value) < 2 or any(n is None and v is not None for n, v in zip(numbers, value, strict=True)):
            continue
        lines = _lines(text, start, line, len(value)) if start >= 0 else [1] * len(value)
        kept = [i for i, n in enumerate(numbers) if n is not None]
        if kept:
            yield name, _Curve([numbers[i] or 0.0 for i in kept], kept, [lines[i] for i in kept], len(value))


def _lines(text: str, start: int, line: int, count: int) -> list[int]:
    """Return the line of each entry of the list that begins at ``start``."""
    lines: list[int] = []
    at = start + 1
    for _ in range(count):
        while at < len(text) and text[at].isspace():
            line += text[at] == "\n"
            at += 1
        lines.append(line)
        end = text.find(",", at)
        at = len(text) if end < 0 else end + 1
    return lines


def _unwrapped(curves: Mapping[str, _Curve]) -> dict[str, _Curve]:
    """Return the curves without a key that wraps all of them and says nothing, such as ``history``."""
    heads = {name.partition("/")[0] for name in curves}
    if len(heads) == 1 and all("/" in name for name in curves) and WRAPPER.fullmatch(next(iter(heads))):
        return _unwrapped({name.partition("/")[2]: curve for name, curve in curves.items()})
    return dict(curves)


def _runs(curves: Mapping[str, _Curve]) -> dict[str, dict[str, _Curve]]:
    """Return the histories by label, one with an empty label unless several keys hold metrics of the same names."""
    groups: dict[str, dict[str, _Curve]] = {}
    for name, curve in curves.items():
        head, _, inner = name.partition("/")
        if not inner or SPLIT.fullmatch(head) or is_metric(head):
            return {"": dict(curves)}
        groups.setdefault(head, {})[inner] = curve
    names = [frozenset(n for n in group if is_metric(n)) for group in groups.values()]
    if len(groups) < 2 or not frozenset.intersection(*names):
        return {"": dict(curves)}
    return {head: _unwrapped(group) for head, group in groups.items()}


def _series(curves: Mapping[str, _Curve], path: Path) -> tuple[tuple[RawSeries, ...], list[Note]]:
    longest = max((c.size for name, c in curves.items() if is_metric(name)), default=0)
    axes = {c.size for name, c in curves.items() if is_axis(name.rpartition("/")[2])}
    out: list[RawSeries] = []
    notes: list[Note] = []
    for name, curve in curves.items():
        if not (is_metric(name) or curve.size == longest or is_axis(name)):
            continue
        every = 1
        if curve.size < longest and curve.size not in axes:
            every = longest // curve.size if longest % curve.size == 0 else 1
            where = f"one for every {every} of the others" if every > 1 else "counted from the first"
            notes.append(Note(f"{name}: {curve.size} values beside {longest}: {where}", str(path), curve.lines[0]))
        rows = (np.array(curve.rows, dtype=np.int64) + 1) * every - 1
        out.append(
            RawSeries(name, np.array(curve.values, dtype=np.float64), rows, np.array(curve.lines, dtype=np.int64))
        )
    return tuple(out), notes


READER = Reader("history_json", "History as an object of lists (Keras)", claims, read, priority=20)
