"""Compressed files and archives: what their names say, and the bytes of what is in them, counted as they come."""

from __future__ import annotations

import importlib
import io
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Any

from runaudit.errors import LogError
from runaudit.readers import HEAD_BYTES

if TYPE_CHECKING:
    import zipfile

MOST_UNPACKED = 2 << 30
MOST_RATIO = 200
FREE = 64 << 20  # a log this small may repeat itself as it likes
MOST_MEMBERS = 50_000
MOST_DIRECTORY = 32 << 20
SKIPPED = 1 << 16

ZSTD_BEFORE = "runaudit.load.zstd"
ZSTD = "compression.zstd" if sys.version_info >= (3, 14) else ZSTD_BEFORE
CODECS = {".gz": "gzip", ".bz2": "bz2", ".xz": "lzma", ".lzma": "lzma", ".zst": ZSTD, ".zstd": ZSTD}
MAGIC = {".gz": b"\x1f\x8b", ".bz2": b"BZh", ".xz": b"\xfd7zXZ\x00", ".zst": b"\x28\xb5\x2f\xfd", ".zip": b"PK"}
SHORT = {".tgz": ".gz", ".tbz": ".bz2", ".tbz2": ".bz2", ".txz": ".xz", ".tzst": ".zst"}
OTHER = re.compile(
    r"\.(?:jpe?g|png|gif|bmp|tiff?|svg|webp|pdf|mp[34]|wav|flac|ogg|avi|np[yz]|pt|pth|pkl|pickle|bin|safetensors|ckpt|h5"
    r"|keras|onnx|pb|tflite|gguf|msgpack|py|pyc|ipynb|c|cc|cpp|cu|h|hpp|js|css|so|whl|jar|exe|dll|tfrecords?|arrow|mat"
    r"|nii|dcm|ttf|md|rst)$"
)


def archived(name: str) -> bool:
    """Say whether that is the name of an archive.

    >>> [archived(n) for n in ("runs.zip", "runs.tar.gz", "a.TGZ", "log.csv.gz", "zip")]
    [True, True, True, False, False]
    """
    return re.search(r"\.(?:zip|tar(?:\.(?:gz|bz2|xz|lzma|zstd?))?|tgz|tbz2?|txz|tzst)$", name.lower()) is not None


def plain(name: str) -> str:
    """Return the name without the suffix of a compression; an archive is no compressed file.

    >>> plain("log.csv.gz"), plain("runs.tar.gz"), plain("log.csv"), plain(".gz")
    ('log.csv', 'runs.tar.gz', 'log.csv', '.gz')
    """
    stem, dot, suffix = name.rpartition(".")
    return stem if stem and f"{dot}{suffix.lower()}" in CODECS and not archived(name) else name


def parts_of(name: str) -> tuple[str, ...] | None:
    """Return the parts of a member's name below the archive, None if it leads out of it.

    >>> parts_of("/runs/./a.csv"), parts_of("a/../../b.csv"), parts_of("C:x.csv")
    (('runs', 'a.csv'), None, None)
    """
    parts = tuple(p for p in PurePosixPath(name.replace("\\", "/")).parts if p != "/" * len(p))
    return None if ".." in parts or (parts and re.match(r"[A-Za-z]:", parts[0])) else parts


class TooMuchError(LogError):
    """More comes out of a container than is unpacked, or than there is room for."""


