"""Paths -> the files below them, in sorted order, each with the reader that claims it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath

from runaudit.errors import UsageError
from runaudit.load.companions import is_companion
from runaudit.model import Unreadable
from runaudit.readers import HEAD_BYTES, Reader, readers

SKIPPED_FOLDERS = frozenset({"node_modules", "__pycache__", "site-packages"})
TABLE_SUFFIXES = frozenset({".csv", ".tsv", ".jsonl", ".ndjson", ".tfevents", ".wandb"})
LOG_SUFFIXES = TABLE_SUFFIXES | {".log", ".txt", ".out", ".json"}


@dataclass(frozen=True, slots=True)
class Found:
    """A file: where it is, and its path relative to the audited root. ``named``: the user gave its path."""

    path: Path
    rel: PurePosixPath
    named: bool


@dataclass(frozen=True, slots=True)
class Claimed:
    """A file and the reader that takes it."""

    file: Found
    reader: Reader


@dataclass(frozen=True, slots=True)
class Ignored:
    """A file that no reader claims; ``companion``: its name is that of a configuration beside a log."""

    file: Found
    companion: bool


def common_root(paths: Sequence[Path]) -> Path:
    """Return the audited root: the folder, the parent of a file, the common parent of several paths.

    Raises ``UsageError`` with every path that does not exist, and if there is none at all.
    """
    missing = [f"{path}: no such file or folder" for path in paths if not os.path.lexists(path)]
    if missing or not paths:
        raise UsageError(*(missing or ["no path given"]))
    homes = [os.path.abspath(path if path.is_dir() else path.parent) for path in paths]  # noqa: PTH100  keeps symlinks
    try:
        return Path(os.path.commonpath(homes))
    except ValueError:
        raise UsageError("the paths lie on different drives: audit them one by one") from None


def discover_files(paths: Sequence[Path], root: Path) -> Iterator[Claimed | Ignored | Unreadable]:
    """Yield every file at or below ``paths``, folders in sorted order, a file given twice only once.

    Hidden files and folders, caches and package folders are passed over. Symbolic links are followed, but not into
    a folder that is or will be walked anyway.
    """
    tops = [Path(os.path.abspath(path)) for path in paths]  # noqa: PTH100  keeps symlinks
    walk = _Walk(root, [os.path.realpath(top) for top in tops])
    for top in tops:
        if top.is_dir():
            yield from walk.folder(str(top))
        else:
            yield from walk.file(str(top), named=True)


class _Walk:
    """One walk over the tops; remembers what it has seen."""

    def __init__(self, root: Path, tops: list[str]) -> None:
        self.root = str(root)
        self.tops = tops
        self.files: set[str] = set()
        self.folders: set[str] = set()

    def folder(self, top: str) -> Iterator[Claimed | Ignored | Unreadable]:
        """Yield what lies at or below ``top``: first the files of a folder, then its folders, each sorted by name."""
        stack = [top]
        while stack:
            folder = stack.pop()
            real = os.path.realpath(folder)
            if real in self.folders:
                continue
            self.folders.add(real)
            try:
                with os.scandir(folder) as scan:
                    entries = sorted(scan, key=lambda e: e.name)
            except OSError as error:
                yield Unreadable(self.relative(folder), explain(error), "corrupt")
                continue
            below: list[str] = []
            for entry in entries:
                if entry.name.startswith(".") or (entry.is_symlink() and self.walked_anyway(entry.path)):
                    continue
                if not entry.is_dir():
                    yield from self.file(entry.path, named=False)
                elif entry.name not in SKIPPED_FOLDERS:
                    below.append(entry.path)
            stack.extend(reversed(below))

    def file(self, path: str, *, named: bool) -> Iterator[Claimed | Ignored | Unreadable]:
        """Yield the one file, unless it was seen before."""
        if path not in self.files:
            self.files.add(path)
            yield classify(Found(Path(path), PurePosixPath(self.relative(path)), named))

    def walked_anyway(self, link: str) -> bool:
        """Say whether the target of a link lies in one of the tops, where it is found under its own name."""
        real = os.path.realpath(link)
        return any(real == top or real.startswith(top.rstrip(os.sep) + os.sep) for top in self.tops)

    def relative(self, path: str) -> str:
        """Return the path relative to the audited root in posix form, ``.`` for the root."""
        posix = Path(os.path.relpath(path, self.root)).as_posix()
        return os.fsencode(posix).decode("utf-8", "replace")  # a name in no encoding must not break the report


def classify(file: Found) -> Claimed | Ignored | Unreadable:
    """Return the reader of a file, chosen by its path and first bytes, or why it gives nothing."""
    suffix = file.path.suffix.lower()
    rel = str(file.rel)
    try:
        mode = file.path.stat().st_mode
        if not stat.S_ISREG(mode):
            if file.named:
                return Unreadable(rel, "it is no regular file (a pipe, socket or device)", "not-a-log")
            return Ignored(file, companion=False)
        with file.path.open("rb") as stream:
            head = stream.read(HEAD_BYTES)
    except OSError as error:
        if file.named or suffix in LOG_SUFFIXES or "tfevents" in file.path.name:
            return Unreadable(rel, explain(error), "corrupt")
        return Ignored(file, companion=False)
    companion = is_companion(file.path.name)
    reader = None if companion and not file.named else _reader_of(file.rel, head)
    if reader is not None:
        return Claimed(file, reader)
    if not head and (file.named or suffix in TABLE_SUFFIXES or "tfevents" in file.path.name):
        return Unreadable(rel, "the file is empty", "corrupt")
    if file.named:
        return Unreadable(rel, "no reader knows this format", "not-a-log")
    return Ignored(file, companion)


@cache
def _readers() -> tuple[Reader, ...]:
    return tuple(readers())


def _reader_of(rel: PurePosixPath, head: bytes) -> Reader | None:
    return next((reader for reader in _readers() if reader.claims(rel, head)), None)


def explain(error: OSError) -> str:
    """Return the reason of an operating system error without the path, in lower case.

    >>> explain(PermissionError(13, "Permission denied", "secret.csv"))
    'permission denied'
    """
    text = error.strerror or str(error) or type(error).__name__
    return text[:1].lower() + text[1:]
