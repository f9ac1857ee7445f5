"""A series reduced to the few hundred points that a plot needs, so that a judged run can be dropped."""

from __future__ import annotations

import numpy as np

from runaudit.model import BoolArray, Curve, FloatArray, IntArray, Series

POINTS = 240


def reduce_curve(series: Series, points: int = POINTS) -> Curve:
    """Return the curve of a series: lowest, median and highest finite value of at most ``points`` blocks.

    A block without a finite value is NaN in all three; ``best`` is the lowest finite value and NaN if there is none.
    An empty series gives empty arrays, and steps of 0.
    """
    steps, values = series.steps, series.values
    if not len(values):
        empty = np.empty(0)
        return Curve(series.name, series.source_name, 0, 0, 0, np.nan, np.nan, np.nan, 0, empty, empty, empty, empty)
    starts = np.unique(np.linspace(0, len(values), min(points, len(values)) + 1).astype(np.int64))[:-1]
    good = np.isfinite(values)
    low = np.minimum.reduceat(np.where(good, values, np.inf), starts)
    high = np.maximum.reduceat(np.where(good, values, -np.inf), starts)
    low, high = np.where(np.isfinite(low), low, np.nan), np.where(np.isfinite(high), high, np.nan)
    mid = _medians(values, good, starts)
    best = int(np.argmin(np.where(good, values, np.inf))) if good.any() else 0
    return Curve(
        name=series.name,
        source_name=series.source_name,
        points=len(values),
        first_step=int(steps[0]),
        last_step=int(steps[-1]),
        first=float(values[0]),
        last=float(values[-1]),
        best=float(values[best]) if good.any() else np.nan,
        best_step=int(steps[best]),
        steps=steps[starts].astype(np.float64),
        low=low,
        mid=mid,
        high=high,
    )


def _medians(values: FloatArray, good: BoolArray, starts: IntArray) -> FloatArray:
    if len(starts) == len(values):
        return np.where(good, values, np.nan)
    mid = np.full(len(starts), np.nan)
    edges = [*starts.tolist(), len(values)]
    for i in range(len(starts)):
        part = slice(edges[i], edges[i + 1])
        inside = values[part][good[part]]
        if len(inside):
            mid[i] = _median(inside)
    return mid


def _median(values: FloatArray) -> float:
    """Return the median of finite values; the two middle ones are halved before they are added: no overflow."""
    half = len(values) // 2
    if len(values) % 2:
        return float(np.partition(values, half)[half])
    low, high = np.partition(values, [half - 1, half])[half - 1 : half + 1]
    return float(low * 0.5 + high * 0.5)
