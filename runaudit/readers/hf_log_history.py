"""The ``log_history`` of Hugging Face's Trainer, dumped as a JSON list of its own (``log_history.json``).

Tested against transformers 5.23.0.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path, PurePosixPath

from runaudit.errors import LogError
from runaudit.model import Note, RawLog, RawSeries, Reduction
from runaudit.readers import Reader
from runaudit.readers._json import all_names, decode_list, to_series
from runaudit.readers._table import require_metric
from runaudit.readers._text import read_text

LIST = re.compile(rb"(?:\xef\xbb\xbf)?\s*\[\s*\{")
AXIS = (b'"step"', b'"epoch"')
OWN = (b'"learning_rate"', b'"grad_norm"', b'"eval_runtime"', b'"eval_samples_per_second"', b'"train_runtime"')


def claims(path: PurePosixPath, head: bytes) -> bool:
    """Say whether it is a list of rows with the Trainer's two axes and one of its own keys."""
    if path.suffix.lower() != ".json" or LIST.match(head) is None:
        return False
    return all(key in head for key in AXIS) and any(key in head for key in OWN) and b'loss"' in head


def read(path: Path) -> tuple[RawLog, ...]:
    """Return the rows as one log. The row of totals at the end of a training is no point of any curve.

    Of a list that is cut off, the rows that are whole are read, with a note.
    """
    text, notes = read_text(path)
    start = text.find("[")
    if start < 0:
        raise LogError("the file holds no JSON list", line=1)
    entries = decode_list(text, start)
    if entries.broken is not None:
        if not entries.records:
            raise LogError("the list is cut off or broken in its first row", line=entries.broken)
        what = f"the list is cut off or broken from here, {len(entries.records)} rows read"
        notes = (*notes, Note(what, str(path), entries.broken))
    rows = [(line, row) for line, row in entries.records if "train_runtime" not in row]
    if not rows:
        raise LogError("the history is empty", kind="not-a-log")
    series, _ = to_series(rows)
    require_metric(all_names(rows), series)
    return (RawLog("hf_log_history", tuple(map(_reduced, series)), notes=notes),)


def _reduced(series: RawSeries) -> RawSeries:
    """Say that ``loss`` is the mean since the row before."""
    return replace(series, reduction=Reduction.WINDOW_MEAN) if series.name == "loss" else series


READER = Reader("hf_log_history", "Hugging Face log_history as a list", claims, read, priority=45)
