"""What a periodic loss is judged by: an even grid, its strongest period, and the curve folded at a period."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from runaudit.errors import NotJudged
from runaudit.model import FloatArray, IntArray
from runaudit.numerics import spread

BINS = 64
MIN_PAIRS = 6


@dataclass(frozen=True, slots=True, eq=False)
class Fold:
    """A curve folded at a ``period``, in points.

    ``repeat`` is the correlation between the same places of consecutive periods, ``z`` its significance,
    ``rise`` the largest rise within a period of the mean course (trend included, so that a staircase that only
    falls has none), ``periods`` how many were folded.
    """

    period: float
    repeat: float
    z: float
    rise: float
    periods: float


def even_grid(steps: IntArray, values: FloatArray) -> tuple[float, FloatArray]:
    """Return the usual distance of the steps, and the values at that distance, gaps filled by interpolation.

    Raises ``NotJudged`` where the steps are so uneven that over a third of the values would be made up.

    >>> even_grid(np.array([0, 2, 4, 8]), np.array([0.0, 1.0, 2.0, 4.0]))[1].tolist()
    [0.0, 1.0, 2.0, 3.0, 4.0]
    """
    spacing = float(np.median(np.diff(steps)))
    count = round(float(steps[-1] - steps[0]) / spacing) + 1
    if count > 1.5 * len(steps):
        raise NotJudged("the steps are too uneven to look for a period", "train/loss at even steps")
    grid = steps[0] + spacing * np.arange(count)
    return spacing, np.interp(grid, steps, values)


def strongest_period(values: FloatArray, least: int, most: int) -> float | None:
    """Return the period of the largest autocorrelation over lags from ``least`` to ``most`` points; None without lags.

    A slow trend is removed first by a robust fit of smooth terms. Where the largest lag is a multiple of a period
    that correlates nearly as well, that period is returned.
    """
    if most < least:
        return None
    linked = _autocorrelation(_without_trend(values), most + 1)
    lag = least + int(np.argmax(linked[least : most + 1]))
    for parts in range(lag // least, 1, -1):
        first = round(lag / parts) - 1
        near = first + int(np.argmax(linked[first : first + 3]))
        if near >= least and linked[near] >= 0.8 * linked[lag] and linked[near] > linked[max(1, near // 2)] + 0.2:
            return lag / round(lag / near)
    return float(lag)


def fold(values: FloatArray, period: float) -> Fold | None:
    """Return the curve folded at a period, the moving average over one period taken off; None under two periods."""
    width = round(period)
    bins = min(int(period), BINS)  # a bin takes a point or more of every period
    if bins < 3 or len(values) < 3 * width:
        return None
    total = np.concatenate(([0.0], np.cumsum(values)))
    average = (total[width:] - total[:-width]) / width
    start = width // 2
    residual = values[start : start + len(average)] - average
    sd = spread(residual)
    residual = np.clip(residual, -6.0 * sd, 6.0 * sd) if sd > 0 else residual
    cell = np.floor(np.arange(len(residual)) * (bins / period) + 1e-9).astype(np.int64)
    size = int(cell[-1]) + 1
    counts = np.bincount(cell, minlength=size)
    means = np.full(-(-size // bins) * bins, np.nan)
    means[:size] = np.where(counts > 0, np.bincount(cell, residual, size) / np.maximum(counts, 1), np.nan)
    table = means.reshape(-1, bins)
    before, after = table[:-1].ravel(), table[1:].ravel()
    both = np.isfinite(before) & np.isfinite(after)
    if int(both.sum()) < MIN_PAIRS:
        return None
    repeat = _correlation(before[both], after[both])
    course = np.nanmean(table, axis=0)
    fall = float(np.median(average[:-width] - average[width:]))  # per period
    return Fold(
        period=period,
        repeat=repeat,
        z=_significance(repeat, means[np.isfinite(means)], int(both.sum()), bins),
        rise=_rise(course, fall),
        periods=len(values) / period,
    )


def _rise(course: FloatArray, fall: float) -> float:
    """Return the largest rise from one place to a later one within a period, the fall per period added back."""
    bins = len(course)
    twice = np.concatenate((course, course)) - fall * np.arange(2 * bins) / bins
    return float(max(np.max(twice[ahead:] - twice[:-ahead]) for ahead in range(1, bins)))


def _significance(repeat: float, means: FloatArray, pairs: int, bins: int) -> float:
    """Return the z score of a correlation, for as many independent pairs as neighbours that resemble leave.

    The smoothest wave still has two independent values a period.
    """
    near = _correlation(means[:-1], means[1:]) ** 2  # Bartlett: two series that each resemble their neighbours
    free = max(pairs * (1.0 - near) / (1.0 + near), 2.0 * pairs / bins) - 3.0
    return float(np.arctanh(np.clip(repeat, -0.9999, 0.9999)) * np.sqrt(max(free, 0.0)))


def _correlation(a: FloatArray, b: FloatArray) -> float:
    """Return Pearson's correlation, 0 where one of the two does not vary."""
    a, b = a - a.mean(), b - b.mean()
    size = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / size if np.isfinite(size) and size > 0 else 0.0


def _without_trend(values: FloatArray) -> FloatArray:
    """Return the residual of a robust fit of smooth terms, large ones clipped at four standard deviations."""
    t = np.arange(len(values)) / len(values)
    log = np.log1p(np.arange(len(values))) / np.log1p(len(values))
    terms = np.stack([np.ones(len(values)), t, t * t, log, log * log], axis=1)
    weights = np.ones(len(values))
    residual, sd = values.copy(), 0.0
    for _ in range(3):
        fit = np.linalg.lstsq(terms * weights[:, None], values * weights, rcond=None)[0]
        residual = values - terms @ fit
        sd = float(1.4826 * np.median(np.abs(residual)))
        if not sd > 0:
            break
        weights = 1.0 / np.sqrt(np.maximum(np.abs(residual) / (1.5 * sd), 1.0))
    return np.asarray(np.clip(residual, -4.0 * sd, 4.0 * sd)) if sd > 0 else residual


def _autocorrelation(values: FloatArray, lags: int) -> FloatArray:
    """Return the autocorrelation at lags 0 to ``lags``, each over the pairs that it has; zeros without variance."""
    n = len(values)
    centred = values - values.mean()
    power = np.abs(np.fft.rfft(centred, 2 * n)) ** 2
    raw = np.fft.irfft(power, 2 * n)[: lags + 1]
    if not (np.isfinite(raw[0]) and raw[0] > 0):
        return np.zeros(lags + 1)
    return np.asarray(raw / raw[0] * n / (n - np.arange(lags + 1)))
