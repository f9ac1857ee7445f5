"""Text logs -> the crashes that they show, as ``crashes.yaml`` describes them: the table ``crash`` of a run."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path, PurePosixPath

from runaudit.model import Run
from runaudit.readers._text import COLOUR
from runaudit.shipped import shipped
from runaudit.text import clean, shorten

CrashRow = Mapping[str, str | int | bool]

TABLE = "crash"
SUFFIXES = frozenset({".log", ".txt", ".out", ".err", ""})
BESIDE = frozenset({".log", ".out", ".err"})
TELLING = re.compile(r"(?:^|[_.-])(?:log|output|stdout|stderr|console|nohup|slurm|train(?:ing)?)(?![a-z])")
MOST_BYTES = 4_000_000  # a crash is the end of a log: of a longer one the end is searched
LONGEST = 2000  # letters of a line that are looked at
MOST_LINES = 400  # after a crash other processes still say that it happened
TRACE_LINES = 40  # and after an exception that nobody caught little more than that
WIDTH = 160
TRACEBACK = "traceback"
TRACE = "Traceback (most recent call last):"
RANK = re.compile(r"^(?:\[?(?:default|rank)\d*\]?:\s*|\d+: )")  # torchrun and srun write the process in front
RAISED = re.compile(r"^(?P<name>[A-Za-z_][\w.]*(?:Error|Exception|Interrupt|Exit|Timeout|Aborted))(?::|$)")


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """One crash of ``crashes.yaml``: the bytes that betray it, and the form of its line."""

    kind: str
    what: str
    cure: str
    find: tuple[bytes, ...]
    line: re.Pattern[str]
    by_hand: bool


@cache
def _known() -> tuple[Known, ...]:
    rows = shipped("crashes.yaml")
    return tuple(
        Known(
            row["kind"],
            row["what"],
            row["cure"],
            tuple(letters.encode() for letters in row["find"]),
            re.compile(row["line"]),
            row.get("by_hand", False),
        )
        for row in rows
    )


def may_tell(path: PurePosixPath) -> bool:
    """Say whether a file that no reader claims may be what a training printed, by its name.

    >>> [may_tell(PurePosixPath(n)) for n in ("slurm-12.out", "a/stderr.txt", "notes.txt", "a.csv")]
    [True, True, False, False]
    """
    suffix = path.suffix.lower()
    return suffix in BESIDE or (suffix in SUFFIXES and TELLING.search(path.stem.lower()) is not None)


def crashes_in(path: Path, rel: PurePosixPath) -> tuple[CrashRow, ...] | None:
    """Return the crashes that the text file shows, in its order, at most one of a kind; None if it cannot tell.

    A row has ``kind``, ``what`` (a sentence), ``cure``, ``line`` (1-based), ``text`` (that line, cleaned and
    shortened), ``path`` as reported, ``end`` (nothing but an echo of the crash comes after it) and ``by_hand``. Of a
    file above 4 MB the end is searched. A traceback counts where it is the end of the file. Binary files and such that
    cannot be opened give None.
    """
    if path.suffix.lower() not in SUFFIXES:
        return None
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):  # noqa: PTH116  one call, and a pipe is never opened
            return None
        with path.open("rb") as stream:
            size = stream.seek(0, os.SEEK_END)
            before = stream.seek(max(0, size - MOST_BYTES))
            data = stream.read(MOST_BYTES)
    except (OSError, ValueError):
        return None
    if b"\0" in data:
        return None
    found = _rows(data, rel)
    if before and found:
        skipped = _lines_before(path, before)
        found = tuple({**row, "line": int(row["line"]) + skipped} for row in found)
    return found


def with_crashes(run: Run, files: Mapping[str, Path]) -> Run:
    """Return the run with the table ``crash`` of its text logs, unchanged where none of the ``files`` is text.

    ``files`` has paths by the path as reported. A crash that values of the run follow in the same file is no end.
    """
    tables = [crashes_in(path, PurePosixPath(rel)) for rel, path in sorted(files.items())]
    if all(rows is None for rows in tables):
        return run
    last: dict[str, int] = {}
    for series in run.series.values():
        if len(series.lines):
            last[series.path] = max(last.get(series.path, 0), int(series.lines[-1]))
    rows: list[CrashRow] = []
    for row in (row for table in tables if table for row in table):
        survived = last.get(str(row["path"]), 0) > int(row["line"])
        if not (survived and row["kind"] == TRACEBACK):
            rows.append({**row, "end": row["end"] and not survived})
    return replace(run, tables={**run.tables, TABLE: tuple(rows)})


def said(rows: Sequence[CrashRow] | None) -> tuple[str, int] | None:
    """Return in a sentence what ended a program, and its line; None if nothing did."""
    ends = [row for row in rows or () if row["end"]]
    if not ends:
        return None
    row = next((row for row in ends if not row["by_hand"]), ends[0])
    return f"{row['what']} (line {row['line']}: {row['text']})", int(row["line"])


def _lines_before(path: Path, size: int) -> int:
    count = 0
    try:
        with path.open("rb") as stream:
            while size > 0 and (block := stream.read(min(size, MOST_BYTES))):
                count += block.count(b"\n")
                size -= len(block)
    except OSError:
        return 0
    return count


def _rows(data: bytes, rel: PurePosixPath) -> tuple[CrashRow, ...]:
    total = data.count(b"\n") + (not data.endswith(b"\n"))
    first: dict[str, tuple[int, str, Known]] = {}
    for known in _known():
        at = _first(data, known)
        if at is not None:
            first[known.kind] = (*at, known)
    rows = [_row(known.kind, known.what, known.cure, line, text, total, rel, by_hand=known.by_hand)
            for line, text, known in first.values()]  # fmt: skip
    trace = _traceback(data, total)
    if trace is not None and not any(_near(row, trace[0]) for row in rows):
        line, text = trace
        what = "the program ended with an exception that nobody caught"
        rows.append(_row(TRACEBACK, what, "the lines above it say where it was raised", line, text, total, rel))
    return tuple(sorted(rows, key=lambda row: int(row["line"])))


def _row(
    kind: str, what: str, cure: str, line: int, text: str, total: int, rel: PurePosixPath, *, by_hand: bool = False
) -> CrashRow:
    return {
        "kind": kind,
        "what": what,
        "cure": cure,
        "line": line,
        "text": shorten(clean(text), WIDTH, "..."),
        "path": str(rel),
        "end": total - line <= MOST_LINES,
        "by_hand": by_hand,
    }


def _near(row: CrashRow, line: int) -> bool:
    return abs(int(row["line"]) - line) <= MOST_LINES


def _first(data: bytes, known: Known) -> tuple[int, str] | None:
    """Return the 1-based line and the text of the first message of that kind among the last of the file, else of all.

    What an earlier run wrote into the same file, or the program survived, must not hide what ended it.
    """
    lines = sorted({start for letters in known.find for start in _starts(data, letters)})
    found = [(start, text) for start in lines if known.line.search(text := _text(data, start))]
    if not found:
        return None
    numbers, number, at = [], 1, 0
    for start, _ in found:
        number += data.count(b"\n", at, start)
        at = start
        numbers.append(number)
    last = next(i for i, n in enumerate(numbers) if numbers[-1] - n <= MOST_LINES)
    return numbers[last], found[last][1]


def _starts(data: bytes, letters: bytes) -> list[int]:
    """Return where the lines begin that hold the letters."""
    starts = []
    at = data.find(letters)
    while at >= 0:
        starts.append(data.rfind(b"\n", 0, at) + 1)
        end = data.find(b"\n", at)
        at = data.find(letters, end) if end >= 0 else -1
    return starts


def _text(data: bytes, start: int) -> str:
    """Return the line that begins at ``start`` without colours and the number of its process."""
    end = data.find(b"\n", start, start + LONGEST)
    line = data[start : end if end >= 0 else start + LONGEST].decode("utf-8", "replace").rstrip("\r")
    line = COLOUR.sub("", line.rpartition("\r")[2])
    return RANK.sub("", line).strip()


def _traceback(data: bytes, total: int) -> tuple[int, str] | None:
    """Return the line and text of the exception that a traceback at the end of the file names, None without one."""
    at = data.rfind(TRACE.encode())
    if at < 0:
        return None
    line = data.count(b"\n", 0, at) + 1
    if total - line > MOST_LINES:
        return None
    for number, raw in enumerate(data[at:].split(b"\n"), start=line):
        text = _text(raw, 0)
        if RAISED.match(text):
            return (number, text) if total - number <= TRACE_LINES else None
    return None
