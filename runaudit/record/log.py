"""The file ``runaudit.jsonl``: JSON lines, the first says how the run is made, each further one what was measured.

First line: ``{"runaudit_log": 1, "config": {...}}``. Further lines are one of

- ``{"step": 0, "train/loss": 2.3, "lr": 0.1, "grad_norm": 1.2, "update_ratio/fc1.weight": 0.001, ...}``: runaudit's
  canonical names, any subset; a step may take several lines (``val/loss`` comes on one of its own);
- ``{"config": {...}}``: what was only found out later, such as the batch size;
- ``{"step": 0, "histograms": {"activations/relu1": {"edges": [...], "counts": [...], "sum": ...}}}``, on
  request;
- ``{"note": "..."}``: what could not be recorded, and why.

``step`` counts updates of the weights from 0: its row tells the loss before update 0 and what update 0 did. NaN and
infinity are the strings ``"NaN"``, ``"Infinity"``, ``"-Infinity"``, since JSON has no numbers for them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

VERSION = 1
NAME = "runaudit.jsonl"
DIGITS = 6


class Log:
    """An open ``runaudit.jsonl``. Lines are kept until ``flush`` or ``close``, so that a crash loses few of them."""

    def __init__(self, path: str | Path, config: Mapping[str, Any], *, resume: bool = False) -> None:
        """Open ``path`` (a folder, or a file that ends in ``.jsonl``), and write the first line.

        Nothing that is there is overwritten: the next free name (``runaudit-2.jsonl``) is taken, unless ``resume``
        says that the run goes on. Raises ``OSError`` if the file cannot be written.
        """
        target = Path(path)
        target = target if target.suffix == ".jsonl" else target / NAME
        target.parent.mkdir(parents=True, exist_ok=True)
        self.path = target if resume else _free(target)
        self._file: TextIO = self.path.open("a", encoding="utf-8")
        self.write({"runaudit_log": VERSION, "config": dict(config)})
        self.flush()

    def write(self, row: Mapping[str, Any]) -> None:
        """Write one line."""
        self._file.write(json.dumps(_strict(row), ensure_ascii=False, separators=(", ", ": ")) + "\n")

    def flush(self) -> None:
        """Hand what was written to the operating system."""
        self._file.flush()

    def close(self) -> None:
        """Close the file; further calls do nothing."""
        self._file.close()

    @property
    def closed(self) -> bool:
        """Say whether nothing can be written any more."""
        return self._file.closed


def _free(target: Path) -> Path:
    number, path = 1, target
    while path.exists():
        number += 1
        path = target.with_name(f"{target.stem}-{number}.jsonl")
    return path


def _strict(value: object) -> object:
    """Return the value as JSON can hold it: short numbers, words for what is not finite, text for anything else."""
    if isinstance(value, Mapping):
        return {str(key): _strict(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_strict(one) for one in value]
    if value is None or isinstance(value, bool | int | str):
        return value
    try:
        number = float(value)  # type: ignore[arg-type]  # numpy's numbers, and what else becomes one
    except (TypeError, ValueError):
        return str(value)
    if math.isfinite(number):
        return float(f"{number:.{DIGITS}g}")
    return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"
