"""Sacred's folder of a run: ``metrics.json`` with steps, times and values of each metric, and ``run.json``.

Written by sacred 0.8.1 (in the wild), 0.8.4 and 0.8.7. The configuration is the ``config.json`` beside them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from runaudit.errors import LogError
from runaudit.model import FloatArray, IntArray, Note, RawLog, RawSeries
from runaudit.readers import Grouping, Reader
from runaudit.readers._json import as_number
from runaudit.readers._text import read_text
from runaudit.readers._words import listed

FIRST = re.compile(rb'\s*\{\s*"(?:[^"\\]|\\.)+"\s*:\s*\{\s*"(?:steps|timestamps|values)"\s*:\s*\[')
RUN = re.compile(rb'\s*\{\s*"artifacts"\s*:\s*\[')
SPACE = re.compile(r"[\s,:]*")
LISTS = ("steps", "values")
BADLY = {"FAILED", "INTERRUPTED", "DIED", "TIMEOUT", "RUNNING"}


def claims(path: PurePosixPath, head: bytes) -> bool:
    """Say whether the file maps metrics to steps, times and values, or is Sacred's description of a run."""
    if path.suffix.lower() != ".json":
        return False
    return FIRST.match(head) is not None or (path.name == "run.json" and RUN.match(head) is not None)


def read(path: Path) -> tuple[RawLog, ...]:
    """Return the metrics, each with its own steps; of ``run.json`` a note about how the run ended.

    A file that is cut off gives the metrics that are whole, with a note. Raises ``LogError`` if none is, and for a
    ``run.json`` without metrics beside it; ``OSError``.
    """
    if path.name == "run.json":
        return (_read_run(path),)
    text, repairs = read_text(path)
    notes = list(repairs)
    metrics: list[_Metric] = []
    empty: dict[str, list[str]] = {}
    members = _Members(text)
    for name, value, at in members:
        metric = _metric(name, value, text, at)
        if isinstance(metric, _Metric):
            metrics.append(metric)
        else:
            empty.setdefault(metric, []).append(name)
    notes += [Note(f"{listed(names, most=3)}: {why}, left out", str(path)) for why, names in empty.items()]
    broken = None if members.broken is None else text.count("\n", 0, members.broken) + 1
    if not metrics:
        if broken is not None:
            raise LogError("the file is cut off or no JSON, before the end of its first metric", line=broken)
        what = f"no metric has steps with numbers: {listed(name for names in empty.values() for name in names)}"
        raise LogError(what if empty else "a Sacred file without any metric", kind="not-a-log")
    if broken is not None:
        notes.append(Note(f"the file is cut off or broken from here, {len(metrics)} metrics read", str(path), broken))
    notes += [Note(metric.remark, str(path)) for metric in metrics if metric.remark]
    return (RawLog("sacred", tuple(_series(metrics)), notes=tuple(notes)),)


@dataclass(frozen=True, slots=True, eq=False)
class _Metric:
    """One metric: (n,) steps, values, lines and times; a time is text that sorts as time does."""

    name: str
    steps: FloatArray
    values: FloatArray
    lines: IntArray
    times: tuple[str, ...]
    remark: str = ""


class _Members:
    """The members of the object that a text holds, as far as they are whole; ``broken`` is where that ends."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.broken: int | None = None

    def __iter__(self) -> Iterator[tuple[str, Any, int]]:
        """Yield key, value, and where the value begins."""
        decoder, text = json.JSONDecoder(), self.text
        at = self._after_space(0)
        if not text.startswith("{", at):
            self.broken = at
            return
        at = self._after_space(at + 1)
        while not text.startswith("}", at):
            try:
                key, end = decoder.raw_decode(text, at)
                begin = self._after_space(end)
                value, end = decoder.raw_decode(text, begin)
            except (ValueError, RecursionError):
                self.broken = at
                return
            yield str(key), value, begin
            at = self._after_space(end)

    def _after_space(self, at: int) -> int:
        found = SPACE.match(self.text, at)
        return found.end() if found else at


def _metric(name: str, value: object, text: str, at: int) -> _Metric | str:
    """Return a metric, or why it is none."""
    if not isinstance(value, Mapping) or any(not isinstance(value.get(key), list) for key in LISTS):
        return "no lists of steps and values"
    steps, values = value["steps"], value["values"]
    times = value.get("timestamps")
    count = min(len(steps), len(values))
    points = [(as_number(steps[i]), _number(values[i])) for i in range(count)]
    good = [i for i, (step, number) in enumerate(points) if step is not None and number is not None]
    if not good:
        return "no step with a number"
    blank = sum(values[i] is None for i in range(count))
    lost = max(len(steps), len(values)) - len(good) - blank
    lines = _lines(text, at, len(values))
    return _Metric(
        name,
        np.array([points[i][0] for i in good], dtype=np.float64),
        np.array([points[i][1] for i in good], dtype=np.float64),
        np.array([lines[i] for i in good], dtype=np.int64),
        tuple(str(times[i]) for i in good) if isinstance(times, list) and len(times) >= count else (),
        f"{name}: {lost} steps or values lack the other or are no numbers, left out" if lost else "",
    )


def _number(value: object) -> float | None:
    """Return a number, also of numpy as jsonpickle writes it, None for anything else."""
    if isinstance(value, Mapping) and "py/object" in value:
        value = value.get("value")
    return as_number(value)


def _lines(text: str, at: int, count: int) -> range | list[int]:
    """Return the 1-based line of each value where each has one of its own, as Sacred writes them, else zeros."""
    start = text.find('"values"', at)
    start, end = text.find("[", start), text.find("]", start)
    if start < 0 or text.count("\n", start, end) != count + 1:
        return [0] * count
    first = text.count("\n", 0, start) + 2
    return range(first, first + count)


def _series(metrics: list[_Metric]) -> Iterator[RawSeries]:
    """Yield the series; rows count the values of all metrics in the order of their times, where all have one."""
    times = [time for metric in metrics for time in metric.times]
    ranks = np.zeros(0, dtype=np.int64)
    if len(times) == sum(len(metric.values) for metric in metrics):
        ranks = np.empty(len(times), dtype=np.int64)
        ranks[np.argsort(np.array(times), kind="stable")] = np.arange(len(times))
    start = 0
    for metric in metrics:
        rows = ranks[start : start + len(metric.values)]
        start += len(metric.values)
        if not len(rows) or np.any(np.diff(rows) <= 0):
            rows = np.arange(len(metric.values), dtype=np.int64)
        yield RawSeries(metric.name, metric.values, rows, metric.lines, steps=metric.steps)


def _read_run(path: Path) -> RawLog:
    """Return how the run ended, as a note."""
    if not (path.parent / "metrics.json").exists():
        raise LogError("a Sacred run without metrics.json: the program logged no metric", kind="not-a-log")
    text, notes = read_text(path)
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        return RawLog("sacred", (), notes=(*notes, Note("the file is broken, it says nothing", str(path))))
    status, trace = content.get("status"), content.get("fail_trace")
    if status not in BADLY:
        return RawLog("sacred", (), notes=notes)
    lines = [str(line).strip() for line in trace if str(line).strip()] if isinstance(trace, list) else []
    why = f": {' '.join(lines[-1].split())[:200]}" if lines else ""
    return RawLog("sacred", (), notes=(*notes, Note(f"Sacred says that the run is {status}{why}", str(path))))


READER = Reader("sacred", "Sacred run folder", claims, read, priority=85, grouping=Grouping.PARTS)
