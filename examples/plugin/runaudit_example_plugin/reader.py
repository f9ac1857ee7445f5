"""The format ``tally``: a head line, then a step and ``name=value`` pairs a line.

# tally 1
0 loss=2.31 lr=0.1
10 loss=2.05
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path, PurePosixPath

import numpy as np

from runaudit.errors import LogError
from runaudit.model import RawLog, RawSeries
from runaudit.readers import Reader

HEAD = "# tally 1"


def claims(path: PurePosixPath, head: bytes) -> bool:
    """Say whether the file begins like a tally; the name of the file does not matter."""
    del path
    return head.startswith(HEAD.encode())


def read(path: Path) -> tuple[RawLog, ...]:
    """Return the one run of the file; raises ``LogError`` with the line of the first that is no tally.

    A pair that is not logged in a line is absent there; ``loss=nan`` is a NaN.
    """
    found: dict[str, list[tuple[float, int, int]]] = defaultdict(list)
    for number, line in enumerate(path.read_text("utf-8", errors="replace").splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        step, *pairs = line.split()
        try:
            values = {"step": float(step)} | {name: float(value) for name, value in (p.split("=") for p in pairs)}
        except ValueError:
            raise LogError(f"{line[:40]!r} is no step with name=value pairs", line=number) from None
        for name, value in values.items():
            found[name].append((value, number, number))
    if len(found) < 2:
        raise LogError("it holds no value", kind="not-a-log")
    return (RawLog("tally", tuple(_series(name, rows) for name, rows in found.items())),)


def _series(name: str, rows: list[tuple[float, int, int]]) -> RawSeries:
    values, numbers, lines = zip(*rows, strict=True)
    return RawSeries(name, np.array(values), np.array(numbers, dtype=np.int64), np.array(lines, dtype=np.int64))


READER = Reader("tally", "Tally", claims, read, priority=50)