class Stream:
    """Bytes of a container, which is opened when they are first asked for.

    ``LogError`` says that they are broken or cut off, or more than a container of that ``size`` may hold; what comes
    before is read all the same. It goes forward only, which is all that a sound archive needs.
    """

    def __init__(self, opened: Callable[[], Any], what: str, size: int, *, packed: bool = True) -> None:
        self.opened = opened
        self.what = what
        self.packed = packed
        self.most = min(MOST_UNPACKED, max(FREE, MOST_RATIO * size)) if packed else sys.maxsize
        self.source: Any = None
        self.at = 0
        self.last = b""
        self.fault: LogError | None = None

    def read(self, size: int) -> bytes:
        """Return the next bytes, fewer than ``size`` only at the end or before what is broken."""
        pieces: list[bytes] = []
        missing = size
        while missing and self.fault is None:
            try:
                if self.source is None:
                    self.source = self.opened()
                piece = self.source.read1(missing)
            except LogError as error:
                self.fault = error
            except _faults() as error:
                self.fault = LogError(f"{self.what} is cut off or damaged ({_told(error)})")
            else:
                if not piece:
                    break
                pieces.append(piece)
                missing -= len(piece)
        self.last = b"".join(pieces)
        if size and not self.last and self.fault is not None:
            raise self.fault
        self.at += len(self.last)
        if self.at > self.most:
            self.fault = TooMuchError(f"{self.what} unpacks to more than {_size(self.most)}, {_why(self.most)}")
            raise self.fault
        return self.last

    def tell(self) -> int:
        """Return the number of bytes read so far."""
        return self.at

    def seek(self, target: int) -> int:
        """Go forward to ``target`` or to the end, and return where that is."""
        if target < self.at:
            raise LogError(f"{self.what} is damaged (a file in it begins before the one ahead of it ends)")
        if not self.packed and self.source is not None:
            self.at = self.source.seek(target)
        while self.at < target and self.read(min(target - self.at, SKIPPED)):
            pass
        return self.at

    def close(self) -> None:
        """Close what was opened."""
        if self.source is not None:
            self.source.close()


class _Slice:
    """The bytes of one file in a tar. What ``tarfile`` gives drops the beginning of a file that is cut off."""

    def __init__(self, stream: Stream, start: int, size: int) -> None:
        self.stream = stream
        self.left = max(size, 0)
        stream.seek(start)

    def read1(self, size: int) -> bytes:
        """Return the next bytes, none at the end. Raises ``EOFError`` where the archive ends before."""
        piece = self.stream.read(min(size, self.left))
        self.left -= len(piece)
        if not piece and self.left:
            raise EOFError("the archive ends within it")
        return piece

    def close(self) -> None:
        """Leave the archive open."""


@dataclass(frozen=True, slots=True)
class Member:
    """A file in a container ("" for what a compressed file holds); it is to be read before the next is taken."""

    name: str
    content: Stream


def members(container: Path) -> Iterator[Member]:
    """Yield what is in a container, without what is no log by its name.

    Raises ``LogError`` where the container, or the rest of it, cannot be read, and ``OSError``.
    """
    kind, suffix = _kind(container.name)
    with container.open("rb") as raw:
        magic = MAGIC.get(suffix, b"")
        if raw.read(len(magic)) != magic:
            raise LogError(f"it is named {suffix} and is no such file", kind="not-a-log")
        raw.seek(0)
        found = _zipped(raw) if kind == "zip" else _tarred(raw, suffix) if kind == "tar" else _compressed(raw, suffix)
        for number, member in enumerate(m for m in found if not OTHER.search(m.name.lower())):
            if number == MOST_MEMBERS:
                raise LogError(f"the archive holds more than {MOST_MEMBERS:,} files: unpack it first", kind="not-a-log")
            yield member


def head_of(name: str, packed: bytes) -> bytes:
    """Return the first bytes that the beginning of a compressed file unpacks to, or raise ``LogError``."""
    raw = io.BytesIO(packed)
    suffix = _kind(name)[1]
    if not packed.startswith(MAGIC.get(suffix, b"")):
        raise LogError(f"it is named {suffix} and is no such file", kind="not-a-log")
    with closing(_decompressed(raw, suffix)) as stream:
        return stream.read(HEAD_BYTES)


def _kind(name: str) -> tuple[str, str]:
    """Return whether it is a zip, a tar or a compressed file, and the suffix of its compression."""
    suffix = PurePosixPath(name.lower()).suffix
    if suffix == ".zip":
        return "zip", suffix
    return ("tar" if archived(name) else "file"), SHORT.get(suffix, suffix)


def _compressed(raw: IO[bytes], suffix: str) -> Iterator[Member]:
    with closing(_decompressed(raw, suffix)) as stream:
        yield Member("", stream)


