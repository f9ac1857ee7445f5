"""A best trial that leads by less than another seed would change it, and that nobody ran again."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from runaudit.detectors import Detector, Table
from runaudit.detectors._search import Search, search_of
from runaudit.detectors._search_noise import fitted, repeated
from runaudit.errors import NotJudged
from runaudit.model import FloatArray, Hit

LUCK = 2.5  # standard deviations by which the best of many is better than it would be again


def winner_not_repeated(
    trials: Table | None,
    ranges: Table | None,
    search: Table | None,
    *,
    min_lead: float,
    repeats: int,
    min_trials: int,
) -> Iterator[Hit]:
    """Report a best trial whose lead over the next is below ``min_lead`` standard deviations of what seeds do to it.

    The noise of seeds is that of settings tried more than once, else (weak) what a smooth fit leaves over among the
    better trials. Settings that were tried ``repeats`` times and whose mean is as good as the best, but for the luck of
    the best of many, are a repeated winner. Trials equal in settings and result are one trial. Raises ``NotJudged``
    under ``min_trials`` complete trials, where the direction is not known, or where the noise cannot be told.
    """
    found = search_of(trials, ranges, search, min_trials)
    costs = found.costs(min_trials)
    groups = _groups(found, costs)
    noise = repeated([g.costs for g in groups]) or fitted(found, costs)
    if noise is None:
        raise NotJudged("no settings were tried twice, and the trials are too few to fit", "repeats of the best trial")
    single = min(groups, key=lambda g: float(g.costs.min()))
    best = float(single.costs.min())
    if any(len(g.costs) >= repeats and float(g.costs.mean()) - best <= LUCK * noise.sd for g in groups):
        return
    others = [g for g in groups if g is not single]
    if not others:
        return
    second = min(others, key=lambda g: float(g.costs.mean()))
    lead = float(second.costs.mean() - single.costs.mean())
    doubt = noise.sd * math.sqrt(1.0 / len(single.costs) + 1.0 / len(second.costs))
    if lead >= min_lead * doubt:
        return
    winner = single.trials[int(np.argmin(single.costs))]
    path, line = found.place(winner)
    facts: dict[str, float | str] = {
        "value": float(found.raw[winner]),
        "lead": max(lead, 0.0),
        "noise": noise.sd,
        "times": len(single.costs),
        "doubt": doubt,
        "rivals": sum(float(g.costs.mean()) - best <= LUCK * noise.sd for g in others),
        "how": noise.how,
        "objective": found.objective or "the objective",
        "winner": str(found.rows[winner].get("name") or winner),
    }
    yield Hit(winner, winner, facts, weak=not noise.measured, series=found.objective, path=path, line=line)


@dataclass(frozen=True, slots=True)
class _Group:
    """The trials of the same settings, and their costs."""

    trials: list[int]
    costs: FloatArray


def _groups(found: Search, costs: FloatArray) -> list[_Group]:
    """Return the complete trials by their settings; what is equal in settings and result was run once."""
    same: dict[object, dict[float, int]] = {}
    for i, key in enumerate(found.configurations()):
        if np.isfinite(costs[i]):
            same.setdefault(key, {}).setdefault(float(costs[i]), i)
    return [_Group(list(many.values()), np.array(list(many))) for many in same.values()]


DETECTOR = Detector(
    "winner-not-repeated",
    winner_not_repeated,
    frozenset({"value", "lead", "noise", "doubt", "times", "rivals", "how", "objective", "winner"}),
)
