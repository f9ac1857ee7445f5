"""A known crash in the text logs of a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from runaudit.detectors import Detector, Table
from runaudit.errors import NotJudged
from runaudit.model import Hit, Series

UNNAMED = frozenset({"traceback", "assertion"})


def crash_in_log(crashes: Table | None, curves: Mapping[str, Series] | None) -> Iterator[Hit]:
    """Report the crash that ended the run: the first named one, else one that has no name of its own.

    A crash that the run survived is weak evidence, and so is an end by hand or by the scheduler. Each row of
    ``crashes`` has ``kind``, ``what``, ``cure``, ``text``, ``path``, ``line``, ``end`` and ``by_hand``. Raises
    ``NotJudged`` where no text log was read.
    """
    if crashes is None:
        raise NotJudged(
            "no text log of this run", "what the training printed, in a .log, .out, .err or .txt beside the curves"
        )
    if not crashes:
        return
    row = min(crashes, key=_rank)
    failed = bool(row["end"]) and not row["by_hand"]
    step = _step(row, curves or {})
    facts: dict[str, float | str] = {name: row[name] for name in ("kind", "what", "cure", "text", "line")}
    facts["path"] = row["path"]
    others = [str(other["what"]) for other in crashes if other is not row and bool(other["end"]) and row["end"]]
    if others:
        facts["others"] = "; ".join(others)
    if not row["end"]:
        facts["survived"] = "the log goes on after it"
    yield Hit(step, step, facts, weak=not failed, path=str(row["path"]), line=int(row["line"]))


def _rank(row: Mapping[str, Any]) -> tuple[bool, bool, bool, str, int]:
    """Sort what ended the run first, then what has a name, then the first in the log: others are its echo."""
    return (not row["end"], bool(row["by_hand"]), row["kind"] in UNNAMED, str(row["path"]), int(row["line"]))


def _step(row: Mapping[str, Any], curves: Mapping[str, Series]) -> int:
    """Return the last step that was logged before the crash; of another file than the curves, the last of all."""
    lines = [s for s in curves.values() if len(s) and s.path == row["path"] and int(s.lines[-1]) > 0]
    before = [int(s.steps[np.flatnonzero(s.lines < row["line"])[-1]]) for s in lines if np.any(s.lines < row["line"])]
    return max(before or [int(s.steps[-1]) for s in curves.values() if len(s)], default=0)


DETECTOR = Detector(
    "crash-in-log",
    crash_in_log,
    frozenset({"kind", "what", "cure", "text", "line", "path"}),
    frozenset({"others", "survived"}),
)
