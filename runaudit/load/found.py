"""What discovery gives for a file: the reader that claims it, or that none does."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from runaudit.readers import Reader

TABLE_SUFFIXES = frozenset({".csv", ".tsv", ".jsonl", ".ndjson", ".tfevents", ".wandb"})
LOG_SUFFIXES = TABLE_SUFFIXES | {".log", ".txt", ".out", ".err", ".json"}


@dataclass(frozen=True, slots=True)
class Found:
    """A file: where it is, and its path relative to the audited root. ``named``: the user gave its path."""

    path: Path
    rel: PurePosixPath
    named: bool


@dataclass(frozen=True, slots=True)
class Claimed:
    """A file and the reader that takes it."""

    file: Found
    reader: Reader


@dataclass(frozen=True, slots=True)
class Ignored:
    """A file that no reader claims; ``companion``: its name is that of a configuration beside a log."""

    file: Found
    companion: bool


def named_like_a_log(name: str) -> bool:
    """Say whether a file of that name is a log, or it must be said that it is none."""
    return PurePosixPath(name).suffix.lower() in LOG_SUFFIXES or "tfevents" in name


def explain(error: OSError | ValueError) -> str:
    """Return the reason of an operating system error without the path, in lower case.

    >>> explain(PermissionError(13, "Permission denied", "secret.csv"))
    'permission denied'
    """
    text = getattr(error, "strerror", "") or str(error) or type(error).__name__
    return text[:1].lower() + text[1:]
