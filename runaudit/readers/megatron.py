"""Logs of Megatron-LM and its relatives: ``iteration 10/ 100 | consumed samples: 160 | lm loss: 1.05E+01``.

Written from their sources and public excerpts, not tested against a live writer, which needs GPUs.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from runaudit.model import RawLog
from runaudit.readers import Reader
from runaudit.readers._text import head_lines

SUFFIXES = {".log", ".txt", ".out", ".err", ""}
LINE = re.compile(r"\biteration:?\s+\d+\s*/\s*\d+ \|.*(?:consumed|elapsed time|lm[ _]loss)")


def claims(path: PurePosixPath, head: bytes) -> bool:
    """Say whether a line of the head counts iterations of a total and goes on between bars."""
    return path.suffix.lower() in SUFFIXES and any(map(LINE.search, head_lines(head)))


def read(path: Path) -> tuple[RawLog, ...]:
    """Return the training and validation loss by iteration. Raises ``LogError`` if no line holds any."""
    from runaudit.readers._log import read_log  # takes long to import, and few files need it

    return read_log(path, "megatron")


READER = Reader("megatron", "Megatron-LM log", claims, read, priority=40)
