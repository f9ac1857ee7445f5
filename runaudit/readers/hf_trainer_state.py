"""Hugging Face ``trainer_state.json``: the rows of ``log_history``, and copies of it in ``checkpoint-N`` folders.

Tested against transformers 5.23.0 and public files since version 4.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from runaudit.errors import LogError
from runaudit.model import Note, RawLog, RawSeries, Reduction
from runaudit.readers import Grouping, Reader
from runaudit.readers._json import all_names, decode_list, to_series
from runaudit.readers._table import require_metric
from runaudit.readers._text import read_text
from runaudit.readers._words import listed

HISTORY = re.compile(r'"log_history"\s*:\s*\[')
CHECKPOINT = re.compile(r"checkpoint-\d+")
SETTINGS = ("logging_steps", "eval_steps", "max_steps", "num_train_epochs", "train_batch_size")


def claims(path: PurePosixPath, head: bytes) -> bool:
    """Say whether it has the name of the trainer's file, or its keys in the head."""
    if path.suffix.lower() != ".json":
        return False
    known = b'"global_step"' in head and b'"best_model_checkpoint"' in head
    return path.name.lower().startswith("trainer_state") or b'"log_history"' in head or known


def home(path: PurePosixPath) -> PurePosixPath:
    """Return the folder of the run: a checkpoint's folder belongs to the one that it lies in.

    >>> home(PurePosixPath("out/checkpoint-500/trainer_state.json"))
    PurePosixPath('out')
    """
    folder = path.parent
    return folder.parent if CHECKPOINT.fullmatch(folder.name) else folder


def read(path: Path) -> tuple[RawLog, ...]:
    """Return the history as one log. The row of totals at the end of a training is no point of any curve.

    Of a file that is cut off, the rows that are whole are read, with a note. Raises ``LogError`` if it is JSON without
    a history, or nothing can be read.
    """
    text, notes = read_text(path)
    found = HISTORY.search(text)
    if found is None:
        _refuse(text)
        raise LogError('the JSON has no "log_history"', kind="not-a-log")
    entries = decode_list(text, found.end() - 1)
    state = _settings(f'{text[: found.start()]}"log_history": []{text[entries.end :]}')
    if entries.broken is not None:
        if not entries.records:
            raise LogError("the history is cut off or broken in its first row", line=entries.broken)
        what = f"the file is cut off or broken from here, {len(entries.records)} rows of the history read"
        notes = (*notes, Note(what, str(path), entries.broken))
    elif state is None:
        line = text.count("\n") + 1
        notes = (*notes, Note("the file is cut off or broken behind its history", str(path), line))
    if state is None:
        state = _settings(f'{text[: found.start()]}"log_history": []}}') or {}
    rows = [(line, row) for line, row in entries.records if "train_runtime" not in row]
    if not rows:
        raise LogError("the history is empty", kind="not-a-log")
    series, _ = to_series(rows)
    require_metric(all_names(rows), series)
    return (RawLog("hf_trainer_state", tuple(map(_reduced, series)), config=state, notes=notes),)


def _reduced(series: RawSeries) -> RawSeries:
    """Say that ``loss`` is the mean since the row before."""
    return replace(series, reduction=Reduction.WINDOW_MEAN) if series.name == "loss" else series


def _settings(text: str) -> dict[str, Any] | None:
    """Return the settings in a trainer's state, None if it is broken."""
    try:
        state = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(state, dict):
        return {}
    settings = {key: state[key] for key in SETTINGS if state.get(key) is not None}
    trial = state.get("trial_params")
    return {**settings, **trial} if isinstance(trial, dict) else settings


def _refuse(text: str) -> None:
    """Raise ``LogError`` that says what the file is instead."""
    try:
        state = json.loads(text)
    except (ValueError, RecursionError) as error:
        line = error.lineno if isinstance(error, json.JSONDecodeError) else None
        raise LogError("the file is cut off or no JSON, before any history", line=line) from error
    what = f"its keys are {listed(state)}" if isinstance(state, dict) else "it is no object"
    raise LogError(f'the JSON has no list "log_history" ({what})', kind="not-a-log")


READER = Reader(
    "hf_trainer_state",
    "Hugging Face trainer_state.json",
    claims,
    read,
    priority=50,
    grouping=Grouping.COPIES,
    home=home,
)
