"""The generic detectors, of which no shipped rule is made: what they report, where they begin and end, and NaN."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from runaudit.detectors.above import above
from runaudit.detectors.below import below
from runaudit.detectors.changed import changed
from runaudit.detectors.flat import flat
from runaudit.detectors.gap import gap
from runaudit.detectors.outside import outside
from runaudit.detectors.trend import trend
from runaudit.errors import NotJudged
from runaudit.model import Hit, Series

NAN, INF = np.nan, np.inf


def series(*values: float, every: int = 10, name: str = "x", start: int = 0) -> Series:
    count = np.arange(len(values))
    return Series(name, start + count * every, np.array(values, dtype=np.float64), count + 2, name, "log.csv")


def windows(found: Iterator[Hit]) -> list[tuple[int, int]]:
    return [(hit.first_step, hit.last_step) for hit in found]


def test_above_reports_each_stretch_and_its_peak() -> None:
    found = list(above(series(1, 3, 4, 1, 5, NAN, 6, INF, 2), limit=2, min_points=2))
    assert [(h.first_step, h.last_step, dict(h.facts)) for h in found] == [
        (10, 20, {"peak": 4.0, "points": 2}),
        (60, 70, {"peak": INF, "points": 2}),
    ]


def test_below_reports_each_stretch_and_its_trough() -> None:
    found = list(below(series(3, 1, 0, 3, -5, NAN, -6, -INF, 2), limit=2, min_points=2))
    assert [(h.first_step, h.last_step, dict(h.facts)) for h in found] == [
        (10, 20, {"trough": 0.0, "points": 2}),
        (60, 70, {"trough": -INF, "points": 2}),
    ]


def test_the_limit_itself_is_neither_above_nor_below_nor_outside() -> None:
    at = series(2, 2, 2)
    assert windows(above(at, limit=2, min_points=1)) == []
    assert windows(below(at, limit=2, min_points=1)) == []
    assert windows(outside(at, low=2, high=2, min_points=1)) == []
    assert windows(gap(at, series(1, 1, 1), limit=1, min_points=1)) == []


def test_as_many_points_as_asked_are_enough() -> None:
    assert windows(above(series(3, 3, 3), limit=2, min_points=3)) == [(0, 20)]
    assert windows(above(series(3, 3), limit=2, min_points=3)) == []


def test_outside_names_the_value_farthest_from_the_band() -> None:
    (hit,) = outside(series(0, 5, -9, 7, 1), low=0, high=4, min_points=2)
    assert (hit.first_step, hit.last_step, hit.facts["worst"], hit.facts["points"]) == (10, 30, -9.0, 3)
    assert windows(outside(series(9, NAN, 9), low=0, high=4, min_points=2)) == []


def test_gap_compares_at_the_steps_of_the_upper_series() -> None:
    upper = series(5, 5, 5, 1, 5, name="val/loss")
    lower = series(0, 4, name="train/loss", every=40)
    (hit,) = gap(upper, lower, limit=2.5, min_points=2)
    assert (hit.first_step, hit.last_step, hit.series) == (0, 20, "val/loss")
    assert dict(hit.facts) == {"largest": 5.0, "points": 3}


def test_gap_ends_where_there_is_nothing_to_compare() -> None:
    assert windows(gap(series(5, 5, 5), series(0, 0, start=10, every=1), limit=1, min_points=2)) == []
    assert windows(gap(series(5, 5, 5), series(NAN, NAN, NAN), limit=1, min_points=1)) == []
    assert windows(gap(series(5, NAN, 5), series(0, 0, 0), limit=1, min_points=1)) == [(0, 0), (20, 20)]


def test_flat_is_about_the_end_of_a_series() -> None:
    (hit,) = flat(series(9, 2, 2.25, 1.75, 2), tolerance=0.25, min_points=4)
    assert (hit.first_step, hit.last_step, dict(hit.facts)) == (10, 40, {"level": 2.0, "points": 4})
    assert windows(flat(series(2, 2, 2, 2, 9), tolerance=0.1, min_points=2)) == []
    assert windows(flat(series(2, 2, NAN, 2), tolerance=0.1, min_points=2)) == []
    assert windows(flat(series(2, 2, 2, NAN), tolerance=0, min_points=3)) == [(0, 20)]
    assert windows(flat(series(NAN, NAN), tolerance=1, min_points=1)) == []


def test_changed_reports_jumps_up_and_down() -> None:
    found = list(changed(series(1, 1, 3, 3, 1, -1), factor=2))
    assert [(h.first_step, h.last_step) for h in found] == [(10, 20), (30, 40)]
    assert dict(found[0].facts) == {"before": 1.0, "after": 3.0, "ratio": 3.0}
    assert windows(changed(series(1, 2), factor=2)) == []
    assert windows(changed(series(0, 5, NAN, 5, INF, 5), factor=2)) == []


def test_trend_needs_a_direction_and_enough_points() -> None:
    rising = series(*range(20))
    (hit,) = trend(rising, sign=1, min_z=3, min_points=10)
    assert (hit.first_step, hit.last_step, hit.facts["first"], hit.facts["last"]) == (0, 190, 0.0, 19.0)
    assert windows(trend(rising, sign=-1, min_z=3, min_points=10)) == []
    assert windows(trend(series(*[1.0] * 20), sign=1, min_z=3, min_points=10)) == []
    with pytest.raises(NotJudged, match="2 finite values of x, 3 needed"):
        list(trend(series(1, NAN, 3), sign=1, min_z=3, min_points=3))


@pytest.mark.parametrize(
    "run",
    [
        lambda s: above(s, limit=1, min_points=1),
        lambda s: below(s, limit=1, min_points=1),
        lambda s: outside(s, low=0, high=1, min_points=1),
        lambda s: gap(s, s, limit=1, min_points=1),
        lambda s: flat(s, tolerance=1, min_points=1),
        lambda s: changed(s, factor=2),
    ],
)
def test_no_points_no_hit(run: Callable[[Series], Iterator[Hit]]) -> None:
    assert windows(run(series())) == []
