"""The check itself: sample coordinates of every parameter, sweep the step, compare, and say what was found."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from runaudit.errors import UsageError
from runaudit.gradcheck import _numeric as numeric
from runaudit.gradcheck import _verdict as verdict
from runaudit.gradcheck._remarks import remarks
from runaudit.gradcheck._result import Remark, Result, Row
from runaudit.gradcheck._verdict import Status
from runaudit.model import FloatArray

Arrays = Mapping[str, FloatArray]
Gradients = Mapping[str, "np.ndarray[Any, Any] | None"]
SINGLE = float(np.finfo(np.float32).eps)
DOUBLE = float(np.finfo(np.float64).eps)
RANDOM = 1e-6  # relative difference of the loss between two calls from where on it is no rounding
MIXED = 1e-10  # relative rounding of the loss from where on single precision is somewhere inside
SAFE, SAFE_SINGLE = 10.0, 30.0  # the numeric derivative may be off by so many times its own estimate
PROBED = 4
PROBE: FloatArray = np.concatenate([[0.1, 0.01], numeric.STEPS])
FAILS = frozenset({"gradient-wrong", "gradient-suspect"})


@dataclass(frozen=True, slots=True)
class Options:
    """How to check; see ``runaudit.gradcheck``."""

    kinks: bool | None = None
    depth: int = 1
    samples: int = 100
    least: int = 6
    steps: tuple[float, ...] | None = None
    seed: int = 0
    phase: str = "start"
    part: str = "total"

    def __post_init__(self) -> None:
        problems = [
            f"{name}={value} must be at least 1"
            for name, value in (("samples", self.samples), ("least", self.least), ("depth", self.depth))
            if value < 1
        ]
        if self.phase not in {"start", "burn-in"}:
            problems.append(f"phase={self.phase!r} is neither 'start' nor 'burn-in'")
        if self.steps is not None and (len(self.steps) < 3 or min(self.steps) <= 0):
            problems.append("steps must be three or more positive numbers")
        if problems:
            raise UsageError(*problems)


@dataclass(frozen=True, slots=True, eq=False)
class Point:
    """A point at which to check: arrays that are changed in place, the loss there, and its gradient there."""

    arrays: Arrays
    loss: Callable[[], float]
    gradient: Callable[[], Gradients]


def check(point: Point, options: Options) -> Result:
    """Return the check of one loss at one point; raises ``UsageError`` for a loss that is no number."""
    before = {name: array.copy() for name, array in point.arrays.items()}
    losses = [point.loss() for _ in range(3)]
    repeat = _apart(losses)
    given = [point.gradient() for _ in range(2)]
    _unchanged(point.arrays, before)
    analytic, told = _aligned(given[0], point.arrays)
    unlike = _unlike(given[0], given[1])
    where = _sample(analytic, options)
    if repeat > RANDOM:
        text = (
            f"the loss at one point differs by {repeat:.2g} of itself between two calls: dropout, augmentation or the "
            "batch is not fixed; set the same seed before every call"
        )
        unknown = np.full(len(where), np.nan)
        none = numeric.Slopes(unknown, unknown, unknown, unknown, unknown, np.zeros(len(where), bool), unknown)
        rows = _rows(analytic, where, none, options, repeat, False, False, losses[0])
        return Result(False, rows, (*told, Remark("gradient-precision", "error", text)))
    single = _single_values(np.concatenate([analytic[name].ravel() for name in analytic] or [np.empty(0)])) or any(
        value is not None and np.asarray(value).dtype.itemsize < 8 for value in given[0].values()
    )
    probe = numeric.sweep(point.arrays, point.loss, where[:: max(1, len(where) // PROBED)], PROBE)
    grain = numeric.grain(probe.values)
    rough = max(grain, numeric.noise(probe, DOUBLE))
    coarse = _single_values(probe.values) or rough > MIXED * numeric.near(probe)
    steps = np.asarray(sorted(options.steps or (numeric.COARSE if coarse else numeric.STEPS), reverse=True))
    swept = numeric.sweep(point.arrays, point.loss, where, steps)
    eps = SINGLE if coarse else DOUBLE
    off = numeric.rounding(swept, max(grain, numeric.noise(swept, eps), repeat * abs(losses[0])), eps)
    rows = _rows(analytic, where, numeric.slopes(swept, off), options, repeat, coarse, single, swept.centre)
    notes = [*told, *([unlike] if unlike else []), *remarks(rows)]
    judged = any(row.status in {Status.OK, Status.ZERO} for row in rows)
    return Result(judged and not any(note.rule in FAILS for note in notes), rows, tuple(notes))


def _rows(
    analytic: Arrays,
    where: list[numeric.Coordinate],
    found: numeric.Slopes,
    options: Options,
    repeat: float,
    coarse: bool,
    single: bool,
    loss: float,
) -> tuple[Row, ...]:
    fa = np.array([analytic[name].reshape(-1)[at] for name, at in where])
    typical = {name: float(np.max(np.abs(a), initial=0.0, where=np.isfinite(a))) for name, a in analytic.items()}
    own = 50.0 * (SINGLE if single or coarse else DOUBLE) * np.array([typical[name] for name, _ in where])
    uncertainty = np.where(np.isfinite(found.error), (SAFE_SINGLE if coarse else SAFE) * found.error, 0.0) + own
    kinks = bool(found.crossed.any()) if options.kinks is None else options.kinks
    good = verdict.limit(kinks=kinks, depth=options.depth, single=single or coarse)
    status = verdict.classify(fa, found.value, uncertainty=uncertainty, low=found.low, high=found.high, good=good)
    error = verdict.relative_error(fa, found.value)
    return tuple(
        Row(
            parameter=name,
            index=tuple(int(i) for i in np.unravel_index(at, analytic[name].shape)),
            analytic=float(fa[i]),
            numeric=float(found.value[i]),
            rel_error=float(error[i]),
            status=str(status[i]),
            limit=good,
            uncertainty=float(uncertainty[i]),
            h=float(found.h[i]),
            at_1e5=float(found.single[i]),
            low=float(found.low[i]),
            high=float(found.high[i]),
            crossed=bool(found.crossed[i]),
            size=int(analytic[name].size),
            dtype="float32" if single or coarse else "float64",
            phase=options.phase,
            part=options.part,
            loss=loss,
            repeat=repeat,
        )
        for i, (name, at) in enumerate(where)
    )


def _sample(analytic: Arrays, options: Options) -> list[numeric.Coordinate]:
    """Return places of every parameter: in proportion to its size, at least some, half of them with a gradient.

    A parameter with mostly zeros, such as an embedding, would else be compared where there is nothing to compare.
    """
    total = sum(array.size for array in analytic.values())
    where: list[numeric.Coordinate] = []
    for name, array in analytic.items():
        share = options.samples * array.size / total if total else 0
        count = min(array.size, max(options.least, round(share)))
        draw = np.random.default_rng([options.seed, zlib.crc32(name.encode())])
        order = draw.permutation(array.size)
        if count < array.size:
            flat = array.reshape(-1)[order]
            live = order[flat != 0][: (count + 1) // 2]
            order = np.concatenate([live, order[~np.isin(order, live)]])[:count]
        where.extend((name, int(i)) for i in np.sort(order))
    return where


def _aligned(given: Gradients, arrays: Arrays) -> tuple[dict[str, FloatArray], list[Remark]]:
    """Return a gradient for each parameter: zeros where none is given, NaN where its shape does not fit."""
    out: dict[str, FloatArray] = {}
    told: list[Remark] = []
    for name, array in arrays.items():
        value = given.get(name)
        if value is None:
            out[name] = np.zeros(array.shape)
            continue
        gradient = np.asarray(value, dtype=np.float64)
        if gradient.shape != array.shape:
            text = f"{name}: its gradient has the shape {gradient.shape}, the parameter {array.shape}"
            told.append(Remark("gradient-wrong", "error", text))
            gradient = np.full(array.shape, np.nan)
        out[name] = gradient
    unknown = sorted(given.keys() - arrays.keys())
    if unknown:
        raise UsageError(f"grad has {', '.join(unknown)}, which x has not: {', '.join(arrays)}")
    return out, told


def _unlike(first: Gradients, second: Gradients) -> Remark | None:
    """Return what is wrong with a gradient that differs between two calls at one point."""
    for name, value in first.items():
        other = second.get(name)
        if value is None or other is None or np.shape(value) != np.shape(other):
            continue
        a, b = np.asarray(value, dtype=np.float64), np.asarray(other, dtype=np.float64)
        room = 1e-6 * float(np.max(np.abs(a), initial=0.0, where=np.isfinite(a)))
        if not np.allclose(a, b, rtol=1e-5, atol=room, equal_nan=True):
            doubled = np.allclose(b, 2.0 * a, rtol=1e-3)
            why = "it is added to that of the call before" if doubled else "dropout or the batch is not fixed in it"
            return Remark(
                "gradient-wrong", "error", f"{name}: its gradient differs between two calls at one point: {why}"
            )
    return None


def _unchanged(arrays: Arrays, before: Arrays) -> None:
    changed = [name for name, array in arrays.items() if not np.array_equal(array, before[name], equal_nan=True)]
    if changed:
        raise UsageError(f"f or grad changes {', '.join(changed)} in place: let it work on a copy")


def _apart(losses: list[float]) -> float:
    """Return the largest relative difference between calls; infinite where only some are finite."""
    good = np.isfinite(losses)
    if not good.all():
        return float("inf") if good.any() else 0.0
    largest = max(map(abs, losses))
    return (max(losses) - min(losses)) / largest if largest else 0.0


def _single_values(values: FloatArray) -> bool:
    """Say whether numbers that ought to have 53 bits all fit into 24.

    Two that need more than 12 of them are enough to tell; round numbers, such as 0.5, take five different ones.
    """
    told = np.unique(values[np.isfinite(values) & (values != 0)])
    with np.errstate(over="ignore", under="ignore"):
        fit = bool(np.all(told.astype(np.float32).astype(np.float64) == told))
    bits = np.frexp(told)[0] * 2.0**12
    return fit and (len(told) > 4 or int(np.sum(bits != np.round(bits))) > 1)


def number(value: Any) -> float:  # noqa: ANN401
    """Return a loss as a float; raises ``UsageError`` for anything but one number."""
    try:
        array = np.asarray(value.detach() if hasattr(value, "detach") else value, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise UsageError(f"f returned a {type(value).__name__}, not one number") from error
    if array.size != 1:
        raise UsageError(f"f returned {array.size} numbers, not one: take their sum or mean")
    return float(array.reshape(()))
