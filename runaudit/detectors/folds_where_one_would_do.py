"""A search by cross-validation in which one fold would have chosen the same."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from runaudit.detectors import Detector, Table
from runaudit.detectors._search import Search, enough, search_of, trend_z
from runaudit.errors import NotJudged
from runaudit.model import FloatArray, Hit

NEED = "results of each fold, three folds or more (such as split0_test_score)"
LEAST_FOLDS = 3


def folds_where_one_would_do(
    trials: Table | None,
    ranges: Table | None,
    search: Table | None,
    *,
    regret: float,
    agreement: float,
    min_trials: int,
) -> Iterator[Hit]:
    """Report a cross-validated search in which each fold alone would have led to a winner as good as that of all.

    For every fold the trial that is best on it is looked up: it must be worse than the winner of all folds, by the
    mean over the other folds, by ``regret`` standard errors at most, and each fold must order the trials as the others
    do with a rank correlation of ``agreement`` or more. Raises ``NotJudged`` where the trials have no folds, fewer than
    ``min_trials`` have all of them, or where it is not known which way is good.
    """
    found = search_of(trials, ranges, search, min_trials)
    scores = _folds(found, found.costs(min_trials), min_trials)
    means = scores.mean(axis=1)
    best, folds = int(np.argmin(means)), scores.shape[1]
    error = _error(scores, best)
    losses, alike = [], []
    for fold in range(folds):
        others = np.delete(scores, fold, axis=1).mean(axis=1)
        chosen = int(np.argmin(scores[:, fold]))
        losses.append(float(others[chosen] - others[best]))
        alike.append(trend_z(scores[:, fold], others) / np.sqrt(len(means) - 1))
    worst, least = max(losses), min(alike)
    if worst > regret * error or least < agreement:
        return
    facts: dict[str, float | str] = {
        "folds": folds,
        "counted": len(means),
        "worst": max(worst, 0.0),
        "error": error,
        "alike": least,
        "trained": folds * len(means),
        "objective": found.objective or "the objective",
    }
    yield Hit(0, len(found) - 1, facts, series=found.objective, path=found.place(0)[0])


def _folds(found: Search, costs: FloatArray, min_trials: int) -> FloatArray:
    """Return the costs of the trials, a row each, in the folds, a column each."""
    sign = 1.0 if found.direction == "min" else -1.0
    given = [row.get("folds") for row, cost in zip(found.rows, costs, strict=True) if np.isfinite(cost)]
    count = max((len(folds) for folds in given if folds), default=0)
    if count < LEAST_FOLDS:
        raise NotJudged("the trials tell no results of folds", NEED)
    kept = [folds for folds in given if folds and len(folds) == count and np.all(np.isfinite(folds))]
    enough(len(kept), min_trials)
    return sign * np.array(kept, dtype=np.float64)


def _error(scores: FloatArray, best: int) -> float:
    """Return the standard error of the difference of a good trial to the best, folds paired: the median over trials."""
    differences = np.delete(scores, best, axis=0) - scores[best]
    near = differences[np.argsort(differences.mean(axis=1))[: max(3, len(differences) // 3)]]
    return float(np.median(near.std(axis=1, ddof=1)) / np.sqrt(scores.shape[1]))


DETECTOR = Detector(
    "folds-where-one-would-do",
    folds_where_one_would_do,
    frozenset({"folds", "counted", "worst", "error", "alike", "trained", "objective"}),
)
