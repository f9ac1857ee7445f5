"""The step of every value of a log: which column counts the steps, and what stands in where it has gaps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from runaudit.load.clock import measures
from runaudit.load.running import is_running_mean
from runaudit.model import BoolArray, FloatArray, IntArray, Note, RawLog, RawSeries, Reduction
from runaudit.names import Meaning

UNITS = ("step", "token", "sample", "epoch")
MOST = 2.0**53
MOST_SCALE = 1_000_000
DIP = 2
BATCHES = frozenset({"batch", "batch_idx", "minibatch", "batch_id"})  # counters that start again in every epoch


@dataclass(frozen=True, slots=True, eq=False)
class Timed:
    """A series of a file with a step for every value, still in the order of the file.

    ``order`` counts the records of the log, over all its files; ``line`` is 0 where there is none.
    """

    name: str
    path: str
    steps: IntArray
    values: FloatArray
    lines: IntArray
    order: IntArray
    raw: RawSeries

    def only(self, keep: BoolArray) -> Timed:
        """Return the series with the values at ``keep`` alone."""
        if keep.all():
            return self
        parts = (self.steps[keep], self.values[keep], self.lines[keep], self.order[keep])
        return replace(self, steps=parts[0], values=parts[1], lines=parts[2], order=parts[3])


@dataclass(frozen=True, slots=True, eq=False)
class Axis:
    """The step of every record of a table, by its number; ``usable`` is False where there is none."""

    steps: IntArray
    usable: BoolArray
    unit: str


def timed(log: RawLog, path: str, meanings: Mapping[str, Meaning]) -> tuple[list[Timed], str, list[Note]]:
    """Return the metrics of one file with their steps, the unit of the steps, and what had to be guessed.

    Behind the metrics come the timing and system columns; they have no part in finding the steps.
    """
    notes: list[Note] = []
    columns = {s.name: _finite(s) for s in log.series if meanings[s.name].role == "axis" and s.steps is None}
    metrics = [s for s in log.series if meanings[s.name].role in {"metric", "unknown"} and len(s.values)]
    axis: Axis | None = None
    found: list[Timed] = []
    for series in metrics:
        if series.steps is not None:
            steps, keep = _whole(series.steps)
        else:
            if axis is None:
                axis = table_axis(columns, meanings, metrics, path, notes)
            steps, keep = axis.steps[series.rows], axis.usable[series.rows]
        if not keep.all():
            lost = int(len(keep) - keep.sum())
            text = "1 value has" if lost == 1 else f"{lost} values have"
            notes.append(Note(f"{series.name}: {text} no usable step, left out", path))
        raw = series
        if meanings[series.name].canonical == "train/loss" and _runs(series, meanings, columns):
            notes.append(Note(f"{series.name} starts afresh in every epoch, as a running mean does: read as one", path))
            raw = replace(series, reduction=Reduction.RUNNING_MEAN)
        one = Timed(series.name, path, steps, series.values, series.lines, series.rows, raw)
        found.append(one.only(keep))
    if found:
        others = [s for s in log.series if meanings[s.name].role in {"axis", "ignore"} and measures(s.name)]
        found += [beside for s in others if (beside := _beside(s, axis, path)) is not None]
    return found, axis.unit if axis is not None else "step", notes


def _runs(series: RawSeries, meanings: Mapping[str, Meaning], columns: Mapping[str, RawSeries]) -> bool:
    """Say whether a series of a table shows itself as a running mean, where neither format nor name says what it is."""
    if series.steps is not None or series.reduction is not None or meanings[series.name].reduction is not None:
        return False
    epoch = _epoch_of(columns, meanings)
    return epoch is not None and is_running_mean(series, epoch)


def _beside(series: RawSeries, axis: Axis | None, path: str) -> Timed | None:
    """Return a timing column at the records that have a step, None where none has."""
    if series.steps is not None:
        steps, keep = _whole(series.steps)
    elif axis is not None:
        rows = np.minimum(series.rows, len(axis.steps) - 1)
        steps, keep = axis.steps[rows], axis.usable[rows] & (rows == series.rows)
    else:
        return None
    keep = keep & np.isfinite(series.values)
    one = Timed(series.name, path, steps, series.values, series.lines, series.rows, series)
    return one.only(keep) if keep.any() else None


def _finite(column: RawSeries) -> RawSeries:
    """Return a column of steps with NaN for infinities: neither is a step."""
    return replace(column, values=np.where(np.isfinite(column.values), column.values, np.nan))


def _whole(steps: FloatArray) -> tuple[IntArray, BoolArray]:
    """Return steps as whole numbers, and where that was possible."""
    with np.errstate(invalid="ignore"):
        keep = np.isfinite(steps) & (np.abs(steps) < MOST)
    return np.where(keep, np.round(np.where(keep, steps, 0)), 0).astype(np.int64), keep


def table_axis(
    columns: Mapping[str, RawSeries],
    meanings: Mapping[str, Meaning],
    metrics: Sequence[RawSeries],
    path: str,
    notes: list[Note],
) -> Axis:
    """Return the step of every row of a table: the step column, else the epoch, else the number of the row."""
    tabled = [s for s in metrics if s.steps is None]
    size = 1 + max(int(s.rows[-1]) for s in (*tabled, *columns.values()) if len(s.rows))
    rows = np.flatnonzero(_mark(tabled, size)).astype(np.int64)
    usable = {name: s for name, s in columns.items() if np.isfinite(s.values).any() and _counts(s, metrics)}
    for unit in UNITS:
        candidates = [s for name, s in usable.items() if meanings[name].canonical == unit]
        if not candidates:
            continue
        best = max(candidates, key=lambda s: (_quality(s, rows, size), -meanings[s.name].rank))
        epoch = _epoch_of(columns, meanings)
        steps = _fill(rows, best, epoch if unit != "epoch" else None, path, notes)
        if unit != "epoch":
            steps = _without_dips(steps, best.name, path, notes)
        if unit != "epoch" and epoch is None and best.name.lower() in BATCHES:
            steps = _counted_on(steps, best.name, path, notes)
        if unit != "epoch" and epoch is not None:
            steps = _unroll(rows, steps, epoch, best.name, path, notes)
        if unit == "epoch":
            steps, unit = _scaled(steps, best.name, path, notes)
        return _by_row(rows, steps, size, unit)
    notes.append(Note("no column of steps or epochs: the rows are counted from 0", path))
    return _by_row(rows, rows.astype(np.float64), size, "row")


def _mark(series: Iterable[RawSeries], size: int) -> BoolArray:
    """Return for every record whether one of the series has a value in it."""
    marked = np.zeros(size, dtype=np.bool_)
    for one in series:
        marked[one.rows] = True
    return marked


def _by_row(rows: IntArray, steps: FloatArray, size: int, unit: str) -> Axis:
    whole, usable = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.bool_)
    whole[rows], usable[rows] = _whole(steps)
    return Axis(whole, usable, unit)


def _counts(series: RawSeries, metrics: Sequence[RawSeries]) -> bool:
    """Say whether the column tells values apart: it changes, or no metric has a second value."""
    finite = series.values[np.isfinite(series.values)]
    return bool(np.any(finite != finite[0])) or max(len(s.values) for s in metrics) == 1


def _quality(series: RawSeries, rows: IntArray, size: int) -> float:
    """Return how well a column serves as the axis: the share of rows that have it times the share that rises."""
    covered = float(_mark([series], size)[rows].mean())
    steps = np.diff(series.values)
    return round(covered * float(np.mean(steps >= 0)) if len(steps) else covered, 1)


def _epoch_of(columns: Mapping[str, RawSeries], meanings: Mapping[str, Meaning]) -> RawSeries | None:
    epochs = [s for name, s in columns.items() if meanings[name].canonical == "epoch" and len(s.values)]
    return max(epochs, key=lambda s: len(s.values)) if epochs else None


def _fill(rows: IntArray, axis: RawSeries, epoch: RawSeries | None, path: str, notes: list[Note]) -> FloatArray:
    """Return the step of every row; a row without one takes it by its epoch, else from the row before."""
    at = np.searchsorted(axis.rows, rows)
    exact = (at < len(axis.rows)) & (axis.rows[np.minimum(at, len(axis.rows) - 1)] == rows)
    steps = np.full(len(rows), np.nan)
    steps[exact] = axis.values[at[exact]]
    blank = ~exact
    if not blank.any():
        return steps
    guess = None if epoch is None else _by_epoch(rows[blank], axis, epoch)
    if guess is not None:
        steps[blank] = guess
        notes.append(Note(f"{_rows(blank)} no {axis.name}: taken from the epoch", path))
        return steps
    steps[blank] = axis.values[np.maximum(np.searchsorted(axis.rows, rows[blank], side="right") - 1, 0)]
    notes.append(Note(f"{_rows(blank)} no {axis.name}: taken from the row before", path))
    return steps


def _rows(mask: BoolArray) -> str:
    count = int(mask.sum())
    return "1 row has" if count == 1 else f"{count} rows have"


def _by_epoch(rows: IntArray, axis: RawSeries, epoch: RawSeries) -> FloatArray | None:
    """Return the steps of rows interpolated between the epochs of rows that have both, None if that fails."""
    _, a, e = np.intersect1d(axis.rows, epoch.rows, assume_unique=True, return_indices=True)
    known, steps = epoch.values[e], axis.values[a]
    at = np.searchsorted(epoch.rows, rows)
    has = (at < len(epoch.rows)) & (epoch.rows[np.minimum(at, len(epoch.rows) - 1)] == rows)
    rising = len(known) > 1 and bool(np.all(np.diff(known) > 0)) and bool(np.all(np.diff(steps) >= 0))
    if not rising or not has.all() or not np.isfinite(steps).all():
        return None
    return np.interp(epoch.values[at], known, steps)


def _without_dips(steps: FloatArray, name: str, path: str, notes: list[Note]) -> FloatArray:
    """Return steps where one or two rows that fall back alone take the step of the row before.

    Validation rows of OpenMMLab carry the number of validation steps, or the epoch, where others carry the step.
    """
    if len(steps) < 4 or not np.isfinite(steps).all():
        return steps
    highest = np.maximum.accumulate(steps)
    below = np.concatenate(([False], steps < highest, [False]))
    edges = np.flatnonzero(np.diff(below.astype(np.int8))).reshape(-1, 2)
    rises = np.diff(highest)
    if not len(edges) or not rises.any():
        return steps
    usual = float(np.median(rises[rises > 0]))
    out, count = steps.copy(), 0
    for start, stop in edges.tolist():
        ends = stop == len(steps)
        returns = bool(ends and count) or (not ends and bool(steps[stop] - steps[stop - 1] > 1.5 * usual))
        if stop - start <= DIP and returns:
            out[start:stop] = highest[start]
            count += stop - start
    if count:
        rows = "1 row" if count == 1 else f"{count} single rows"
        notes.append(Note(f"{name} falls back in {rows}: taken from the row before", path))
    return out


def _unroll(rows: IntArray, steps: FloatArray, epoch: RawSeries, name: str, path: str, notes: list[Note]) -> FloatArray:
    """Return steps that go on over epochs, where the column restarts in every epoch; else the steps as they are."""
    falls = np.flatnonzero(np.diff(steps) < 0)
    at = np.minimum(np.searchsorted(epoch.rows, rows), len(epoch.rows) - 1)
    epochs = epoch.values[at]
    climbs = np.flatnonzero(np.diff(epochs) > 0)
    if not len(falls) or not np.isfinite(epochs).all() or np.any(epochs != np.floor(epochs)):
        return steps
    share = np.isin(falls, climbs).mean()
    if share < 0.9 or len(falls) < 0.5 * len(climbs):
        return steps
    first, length = float(epochs[0]), float(np.nanmax(steps))
    if float(np.nanmin(steps)) < 1:
        length += 1
    notes.append(Note(f"{name} restarts in every epoch: counted on by {length:g} an epoch", path))
    return steps + (epochs - first) * length


def _counted_on(steps: FloatArray, name: str, path: str, notes: list[Note]) -> FloatArray:
    """Return the number of a batch counted on over passes of equal length, where no column says the epoch."""
    starts = np.concatenate(([0], np.flatnonzero(np.diff(steps) < 0) + 1))
    lengths = np.diff(np.append(starts, len(steps)))
    even = len(starts) > 1 and bool(np.all(lengths[:-1] == lengths[0]) and lengths[-1] <= lengths[0])
    if not even or bool(np.any(steps[starts] != steps[0])) or not np.isfinite(steps).all():
        return steps
    length = float(steps.max()) + (1 if steps[0] < 1 else 0)
    notes.append(Note(f"{name} restarts {len(starts) - 1} times after as many rows: counted on by {length:g}", path))
    return np.asarray(steps + np.repeat(np.arange(len(starts)), lengths) * length, dtype=np.float64)


def _scaled(epochs: FloatArray, name: str, path: str, notes: list[Note]) -> tuple[FloatArray, str]:
    """Return epochs as they are if they are whole, else multiplied so that they become distinct whole steps."""
    finite = np.unique(epochs[np.isfinite(epochs)])
    if len(finite) < 2 or np.all(finite == np.round(finite)):
        return epochs, "epoch"
    gap = float(np.diff(finite).min())
    scale = int(min(max(np.ceil(1 / gap - 0.01), 1), MOST_SCALE))
    notes.append(Note(f"{name} is fractional: a step is 1/{scale} of an epoch", path))
    return epochs * scale, "step"
