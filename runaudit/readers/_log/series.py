"""Placed rows to series; of an evaluation only the end counts."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, field

import numpy as np

from runaudit.model import RawSeries, Reduction
from runaudit.readers._log.naming import Names, names_of, plain
from runaudit.readers._log.place import Placed, Track
from runaudit.readers._log.words import is_control, split_of

CLOSE = 0.03
SPREAD = 0.2
MOST = 0.8
FEW = 3
TRAINER = {"loss", "learning_rate", "grad_norm"}  # what the Trainer of Hugging Face prints every few steps


@dataclass(slots=True)
class _Points:
    values: list[float] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)

    def add(self, value: float, row: int, line: int) -> None:
        """Take the next value."""
        self.values.append(value)
        self.rows.append(row)
        self.lines.append(line)

    def series(self, name: str, reduction: Reduction | None = None) -> RawSeries:
        """Return the values as a series."""
        rows, lines = np.array(self.rows, dtype=np.int64), np.array(self.lines, dtype=np.int64)
        return RawSeries(name, np.array(self.values, dtype=np.float64), rows, lines, reduction=reduction)


def to_series(track: Track) -> tuple[RawSeries, ...]:
    """Return the counter of a run, if it has one, and a series for each name in it."""
    rows = [placed for placed in track.rows if placed.row.values]
    names = names_of(rows, stepwise=track.unit == "step")
    points: dict[str, _Points] = {}
    counter = _Points()
    evaluated: dict[str, float] = {}
    fresh: set[str] = set()
    for record, placed in enumerate(rows):
        row = placed.row
        taken: set[str] = set()
        for name, value, mean in zip(names[placed.own, row.plan], row.values, row.means, strict=True):
            if name in taken:
                continue
            taken.add(name)
            column = points.setdefault(name, _Points())
            shown = mean if mean is not None and row.plan.held_out and not placed.own else value
            if not placed.own and evaluated.get(name) == placed.step:
                column.values[-1], column.lines[-1] = shown, row.line  # what comes last stands for an evaluation
            else:
                column.add(shown, record, row.line)
            if not (track.unit == "step" and _shows(placed, name)):
                fresh.add(name)
            if placed.inside:
                evaluated[name] = placed.step
        counter.add(placed.step, record, row.line)
    means = _running(rows, names) if track.unit == "step" else {}
    for name, of_epoch in means.items():
        points[f"{name} so far"], points[name] = points[name], points.pop(of_epoch)
        fresh.add(f"{name} so far")
    curves = {n: p if n in fresh else _without_repeats(p) for n, p in points.items()}
    made = [p.series(n, _reduction(n, points.keys())) for n, p in curves.items()]
    return (counter.series(track.unit), *made) if track.unit and made else tuple(made)


def _reduction(name: str, names: Container[str]) -> Reduction | None:
    """Return what one value stands for, where the names say so."""
    if name.endswith(" so far"):
        return Reduction.RUNNING_MEAN
    if f"{name} so far" in names:
        return Reduction.EPOCH_MEAN
    return Reduction.WINDOW_MEAN if name == "loss" and all(n in names for n in TRAINER) else None


def _shows(placed: Placed, name: str) -> bool:
    """Say whether the line of a training step gives a result that may be that of an evaluation or epoch before it."""
    row = placed.row
    if not placed.own or row.tabled or row.plan.held_out:
        return False
    told = split_of(name) in {"val", "test"} or name.endswith("_epoch")
    return told and any(split_of(v.name) in {"", "train"} and not is_control(v.name) for v in row.plan.values)


def _without_repeats(points: _Points) -> _Points:
    """Return the values where they change, where most lines only show the last one again."""
    at = [i for i, v in enumerate(points.values) if not i or v != points.values[i - 1]]
    if not 1 < len(at) <= len(points.values) / 2:
        return points
    return _Points([points.values[i] for i in at], [points.rows[i] for i in at], [points.lines[i] for i in at])


def _running(rows: Sequence[Placed], names: Names) -> dict[str, str]:
    """Return which series are means since the beginning of the epoch, each with that of the mean of the whole epoch.

    They end where the mean of the epoch is, in the first epoch too, in which single steps would end well below it.
    """
    last: dict[str, tuple[str, float]] = {}
    first: dict[str, list[float]] = {}
    hits: dict[tuple[str, str], list[bool]] = {}
    for placed in rows:
        for name, value in zip(names[placed.own, placed.row.plan], placed.row.values, strict=True):
            short = plain(name)
            if name.startswith("epoch ") and short in last:
                twin, before = last[short]
                hits.setdefault((twin, name), []).append(abs(value - before) <= CLOSE * abs(value))
            elif placed.own:
                last[short] = name, value
                if not any(twin == name for twin, _ in hits):
                    first.setdefault(name, []).append(value)
    return {
        name: mean
        for (name, mean), same in hits.items()
        if len(same) >= FEW and same[0] and sum(same) >= MOST * len(same) and _falls(first[name])
    }


def _falls(values: Sequence[float]) -> bool:
    return abs(values[0] - values[-1]) >= SPREAD * abs(values[-1])
