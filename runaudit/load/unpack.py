"""Compressed files and archives: their members and first bytes, and their content in a temporary folder to be read.

A member of an archive has the path ``runs.zip/folder/log.csv``, as if the archive were a folder; a file that is only
compressed keeps its path. Nothing is unpacked until it is read, one container at a time is kept, and how much one may
hold is bounded: a small file can unpack to a large one that was made to fill the disk.
"""

from __future__ import annotations

import os
import re
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from runaudit.errors import LogError
from runaudit.load.packed import MOST_UNPACKED, Member, TooMuchError, archived, head_of, members, parts_of, plain
from runaudit.model import Note, RawLog
from runaudit.readers import HEAD_BYTES, Reader

COPIED = 1 << 20
PACKED_HEAD = 1 << 20  # the first block of bzip2 has up to 900,000 bytes
UNNAMEABLE = re.compile(r'[<>:"|?*\x00-\x1f]' if os.name == "nt" else r"\x00")


@dataclass(frozen=True, slots=True)
class Entry:
    """A file in a container: its parts below it (none for the one that is compressed), its first bytes.

    ``fault`` says why there are no more of them, or none at all.
    """

    parts: tuple[str, ...]
    head: bytes
    fault: LogError | None = None


def entries(container: Path) -> Iterator[Entry]:
    """Yield the files in a container that could be logs, in its order.

    Raises ``LogError`` where the container, or the rest of it, cannot be read, and ``OSError``.
    """
    for member in members(container):
        parts = parts_of(member.name)
        if parts is None:
            yield Entry((member.name,), b"", LogError("its name leads out of the archive: not unpacked"))
            continue
        try:
            yield Entry(parts, _head(parts, member), member.content.fault)
        except LogError as error:
            yield Entry(parts, b"", error)


def _head(parts: tuple[str, ...], member: Member) -> bytes:
    """Return the first bytes of a member; of one that is itself compressed, those that it unpacks to."""
    if not parts or plain(parts[-1]) == parts[-1]:
        if parts and archived(parts[-1]):
            raise LogError("an archive inside an archive is not opened: unpack it first", kind="not-a-log")
        return member.content.read(HEAD_BYTES)
    return head_of(parts[-1], member.content.read(PACKED_HEAD))


@lru_cache(maxsize=256)
def through(reader: Reader) -> Reader:
    """Return the reader made to read what lies in a container as well."""

    def read(path: Path) -> tuple[RawLog, ...]:
        with on_disk(path) as (real, fault):
            logs = reader.read(real)
        if fault is None:
            return logs
        note = Note(f"{fault.reason}: read as far as it goes", str(path))
        return tuple(replace(log, notes=(*log.notes, note)) for log in logs)

    return replace(reader, read=read)


@contextmanager
def on_disk(path: Path) -> Iterator[tuple[Path, LogError | None]]:
    """Yield where the file or folder of that path is while it is read, and what cut it short.

    This is the path itself where it is in no container. Raises ``LogError`` if it could not be unpacked at all.
    """
    container = _container(path)
    if container is None:
        yield path, None
        return
    state = container.stat()
    box = _unpacked(container, state.st_mtime_ns, state.st_size)
    fault = box.fault_of(path)
    with on_disk(box.place(path.relative_to(container).parts)) as (real, inner):
        yield real, fault or inner


def _container(path: Path) -> Path | None:
    """Return the outermost container that the path is, or lies in, None if there is none."""
    for above in (*reversed(path.parents), path):
        if (archived(above.name) or (above == path and plain(above.name) != above.name)) and above.is_file():
            return above
    return None


class _Box:
    """The files of one container in a temporary folder, which goes when this object does."""

    def __init__(self, container: Path) -> None:
        import shutil  # what makes temporary folders takes long to import, and few logs are packed
        import tempfile

        self.container = container
        self.folder = Path(tempfile.mkdtemp(prefix="runaudit-"))
        weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)
        self.faults: dict[Path, LogError] = {}
        self.fault: LogError | None = None
        left = MOST_UNPACKED
        try:
            for member in members(container):
                left -= self._take(member, left)
        except LogError as error:
            self.fault = error

    def place(self, parts: tuple[str, ...]) -> Path:
        """Return where the member with those parts is."""
        names = parts or (plain(self.container.name),)
        return self.folder.joinpath(*(UNNAMEABLE.sub("_", name) for name in names))

    def fault_of(self, path: Path) -> LogError | None:
        """Return what cut the member short; raise it if nothing of it came out."""
        real = self.place(path.relative_to(self.container).parts)
        if real.is_dir():
            return None
        fault = self.faults.get(real)
        if not real.is_file():
            raise fault or self.fault or LogError("it is no longer in the archive")
        return fault

    def _take(self, member: Member, most: int) -> int:
        """Write the content of a member as far as it can be read, and return its size."""
        parts = parts_of(member.name)
        if parts is None:
            return 0
        real = self.place(parts)
        size = 0
        fault: LogError | None = None
        try:
            real.parent.mkdir(parents=True, exist_ok=True)
            with real.open("wb") as stream:
                while size <= most and (piece := member.content.read(COPIED)):
                    size += len(piece)
                    stream.write(piece)
        except LogError as error:
            fault = error
        except OSError as error:
            fault = TooMuchError(f"it could not be unpacked: {error.strerror or error}")
        if size > most:
            fault = TooMuchError(f"the archive unpacks to more than {MOST_UNPACKED >> 30} GiB, which is the most")
        if fault is not None:
            self.faults[real] = fault
            if not size or isinstance(fault, TooMuchError):
                with suppress(OSError):
                    real.unlink()
        return size


@lru_cache(maxsize=2)  # an archive, and a compressed file in it
def _unpacked(container: Path, *_state: int) -> _Box:
    return _Box(container)
