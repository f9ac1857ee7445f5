"""What lies in a compressed file or an archive: its members as files, each with the reader that claims it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import PurePosixPath

from runaudit.errors import LogError
from runaudit.load.found import Claimed, Found, Ignored, explain, named_like_a_log
from runaudit.load.packed import archived, plain
from runaudit.load.unpack import Entry, entries
from runaudit.model import Unreadable

SKIPPED_FOLDERS = frozenset({"node_modules", "__pycache__", "site-packages", "__MACOSX"})

Item = Claimed | Ignored | Unreadable
Judge = Callable[[Found, bytes], Iterable[Item]]


def is_container(path: str) -> bool:
    """Say whether the name of the file is that of a compressed file or an archive."""
    name = os.path.basename(path)  # noqa: PTH119  called for every file of a large tree
    return archived(name) or plain(name) != name


def contents(container: Found, judge: Judge) -> Iterator[Item]:
    """Yield what a compressed file holds, under its own path, or the members of an archive, below its path."""
    items: dict[PurePosixPath, list[Item]] = {}
    twice: list[Unreadable] = []
    fault: LogError | None = None
    try:
        for entry in entries(container.path):
            rel = PurePosixPath(container.rel, *map(readable, entry.parts))
            if rel in items:
                twice.append(Unreadable(str(rel), "the archive holds this name twice: the last counts", "not-a-log"))
            items[rel] = list(_member(container, rel, entry, judge))
    except LogError as error:
        fault = error
    except OSError as error:
        fault = LogError(explain(error))
    found = [item for rel in sorted(items, key=_walked) for item in items[rel]]
    if all(isinstance(item, Ignored) for item in found):
        yield _without_log(container, fault)
        return
    yield from (*found, *twice)
    if fault is not None:
        yield Unreadable(str(container.rel), fault.reason, "corrupt")


def readable(name: str) -> str:
    """Return a name that can be printed: one in no encoding must not break the report."""
    return os.fsencode(name).decode("utf-8", "replace")


def _member(container: Found, rel: PurePosixPath, entry: Entry, judge: Judge) -> Iterator[Item]:
    """Yield what is known of a file in a container; a fault counts where its name is that of a log."""
    file = Found(container.path.joinpath(*entry.parts), rel, container.named and not entry.parts)
    hidden = any(part.startswith(".") and part[:2] != ".." for part in entry.parts)
    if hidden or not SKIPPED_FOLDERS.isdisjoint(entry.parts):
        yield Ignored(file, companion=False)
        return
    found = list(judge(file, entry.head)) if entry.head or entry.fault is None else []
    like = file.named or archived(rel.name) or named_like_a_log(plain(rel.name))
    if entry.fault is not None and like and not any(isinstance(item, Claimed) for item in found):
        found = [Unreadable(str(rel), entry.fault.reason, entry.fault.kind)]
    yield from found or [Ignored(file, companion=False)]


def _without_log(container: Found, fault: LogError | None) -> Item:
    """Return what to say of a container in which no log was found."""
    name = container.path.name
    if fault is not None and (container.named or archived(name) or named_like_a_log(plain(name))):
        kind = "corrupt" if container.named or not archived(name) else fault.kind
        return Unreadable(str(container.rel), fault.reason, kind)
    if container.named:
        return Unreadable(str(container.rel), "there is no log in it", "not-a-log")
    return Ignored(container, companion=False)


def _walked(rel: PurePosixPath) -> list[tuple[bool, str]]:
    """Return a key that sorts as folders are walked: the files of a folder first, then its folders."""
    return [*((True, part) for part in rel.parts[:-1]), (False, rel.name)]
