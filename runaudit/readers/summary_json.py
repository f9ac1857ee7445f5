"""Summaries in JSON, one value for each metric: known so that they are refused for what they are, not read as a curve.

Hugging Face's ``all_results.json`` and its kin, ``metrics.json`` of many scripts, DVCLive's old ``dvclive.json``.
"""

from __future__ import annotations

import json
import re
from pathlib import Path, PurePosixPath

from runaudit.errors import LogError
from runaudit.model import RawLog
from runaudit.readers import Reader
from runaudit.readers._json import as_number, flatten
from runaudit.readers._text import read_text
from runaudit.readers._words import is_axis, is_index, is_metric, listed

HUGGING_FACE = re.compile(r"(?:all|train|eval|predict|test)_results\.json")
OTHERS = re.compile(r"(?:[\w.-]+_)?(?:metrics|scores)\.json|dvclive\.json")


def claims(path: PurePosixPath, head: bytes) -> bool:
    """Say whether a file of such a name is one object of single numbers with a metric among them."""
    name = path.name.lower()
    if not (HUGGING_FACE.fullmatch(name) or OTHERS.fullmatch(name)):
        return False
    numbers = _numbers(head)
    one_line = head.strip().count(b"\n") == 0
    if one_line and not HUGGING_FACE.fullmatch(name) and any(map(is_axis, numbers)) and name != "dvclive.json":
        return False  # the first row of a log in JSON Lines
    return any(is_metric(name) and not is_index(name) for name in numbers)


def read(path: Path) -> tuple[RawLog, ...]:
    """Raise ``LogError`` that says what the file is, and ``OSError``."""
    text, _ = read_text(path)
    numbers = _numbers(text.encode())
    if not numbers:
        raise LogError("the file is cut off or no JSON object of numbers", line=text.count("\n") + 1)
    known = HUGGING_FACE.fullmatch(path.name.lower())
    where = " (Hugging Face's Trainer keeps the curve in trainer_state.json)" if known else ""
    raise LogError(f"a summary and no curve, one value each of {listed(numbers)}{where}", kind="not-a-log")


def _numbers(data: bytes) -> tuple[str, ...]:
    """Return the names of the numbers of an object that holds no list, none for anything else; never raises."""
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        return ()
    if not isinstance(content, dict):
        return ()
    values = dict(flatten(content))
    if any(isinstance(value, list) for value in values.values()):
        return ()
    return tuple(name for name, value in values.items() if as_number(value) is not None)


READER = Reader("summary_json", "Summary of single values", claims, read, priority=45)
