"""A loss or a norm that is NaN or infinite."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from runaudit.detectors import Detector
from runaudit.errors import NotJudged
from runaudit.model import Hit, Series
from runaudit.numerics import runs_of_true


def non_finite(
    losses: Mapping[str, Series] | None, norms: Mapping[str, Series] | None, *, in_a_row: int
) -> Iterator[Hit]:
    """Report the earliest value that was logged as NaN or infinite, once for the run.

    A loss that is not finite is decisive, unless it is one blip that the next value heals (weak). A norm alone is weak
    until ``in_a_row`` of its values in succession are not finite: loss scaling in half precision skips a step now and
    then, and logs the infinite norm of the step it skipped. Neither losses nor norms raises ``NotJudged``.
    """
    if losses is None and norms is None:
        raise NotJudged("the log holds no loss and no gradient, update or weight norm")
    found = [(s, True) for s in (losses or {}).values()] + [(s, False) for s in (norms or {}).values()]
    bad = [(s, is_loss) for s, is_loss in found if not np.isfinite(s.values).all()]
    if not bad:
        return
    serious = [(s, is_loss) for s, is_loss in bad if _lasting(s, 2 if is_loss else in_a_row)]
    series, _ = min(serious or bad, key=lambda item: (_first(item[0]), not item[1], item[0].name))
    mask = ~np.isfinite(series.values)
    where = np.flatnonzero(mask)
    first = int(where[0])
    facts: dict[str, float | str] = {
        "kind": "NaN" if np.isnan(series.values[first]) else "infinite",
        "count": len(where),
        "points": len(mask),
        "series_hit": len(bad),
        "series_total": len(found),
    }
    before = series.values[:first]
    if len(before):
        facts["last_finite"] = float(before[-1])
    yield Hit(int(series.steps[first]), int(series.steps[where[-1]]), facts, weak=not serious, series=series.name)


def _first(series: Series) -> int:
    return int(series.steps[np.flatnonzero(~np.isfinite(series.values))[0]])


def _lasting(series: Series, in_a_row: int) -> bool:
    """Say whether the series stays non-finite for ``in_a_row`` values, or to its last value."""
    stretches = runs_of_true(~np.isfinite(series.values))
    return bool(stretches[-1][1] == len(series)) or any(stop - start >= in_a_row for start, stop in stretches.tolist())


DETECTOR = Detector(
    "non-finite",
    non_finite,
    frozenset({"kind", "count", "points", "series_hit", "series_total"}),
    frozenset({"last_finite"}),
)
