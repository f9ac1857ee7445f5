"""Runs and references -> a comparison."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from runaudit.compare import settings
from runaudit.compare.axis import Shared, shared_axis
from runaudit.compare.band import band_of, left_for_good, middle
from runaudit.compare.curve import Line, common_range, late_from, line_of, measures
from runaudit.compare.judge import Broken, judge
from runaudit.compare.metrics import is_up_good, shared
from runaudit.compare.result import Comparison, Member, Metric
from runaudit.errors import UsageError
from runaudit.model import Run
from runaudit.text import count, number

MOST_METRICS = 8
SHORT = 0.6  # of the longest run of its side: a reference that ends earlier is not counted
PARTLY = 0.95  # of the axis of the longer side; less is said


@dataclass(frozen=True, slots=True, eq=False)
class _Side:
    """The runs of one side, each with its number among all places of the axis."""

    runs: tuple[Run, ...]
    numbers: tuple[int, ...]


def compare(
    runs: Sequence[Run], references: Sequence[Run], *, metric: str | None = None, by: str | None = None
) -> Comparison:
    """Return how the runs are against the references.

    The verdict is by ``metric``, else by the first that all have of: validation loss, accuracy, perplexity, reward,
    training loss, and what else has a known direction. ``by`` is ``step``, ``epoch`` or ``time``; by default the first
    that all runs have. Nothing is extrapolated: everything is measured where all runs have values.

    Raises ``UsageError`` where a side has no run, where no metric or no axis is shared, and for a metric of unknown
    direction.
    """
    if not runs or not references:
        raise UsageError(f"no {'run' if not runs else 'reference'} to compare")
    notes: list[str] = []
    runs, references = _named_apart(runs, references)
    references = _distinct(references, runs, notes)
    names = _metrics([*runs, *references], metric)
    axis = shared_axis([*runs, *references], by)
    broken = {run.id: how for run in (*runs, *references) if (how := _diverged(run, names[0]))}
    new = _Side(tuple(runs), tuple(range(len(runs))))
    old = _Side(tuple(references), tuple(range(len(runs), len(runs) + len(references))))
    old = _long_enough(old, axis, names[0], broken, notes)
    found = [one for name in names if (one := _metric(name, new, old, axis, broken)) is not None]
    if not found or found[0].name != names[0]:
        raise UsageError(f"the runs share no stretch of {names[0]} by {axis.by}: one begins where another ends")
    independent = _independent(old.runs, notes)
    if mixed := settings.varied(new.runs):
        notes.append(f"the runs differ in {', '.join(mixed[:5])}: they are judged together, as one group")
    notes += _extent(found[0], new, old, axis)
    sides = (_named(broken, new.runs), _named(broken, old.runs))
    judged = judge(found[0], Broken(*sides), independent=independent)
    return Comparison(
        verdict=judged.verdict,
        reason=judged.reason,
        advice=judged.advice,
        by=axis.by,
        unit=axis.unit,
        runs=tuple(_member(run, i, axis, names[0], broken, used=True) for i, run in enumerate(runs)),
        references=tuple(
            _member(run, len(runs) + i, axis, names[0], broken, used=run in old.runs)
            for i, run in enumerate(references)
        ),
        metrics=tuple(found),
        test=judged.test,
        settings=settings.differences(new.runs, old.runs),
        notes=(*axis.notes, *notes),
    )


def _named_apart(runs: Sequence[Run], references: Sequence[Run]) -> tuple[list[Run], list[Run]]:
    """Return both sides with a name of its own for each run; those of two folders may both be called "."."""
    seen: Counter[str] = Counter()
    sides: tuple[list[Run], list[Run]] = ([], [])
    for side, given in zip(sides, (runs, references), strict=True):
        for run in given:
            seen[run.id] += 1
            side.append(run if seen[run.id] == 1 else replace(run, id=f"{run.id} ({seen[run.id]})"))
    return sides


def _distinct(references: Sequence[Run], runs: Sequence[Run], notes: list[str]) -> list[Run]:
    """Return the references that are no run of the other side, unless all are, and no copy of each other."""
    kept: list[Run] = []
    others = [one for one in references if not any(_same_curves(one, run) for run in runs)]
    for one in references:
        if others and one not in others:
            notes.append(f"{one.id} is on both sides: not counted as a reference")
        elif (twin := next((k for k in kept if _same_curves(one, k)), None)) is not None:
            notes.append(f"{one.id} holds the values of {twin.id}: counted once")
        else:
            kept.append(one)
    return kept


def _same_curves(a: Run, b: Run) -> bool:
    names = [name for name in a.series if is_up_good(name) is not None]
    return (
        bool(names)
        and a.series.keys() == b.series.keys()
        and all(
            np.array_equal(a.series[n].steps, b.series[n].steps)
            and np.array_equal(a.series[n].values, b.series[n].values, equal_nan=True)
            for n in names
        )
    )


def _metrics(every: Sequence[Run], wanted: str | None) -> list[str]:
    """Return the metrics to compare, the one to judge by first."""
    common = shared(every)
    if wanted is None:
        if not common:
            raise UsageError("no metric that says how good a run is is logged in all of them")
        return common[:MOST_METRICS]
    lacking = [run.id for run in every if wanted not in run.series or not len(run.series[wanted])]
    if lacking:
        have = ", ".join(common[:MOST_METRICS]) or "none"
        raise UsageError(f"no {wanted} in {', '.join(lacking[:3])}; all runs have: {have}")
    if is_up_good(wanted) is None:
        raise UsageError(f"is more or less of {wanted} better? Only metrics of known direction can be judged")
    return [wanted, *(name for name in common if name != wanted)][:MOST_METRICS]


def _diverged(run: Run, name: str) -> str:
    """Return how a run broke down, "" if it did not: the metric, or the training loss, is not finite at its end."""
    for one in dict.fromkeys((name, "train/loss")):
        series = run.series.get(one)
        if series is None or not len(series) or np.isfinite(series.values[-1]):
            continue
        good = np.flatnonzero(np.isfinite(series.values))
        first = int(series.steps[good[-1] + 1]) if len(good) else int(series.steps[0])
        return f"{one} is {number(float(series.values[-1]))} from {run.step_unit} {count(first)} on"
    return ""


def _long_enough(side: _Side, axis: Shared, name: str, broken: Mapping[str, str], notes: list[str]) -> _Side:
    """Return the references without those that ended early: they would cut the range short for all."""
    lasts = [_last(run, i, axis, name) for run, i in zip(side.runs, side.numbers, strict=True)]
    longest = max(lasts)
    keep = [run.id in broken or last >= SHORT * longest for run, last in zip(side.runs, lasts, strict=True)]
    for run, last, kept in zip(side.runs, lasts, keep, strict=True):
        if not kept:
            notes.append(f"{run.id} ended early, at {axis.unit} {number(last)} of {number(longest)}: not counted")
    pairs = [pair for pair, kept in zip(zip(side.runs, side.numbers, strict=True), keep, strict=True) if kept]
    return _Side(tuple(run for run, _ in pairs), tuple(i for _, i in pairs))


def _last(run: Run, i: int, axis: Shared, name: str) -> float:
    x = axis.places[i](run.series[name].steps)
    known = x[np.isfinite(x)]
    return float(known[-1]) if len(known) else 0.0


def _lines(side: _Side, axis: Shared, name: str) -> list[Line]:
    return [line_of(run, name, axis.places[i]) for run, i in zip(side.runs, side.numbers, strict=True)]


def _metric(name: str, new: _Side, old: _Side, axis: Shared, broken: Mapping[str, str]) -> Metric | None:
    """Return one metric of both sides, None where they share no stretch of it."""
    up_good = bool(is_up_good(name))
    lines, references = _lines(new, axis, name), _lines(old, axis, name)
    every = [*lines, *references]
    whole = [line for line in every if line.run not in broken]
    extent = common_range(whole if any(line in whole for line in references) else every)
    if extent is None:
        return None
    low, high = extent
    late = late_from(whole or every, low, high)
    nan = float("nan")
    ends = [measures(line, low, high, late, nan, up_good=up_good).final for line in references]
    known = [end for end in ends if np.isfinite(end)]
    target = float(np.median(known)) if known else nan
    new_measures, old_measures = (
        tuple(measures(line, low, high, late, target, up_good=up_good) for line in side) for side in (lines, references)
    )
    band = band_of(references, low, high, up_good=up_good)
    drawn = tuple(line.on(band.x) for line in lines)
    mid = middle(np.array(drawn))
    left_at, left_to = left_for_good(mid, band)
    return Metric(name, up_good, low, high, new_measures, old_measures, target, band, drawn, mid, left_at, left_to)


def _independent(references: Sequence[Run], notes: list[str]) -> bool:
    """Return whether the references may differ by chance alone; what is known to be otherwise is noted."""
    if len(references) < 2:
        return True
    other = settings.varied(references)
    if other:
        notes.append(f"the references differ in {', '.join(other[:5])}: their spread is not that of seeds alone")
    known = settings.seeds(references)
    if None not in known and len(set(known)) == 1 and not other:
        notes.append(
            f"the references all have the seed {known[0]}: their spread is not that of seeds, which is assumed"
        )
        return False
    return True


def _extent(metric: Metric, new: _Side, old: _Side, axis: Shared) -> list[str]:
    """Return a note where one side goes on beyond the range that is compared."""
    ends = [max(_last(run, i, axis, metric.name) for run, i in zip(s.runs, s.numbers, strict=True)) for s in (new, old)]
    longer = "the references" if ends[1] >= ends[0] else "the runs"
    if metric.high >= PARTLY * max(ends):
        return []
    here = f"compared up to {axis.unit} {number(metric.high)}, where all have values"
    return [f"{here}; {longer} go on to {number(max(ends))}"]


def _named(broken: Mapping[str, str], side: Sequence[Run]) -> dict[str, str]:
    return {run.id: broken[run.id] for run in side if run.id in broken}


def _member(run: Run, i: int, axis: Shared, name: str, broken: Mapping[str, str], *, used: bool) -> Member:
    return Member(run.id, run.paths, run.format, _last(run, i, axis, name), broken.get(run.id, ""), used)