def _decompressed(raw: IO[bytes], suffix: str) -> Stream:
    what = "the archive" if suffix == ".tar" else "the compressed file"
    if suffix not in CODECS:
        return Stream(lambda: raw, what, 0, packed=False)
    name = CODECS[suffix]
    try:
        importlib.import_module("zstandard" if name == ZSTD_BEFORE else name)
    except ModuleNotFoundError as error:
        hint = "pip install 'runaudit[fast]'" if name == ZSTD_BEFORE else f"this Python has no module {error.name}"
        raise LogError(f"{suffix} files cannot be unpacked here: {hint}", kind="not-a-log") from error
    codec: Any = importlib.import_module(name)
    return Stream(lambda: codec.open(raw), what, _length(raw))


def _zipped(raw: IO[bytes]) -> Iterator[Member]:
    import zipfile

    size = _length(raw)
    try:
        _check_directory(raw, size)
        with zipfile.ZipFile(raw) as archive:
            for info in archive.infolist():
                if not info.is_dir():
                    with closing(Stream(partial(_open, archive, info), "it", size)) as stream:
                        yield Member(info.filename, stream)
    except _faults() as error:
        raise LogError(f"the zip file is cut off or damaged ({_told(error)})") from error


def _open(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> IO[bytes]:
    if info.flag_bits & 1:
        raise LogError("it is encrypted")
    return archive.open(info)


def _check_directory(raw: IO[bytes], size: int) -> None:
    """Refuse a zip file whose list of files alone would fill the memory."""
    raw.seek(max(0, size - (1 << 16) - 22))
    tail = raw.read()
    end = tail.rfind(b"PK\x05\x06")
    if end >= 0 and int.from_bytes(tail[end + 12 : end + 16], "little") > MOST_DIRECTORY:
        raise LogError(f"the archive holds more than {MOST_MEMBERS:,} files: unpack it first", kind="not-a-log")
    raw.seek(0)


def _tarred(raw: IO[bytes], suffix: str) -> Iterator[Member]:
    import tarfile

    size = _length(raw)
    stream: Any = _decompressed(raw, suffix)  # tarfile needs read, seek and tell, and is typed to want more
    try:
        with closing(stream), tarfile.open(fileobj=stream, mode="r:") as archive:
            for info in archive:
                if info.isreg() and not info.issparse():
                    with closing(Stream(partial(_Slice, stream, info.offset_data, info.size), "it", size)) as content:
                        yield Member(info.name, content)
            if len(stream.last) < tarfile.BLOCKSIZE or stream.last.strip(b"\0"):
                raise LogError(f"the archive is cut off or damaged behind its first {len(archive.getmembers())} files")
    except _faults() as error:
        raise LogError(f"the archive is cut off or damaged ({_told(error)})") from error


def _length(raw: IO[bytes]) -> int:
    here = raw.tell()
    length = raw.seek(0, 2)
    raw.seek(here)
    return length


def _faults() -> tuple[type[Exception], ...]:
    """Return what the modules raise that unpack, for bytes that are none of theirs."""
    import tarfile
    import zipfile
    import zlib

    names = (("lzma", "LZMAError"), ("compression.zstd", "ZstdError"), ("zstandard", "ZstdError"))
    loaded = [getattr(sys.modules[module], name) for module, name in names if module in sys.modules]
    broken = (zlib.error, tarfile.TarError, zipfile.BadZipFile, EOFError, OSError)
    made_up = (ValueError, OverflowError, IndexError, KeyError, RuntimeError)
    return (*broken, *made_up, *loaded)


def _told(error: Exception) -> str:
    """Return the text of an error on one line of bounded length."""
    return " ".join(str(error).split())[:100] or type(error).__name__


def _size(count: int) -> str:
    return f"{count >> 30} GiB" if count >= 1 << 30 else f"{count >> 20} MiB"


def _why(most: int) -> str:
    return "which is the most that is unpacked" if most == MOST_UNPACKED else f"{MOST_RATIO} times its packed size"
