"""Is the difference of two small groups of numbers more than chance: exact, without tables, numpy only."""

from __future__ import annotations

import math
from itertools import combinations
from statistics import NormalDist

import numpy as np

from runaudit.model import FloatArray

LIMIT = 0.05  # of the p value: a true difference of zero is called better in at most half of that, worse in the other
POWER = 0.8
MOST_EXACT = 20_000  # arrangements that are all looked at; of more, as many are drawn
MOST_SEEDS = 100
_POINTS = 4001


def t_tail(t: float, df: float) -> float:
    """Return the probability that Student's t with ``df`` degrees is beyond ``t`` on either side; infinite t: 0.

    With t = sqrt(df) tan(angle) it is a ratio of integrals of a power of the cosine.

    >>> round(t_tail(2.776, 4), 4), round(t_tail(12.706, 1), 4), t_tail(0.0, 3)
    (0.05, 0.05, 1.0)
    """
    if math.isinf(t):
        return 0.0
    angle = math.atan(abs(t) / math.sqrt(df))
    return min(_area(angle, df) / _area(0.0, df), 1.0)


def _area(start: float, df: float) -> float:
    """Return the integral of cos(angle)^(df - 1) from ``start`` to a right angle, by Simpson's rule."""
    angles = np.linspace(start, math.pi / 2, _POINTS)
    heights = np.clip(np.cos(angles), 0.0, None) ** (df - 1.0)
    weights = np.ones(_POINTS)
    weights[1:-1:2], weights[2:-1:2] = 4.0, 2.0
    return float(weights @ heights) * (math.pi / 2 - start) / (_POINTS - 1) / 3.0


def t_quantile(p: float, df: float) -> float:
    """Return the t that is passed on either side with probability ``p``.

    >>> round(t_quantile(0.05, 4), 3)
    2.776
    """
    low, high = 0.0, 1e6
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if t_tail(middle, df) > p else (low, middle)
    return high


def arrangements(n: int, m: int) -> int:
    """Return in how many ways n of n + m values can be chosen."""
    return math.comb(n + m, n)


def permutation_p(a: FloatArray, b: FloatArray) -> float:
    """Return the two-sided p of the difference of means over all ways to share the values out among the two groups.

    Beyond 20,000 ways as many are drawn, always the same.

    >>> round(permutation_p(np.array([1.0, 2.0, 3.0, 4.0]), np.array([5.0, 6.0, 7.0, 8.0])), 4)
    0.0286
    """
    every = np.concatenate([a, b])
    n, total = len(a), float(every.sum())
    if arrangements(len(a), len(b)) <= MOST_EXACT:
        chosen = np.array([every[list(c)].sum() for c in combinations(range(len(every)), n)])
        extra = 0
    else:
        random = np.random.default_rng(0)
        chosen = np.array([random.permutation(every)[:n].sum() for _ in range(MOST_EXACT)])
        extra = 1  # the arrangement that was seen is one of them
    apart = np.abs(chosen / n - (total - chosen) / len(b))
    seen = abs(float(a.mean() - b.mean()))
    slack = 1e-12 * (float(np.abs(every).max()) or 1.0)
    return (int((apart >= seen - slack).sum()) + extra) / (len(chosen) + extra)


def welch(a: FloatArray, b: FloatArray, least: float = 0.0) -> tuple[float, float]:
    """Return the standard error of the difference of means and its degrees of freedom.

    A group of one value has the variance of the other, and that one's degrees. No standard deviation is taken for
    smaller than ``least``: what is known of the noise of one value.

    >>> [round(x, 3) for x in welch(np.array([1.0, 2.0, 3.0]), np.array([4.0, 5.0, 6.0]))]
    [0.816, 4.0]
    """
    known = [float(v.var(ddof=1)) if len(v) > 1 else None for v in (a, b)]
    filled = [v if v is not None else other for v, other in zip(known, reversed(known), strict=True)]
    parts = [max(v or 0.0, least**2) / len(x) for v, x in zip(filled, (a, b), strict=True)]
    error = math.sqrt(sum(parts))
    if len(a) == 1 or len(b) == 1:
        return error, float(max(len(a), len(b)) - 1)
    below = sum(part**2 / (len(x) - 1) for part, x in zip(parts, (a, b), strict=True))
    return error, (sum(parts) ** 2 / below if below > 0 else float(len(a) + len(b) - 2))


def pooled_sd(a: FloatArray, b: FloatArray) -> float:
    """Return the standard deviation within the groups, NaN where both have a single value."""
    degrees = len(a) + len(b) - 2
    if degrees <= 0:
        return math.nan
    squares = float(((a - a.mean()) ** 2).sum() + ((b - b.mean()) ** 2).sum())
    return math.sqrt(squares / degrees)


def hedges_g(a: FloatArray, b: FloatArray) -> float:
    """Return the difference of means in standard deviations, corrected for few values; NaN where it is not defined.

    >>> round(hedges_g(np.array([1.0, 2.0, 3.0]), np.array([4.0, 5.0, 6.0])), 3)
    -2.4
    """
    sd = pooled_sd(a, b)
    if not sd > 0:
        return math.nan
    return float(a.mean() - b.mean()) / sd * (1.0 - 3.0 / (4.0 * (len(a) + len(b)) - 9.0))


def seeds_needed(difference: float, sd: float) -> int | None:
    """Return how many runs a side show such a difference in four of five cases; None for more than a hundred.

    >>> seeds_needed(1.0, 1.0), seeds_needed(3.0, 1.0), seeds_needed(0.01, 1.0)
    (17, 4, None)
    """
    if not (abs(difference) > 0 and sd >= 0):
        return None
    normal = NormalDist()
    both = normal.inv_cdf(1 - LIMIT / 2) + normal.inv_cdf(POWER)
    n = 2.0 * (both * sd / abs(difference)) ** 2 + 1.0  # one more: the deviation is an estimate
    return max(math.ceil(n), 4) if n <= MOST_SEEDS else None


def late_error(values: FloatArray) -> float:
    """Return the standard error of the level of a stretch of a curve, after its trend, with neighbours alike (AR(1)).

    NaN counts as not logged. Fewer than 3 values: NaN, nothing is known.

    >>> late_error(np.arange(9.0)) < 1e-9
    True
    """
    values = values[np.isfinite(values)]
    n = len(values)
    if n < 3:
        return math.nan
    x = np.arange(n) - (n - 1) / 2
    rest = values - values.mean() - x * float(x @ values) / float(x @ x)
    variance = float(rest @ rest) / (n - 2)
    alike = float(rest[1:] @ rest[:-1]) / float(rest @ rest) if float(rest @ rest) > 0 else 0.0
    alike = min(max(alike + 1.0 / n, 0.0), 0.95)  # the estimate of a short stretch is too low by about 1/n
    effective = max(n * (1.0 - alike) / (1.0 + alike), 1.0)
    return math.sqrt(math.pi / 2 * variance / effective)  # of a median
