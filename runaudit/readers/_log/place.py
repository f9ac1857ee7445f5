"""The step of every row of a log: a counter that restarts in each epoch is counted on; where all do, a run begins."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from runaudit.model import FloatArray
from runaudit.readers._log.scan import Row
from runaudit.readers._log.words import Kind

RARE = 0.2
MOST_SHARE = 0.9
KINDS: tuple[Kind, ...] = ("global", "step", "part", "epoch")
SHORTEST = 2  # rows of a run that is told apart from one that was given up


@dataclass(frozen=True, slots=True)
class Placed:
    """A row with its step. ``own``: the row says its step itself; ``inside``: it is one of many in an evaluation."""

    row: Row
    step: float
    own: bool
    inside: bool = False


@dataclass(frozen=True, slots=True)
class Track:
    """The rows of one run in order.

    ``unit`` is what the steps count: ``step``, ``epoch`` or nothing.
    ``remarks`` say, each with a line, what was guessed.
    """

    rows: tuple[Placed, ...]
    unit: str
    remarks: tuple[tuple[str, int], ...] = ()


def place(rows: Sequence[Row]) -> list[Track]:
    """Return the runs in the rows: one for each time that the counter fell back to where it began."""
    rows = list(_last_bars(rows))
    kind = _counter(rows)
    if kind is None:
        return [Track(tuple(Placed(row, i, own=False) for i, row in enumerate(rows)), "")]
    epochs = _carried([row.count("epoch") for row in rows])
    totals = {t for r in rows if not r.plan.held_out and (t := r.total(kind)) is not None}
    own = [_own_count(row, kind, totals) for row in rows]
    guides = [i for i, c in enumerate(own) if c is not None and not rows[i].plan.held_out]
    guides = guides or [i for i, c in enumerate(own) if c is not None]
    if not guides:  # nothing but the progress of evaluations
        return [Track(tuple(Placed(row, i, own=False) for i, row in enumerate(rows)), "")]
    remarks: list[tuple[str, int]] = []
    steps = own if kind == "epoch" else _unrolled(own, epochs, guides, rows, kind, remarks)
    filled = _filled(steps, rows)
    placed = [
        Placed(row, step, own=count is not None, inside=row.plan.held_out and _inside(row, count))
        for row, step, count in zip(rows, filled, own, strict=True)
    ]
    unit = "epoch" if kind == "epoch" else "step"
    return _runs(placed, [i for i in guides if steps[i] is not None], unit, remarks)


def _inside(row: Row, count: float | None) -> bool:
    return count is None and any(a.kind != "epoch" for a in row.plan.axes)


def _last_bars(rows: Sequence[Row]) -> Iterator[Row]:
    """Yield the rows, of the bars of Keras only the last one of every epoch: each repeats the mean so far."""
    held: Row | None = None
    for row in rows:
        if row.bar == "keras":
            if held is None or row.total("part") == held.total("part"):  # else it evaluates other data
                held = row
            continue
        if row.plan.axes and held is not None:
            yield _without_counter(held)
            held = None
        yield row
    if held is not None:
        yield _without_counter(held)


def _without_counter(row: Row) -> Row:
    return replace(row, plan=replace(row.plan, axes=()), counts=(), totals=())


def _counter(rows: Sequence[Row]) -> Kind | None:
    """Return the counter that the steps are taken from: the one that counts the whole training, where there is one."""
    found: Counter[Kind] = Counter()
    kinds = tuple(kind for kind in KINDS if _moves(rows, kind))
    for strict in (True, False):
        for i, row in enumerate(rows):
            heads = i + 1 < len(rows) and not rows[i + 1].plan.axes and bool(rows[i + 1].plan.values)
            if strict and (row.plan.held_out or not (row.plan.values or heads)):
                continue
            best = next((k for k in kinds if row.count(k) is not None), None)
            if best:
                found[best] += 1
        if found:
            most = max(found.values())
            return next(k for k in kinds if found[k] >= RARE * most)
    return None


def _moves(rows: Sequence[Row], kind: Kind) -> bool:
    """Say whether a counter counts: one that says the same in every epoch only says how long it is."""
    trained = [row for row in rows if not row.plan.held_out]
    counts = [count for row in trained if (count := row.count(kind)) is not None]
    epochs = {count for row in trained if row.count(kind) is not None and (count := row.count("epoch")) is not None}
    return kind == "epoch" or len(set(counts)) > 1 or len(epochs) < SHORTEST or len(epochs) < len(counts)


def _own_count(row: Row, kind: Kind, totals: set[float]) -> float | None:
    """Return what the row says of the counter; the batch of an evaluation is no step."""
    said = row.count(kind)
    if said is None and kind in {"global", "step"}:
        said = row.count("step" if kind == "global" else "global")
    if said is None or kind in {"epoch", "global"} or not row.plan.held_out:
        return said
    total = row.total(kind)
    return said if (total in totals if total is not None else kind == "step") else None


def _unrolled(
    own: Sequence[float | None],
    epochs: Sequence[float | None],
    guides: Sequence[int],
    rows: Sequence[Row],
    kind: Kind,
    remarks: list[tuple[str, int]],
) -> list[float | None]:
    """Return the counts as they are, or counted on over the epochs where they restart in each."""
    counts = np.array([own[i] or 0.0 for i in guides])
    totals = [rows[i].total(kind) for i in guides]
    falls = np.flatnonzero(np.diff(counts) < 0)
    if not len(falls):
        return list(own)
    known = all(epochs[i] is not None for i in guides)
    said = np.array([epochs[i] or 0.0 for i in guides]) if known else np.zeros(len(guides))
    if known and len(np.unique(said)) > 1 and np.all(said == np.floor(said)):
        climbs = np.flatnonzero(np.diff(said) > 0)
        falls = np.setdiff1d(falls, _begun_anew(said, counts))
        if len(falls) < max(len(climbs) / 2, 1) or np.isin(falls, climbs).mean() < MOST_SHARE:
            return list(own)
        at = epochs
    else:
        full = [t is not None and c >= MOST_SHARE * t for c, t in zip(counts, totals, strict=True)]
        if not all(full[i] for i in falls):
            return list(own)
        passed = dict(zip(guides, np.concatenate(([0], np.cumsum(np.diff(counts) < 0))).tolist(), strict=True))
        at = _carried([float(passed[i]) if i in passed else None for i in range(len(own))])
    length = _length(counts, totals)
    first = 0.0 if min(e for e in at if e is not None) < 1 else 1.0
    remarks.append((f"the counter restarts in every epoch: counted on by {length:g} an epoch", rows[guides[0]].line))
    return [None if c is None or e is None else (e - first) * length + c for c, e in zip(own, at, strict=True)]


def _begun_anew(epochs: FloatArray, counts: FloatArray) -> npt.NDArray[np.intp]:
    """Return the rows before a run that begins anew: the epoch falls back, or in the first one the count does."""
    back = (epochs[1:] == epochs[0]) & (counts[1:] <= counts[0]) & (counts[1:] < counts[:-1])
    return np.flatnonzero((np.diff(epochs) < 0) | back)


def _length(counts: FloatArray, totals: Sequence[float | None]) -> float:
    """Return the number of steps in an epoch: the total that the rows name, else the highest count."""
    highest = float(counts.max()) + (1.0 if counts.min() < 1 else 0.0)
    named = Counter(t for t in totals if t is not None)
    return max(named.most_common(1)[0][0], float(counts.max())) if named else highest


def _filled(steps: Sequence[float | None], rows: Sequence[Row]) -> list[float]:
    """Return the step of every row: its own, else that of the last row that has one.

    A form of line of which the first stands before any step belongs to the step that comes next.
    """
    before = _carried(steps)
    after = _carried(steps[::-1])[::-1]
    ahead = {row.plan.form for row, last in zip(rows, before, strict=True) if last is None and not row.plan.axes}
    out: list[float] = []
    for row, own, last, following in zip(rows, steps, before, after, strict=True):
        order = (own, following, last) if row.plan.form in ahead else (own, last, following)
        out.append(next((step for step in order if step is not None), 0.0))
    return out


def _carried(values: Sequence[float | None]) -> list[float | None]:
    """Return the values with each gap filled by the value before it."""
    now: float | None = None
    out: list[float | None] = []
    for value in values:
        now = now if value is None else value
        out.append(now)
    return out


def _runs(
    placed: Sequence[Placed], guides: Sequence[int], unit: str, remarks: Sequence[tuple[str, int]]
) -> list[Track]:
    """Return the runs, cut where the steps fall back to the beginning; starts that were given up are only told."""
    cuts = [0]
    highest = lowest = placed[guides[0]].step
    for i in guides[1:]:
        step = placed[i].step
        if step < highest and step <= lowest:
            cuts.append(i)
            highest = lowest = step
        highest = max(highest, step)
    parts = [placed[a:b] for a, b in zip(cuts, [*cuts[1:], len(placed)], strict=True)]
    long = [p for p in parts if len({r.step for r in p if r.row.plan.values}) >= SHORTEST]
    if not long or len(parts) == 1:
        return [Track(tuple(placed), unit, tuple(remarks))]
    told = list(remarks)
    if len(long) > 1:
        told.append((f"the counter begins anew: {len(long)} runs in one file", long[1][0].row.line))
    if len(long) < len(parts):
        given_up = next(p for p in parts if all(p is not other for other in long))
        starts = "1 start" if len(parts) - len(long) == 1 else f"{len(parts) - len(long)} starts"
        told.append((f"{starts} of a single step left out", given_up[0].row.line))
    return [Track(tuple(p), unit, tuple(told) if p is long[0] else ()) for p in long]
