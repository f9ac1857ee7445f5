"""Paths -> the files below them and in archives, in sorted order, each with the reader that claims it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path, PurePosixPath

from runaudit.errors import UsageError
from runaudit.load.companions import is_companion
from runaudit.load.contents import SKIPPED_FOLDERS, contents, is_container, readable
from runaudit.load.found import TABLE_SUFFIXES, Claimed, Found, Ignored, explain, named_like_a_log
from runaudit.load.packed import plain
from runaudit.load.unpack import through
from runaudit.model import Unreadable
from runaudit.readers import HEAD_BYTES, Reader, readers
from runaudit.readers._text import foreign_content, head_lines
from runaudit.readers._words import sounds_like_log

__all__ = ["Claimed", "Found", "Ignored", "common_root", "discover_files", "explain"]

STORES = {
    ".aim": "an Aim store, whose curves lie in RocksDB files that runaudit does not read: `aim runs ls` names its "
    "runs, Aim's Python SDK exports them (`aim.Repo(path).query_metrics()`)",
    ".neptune": "Neptune's queue of what is to be sent to its servers, which runaudit does not read",
    ".cometml-runs": "Comet's offline runs, which runaudit does not read: `comet upload` sends their zips to Comet, "
    "whose API gives the curves",
}
"""Hidden folders in which runs lie that cannot be read: they are not passed over in silence."""
TEXT_TABLES = frozenset({".csv", ".tsv", ".jsonl", ".ndjson"})


def common_root(paths: Sequence[Path]) -> Path:
    """Return the audited root: the folder, the parent of a file, the common parent of several paths.

    Raises ``UsageError`` with every path that does not exist or may not be looked at, and if there is none at all.
    """
    missing = [f"{path}: {reason}" for path in paths if (reason := _missing(path))]
    if missing or not paths:
        raise UsageError(*(missing or ["no path given"]))
    homes = [os.path.abspath(path if path.is_dir() else path.parent) for path in paths]  # noqa: PTH100  keeps symlinks
    try:
        return Path(os.path.commonpath(homes))
    except ValueError:
        raise UsageError("the paths lie on different drives: audit them one by one") from None


def _missing(path: Path) -> str:
    """Return why there is nothing at a path, "" if there is something, a broken link included."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return "no such file or folder"
    except (OSError, ValueError) as error:  # a name with a zero byte is a ValueError
        return explain(error)
    return ""


