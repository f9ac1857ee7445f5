"""Shared by the rules and pictures of searches: how much each setting matters, how it was computed and how sure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from runaudit.detectors._search import Parameter, Search, midranks
from runaudit.model import FloatArray

SHUFFLES = 999
MOST = 2000  # trials that are shuffled; more are thinned, in their order
LEAST = 8
HOW = (
    "share of the variance of the objective's ranks that the setting alone explains (a parabola through its ranks, or a"
    " mean for each choice), less what chance explains; its chance is that of shuffled objectives to explain as much"
)


@dataclass(frozen=True, slots=True)
class Importance:
    """How much one setting matters: the ``share`` that it explains, by chance with probability ``chance``.

    ``share`` is adjusted for the number of fitted terms, 0 at least. ``trials`` is how many have the setting and count.
    """

    parameter: str
    share: float
    chance: float
    trials: int

    @property
    def sure(self) -> str:
        """Return ``sure``, ``likely`` or ``unclear``."""
        return "sure" if self.chance < 0.01 else "likely" if self.chance < 0.05 else "unclear"


def importance(search: Search) -> list[Importance]:
    """Return how much each setting matters, the most important first; see ``HOW``.

    Settings are looked at one by one: two that only matter together look unimportant. Diverged trials count as the
    worst, failed and cut-short ones not at all. Settings that fewer than eight trials have are left out. Raises
    ``NotJudged`` under eight complete trials, or where the direction of the objective is not known.
    """
    costs = search.merged(search.costs(LEAST))
    found = [one for p in search.parameters if (one := _importance(p, costs)) is not None]
    return sorted(found, key=lambda one: (-one.share, one.chance, one.parameter))


def _importance(parameter: Parameter, costs: FloatArray) -> Importance | None:
    used = np.flatnonzero(parameter.known & ~np.isnan(costs))
    used = used[:: max(1, -(-len(used) // MOST))]
    basis = _basis(parameter, parameter.values[used])
    n, terms = len(used), basis.shape[1]
    if n < LEAST or not terms or n - terms < 3:
        return None
    ranks = midranks(costs[used])
    ranks = ranks - ranks.mean()
    total = float(ranks @ ranks)
    if total == 0.0:
        return Importance(parameter.name, 0.0, 1.0, n)
    explained = float(np.sum((ranks @ basis) ** 2)) / total
    shuffled = np.random.default_rng(0).permuted(np.tile(ranks, (SHUFFLES, 1)), axis=1)
    by_chance = np.sum((shuffled @ basis) ** 2, axis=1) / total
    chance = (1 + int(np.sum(by_chance >= explained - 1e-12))) / (SHUFFLES + 1)
    share = 1.0 - (1.0 - explained) * (n - 1) / (n - 1 - terms)
    return Importance(parameter.name, max(0.0, share), chance, n)


def _basis(parameter: Parameter, values: FloatArray) -> FloatArray:
    """Return orthonormal columns, each of mean zero: a parabola in the ranks, or a step for each choice."""
    n = len(values)
    if parameter.choices:
        kinds = np.unique(values)
        columns = (values[:, None] == kinds[None, 1:]).astype(np.float64)
    else:
        ranks = midranks(values)
        columns = np.stack([ranks, ranks**2], axis=1)[:, : max(0, len(np.unique(values)) - 1)]
    if not n or not columns.shape[1]:
        return np.empty((n, 0))
    columns = columns - columns.mean(axis=0)
    columns = columns / np.maximum(np.linalg.norm(columns, axis=0), 1e-300)
    left, size, _ = np.linalg.svd(columns, full_matrices=False)
    return np.asarray(left[:, size > 1e-9])
