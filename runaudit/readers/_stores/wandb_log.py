"""The file below W&B's runs: LevelDB's log, blocks of 32 KiB with pieces of records, each with its checksum."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

BLOCK = 1 << 15
START = struct.Struct("<4sHB")
IDENT, MAGIC, VERSION = b":W&B", 0xBEE1, 0
PIECE = struct.Struct("<IHB")  # checksum of type and payload, length of the payload, type
FULL, FIRST, MIDDLE, LAST = 1, 2, 3, 4
LARGEST = 1 << 26  # bytes of one record; history never needs more
SEEDS = {kind: zlib.crc32(bytes([kind])) for kind in (FULL, FIRST, MIDDLE, LAST)}


@dataclass(slots=True)
class Damage:
    """What could not be read: how many pieces are damaged, the byte of the first, where the file ends in a record."""

    pieces: int = 0
    first: int | None = None
    ends_inside: int | None = None

    def add(self, offset: int) -> None:
        """Count the damaged piece at that byte."""
        self.pieces += 1
        self.first = offset if self.first is None else self.first


def read_records(path: Path, damage: Damage) -> Iterator[bytes]:
    """Yield the records behind the seven bytes of the header, block by block, and tell ``damage`` what is missing.

    A piece with a wrong checksum is left out with the record that it belongs to; a length beyond its block costs the
    rest of the block. Raises ``OSError``.
    """
    whole: list[bytes] = []
    size, begun = 0, 0
    for offset, kind, payload in _pieces(path, damage):
        if kind in {FULL, FIRST}:
            whole, size, begun = [payload], len(payload), offset
        elif whole and kind in {MIDDLE, LAST}:
            whole.append(payload)
            size += len(payload)
        if kind == 0 or size > LARGEST or not whole:
            whole = []
        elif kind in {FULL, LAST}:
            yield whole[0] if len(whole) == 1 else b"".join(whole)
            whole = []
    if whole and damage.ends_inside is None:
        damage.ends_inside = begun


def _pieces(path: Path, damage: Damage) -> Iterator[tuple[int, int, bytes]]:
    """Yield offset, type and payload of each piece; type 0 stands for a piece that is damaged."""
    with path.open("rb") as file:
        offset, at = 0, START.size
        while block := file.read(BLOCK):
            while at + PIECE.size <= len(block):
                checksum, length, kind = PIECE.unpack_from(block, at)
                start, end = at + PIECE.size, at + PIECE.size + length
                if checksum == length == kind == 0:  # a crash of the machine leaves zeros
                    at = len(block)
                elif end > len(block):
                    if len(block) == BLOCK:
                        damage.add(offset + at)
                        yield offset + at, 0, b""
                    else:
                        damage.ends_inside = offset + at
                    at = len(block)
                else:
                    payload = block[start:end]
                    if kind in SEEDS and zlib.crc32(payload, SEEDS[kind]) == checksum:
                        yield offset + at, kind, payload
                    else:
                        damage.add(offset + at)
                        yield offset + at, 0, b""
                    at = end
            if len(block) < BLOCK and at < len(block) and damage.ends_inside is None:
                damage.ends_inside = offset + at
            offset, at = offset + len(block), 0
