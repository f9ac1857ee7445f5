"""Write W&B's run files by hand: LevelDB's blocks around protobuf bytes, with nothing of runaudit."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path

BLOCK = 32768
HEADER = b":W&B" + struct.pack("<HB", 0xBEE1, 0)


def varint(value: int) -> bytes:
    octets = bytearray()
    while value > 0x7F:
        octets.append(value & 0x7F | 0x80)
        value >>= 7
    octets.append(value)
    return bytes(octets)


def part(number: int, payload: bytes) -> bytes:
    """Return a field of bytes."""
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def number(field: int, value: int) -> bytes:
    """Return a field that holds a varint."""
    return varint(field << 3) + varint(value)


def item(key: str, value: object, at: int = 1, nested: bool = False) -> bytes:
    """Return one (key, JSON) item; ``nested`` cuts the key at its dots, as wandb-core does."""
    keys = b"".join(part(2, k.encode()) for k in key.split(".")) if nested else part(1, key.encode())
    return part(at, keys + part(16, json.dumps(value).encode()))


def items(values: Mapping[str, object], at: int = 1, nested: bool = False) -> bytes:
    return b"".join(item(k, v, at, nested) for k, v in values.items())


def history(values: Mapping[str, object], step: int | None = None, nested: bool = False) -> bytes:
    """Return a record of the history; ``step`` is what the record says beside its items."""
    said = b"" if step is None else part(2, number(1, step) if step else b"")
    return number(1, 7) + part(2, items(values, nested=nested) + said)


def stats(values: Mapping[str, object]) -> bytes:
    return part(7, items(values, at=3))


def summary(values: Mapping[str, object]) -> bytes:
    return part(3, items(values))


def config(values: Mapping[str, object]) -> bytes:
    return part(5, items(values))


def run(values: Mapping[str, object]) -> bytes:
    """Return the record of the run, which holds the first configuration."""
    return part(17, part(1, b"abc123") + part(4, items(values)))


def ended(code: int) -> bytes:
    return part(18, (number(1, code) if code else b"") + number(2, 3))


def log(records: Iterable[bytes]) -> bytes:
    """Return the bytes of a file."""
    out = bytearray(HEADER)
    for record in records:
        left, first = record, True
        while first or left:
            room = BLOCK - len(out) % BLOCK
            if room < 7:
                out += b"\0" * room
                continue
            piece, left = left[: room - 7], left[room - 7 :]
            kind = {(True, True): 1, (True, False): 2, (False, False): 3, (False, True): 4}[first, not left]
            out += struct.pack("<IHB", zlib.crc32(bytes([kind]) + piece), len(piece), kind) + piece
            first = False
    return bytes(out)


def write(path: Path, records: Iterable[bytes]) -> Path:
    path.write_bytes(log(records))
    return path
