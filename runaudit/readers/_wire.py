"""The bytes below event files: protobuf's wire format, and TFRecord's frames with their checksums."""

from __future__ import annotations

import os
import struct
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from runaudit.readers._crc32c import I64Array, U8Array, masked_crc32c, ranges

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
FIXED_SIZE = {FIXED64: 8, FIXED32: 4}
LARGEST_VARINT = 10

HEADER = struct.Struct("<QI")  # payload length, its masked CRC; then the payload and its masked CRC, 4 bytes
FRAME_BYTES = 16  # what a frame adds to its payload
READ_BYTES = 1 << 22
LARGEST_FRAME = 1 << 26  # scalars and histograms never need more; pictures and graphs may


class WireError(ValueError):
    """Bytes that are no protobuf message."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a message: its number, its wire type, and where its payload lies in the bytes."""

    number: int
    wire: int
    start: int
    stop: int


def fields(data: bytes, start: int = 0, stop: int | None = None) -> Iterator[Field]:
    r"""Yield the fields of the message ``data[start:stop]`` in their order.

    The payload of a ``BYTES`` field is without its length prefix; that of a varint is its bytes, for ``varint``.
    Raises ``WireError`` where the bytes are no message; groups, which proto3 lacks, count as such.

    >>> [(f.number, f.wire, data[f.start:f.stop]) for data in [b"\x10\x96\x01\x0a\x02hi"] for f in fields(data)]
    [(2, 0, b'\x96\x01'), (1, 2, b'hi')]
    """
    position = start
    end = len(data) if stop is None else stop
    while position < end:
        key, position = varint(data, position, end)
        number, wire = key >> 3, key & 7
        first = position
        if wire == VARINT:
            _, position = varint(data, position, end)
        elif wire == BYTES:
            length, first = varint(data, position, end)
            position = first + length
        elif wire in FIXED_SIZE:
            position += FIXED_SIZE[wire]
        else:
            raise WireError(f"wire type {wire} at byte {first}")
        if number == 0 or position > end:
            raise WireError(f"field {number} at byte {first} does not fit")
        yield Field(number, wire, first, position)


def varint(data: bytes, start: int, stop: int) -> tuple[int, int]:
    """Return the unsigned 64-bit number at ``start`` and the position after it; raises ``WireError``."""
    value = 0
    for position in range(start, min(stop, start + LARGEST_VARINT)):
        byte = data[position]
        value |= (byte & 0x7F) << 7 * (position - start)
        if byte < 0x80:
            return value & 0xFFFF_FFFF_FFFF_FFFF, position + 1
    raise WireError(f"a number at byte {start} does not end")


def signed(value: int) -> int:
    """Return a 64-bit number as protobuf's int64 means it.

    >>> signed(2**64 - 1)
    -1
    """
    return value - (1 << 64) if value >> 63 else value


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """Some records of a TFRecord file, read at once.

    Record ``rows[i]`` of the file (from 0) is ``data[starts[i] : starts[i] + lengths[i]]``, and its frame begins at
    byte ``offset + starts[i] - 12`` of the file. ``damaged`` has the bytes at which left-out records begin: those whose
    own checksum is wrong, and those above 64 MiB. ``stop`` says why the rest of the file cannot be read, "" if it can.
    """

    data: U8Array
    offset: int
    rows: I64Array
    starts: I64Array
    lengths: I64Array
    damaged: tuple[int, ...] = ()
    stop: str = ""


def read_frames(path: Path) -> Iterator[Frames]:
    """Yield the records of a TFRecord file, a few megabytes at a time; an empty file gives none.

    A wrong checksum of a length, and a file that ends inside a record, end the reading: the last item has ``stop``.
    Raises ``OSError``.
    """
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        data, offset, row, wanted = b"", 0, 0, 0
        while chunk := file.read(max(wanted - len(data), READ_BYTES)):
            data += chunk
            frames, end = _cut(data, offset, row)
            yield frames
            if frames.stop:
                return
            data, offset, row = data[end:], offset + end, row + len(frames.rows) + len(frames.damaged)
            if len(data) < HEADER.size:
                continue
            wanted = HEADER.unpack_from(data)[0] + FRAME_BYTES
            stop = _why_no_frame(data, wanted, offset, size)
            if stop:
                yield _nothing(offset, row, stop=stop)
                return
            if wanted > LARGEST_FRAME:
                yield _nothing(offset, row, damaged=(offset,))
                offset, row, data = file.seek(offset + wanted), row + 1, b""
        if data:
            yield _nothing(offset, row, stop=_ends_inside(offset, len(data)))


def _cut(data: bytes, offset: int, row: int) -> tuple[Frames, int]:
    """Return the whole records at the front of ``data``, all checksums checked, and where the rest begins."""
    starts, lengths, position, end = array("q"), array("q"), 0, len(data)
    unpack = HEADER.unpack_from
    while position + FRAME_BYTES <= end:
        length = unpack(data, position)[0]
        after = position + length + FRAME_BYTES
        if after > end:
            break
        starts.append(position + HEADER.size)
        lengths.append(length)
        position = after
    octets = np.frombuffer(data, dtype=np.uint8)
    first, size = np.array(starts, dtype=np.int64), np.array(lengths, dtype=np.int64)
    wrong = ~_checksums_agree(octets, first - HEADER.size, np.full(len(first), 8, dtype=np.int64))
    stop = ""
    if wrong.any():
        kept = int(np.argmax(wrong))
        position = int(first[kept]) - HEADER.size
        first, size = first[:kept], size[:kept]
        stop = _wrong_length(offset + position)
    intact = _checksums_agree(octets, first, size)
    rows = np.arange(row, row + len(first), dtype=np.int64)
    damaged = tuple((first[~intact] - HEADER.size + offset).tolist())
    return Frames(octets, offset, rows[intact], first[intact], size[intact], damaged, stop), position


def _checksums_agree(octets: U8Array, starts: I64Array, lengths: I64Array) -> npt.NDArray[np.bool_]:
    """Return for each range whether the four bytes after it are its masked CRC."""
    if not len(starts):
        return np.zeros(0, dtype=np.bool_)
    stored = ranges(octets, starts + lengths, 4).view("<u4")[:, 0]
    return np.asarray(masked_crc32c(octets, starts, lengths) == stored)


def _why_no_frame(data: bytes, wanted: int, offset: int, size: int) -> str:
    """Return why the frame at the front of ``data``, which is not whole, will never be; "" if it will."""
    header = np.frombuffer(data[: HEADER.size], dtype=np.uint8)
    if not _checksums_agree(header, np.array([0]), np.array([8]))[0]:
        return _wrong_length(offset)
    if wanted > size - offset:
        return _ends_inside(offset, size - offset)
    return ""


def _wrong_length(offset: int) -> str:
    return f"the checksum of the record length at byte {offset} is wrong, nothing from there on can be read"


def _ends_inside(offset: int, left: int) -> str:
    return f"the file ends inside the record at byte {offset}, {left} bytes of it are there"


def _nothing(offset: int, row: int, damaged: tuple[int, ...] = (), stop: str = "") -> Frames:
    none = np.zeros(0, dtype=np.int64)
    return Frames(np.zeros(0, dtype=np.uint8), offset, none + row, none, none, damaged, stop)
