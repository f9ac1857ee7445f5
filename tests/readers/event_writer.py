"""Write TensorBoard event files by hand: TFRecord frames around protobuf bytes, with nothing of runaudit."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from pathlib import Path

FLOAT, DOUBLE, INT32, STRING, INT64, BOOL, BFLOAT16, HALF = 1, 2, 3, 7, 9, 10, 14, 19
FLOAT_VAL, DOUBLE_VAL, INT_VAL, STRING_VAL, INT64_VAL, BOOL_VAL, HALF_VAL = 5, 6, 7, 8, 10, 11, 13
START = 1


def crc32c(data: bytes) -> int:
    """Return the CRC-32C, bit by bit."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def masked(data: bytes) -> bytes:
    """Return TFRecord's masked checksum."""
    crc = crc32c(data)
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def frame(payload: bytes) -> bytes:
    """Return one record."""
    length = struct.pack("<Q", len(payload))
    return length + masked(length) + payload + masked(payload)


def varint(value: int) -> bytes:
    """Return a protobuf varint; negative numbers take ten bytes, as int64 does."""
    value &= 0xFFFF_FFFF_FFFF_FFFF
    octets = bytearray()
    while value > 0x7F:
        octets.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*octets, value])


def number(field: int, value: int) -> bytes:
    """Return a varint field."""
    return varint(field << 3) + varint(value)


def double(field: int, value: float) -> bytes:
    """Return a fixed64 field."""
    return varint(field << 3 | 1) + struct.pack("<d", value)


def single(field: int, value: float) -> bytes:
    """Return a fixed32 field."""
    return varint(field << 3 | 5) + struct.pack("<f", value)


def message(field: int, payload: bytes) -> bytes:
    """Return a length-delimited field."""
    return varint(field << 3 | 2) + varint(len(payload)) + payload


def doubles(field: int, values: Iterable[float]) -> bytes:
    """Return a packed field of doubles."""
    return message(field, b"".join(struct.pack("<d", value) for value in values))


def event(step: int, *summary_values: bytes, wall_time: float = 1.7e9) -> bytes:
    """Return an Event with a summary; step 0 is left out, as protobuf does."""
    body = double(1, wall_time) + (number(2, step) if step else b"")
    if summary_values:
        body += message(5, b"".join(message(1, value) for value in summary_values))
    return body


def version() -> bytes:
    """Return the first event of every file."""
    return double(1, 1.7e9) + message(3, b"brain.Event:2")


def session(step: int, status: int = START) -> bytes:
    """Return an Event with a session log."""
    return event(step) + message(7, number(1, status))


def metadata(plugin: str, content: bytes = b"") -> bytes:
    """Return the metadata field of a value."""
    return message(9, message(1, message(1, plugin.encode()) + (message(2, content) if content else b"")))


def scalar(tag: str, value: float) -> bytes:
    """Return a value with simple_value."""
    return message(1, tag.encode()) + single(2, value)


def tensor(tag: str, dtype: int, payload: bytes, shape: Sequence[int] = (), plugin: str = "") -> bytes:
    """Return a value with a tensor; ``payload`` is the field that holds the numbers."""
    dims = b"".join(message(2, number(1, size)) for size in shape)
    meta = metadata(plugin) if plugin else b""
    return message(1, tag.encode()) + meta + message(8, number(1, dtype) + message(2, dims) + payload)


def content(data: bytes) -> bytes:
    """Return the tensor_content field."""
    return message(4, data)


def histogram(tag: str, low: float, high: float, limits: Sequence[float], counts: Sequence[float]) -> bytes:
    """Return a value with a HistogramProto; its sum and sum of squares are made up: 1.5 and 2.5."""
    body = double(1, low) + double(2, high) + double(3, sum(counts)) + double(4, 1.5) + double(5, 2.5)
    return message(1, tag.encode()) + message(5, body + doubles(6, limits) + doubles(7, counts))


def write(path: Path, *events: bytes) -> Path:
    """Write an event file with the version in front; missing folders are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(frame(payload) for payload in (version(), *events)))
    return path
