"""A loss or a norm that is NaN or infinite."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from runaudit.detectors import Detector
from runaudit.errors import NotJudged
from runaudit.model import BoolArray, Hit, Series
from runaudit.numerics import at_steps, finite, runs_of_true

RATIO, NORM = "update_ratio/", "weight_norm/"


@dataclass(frozen=True, slots=True, eq=False)
class _Curve:
    """A series, at which of its values it is not finite, and what it is."""

    series: Series
    bad: BoolArray
    is_loss: bool = False
    is_count: bool = False

    @property
    def first(self) -> int:
        """Return the step of the first bad value."""
        return int(self.series.steps[np.flatnonzero(self.bad)[0]])

    def lasts(self, in_a_row: int) -> bool:
        """Say whether it stays bad for ``in_a_row`` values, or to its last value."""
        stretches = runs_of_true(self.bad)
        return bool(stretches[-1][1] == len(self.bad)) or any(end - start >= in_a_row for start, end in stretches)


def non_finite(
    losses: Mapping[str, Series] | None,
    norms: Mapping[str, Series] | None,
    counts: Mapping[str, Series] | None,
    *,
    in_a_row: int,
    settled: int,
) -> Iterator[Hit]:
    """Report the earliest value that was logged as NaN or infinite, once for the run.

    A loss that is not finite is decisive, unless it is one blip that the next value heals (weak). A norm, or a count of
    gradient values that are not finite, is weak alone until ``in_a_row`` of its values in succession are bad: loss
    scaling in half precision skips a step now and then, and logs the infinite norm of the step it skipped. It starts
    too high and does so from the first step on, so what heals before step ``settled`` is nothing. The update ratio of
    weights that are all zero, as biases are at first, is not finite and means nothing. Neither losses nor norms nor
    counts raises ``NotJudged``.
    """
    if losses is None and norms is None and counts is None:
        raise NotJudged("the log holds no loss and no gradient, update or weight norm")
    found = [_Curve(s, ~np.isfinite(s.values), is_loss=True) for s in (losses or {}).values()]
    found += [_Curve(s, _settled(s, _of_norm(s, norms or {}), settled)) for s in (norms or {}).values()]
    found += [_Curve(s, _settled(s, ~(s.values <= 0), settled), is_count=True) for s in (counts or {}).values()]
    bad = [curve for curve in found if curve.bad.any()]
    if not bad:
        return
    serious = [curve for curve in bad if curve.lasts(2 if curve.is_loss else in_a_row)]
    worst = min(serious or bad, key=lambda c: (c.first, not c.is_loss, c.is_count, c.series.name))
    series, where = worst.series, np.flatnonzero(worst.bad)
    first = int(where[0])
    facts: dict[str, float | str] = {
        "kind": "above 0" if worst.is_count else "NaN" if np.isnan(series.values[first]) else "infinite",
        "count": len(where),
        "points": len(worst.bad),
        "series_hit": len(bad),
        "series_total": len(found),
    }
    before = series.values[:first]
    if len(before) and not worst.is_count:
        facts["last_finite"] = float(before[-1])
    known = [finite(c.series.values) for c in bad if c.is_count]
    counted = max((float(values.max()) for values in known if len(values)), default=0.0)
    if counted > 0:
        facts["gradients"] = counted
    yield Hit(int(series.steps[first]), int(series.steps[where[-1]]), facts, weak=not serious, series=series.name)


def _of_norm(series: Series, norms: Mapping[str, Series]) -> BoolArray:
    """Return where a norm is not finite, but for the ratio of an update to weights that are zero."""
    bad = ~np.isfinite(series.values)
    if not series.name.startswith(RATIO) or not bad.any():
        return bad
    weights = norms.get(NORM + series.name.removeprefix(RATIO))
    if weights is not None and len(weights):
        inside = np.clip(series.steps, weights.steps[0], weights.steps[-1])
        return np.asarray(bad & (at_steps(weights.steps, weights.values, inside) != 0.0))
    known = np.flatnonzero(~bad)
    return np.asarray(bad & (np.arange(len(bad)) > known[0])) if len(known) else np.zeros_like(bad)


def _settled(series: Series, bad: BoolArray, settled: int) -> BoolArray:
    """Return the mask without a stretch at its start that heals before step ``settled``."""
    fine = np.flatnonzero(~bad)
    if not bad.any() or not bad[0] or not len(fine) or series.steps[fine[0]] > settled:
        return bad
    return np.asarray(bad & (np.arange(len(bad)) > fine[0]))


DETECTOR = Detector(
    "non-finite",
    non_finite,
    frozenset({"kind", "count", "points", "series_hit", "series_total"}),
    frozenset({"last_finite", "gradients"}),
)
