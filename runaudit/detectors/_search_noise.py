"""Shared by the rules on searches: how much the result of the same settings differs from seed to seed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from runaudit.detectors._importance import importance
from runaudit.detectors._search import Search
from runaudit.model import FloatArray, IntArray

LEAST_FREEDOM = 2  # a spread of fewer pairs says nothing
FITTED = 2  # settings that the fit knows
MOST = 500  # trials whose neighbours are looked for
PER_TERM = 2.5  # trials that a fitted term takes


@dataclass(frozen=True, slots=True)
class Noise:
    """The standard deviation from seed to seed, how it was found in words, and whether it was measured by repeats."""

    sd: float
    how: str
    measured: bool


def repeated(groups: Sequence[FloatArray]) -> Noise | None:
    """Return the noise within groups of the same settings, None where there are too few repeats.

    >>> repeated([np.array([1.0, 3.0]), np.array([5.0]), np.array([2.0, 4.0])]).sd.__round__(3)
    1.414
    """
    several = [g for g in groups if len(g) > 1]
    freedom = sum(len(g) - 1 for g in several)
    if freedom < LEAST_FREEDOM:
        return None
    total = sum(float(np.sum((g - g.mean()) ** 2)) for g in several)
    runs = sum(len(g) for g in several)
    settings = "1 setting that was" if len(several) == 1 else f"{len(several)} settings that were"
    words = f"{runs} trials of {settings} tried more than once"
    return Noise(math.sqrt(total / freedom), words, measured=True)


def fitted(found: Search, costs: FloatArray) -> Noise | None:
    """Return what a parabola in the two numbers that matter most leaves over among the better half of the trials.

    It holds what the other settings do as well, so that it is the most that the noise can be. None for too few trials.
    """
    order = [one.parameter for one in importance(found)]
    numbers = sorted((p for p in found.numbers if p.name in order), key=lambda p: order.index(p.name))[:FITTED]
    good = np.isfinite(costs)
    for parameter in numbers:
        good &= parameter.known
    used = np.flatnonzero(good)
    used = used[costs[used] <= np.median(costs[used])] if len(used) else used
    for count in range(len(numbers), 0, -1):
        terms = _terms([p.positions()[used] for p in numbers[:count]])
        if len(used) >= PER_TERM * terms.shape[1]:
            solution, *_ = np.linalg.lstsq(terms, costs[used], rcond=None)
            rest = costs[used] - terms @ solution
            sd = math.sqrt(float(rest @ rest) / (len(used) - terms.shape[1]))
            words = f"what a smooth fit leaves over among the better {len(used)} trials, the most that it can be"
            near = _between_neighbours(found, used, costs[used])
            if near < sd:
                return Noise(
                    near, f"neighbours among the better {len(used)} trials, the most that it can be", measured=False
                )
            return Noise(sd, words, measured=False)
    return None


def _between_neighbours(found: Search, used: IntArray, costs: FloatArray) -> float:
    """Return the spread that the nearest other trial of each one shows: small where the objective is smooth."""
    places = [p.values[used] * 4.0 if p.choices else p.positions()[used] for p in found.parameters]
    at = np.nan_to_num(np.stack(places, axis=1)[:MOST], nan=-1.0)
    apart = np.sum((at[:, None, :] - at[None, :, :]) ** 2, axis=2)
    np.fill_diagonal(apart, np.inf)
    differences = np.abs(costs[: len(at)] - costs[np.argmin(apart, axis=1)])
    return float(1.4826 * np.median(differences) / math.sqrt(2.0))


def _terms(columns: Sequence[FloatArray]) -> FloatArray:
    """Return a constant, the columns, and all their products."""
    out = [np.ones(len(columns[0])), *columns]
    out += [a * b for i, a in enumerate(columns) for b in columns[i:]]
    return np.stack(out, axis=1)
