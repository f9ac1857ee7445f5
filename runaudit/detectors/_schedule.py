"""What learning-rate schedule a logged rate follows: its kind, its parameters, and how well they describe it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from runaudit.detectors._schedule_fit import Fit, best_fit, fit_rise
from runaudit.model import BoolArray, FloatArray, IntArray
from runaudit.numerics import runs_of_true

MAX_POINTS = 1000
"""A schedule is smooth or made of few pieces; more points than this only cost time."""
MISFIT = 0.02
"""Largest root mean square deviation, as a share of the peak, at which a family describes a rate."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """A learning-rate schedule as far as a log shows it; shares are of the steps that the log covers.

    ``kind`` is one of ``constant``, ``step``, ``linear``, ``cosine``, ``exponential``, ``inverse-sqrt``,
    ``inverse-time``, ``polynomial``, ``square-root`` (one less its root), ``one-cycle``, ``cyclic``, ``warm-up`` (still
    rising at the end) and ``undetermined``. It names what follows the warm-up; with restarts, the shape of the longest
    cycle. ``error`` is the root mean square deviation of the fit as a share of the peak, NaN where nothing was fitted.
    """

    kind: str
    peak: float
    first: float
    last: float
    points: int
    warmup: float = 0.0
    """Share of the steps before the peak."""
    hold: float = 0.0
    """Share of the steps for which the rate stays at its peak before it falls."""
    floor: float = 0.0
    """Share of the steps at the end at which the rate does not change any more."""
    restarts: int = 0
    error: float = float("nan")
    parameters: Mapping[str, float] = field(default_factory=dict)
    """Of the fit, over the part that falls: ``factor`` and ``drops`` of steps, ``rate`` and ``power`` of curves,
    ``span`` as the planned length over the logged one, ``end`` as the final rate over the peak."""

    @property
    def constant(self) -> bool:
        """Say whether the rate, once warmed up, stays what it is."""
        return self.kind == "constant"


def recognise(steps: IntArray, rates: FloatArray) -> Schedule:
    """Return the schedule that the rates follow, ``undetermined`` where none describes them or there are too few.

    Rates that are not finite or negative are left out; of a step given twice the last rate counts. Rates that were
    rounded when logged, or repeated over an epoch, are taken at the middle of each plateau. Two equal rates are
    enough for ``constant``, five points for a curve.

    >>> recognise(np.arange(4), np.array([0.1, 0.1, 0.01, 0.01])).kind
    'step'
    >>> recognise(np.array([0]), np.array([0.1])).kind
    'undetermined'
    """
    x, y = _clean(steps, rates)
    return _recognised(x.tobytes(), y.tobytes())


@lru_cache(maxsize=4)
def _recognised(positions: bytes, rates: bytes) -> Schedule:
    """Return the schedule of cleaned rates; several rules ask for that of the same run."""
    x, y = np.frombuffer(positions), np.frombuffer(rates)
    if not len(y):
        return Schedule("undetermined", float("nan"), float("nan"), float("nan"), 0)
    peak, n = float(y.max()), len(y)
    about = Schedule("undetermined", peak, float(y[0]), float(y[-1]), n)
    if n < 2:
        return about
    if np.ptp(y) <= 1e-3 * peak:
        return Schedule("constant", peak, about.first, about.last, n, error=float(np.std(y) / peak) if peak else 0.0)
    top = int(np.argmax(y >= 0.999 * peak))
    if top > 0 and not _rises(y[: top + 1]):
        restarts = _restarts(y, peak)
        return _with(about, "cyclic", restarts=restarts) if restarts >= 2 else about
    if top == n - 1:
        return _with(about, "warm-up" if n >= 3 else "undetermined", warmup=1.0 if n >= 3 else 0.0)
    warmup = float(x[top] - x[0])
    return _after_warmup(x[top:], y[top:], about, warmup=warmup, rise=(x[: top + 1], y[: top + 1]))


def _after_warmup(
    x: FloatArray, y: FloatArray, about: Schedule, *, warmup: float, rise: tuple[FloatArray, FloatArray]
) -> Schedule:
    """Return the schedule of what follows the peak; ``x`` runs to 1 at the end of the log."""
    peak = about.peak
    if np.ptp(y) <= 1e-3 * peak:
        return _with(about, "constant", warmup=warmup, error=float(np.std(y) / peak))
    jumps = _jumps(y, peak)
    restarts = len(jumps)
    if restarts:
        if not all(_sudden(y, start, stop) for start, stop in jumps):
            return _with(about, "cyclic", warmup=warmup, restarts=restarts)
        edges = [0, *(int(stop) for _, stop in jumps), len(y)]
        longest = int(np.argmax(np.diff(x[[min(e, len(x) - 1) for e in edges]])))
        x, y = x[edges[longest] : edges[longest + 1]], y[edges[longest] : edges[longest + 1]]
    stairs = _stairs(y, x)
    if stairs is not None:
        return _with(about, stairs.kind, warmup=warmup, restarts=restarts, error=stairs.error, found=stairs.parameters)
    hold, floor, fit = _curve(x, y, peak)
    if warmup >= 0.15 and not restarts and about.last <= about.first < 0.6 * peak and fit_rise(*rise) <= MISFIT:
        error = fit.error if fit is not None else float("nan")
        return _with(about, "one-cycle", warmup=warmup, error=error, found=fit.parameters if fit else {})
    if fit is None or fit.error > MISFIT:
        return _with(about, "undetermined", warmup=warmup, restarts=restarts, error=fit.error if fit else float("nan"))
    return _with(about, fit.kind, warmup, hold, floor, restarts, fit.error, fit.parameters)


def _with(
    about: Schedule,
    kind: str,
    warmup: float = 0.0,
    hold: float = 0.0,
    floor: float = 0.0,
    restarts: int = 0,
    error: float = float("nan"),
    found: Mapping[str, float] | None = None,
) -> Schedule:
    numbers = {k: float(v) for k, v in (found or {}).items()}
    return Schedule(
        kind, about.peak, about.first, about.last, about.points, warmup, hold, floor, restarts, error, numbers
    )


def _clean(steps: IntArray, rates: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return steps scaled to [0, 1] and the rates that can be rates, at most some thousand of them."""
    good = np.isfinite(rates) & (rates >= 0)
    steps, rates = steps[good], rates[good]
    order = np.argsort(steps, kind="stable")
    steps, rates = steps[order], rates[order]
    last = np.append(np.diff(steps) > 0, True)[: len(steps)]
    x, y = steps[last].astype(np.float64), rates[last]
    if len(x) > MAX_POINTS:
        keep = np.unique(np.linspace(0, len(x) - 1, MAX_POINTS).astype(np.int64))
        x, y = x[keep], y[keep]
    return ((x - x[0]) / (x[-1] - x[0]) if len(x) > 1 else np.zeros(len(x))), y


