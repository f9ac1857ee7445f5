"""A loss that stands at 0, or at one value, because the trainer hides its NaN."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from runaudit.detectors import Detector
from runaudit.errors import NotJudged
from runaudit.model import BoolArray, Hit, IntArray, Series
from runaudit.numerics import runs_of_true


def nan_filter(
    loss: Series, norm: Series | None, val: Series | None, *, min_repeats: int, drop: float, min_points: int
) -> Iterator[Hit]:
    """Report a loss of exactly 0, or repeated to the last digit, where a NaN must have been.

    Decisive: while the loss stands still, for two values or more, the gradient norm or the validation loss is not
    finite. Weak: with neither logged, the loss falls from ``drop`` of its first value to exactly 0 at once and stays
    there to the end, for ``min_repeats`` values. A loss that comes down to 0 by itself, or repeats beside finite norms,
    is none. Under ``min_points`` values raise ``NotJudged``.
    """
    if len(loss) < min_points:
        raise NotJudged(f"{len(loss)} values of {loss.name}, {min_points} needed")
    values = loss.values
    same = np.concatenate(([False], values[1:] == values[:-1]))
    still = same | np.concatenate((same[1:], [False])) | (values == 0.0)
    still &= np.isfinite(values)  # a loss that is logged as NaN hides nothing
    hidden = still & (_not_finite(norm, loss.steps, nearest=True) | _not_finite(val, loss.steps, nearest=False))
    stretches = [s for s in runs_of_true(hidden).tolist() if s[1] - s[0] >= 2]
    if stretches:
        start, stop = max(stretches, key=lambda s: int(s[1]) - int(s[0]))
        seen = "grad_norm" if _not_finite(norm, loss.steps, nearest=True)[start:stop].any() else "validation loss"
    else:
        start, stop = _drop_to_zero(loss, min_repeats, drop)
        if stop == start or norm is not None or val is not None:
            return
        seen = ""
    before = values[:start][np.isfinite(values[:start]) & (values[:start] != values[start])]
    facts: dict[str, float | str] = {"value": float(values[start]), "count": stop - start, "points": len(values)}
    if len(before):
        facts["before"] = float(before[-1])
    if seen:
        facts["seen"] = seen
    yield Hit(int(loss.steps[start]), int(loss.steps[stop - 1]), facts, weak=not seen, series=loss.name)


def _not_finite(series: Series | None, steps: IntArray, *, nearest: bool) -> BoolArray:
    """Return at which steps the series is not finite: its value there if ``nearest``, else its next one."""
    if series is None or not len(series):
        return np.zeros(len(steps), dtype=np.bool_)
    bad = ~np.isfinite(series.values)
    after = np.searchsorted(series.steps, steps)
    if nearest:
        found = np.minimum(after, len(bad) - 1)
        return np.asarray(bad[found] & (series.steps[found] == steps))
    before = np.searchsorted(series.steps, steps, side="right") - 1
    # between two evaluations the weights are broken for sure only if they were at the earlier one
    return np.asarray((before >= 0) & bad[np.maximum(before, 0)])


def _drop_to_zero(loss: Series, min_repeats: int, drop: float) -> tuple[int, int]:
    """Return ``[start, stop)`` of zeros to the end that follow at once on a loss far from 0; (0, 0) if none."""
    nonzero = np.flatnonzero(loss.values != 0.0)
    start = int(nonzero[-1]) + 1 if len(nonzero) else 0
    if start < 3 or len(loss) - start < min_repeats:
        return 0, 0
    last = float(np.median(loss.values[max(0, start - 5) : start]))
    return (start, len(loss)) if last > drop * abs(float(loss.values[0])) else (0, 0)


DETECTOR = Detector("nan-filter-on", nan_filter, frozenset({"value", "count", "points"}), frozenset({"before", "seen"}))
