"""NumPy's `.npz` with weights of a network: of all arrays in it only the filters of the first layer are read.

An archive of anything else is merely counted: data sets have the same format.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from runaudit.errors import LogError
from runaudit.model import RawLog
from runaudit.readers import Grouping, Reader
from runaudit.readers._filters import Tensor, first_layer, home, raw_log
from runaudit.readers._npy import numbers, shape_of

if TYPE_CHECKING:
    from zipfile import ZipFile

MEMBER = b"PK\x03\x04"
LOCAL = struct.Struct("<4s5H3L2H")  # the head of a member; the last two are the lengths of its name and of what follows
STEM = re.compile(
    r"weights?|params?|model|ckpt|checkpoint|filters?|conv|layer|state|best|final|last|net", re.IGNORECASE
)
PARAMETER = re.compile(r"weight|kernel|bias|conv|layer|dense|embed|filter|(?:^|/)[wW]\d?\b")
MOST_MEMBERS = 10_000
PACKINGS = {0, 8}  # stored and deflated: NumPy writes no others, and they are unpacked no further than is asked for


def claims(path: PurePosixPath, head: bytes) -> bool:
    """Say whether the archive may hold weights, by its name and by the names of the first arrays in it."""
    if path.suffix.lower() != ".npz" or not head.startswith(MEMBER):
        return False
    return bool(STEM.search(path.stem)) or any(PARAMETER.search(name) for name in _names(head))


def _names(head: bytes) -> Iterator[str]:
    """Yield the names of the members whose heads lie in the first bytes of the file."""
    at = 0
    while (at := head.find(MEMBER, at)) >= 0 and at + LOCAL.size <= len(head):
        length = LOCAL.unpack_from(head, at)[-2]
        yield head[at + LOCAL.size : at + LOCAL.size + length].decode("utf-8", "replace").removesuffix(".npy")
        at += LOCAL.size


def read(path: Path) -> tuple[RawLog, ...]:
    """Return the filters as ``tables["filters"]``; raises ``LogError`` where there are none, or the file is damaged."""
    from zipfile import BadZipFile, ZipFile  # takes long to import, and few runs have weights beside them
    from zlib import error as ZlibError  # noqa: N812

    with path.open("rb") as file:
        try:
            with ZipFile(file) as archive:
                tensor = first_layer(_tensors(archive))
                if tensor is None:
                    raise LogError("no array in it is named and shaped like a first layer", kind="not-a-log")
                with archive.open(f"{tensor.name}.npy") as stream:
                    return (raw_log("npz", tensor.name, numbers(stream)),)
        except (BadZipFile, ZlibError, ValueError, EOFError, NotImplementedError, RuntimeError, OSError) as error:
            # RuntimeError: it asks for a password, OSError: a place in it lies before its beginning
            raise LogError("the archive is cut off or damaged") from error


def _tensors(archive: ZipFile) -> Iterator[Tensor]:
    """Yield the arrays of the archive; an array whose head is damaged or holds no numbers is none."""
    for name in dict.fromkeys(archive.namelist()[:MOST_MEMBERS]):
        info = archive.getinfo(name)  # the last one of that name, as for whoever opens it by name
        if not name.endswith(".npy") or info.compress_type not in PACKINGS:
            continue
        with archive.open(info) as stream:
            try:
                shape = shape_of(stream)
            except ValueError:
                continue
        if shape is not None:
            yield Tensor(name.removesuffix(".npy"), shape)


READER = Reader("npz", "NumPy archive of weights", claims, read, priority=60, grouping=Grouping.BESIDE, home=home)