def _rises(y: FloatArray) -> bool:
    """Say whether the values only rise, but for a hundredth of their range."""
    return bool(np.min(np.diff(y)) >= -0.01 * np.ptp(y))


def _jumps(y: FloatArray, peak: float) -> IntArray:
    """Return ``[valley, next peak]`` of every rise by a tenth of the peak or more."""
    rises = runs_of_true(np.diff(y) > 0)
    return np.array([[a, b] for a, b in rises if y[b] - y[a] > 0.1 * peak], dtype=np.int64).reshape(-1, 2)


def _restarts(y: FloatArray, peak: float) -> int:
    return len(_jumps(y, peak))


def _sudden(y: FloatArray, valley: int, top: int) -> bool:
    """Say whether a rise takes two points, or a tenth of what lies before it."""
    return bool(top - valley <= max(2, 0.1 * valley))


def _plateaus(y: FloatArray) -> IntArray:
    """Return ``[start, stop)`` of every stretch of equal values."""
    edges = np.concatenate(([0], np.flatnonzero(np.abs(np.diff(y)) > 1e-6 * np.abs(y[:-1])) + 1, [len(y)]))
    return np.column_stack((edges[:-1], edges[1:])).astype(np.int64)


def _stairs(y: FloatArray, x: FloatArray) -> Fit | None:
    """Return the fit of a rate cut in steps, None where it falls smoothly.

    The rate of a smooth schedule that was rounded, or set once an epoch, has plateaus too: it counts as steps only
    if most cuts take a tenth of the rate or more, and no line or cosine runs through five or more plateaus (of which
    the first, at the peak, may be long), nor an exponential through eight or more of equal length.
    """
    flat = _plateaus(y)
    if len(flat) > max(2, len(y) // 2):
        return None
    levels = y[flat[:, 0]]
    ratios = levels[1:] / np.maximum(levels[:-1], 1e-300)
    cuts = ratios[np.abs(ratios - 1.0) > 1e-2]  # the end of a warm-up comes near the peak before it reaches it
    if not len(cuts) or np.any(cuts > 1.0) or np.median(cuts) > 0.9:
        return None
    if len(flat) >= 5:
        even = len(flat) >= 8 and np.ptp(np.diff(flat[1:-1, 0])) <= 1
        smooth = best_fit(*_thin(x, y), kinds=("linear", "cosine", "exponential") if even else ("linear", "cosine"))
        if smooth is not None and smooth.error <= MISFIT / 2:
            return None
        if _falls_evenly(x, y, flat):
            return None
    first = int(flat[1:, 0][np.abs(ratios - 1.0) > 1e-2][0])
    facts = {"factor": float(np.median(cuts)), "drops": float(len(cuts)), "first_drop": float(x[first])}
    return Fit("step", facts, 0.0)


def _falls_evenly(x: FloatArray, y: FloatArray, flat: IntArray) -> bool:
    """Say whether what follows a long first plateau is short even ones on a curve: held, then lowered smoothly."""
    lengths = np.diff(flat, axis=1)[:, 0]
    if np.ptp(lengths[1:-1]) > 1 or lengths[0] < 3 * lengths[1:-1].max():
        return False
    start = int(flat[1, 0]) - int(lengths[1])  # the last of the peak counts as a plateau like the others
    fit = best_fit(*_thin(x[start:], y[start:]), kinds=("linear", "cosine", "square-root"))
    return fit is not None and fit.error <= MISFIT / 2


def _thin(x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the middle of every plateau, where a rounded or repeated rate is nearest to what it was."""
    flat = _plateaus(y)
    return (x[flat[:, 0]] + x[flat[:, 1] - 1]) / 2.0, y[flat[:, 0]]


def _curve(x: FloatArray, y: FloatArray, peak: float) -> tuple[float, float, Fit | None]:
    """Return the shares that the rate holds its peak and its floor, and the fit of the curve between them."""
    held = _first(y < 0.999 * peak) - 1 if y[0] >= 0.999 * peak else 0
    low = len(y) - 1 - _first(y[::-1] > y[-1] + 1e-3 * abs(y[-1])) + 1
    ends = [len(y)] if x[-1] - x[min(low, len(y) - 1)] < 0.05 or len(y) - low < 3 else [len(y), low + 1]
    starts = [0] if held < 3 or x[held] - x[0] < 0.03 else [0, _last_at_peak(y, held)]
    best: tuple[float, float, Fit] | None = None
    for start, stop in _pairs(starts, ends):
        fit = best_fit(*_thin(x[start:stop], y[start:stop]))
        # a part held apart explains itself: it must make the fit much better
        if fit is not None and (best is None or fit.error < 0.5 * best[2].error - 1e-3):
            best = float(x[start] - x[0]), float(x[-1] - x[stop - 1]), fit
    return best if best is not None else (0.0, 0.0, None)


def _last_at_peak(y: FloatArray, held: int) -> int:
    """Return where the rate begins to fall: the last value at the peak, or as many as it is then repeated."""
    flat = _plateaus(y[held + 1 :])
    return max(held + 1 - int(flat[0, 1]), 0) if len(flat) else held


def _pairs(starts: list[int], ends: list[int]) -> Iterator[tuple[int, int]]:
    for start in starts:
        for stop in ends:
            if stop - start >= 3:
                yield start, stop


def _first(mask: BoolArray) -> int:
    """Return the position of the first True, the length if there is none."""
    return int(np.argmax(mask)) if mask.any() else len(mask)
