"""Steps that strictly increase: where they fall back or repeat, the later value wins, with a note."""

from __future__ import annotations

from collections.abc import Container, Sequence

import numpy as np

from runaudit.load.axis import Timed
from runaudit.model import BoolArray, IntArray, Note

TAIL = 3


def ordered(series: Sequence[Timed], minor: Container[str] = ()) -> tuple[list[Timed], list[Note]]:
    """Return the series with strictly increasing steps: where they fall back or repeat, the later value wins.

    Series named in ``minor`` are no metrics: what they lose is not noted.
    """
    notes: list[Note] = []
    kept = [one for one in series if len(one.steps)]
    if kept:
        kept, notes = _without_past(kept, max(kept, key=lambda s: (s.name not in minor, len(s.steps))))
    out: list[Timed] = []
    lost: dict[int, list[Timed]] = {}
    for one in kept:
        keep = latest(one.steps)
        if not keep.all():
            if one.name not in minor and not _same_values(one, keep):
                lost.setdefault(int(len(keep) - keep.sum()), []).append(one)
            one = one.only(keep)
        out.append(one)
    for count, many in lost.items():
        names = many[0].name if len(many) == 1 else f"{many[0].name} and {len(many) - 1} more series"
        text = "1 value repeats" if count == 1 else f"{count} values repeat"
        notes.append(Note(f"{names}: {text} a step, the last one counts", many[0].path))
    return out, notes


def _same_values(one: Timed, keep: BoolArray) -> bool:
    """Say whether every dropped value is the one that was kept at its step, so that nothing is lost."""
    at = np.searchsorted(one.steps[keep], one.steps[~keep])
    here = at < int(keep.sum())
    steps, values = one.steps[keep][at[here]], one.values[keep][at[here]]
    same = (steps == one.steps[~keep][here]) & ((values == one.values[~keep][here]) | np.isnan(values))
    return bool(here.all() and same.all())


def latest(steps: IntArray) -> BoolArray:
    """Return the values to keep so that steps strictly increase and every later value is kept.

    >>> latest(np.array([1, 2, 2, 5, 3, 4])).tolist()
    [True, False, True, False, True, True]
    """
    keep = np.ones(len(steps), dtype=np.bool_)
    if len(steps) > 1:
        lowest_after = np.minimum.accumulate(steps[::-1])[::-1][1:]
        keep[:-1] = steps[:-1] < lowest_after
    return keep


def _without_past(series: list[Timed], guide: Timed) -> tuple[list[Timed], list[Note]]:
    """Drop what a restart logged again: everything before it at steps from the restart on.

    Where the fall is at the very end and would cost most of the log, it is a summary and is dropped itself.
    """
    falls = np.flatnonzero(np.diff(guide.steps) < 0)
    if not len(falls):
        return series, []
    notes: list[Note] = []
    last = int(falls[-1])
    tail, lost = len(guide.steps) - last - 1, int((guide.steps[: last + 1] >= guide.steps[last + 1]).sum())
    if tail < TAIL and lost > tail + TAIL:
        cut = guide.order[last]
        text = "value falls" if tail == 1 else f"{tail} values fall"
        notes.append(_fall(guide, last, f"the last {text} back from step {{}} to {{}}: left out"))
        series, falls = [s.only(s.order <= cut) for s in series], falls[:-1]
    if len(falls):
        more = f", and {len(falls) - 1} more times" if len(falls) > 1 else ""
        notes.append(_fall(guide, int(falls[0]), f"steps fall back from {{}} to {{}}{more}: the later part wins"))
        when, restarts = guide.order[falls + 1], guide.steps[falls + 1]
        lowest = np.append(np.minimum.accumulate(restarts[::-1])[::-1], np.iinfo(np.int64).max)
        series = [s.only(s.steps < lowest[np.searchsorted(when, s.order, side="right")]) for s in series]
    return [s for s in series if len(s.steps)], notes


def _fall(guide: Timed, at: int, text: str) -> Note:
    line = int(guide.lines[at + 1]) or None
    return Note(text.format(guide.steps[at], guide.steps[at + 1]), guide.path, line)