def discover_files(paths: Sequence[Path], root: Path) -> Iterator[Claimed | Ignored | Unreadable]:
    """Yield every file at or below ``paths``, folders in sorted order, a file given twice only once.

    Hidden files and folders, caches and package folders are passed over, but for the stores of trackers. Symbolic links
    are followed, but not into a folder that is or will be walked anyway.
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
            store = STORES.get(os.path.basename(folder))  # noqa: PTH119  called for every folder of a large tree
            if store:
                yield Unreadable(self.relative(folder), store, "not-a-log")
                continue
            try:
                with os.scandir(folder) as scan:
                    entries = sorted(scan, key=lambda e: e.name)
            except OSError as error:
                yield Unreadable(self.relative(folder), explain(error), "corrupt")
                continue
            below: list[str] = []
            for entry in entries:
                hidden = entry.name.startswith(".") and not (entry.name in STORES and _is_folder(entry))
                if hidden or (entry.is_symlink() and self.walked_anyway(entry.path)):
                    continue
                if not _is_folder(entry):
                    yield from self.file(entry.path, named=False)
                elif entry.name not in SKIPPED_FOLDERS:
                    below.append(entry.path)
            stack.extend(reversed(below))

    def file(self, path: str, *, named: bool) -> Iterator[Claimed | Ignored | Unreadable]:
        """Yield the one file, unless it was seen before."""
        if path not in self.files:
            self.files.add(path)
            file = Found(Path(path), PurePosixPath(self.relative(path)), named)
            yield from contents(file, _judged) if is_container(path) else classify(file)

    def walked_anyway(self, link: str) -> bool:
        """Say whether the target of a link lies in one of the tops, where it is found under its own name.

        A broken link has no target: it is looked at, and said to be broken.
        """
        real = os.path.realpath(link)
        inside = any(real == top or real.startswith(top.rstrip(os.sep) + os.sep) for top in self.tops)
        return inside and os.path.exists(link)  # noqa: PTH110  False where Path.exists would raise

    def relative(self, path: str) -> str:
        """Return the path relative to the audited root in posix form, ``.`` for the root."""
        posix = Path(os.path.relpath(path, self.root)).as_posix()
        return readable(posix)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Say whether an entry is a folder; a link in a circle or to a forbidden place is not."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def classify(file: Found) -> Iterator[Claimed | Ignored | Unreadable]:
    """Yield the reader of a file, chosen by its path and first bytes, or why it gives nothing.

    Before it comes an ``Unreadable`` for each reader whose ``claims`` raised: a defect of that reader.
    """
    rel = str(file.rel)
    companion = is_companion(file.path.name) and not file.named
    try:
        if not stat.S_ISREG(file.path.stat().st_mode):
            if file.named:
                yield Unreadable(rel, "it is no regular file (a pipe, socket or device)", "not-a-log")
            else:
                yield Ignored(file, companion=False)
            return
        with file.path.open("rb") as stream:
            head = stream.read(HEAD_BYTES)
    except OSError as error:
        if not companion and (file.named or named_like_a_log(file.path.name)):
            broken = isinstance(error, FileNotFoundError) and file.path.is_symlink()
            yield Unreadable(rel, "the link leads to nothing" if broken else explain(error), "corrupt")
        else:
            yield Ignored(file, companion)  # the folder of configurations says why it gives nothing
        return
    yield from _judged(file, head)


def _judged(file: Found, head: bytes) -> Iterator[Claimed | Ignored | Unreadable]:
    """Yield the reader of a file by its path, without the suffix of a compression, and its first bytes."""
    name = plain(file.rel.name)
    if is_companion(name) and not file.named:
        yield Ignored(file, companion=True)
        return
    rel = str(file.rel)
    seen_as = file.rel if name == file.rel.name else file.rel.with_name(name)
    reader, failed = _reader_of(seen_as, head)
    yield from (Unreadable(rel, reason, "corrupt") for reason in failed)
    if reader is not None:
        yield Claimed(file, through(reader))
    elif reason := _damage(file.named, seen_as, head):
        yield Unreadable(rel, reason, "corrupt")
    elif file.named and not failed:
        yield Unreadable(rel, "no reader knows this format", "not-a-log")
    elif not failed:
        yield Ignored(file, companion=False)


def _damage(named: bool, path: PurePosixPath, head: bytes) -> str:
    """Return why a file whose name promises a log cannot be one, "" if nothing speaks against it."""
    suffix = path.suffix.lower()
    if not head.strip():
        expected = named or suffix in TABLE_SUFFIXES or "tfevents" in path.name
        return ("the file holds only blanks" if head else "the file is empty") if expected else ""
    foreign = foreign_content(head)
    if foreign:
        return foreign if named or (suffix in TEXT_TABLES and sounds_like_log(path)) else ""
    binary = suffix in TEXT_TABLES and not head_lines(head)
    return "the file is binary (zero bytes), not text" if binary else ""


@cache
def _readers() -> tuple[Reader, ...]:
    return tuple(readers())


def _reader_of(rel: PurePosixPath, head: bytes) -> tuple[Reader | None, list[str]]:
    """Return the first reader that claims a file, and a sentence for each reader that failed to say."""
    failed: list[str] = []
    for reader in _readers():
        try:
            if reader.claims(rel, head):
                return reader, failed
        except Exception as error:  # noqa: BLE001  a reader is a plug-in: its defect must not stop the others
            failed.append(f"the {reader.name} reader failed to look at it: {type(error).__name__}: {error}")
    return None, failed
