"""The statistics against tables, and against chance itself."""

from __future__ import annotations

import math

import numpy as np
import pytest

from runaudit.compare import stats


@pytest.mark.parametrize(
    ("df", "p", "t"),
    [(1, 0.05, 12.706), (2, 0.05, 4.303), (4, 0.01, 4.604), (10, 0.1, 1.812), (30, 0.05, 2.042), (1.5, 0.05, 6.0)],
)
def test_t_is_what_the_tables_say(df: float, p: float, t: float) -> None:
    if df == 1.5:  # no table: between its neighbours
        assert stats.t_quantile(p, 2) < stats.t_quantile(p, df) < stats.t_quantile(p, 1)
        return
    assert stats.t_quantile(p, df) == pytest.approx(t, abs=6e-4)
    assert stats.t_tail(t, df) == pytest.approx(p, rel=2e-3)


def test_t_agrees_with_scipy() -> None:
    reference = pytest.importorskip("scipy.stats")
    for df in (1.0, 2.3, 7.0, 60.0):
        for t in (0.1, 1.0, 3.0, 12.0):
            assert stats.t_tail(t, df) == pytest.approx(2 * reference.t.sf(t, df), rel=1e-6, abs=1e-12)


def test_the_permutation_test_counts_every_arrangement() -> None:
    apart = stats.permutation_p(np.array([1.0, 2.0, 3.0]), np.array([4.0, 5.0, 6.0]))
    assert apart == pytest.approx(2 / 20)
    assert stats.permutation_p(np.ones(4), np.ones(4)) == 1.0


def test_a_permutation_test_of_many_values_is_drawn_and_repeats() -> None:
    random = np.random.default_rng(3)
    a, b = random.normal(0, 1, 12), random.normal(2, 1, 12)
    assert stats.arrangements(12, 12) > stats.MOST_EXACT
    assert stats.permutation_p(a, b) == stats.permutation_p(a, b)
    assert 0 < stats.permutation_p(a, b) < 0.01


@pytest.mark.parametrize(("n", "m"), [(1, 3), (1, 5), (2, 3), (3, 3), (5, 5)])
@pytest.mark.parametrize("skewed", [False, True])
def test_without_a_difference_at_most_one_in_forty_is_called_better(n: int, m: int, skewed: bool) -> None:
    random = np.random.default_rng(n * 10 + m)
    called = 0
    trials = 600
    for _ in range(trials):
        values = random.normal(0.5, 0.05, n + m)
        if skewed:
            values = np.exp(4 * values)
        a, b = values[:n], values[n:]
        if 2 / stats.arrangements(n, m) <= stats.LIMIT:
            p = stats.permutation_p(a, b)
        else:
            error, df = stats.welch(a, b)
            p = stats.t_tail(float(a.mean() - b.mean()) / error, df)
        called += p <= stats.LIMIT and a.mean() < b.mean()
    assert called / trials <= 0.045  # 0.025, and three standard errors of so many trials


def test_neighbours_alike_make_the_level_less_sure() -> None:
    random = np.random.default_rng(0)
    white = random.standard_normal(400)
    alike = np.zeros(400)
    for i in range(1, 400):
        alike[i] = 0.8 * alike[i - 1] + white[i]
    assert stats.late_error(white) == pytest.approx(1.2533 / 20, rel=0.15)
    assert stats.late_error(alike) > 3 * stats.late_error(white)
    assert math.isnan(stats.late_error(np.array([1.0, np.nan, 2.0])))


def test_the_error_of_a_level_is_how_levels_of_such_curves_scatter() -> None:
    random = np.random.default_rng(1)
    levels, errors = [], []
    for _ in range(400):
        values = np.zeros(40)
        for i in range(1, 40):
            values[i] = 0.5 * values[i - 1] + random.standard_normal()
        levels.append(float(np.median(values)))
        errors.append(stats.late_error(values))
    assert np.median(errors) == pytest.approx(np.std(levels), rel=0.3)


def test_so_many_seeds_are_enough() -> None:
    random = np.random.default_rng(5)
    needed = stats.seeds_needed(1.0, 0.6)
    assert needed is not None
    found = 0
    for _ in range(300):
        a, b = random.normal(0, 0.6, needed), random.normal(1, 0.6, needed)
        error, df = stats.welch(a, b)
        found += stats.t_tail(float(a.mean() - b.mean()) / error, df) <= stats.LIMIT
    assert 0.72 <= found / 300 <= 0.93
    assert stats.seeds_needed(0.0, 1.0) is None


def test_effect_sizes_are_corrected_for_few_values() -> None:
    a, b = np.array([1.0, 2.0, 3.0]), np.array([3.0, 4.0, 5.0])
    assert stats.hedges_g(a, b) == pytest.approx(-2 * (1 - 3 / 15))
    assert math.isnan(stats.hedges_g(a[:1], b[:1]))
    assert math.isnan(stats.hedges_g(np.ones(3), np.ones(3)))
