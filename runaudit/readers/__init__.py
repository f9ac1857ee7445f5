"""One log format per file. A reader says whether a file is its own, and reads it into raw logs.

To add a format, add one module here with a ``READER``. Shared pieces live in modules that begin with an underscore.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath

from runaudit.model import RawLog
from runaudit.registry import collect

HEAD_BYTES = 4096


class Grouping(StrEnum):
    """How several files that a reader claims, and whose home is the same, make runs."""

    SEPARATE = "separate"  # each file is a run of its own
    PARTS = "parts"  # the files are parts of one run: one tag each, or one restart each
    COPIES = "copies"  # each file repeats the run so far: the longest is the run
    BESIDE = "beside"  # the files are no logs (weights): they belong to the run there, and make one only without it


def parent(path: PurePosixPath) -> PurePosixPath:
    """Return the folder of the file: the usual home of a run."""
    return path.parent


@dataclass(frozen=True, slots=True)
class Reader:
    """A log format.

    ``claims(path, head)`` says whether the file is of this format, from its path (only its name and parents may be
    looked at, the file is not opened) and its first 4 KiB; it never raises. ``read(path)`` gives the runs of the
    file, at least one; it repairs nothing in silence (notes), and raises ``LogError`` or ``OSError``. ``priority``
    decides who is asked first (highest): those who know a header before the generic ones. ``home(path)`` is the folder
    of the run that a file belongs to, relative to the audited root like ``path``.
    Several ``PARTS`` are merged by the loader: series of one name are joined by step, the later file winning.
    """

    name: str
    title: str
    claims: Callable[[PurePosixPath, bytes], bool]
    read: Callable[[Path], tuple[RawLog, ...]]
    priority: int = 0
    grouping: Grouping = Grouping.SEPARATE
    home: Callable[[PurePosixPath], PurePosixPath] = parent


def readers() -> list[Reader]:
    """Return every reader, the one to ask first first."""
    found = collect("runaudit.readers", "READER", Reader)
    return sorted(found.values(), key=lambda r: (-r.priority, r.name))
