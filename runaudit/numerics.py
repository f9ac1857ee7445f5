"""Small numpy pieces that detectors share. NaN in, NaN or nothing out: each says which."""

from __future__ import annotations

import re

import numpy as np

from runaudit.model import BoolArray, FloatArray, IntArray


def runs_of_true(mask: BoolArray) -> IntArray:
    """Return ``[start, stop)`` of every stretch of True, one row each.

    >>> runs_of_true(np.array([True, False, True, True])).tolist()
    [[0, 1], [2, 4]]
    >>> runs_of_true(np.array([], dtype=bool)).tolist()
    []
    """
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False])).astype(np.int8)))
    return edges.reshape(-1, 2).astype(np.int64)


def block_medians(values: FloatArray, blocks: int) -> FloatArray:
    """Return the medians of at most ``blocks`` consecutive, nearly equal blocks; fewer points stay as they are.

    >>> block_medians(np.array([1.0, 2.0, 9.0, 4.0, 5.0, 6.0]), 2).tolist()
    [2.0, 5.0]
    >>> block_medians(np.array([3.0]), 4).tolist()
    [3.0]
    """
    if len(values) <= blocks:
        return values.copy()
    return np.array([np.median(part) for part in np.array_split(values, blocks)])


def noise_sd(values: FloatArray) -> float:
    """Return the standard deviation of the point-to-point noise, robust to trend and spikes.

    It is 1.4826 times the median absolute second difference over sqrt(6): the trend cancels. Fewer than 4 points: 0.

    >>> round(noise_sd(np.arange(10.0)), 6)
    0.0
    """
    if len(values) < 4:
        return 0.0
    second = values[2:] - 2.0 * values[1:-1] + values[:-2]
    return float(1.4826 * np.median(np.abs(second)) / np.sqrt(6.0))


def difference_sd(values: FloatArray) -> float:
    """Return the von Neumann noise level sqrt(mean d^2 / 2): not robust, it counts the heavy tail.

    >>> difference_sd(np.array([0.0, 2.0, 0.0, 2.0]))
    1.4142135623730951
    """
    if len(values) < 2:
        return 0.0
    return float(np.sqrt(np.mean(np.diff(values) ** 2) / 2.0))


def running_median(values: FloatArray, width: int) -> FloatArray:
    """Return the centred running median of an odd ``width``; windows shrink at the two ends.

    >>> running_median(np.array([1.0, 9.0, 2.0, 3.0]), 3).tolist()
    [5.0, 2.0, 3.0, 2.5]
    """
    n = len(values)
    half = min(width // 2, max(n - 1, 0))
    if n == 0 or half == 0:
        return values.copy()
    out = np.empty(n)
    if n > 2 * half:
        windows = np.lib.stride_tricks.sliding_window_view(values, 2 * half + 1)
        chunk = max(1, 4_000_000 // (2 * half + 1))  # bounded memory: a median copies its windows
        for start in range(0, len(windows), chunk):
            part = np.median(windows[start : start + chunk], axis=1)
            out[half + start : half + start + len(part)] = part
    for i in [*range(min(half, n)), *range(max(n - half, half), n)]:
        out[i] = np.median(values[max(0, i - half) : i + half + 1])
    return out


def smoothed(values: FloatArray, blocks: int = 4000) -> FloatArray:
    """Return the running median over a twentieth of the values, of the same length.

    More than ``blocks`` values are first reduced to block medians, each then repeated: a wide running median of a
    million points takes minutes and shows no more.

    >>> smoothed(np.array([1.0, 2.0, 3.0])).tolist(), len(smoothed(np.arange(10_001.0)))
    ([1.0, 2.0, 3.0], 10001)
    """
    if len(values) <= blocks:
        return running_median(values, 2 * (len(values) // 40) + 1)
    widths = [len(part) for part in np.array_split(values, blocks)]
    return np.repeat(running_median(block_medians(values, blocks), 2 * (blocks // 40) + 1), widths)


def kendall_z(values: FloatArray) -> float:
    """Return the z score of the Mann-Kendall trend test: below 0 falling, above 0 rising, 0 for under 4 points.

    Use it on at most some hundred block medians: it compares all pairs. Ties count as no trend.

    >>> kendall_z(np.arange(10.0)) > 3, kendall_z(np.ones(10))
    (True, 0.0)
    """
    n = len(values)
    if n < 4:
        return 0.0
    signs = np.sign(values[None, :] - values[:, None])
    total = float(np.triu(signs, 1).sum())
    variance = n * (n - 1) * (2 * n + 5) / 18.0
    return float((total - np.sign(total)) / np.sqrt(variance))


def finite(values: FloatArray) -> FloatArray:
    """Return the finite values in order.

    >>> finite(np.array([1.0, np.nan, np.inf, 2.0])).tolist()
    [1.0, 2.0]
    """
    return values[np.isfinite(values)]


def tail(values: FloatArray, share: float, least: int = 3) -> FloatArray:
    """Return the last ``share`` of the values, at least ``least`` of them (all if there are fewer).

    >>> tail(np.arange(10.0), 0.1).tolist()
    [7.0, 8.0, 9.0]
    """
    return values[-max(least, int(len(values) * share)) :]


def level(values: FloatArray, share: float = 0.1) -> float:
    """Return the median of the last ``share`` of the values, three at least; NaN for none, or with NaN among them.

    >>> level(np.array([9.0, 9.0, 1.0, 2.0, 3.0]))
    2.0
    """
    return float(np.median(tail(values, share))) if len(values) else float("nan")


def at_steps(steps: IntArray, values: FloatArray, wanted: IntArray) -> FloatArray:
    """Return the values interpolated at ``wanted`` steps; beyond the ends, and where there is no finite value, NaN.

    >>> at_steps(np.array([0, 10]), np.array([0.0, 1.0]), np.array([5, 20])).tolist()
    [0.5, nan]
    """
    good = np.isfinite(values)
    if not good.any():
        return np.full(len(wanted), np.nan)
    return np.interp(wanted, steps[good], values[good], left=np.nan, right=np.nan)


def spread(values: FloatArray) -> float:
    """Return the standard deviation estimated from the quartiles, (q75 - q25) / 1.349; 0 for none.

    >>> spread(np.array([1.0, 1.0, 1.0]))
    0.0
    """
    if not len(values):
        return 0.0
    low, high = np.percentile(values, [25, 75])
    return float((high - low) / 1.349)


def formed(value: float, form: str) -> str:
    """Return the value in a form of ``format``, with a power of ten as short as in the reports.

    >>> formed(1.9e-6, ".2g"), formed(1170.0, ".3g"), formed(0.5, ".0%")
    ('1.9e-6', '1.17e3', '50%')
    """
    return _EXPONENT.sub(lambda found: f"e{found[1].replace('+', '')}{found[2]}", format(value, form))


_EXPONENT = re.compile(r"e([+-])0*(\d+)")
