"""One axis for all runs: steps, epochs or seconds; and every curve at its places on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from runaudit.errors import UsageError
from runaudit.model import FloatArray, IntArray, Reduction, Run

WAYS = ("step", "epoch", "time")
STEP_TIME = "time/step"

Place = Callable[[IntArray], FloatArray]


@dataclass(frozen=True, slots=True, eq=False)
class Shared:
    """The axis: what it counts (``unit``), and for each run by what its steps become places on it, NaN where none."""

    by: str
    unit: str
    places: tuple[Place, ...]
    notes: tuple[str, ...] = ()


def shared_axis(runs: Sequence[Run], by: str | None = None) -> Shared:
    """Return the axis that all runs have: the one asked for, else the first of steps, epochs and time.

    Raises ``UsageError`` with the reason of each run that does not have it.
    """
    if by is not None and by not in WAYS:
        raise UsageError(f"by {by!r}: runs are aligned by {', '.join(WAYS[:-1])} or {WAYS[-1]}")
    reasons: list[str] = []
    for way in WAYS if by is None else (by,):
        found = _MAKERS[way](runs)
        if isinstance(found, Shared):
            return found
        reasons += found
    raise UsageError(*dict.fromkeys(reasons))


def _by_step(runs: Sequence[Run]) -> Shared | list[str]:
    units = {run.step_unit for run in runs}
    if len(units) > 1:
        counted = "; ".join(f"{run.id} counts in {run.step_unit}s" for run in runs)
        return [f"not aligned by step: {counted}"]
    unit = units.pop()
    if unit == "epoch":
        return _by_epoch(runs)
    notes = []
    sizes = {str(run.config["batch_size"]) for run in runs if "batch_size" in run.config}
    if unit == "step" and len(sizes) > 1:
        notes.append(f"the batch sizes differ ({', '.join(sorted(sizes))}): a step is not the same amount of data")
    if unit == "row":
        notes.append("no steps were logged: the rows of the logs are aligned")
    return Shared("step", unit, tuple(_scaled(1.0) for _ in runs), tuple(notes))


def _by_epoch(runs: Sequence[Run]) -> Shared | list[str]:
    lengths = [epoch_length(run) for run in runs]
    lacking = [run.id for run, length in zip(runs, lengths, strict=True) if not length]
    if lacking:
        return [f"not aligned by epoch: nothing says how many steps an epoch has in {name}" for name in lacking]
    firsts = {_first_step(run) for run in runs}
    together = all(run.step_unit == "epoch" for run in runs) and len(firsts) == 1
    places = []
    for run, length in zip(runs, lengths, strict=True):
        from_zero = run.step_unit == "epoch" and _first_step(run) == 0 and not together
        places.append(_scaled(1.0 / (length or 1.0), float(from_zero)))
    notes = [] if together else ["an epoch stands where it ends, whether a log counts from 0 or from 1"]
    return Shared("epoch", "epoch", tuple(places), tuple(notes))


def _by_time(runs: Sequence[Run]) -> Shared | list[str]:
    lacking = [run.id for run in runs if STEP_TIME not in run.series or not len(run.series[STEP_TIME])]
    if lacking:
        return [f"not aligned by time: no time of a step is logged in {name}" for name in lacking]
    return Shared("time", "second", tuple(_elapsed(run) for run in runs))


_MAKERS = {"step": _by_step, "epoch": _by_epoch, "time": _by_time}


def epoch_length(run: Run) -> float | None:
    """Return how many steps an epoch has, by what the run counts, its epoch means or its settings; None if unknown."""
    if run.step_unit == "epoch":
        return 1.0
    if run.step_unit not in {"step", "sample"}:
        return None
    means = [s.width for s in run.series.values() if s.reduction is Reduction.EPOCH_MEAN and s.width > 1]
    if means:
        return float(np.median(means))
    config = {key: _number(run.config.get(key)) for key in ("train_samples", "batch_size", "max_steps", "epochs")}
    samples, batch = config["train_samples"], config["batch_size"]
    if run.step_unit == "sample":
        return samples
    if samples and batch:
        together = _number(run.config.get("grad_accumulation")) or 1.0
        return samples / (batch * together)
    if config["max_steps"] and config["epochs"]:
        return config["max_steps"] / config["epochs"]
    return None


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < np.inf:
        return None
    return float(value)


def _first_step(run: Run) -> int:
    return min((int(s.steps[0]) for s in run.series.values() if len(s)), default=0)


def _scaled(factor: float, offset: float = 0.0) -> Place:
    def place(steps: IntArray) -> FloatArray:
        return np.asarray((steps + offset) * factor, dtype=np.float64)

    return place


def _elapsed(run: Run) -> Place:
    """Return the seconds passed at a step, by the logged times of steps; before the first and after the last, NaN.

    A step time that is not finite, or negative, counts as the one before it.
    """
    series = run.series[STEP_TIME]
    good = np.isfinite(series.values) & (series.values >= 0)
    steps, values = series.steps[good].astype(np.float64), series.values[good]
    if not len(steps):
        return lambda wanted: np.full(len(wanted), np.nan)
    passed = np.concatenate([[0.0], np.cumsum(values[1:] * np.diff(steps))])

    def place(wanted: IntArray) -> FloatArray:
        return np.asarray(np.interp(wanted, steps, passed, left=np.nan, right=np.nan))

    return place
