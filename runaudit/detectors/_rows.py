"""Rows at uneven distances: a log that is dense at its start must not be judged by its start."""

from __future__ import annotations

import numpy as np

from runaudit.model import BoolArray, FloatArray, IntArray


def spans(steps: IntArray) -> FloatArray:
    """Return how many steps each row stands for: half of the distance to either neighbour.

    >>> spans(np.array([0, 1, 2, 100, 200])).tolist()
    [1.0, 1.0, 49.5, 99.0, 100.0]
    """
    if len(steps) < 2:
        return np.ones(len(steps))
    gaps = np.diff(steps).astype(np.float64)
    return np.concatenate([gaps[:1], 0.5 * (gaps[1:] + gaps[:-1]), gaps[-1:]])


def typical(steps: IntArray, values: FloatArray) -> float:
    """Return the median over the steps, each row counting for those that it stands for; NaN without rows.

    At even distances it is the plain median.

    >>> typical(np.array([0, 1, 2, 100, 200]), np.array([9.0, 9.0, 9.0, 2.0, 1.0]))
    2.0
    >>> typical(np.array([0, 10, 20, 30]), np.array([1.0, 2.0, 3.0, 4.0]))
    2.5
    """
    if not len(values):
        return float("nan")
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(spans(steps)[order])
    ordered, half = values[order], 0.5 * reached[-1]
    place = int(np.searchsorted(reached, half * (1.0 - 1e-9)))
    at_edge = reached[place] <= half * (1.0 + 1e-9) and place + 1 < len(values)
    return float(0.5 * (ordered[place] + ordered[place + 1]) if at_edge else ordered[place])


def first_half(steps: IntArray) -> int:
    """Return how many rows lie in the first half of the steps, the middle included; 0 without rows.

    >>> first_half(np.arange(5)), first_half(np.arange(6)), first_half(np.array([0, 1, 2, 100, 200, 300]))
    (3, 3, 4)
    """
    return int(np.searchsorted(steps, 0.5 * (steps[0] + steps[-1]), side="right")) if len(steps) else 0


def since(steps: IntArray, beyond: BoolArray) -> int:
    """Return the first step of the longest stretch of rows that are true, counted in steps; the first step for none.

    >>> since(np.array([0, 1, 2, 100, 200, 300]), np.array([1, 1, 0, 0, 1, 1]) > 0)
    200
    """
    weights = spans(steps)
    best, start = 0, 0
    longest, length = 0.0, 0.0
    for row, true in enumerate(beyond.tolist()):
        if not true:
            start, length = row + 1, 0.0
            continue
        length += float(weights[row])
        if length > longest:
            best, longest = start, length
    return int(steps[best])
