"""Logs of Kaldi's nnet1 recipe: ``ITERATION 01: TRAIN AVG.LOSS 2.1, (lrate0.008), CROSSVAL AVG.LOSS 2.2``.

Written from Kaldi's scripts and public logs, not tested against a live writer. The nnet3 recipes write one file per
job and iteration: see ``kaldi_nnet3``.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from runaudit.model import RawLog
from runaudit.readers import Reader

SUFFIXES = {".log", ".txt", ".out", ""}


def claims(path: PurePosixPath, head: bytes) -> bool:
    """Say whether the head has Kaldi's words for the training or cross-validation loss."""
    return path.suffix.lower() in SUFFIXES and (b"TRAIN AVG.LOSS" in head or b"CROSSVAL PRERUN" in head)


def read(path: Path) -> tuple[RawLog, ...]:
    """Return the training and cross-validation loss by iteration. Raises ``LogError`` if no line holds any."""
    from runaudit.readers._log import read_log  # takes long to import, and few files need it

    return read_log(path, "kaldi")


READER = Reader("kaldi", "Kaldi nnet1 log", claims, read, priority=40)
