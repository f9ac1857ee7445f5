"""Lines of nanoGPT and its relatives: a step, then names with numbers.

Written from nanoGPT's source and public logs; the samples are printed by a copy of its line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import numpy as np

from runaudit.errors import LogError
from runaudit.model import Note, RawLog, RawSeries
from runaudit.readers import Reader
from runaudit.readers._text import head_lines, numbered_lines, read_text, to_number
from runaudit.readers._words import is_metric

SUFFIXES = {".txt", ".log", ".out", ".err", ""}
LONGEST = 10_000  # letters of a line that are looked at
FLAGS = re.IGNORECASE | re.ASCII
FLOAT = r"[-+]?(?:\d+\.?\d*(?:e[-+]?\d+)?|\.\d+(?:e[-+]?\d+)?|nan|inf(?:inity)?)"
PREFIX = r"\s*(?:\[[^\]]{0,80}\]\s*|\d{2,4}[-/:]\S{1,40}\s+|(?:INFO|DEBUG)\S{0,20}\s+|[-|]\s+)*"
WORD = r"(?:global[ _]|train[ _])?(?:step|iter|iteration)\b|diag\b|s(?=:\d+ (?:tel|trl|eval):)"
STEP = re.compile(
    rf"{PREFIX}(?:{WORD})[ :=#\[]*(?P<step>\d{{1,15}})(?: */ *\d+)?\]?(?=[\s:,|)]|$)",
    FLAGS,
)
NAME = r"(?<!\w)[a-z_][\w/.()-]{0,60}(?: [a-z_][\w/.()-]{0,60}){0,3}?"
PAIR = re.compile(rf"(?P<name>{NAME}) *[:=]? *(?P<value>{FLOAT})(?P<unit>[a-z/%]*)(?![\w./])", FLAGS)
LAYER = re.compile(r"\blayer[ :=]+(?P<layer>[\w./-]+)", FLAGS)
TRIPLE = re.compile(rf"(?P<step>\d{{1,15}}) (?P<name>train|val|hella|eval|test) (?P<value>{FLOAT})", FLAGS)
BEFORE = re.compile(rf"(?P<name>validation loss|HellaSwag accuracy): (?:\d+/\d+=)?(?P<value>{FLOAT})\s*$", re.ASCII)
PARAMETERS = re.compile(r"number of parameters: *(?P<count>\d[\d,]*(?:\.\d+)?) *(?P<unit>[KMB]?)\b", re.ASCII)
OVERRIDING = re.compile(r"Overriding: (?P<key>\w+) = (?P<value>.+)")
SIGNS = ("tokens per iteration will be:", "total desired batch size:", "code = f.read()")
PLAIN_NAMES = {"train": "train loss", "val": "val loss", "test": "test loss", "trl": "train loss", "tel": "val loss"}
TIMES = re.compile(r"(?:train[_ ])?(?:time|dt|step|iter|data(?:_time)?|step_time|iter_time)", FLAGS)
SCALES = {"": 1.0, "K": 1e3, "M": 1e6, "B": 1e9}


def claims(path: PurePosixPath, head: bytes) -> bool:
    """Say whether lines of the head begin with a step and go on with a metric or a time, or such a script began."""
    if path.suffix.lower() not in SUFFIXES:
        return False
    lines = head_lines(head)
    if any(sign in line for line in lines for sign in SIGNS):
        return True
    hits = sum(map(_looks_right, lines))
    return hits >= 2 or (hits == 1 and len(lines) < 5)


def read(path: Path) -> tuple[RawLog, ...]:
    """Return every name with its own step axis; of numbers with a unit only times are kept, as ``time (ms)``.

    Raises ``LogError`` if no line has a step and a number.
    """
    text, notes = read_text(path)
    found = _Found()
    for number, line in numbered_lines(text):
        found.take(number, line)
    if not found.points:
        raise LogError("no line with a step and a named number", kind="not-a-log")
    if found.long:
        what = f"{len(found.long)} lines are" if len(found.long) > 1 else "1 line is"
        notes = (*notes, Note(f"{what} longer than {LONGEST:,} letters, read up to there", str(path), found.long[0]))
    return (RawLog("nanogpt_text", found.series(), config=found.config, notes=notes),)


@dataclass(slots=True)
class _Points:
    steps: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)


class _Found:
    """Collects the points line by line."""

    def __init__(self) -> None:
        self.points: dict[str, _Points] = {}
        self.config: dict[str, float | str] = {}
        self.waiting: list[tuple[int, str, float]] = []
        self.long: list[int] = []
        self.row = 0

    def take(self, number: int, line: str) -> None:
        """Take what a line says, of a long one the beginning."""
        if len(line) > LONGEST:
            line = line[:LONGEST]
            if STEP.match(line):
                self.long.append(number)
        triple = TRIPLE.fullmatch(line.strip()) if line[:1].isdigit() else None
        if triple:
            name = triple["name"].lower()
            self._add(int(triple["step"]), number, {PLAIN_NAMES.get(name, name): float(triple["value"])})
            return
        pairs = _pairs(line)
        if pairs:
            step, values = pairs
            for at, name, value in self.waiting:  # printed just before the step that it belongs to
                self._add(step, at, {name: value})
            self.waiting = []
            self._add(step, number, values)
        else:
            self._other(number, line)

    def series(self) -> tuple[RawSeries, ...]:
        """Return the series. Beside a loss per step, ``train loss`` is one measured in evaluation mode."""
        both = "loss" in self.points and "train loss" in self.points
        names = {"train loss": "train loss (eval)"} if both else {}
        return tuple(
            RawSeries(
                names.get(name, name),
                np.array(p.values, dtype=np.float64),
                np.array(p.rows, dtype=np.int64),
                np.array(p.lines, dtype=np.int64),
                steps=np.array(p.steps, dtype=np.float64),
            )
            for name, p in self.points.items()
        )

    def _add(self, step: int, line: int, values: dict[str, float]) -> None:
        for name, value in values.items():
            points = self.points.setdefault(name, _Points())
            points.steps.append(step)
            points.values.append(value)
            points.rows.append(self.row)
            points.lines.append(line)
        self.row += 1

    def _other(self, number: int, line: str) -> None:
        before = BEFORE.match(line)
        if before:
            self.waiting.append((number, before["name"], float(before["value"])))
            return
        parameters = PARAMETERS.search(line)
        if parameters:
            count = float(parameters["count"].replace(",", "")) * SCALES[parameters["unit"]]
            self.config["n_params"] = round(count)
        override = OVERRIDING.match(line)
        if override:
            self.config[override["key"]] = _plain(override["value"].strip())


def _pairs(line: str) -> tuple[int, dict[str, float]] | None:
    """Return the step of a line and its numbers by name, None if it does not begin with a step or has no number."""
    start = STEP.match(line)
    if start is None:
        return None
    rest = line[start.end() :]
    layer = LAYER.search(rest)
    ending = f"/{layer['layer']}" if layer else ""
    values: dict[str, float] = {}
    for pair in PAIR.finditer(rest.replace(layer.group(), "", 1) if layer else rest):
        if pair["unit"] in {"", "%"}:
            name = PLAIN_NAMES.get(pair["name"], pair["name"]) + ending
            values.setdefault(name, float(pair["value"]))
        elif pair["unit"].lower() in {"ms", "s"} and TIMES.fullmatch(pair["name"]):
            values.setdefault(f"{pair['name']} ({pair['unit'].lower()})", float(pair["value"]))
    return (int(start["step"]), values) if values else None


def _looks_right(line: str) -> bool:
    """Say whether the line has a step and then a metric or a time."""
    line = line[:LONGEST]
    start = STEP.match(line)
    if start is None:
        return TRIPLE.fullmatch(line.strip()) is not None
    names = [pair["name"] for pair in PAIR.finditer(line[start.end() :])]
    return any(name in PLAIN_NAMES or is_metric(name) or "time" in name for name in names)


def _plain(text: str) -> float | str:
    try:
        number = to_number(text)
    except ValueError:
        number = None
    return text.strip("'\"") if number is None else number


READER = Reader("nanogpt_text", "nanoGPT and other lines of step and numbers", claims, read, priority=30)
