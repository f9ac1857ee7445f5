"""Damage good files at random, and check that a reader answers with logs or with one sentence."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from runaudit.errors import LogError
from runaudit.readers import Reader


def mutated(data: bytes, count: int, seed: int) -> Iterator[bytes]:
    """Yield ``count`` damaged copies: cut off, bits flipped, bytes overwritten, pieces taken out or doubled."""
    rng = random.Random(seed)  # noqa: S311  not for secrets
    for _ in range(count):
        changed = bytearray(data)
        for _ in range(rng.choice((1, 1, 2, 8))):
            at, length = rng.randrange(len(changed) + 1), rng.choice((1, 2, 7, 64, 1000))
            match rng.randrange(5):
                case 0:
                    del changed[at:]
                case 1 if at < len(changed):
                    changed[at] ^= 1 << rng.randrange(8)
                case 2:
                    changed[at : at + length] = rng.choice((b"\0", b"\xff", b"9")) * length
                case 3:
                    del changed[at : at + length]
                case _:
                    changed[at:at] = changed[at : at + length]
        yield bytes(changed)


def answer(reader: Reader, path: Path) -> str:
    """Return the reason of a refusal, or "" for logs; anything else that is raised is a defect."""
    try:
        logs = reader.read(path)
    except LogError as error:
        refusal = error
    else:
        assert logs
        return ""
    assert refusal.reason
    assert "\n" not in refusal.reason
    assert refusal.kind in {"corrupt", "not-a-log"}
    assert refusal.line is None or refusal.line >= 1
    return refusal.reason


def survives(reader: Reader, sample: Path, folder: Path, count: int = 300, seed: int = 0) -> int:
    """Read damaged copies of a sample under its own name in ``folder``; return how many were refused."""
    path = folder / sample.name
    refused = 0
    for data in mutated(sample.read_bytes(), count, seed):
        path.write_bytes(data)
        refused += bool(answer(reader, path))
    return refused
