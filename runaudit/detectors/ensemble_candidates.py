"""Trials of a search that would make a promising ensemble: the best settings with other seeds, or its top."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from runaudit.detectors import Detector, Table
from runaudit.detectors._search import NEED, Search, best_first, enough, search_of
from runaudit.detectors._search_noise import Noise, fitted, repeated
from runaudit.errors import NotJudged
from runaudit.model import FloatArray, Hit

LEAST_TRIALS = 3
PER = 1000.0
"""Validation samples for which the gain is told: how many there were is seldom logged."""


def ensemble_candidates(
    trials: Table | None, ranges: Table | None, search: Table | None, *, near: float, least: int, most: int
) -> Iterator[Hit]:
    """Report ``least`` to ``most`` trials that differ by chance alone at the top of a search.

    They are trials of the best settings with other seeds, where these are ``least``; else the best trials that lie
    within ``near`` standard deviations of seed noise of the best one. The noise is that of settings that were tried
    more than once, else (weak) what a smooth fit leaves over. Trials equal in settings and result are one trial. Raises
    ``NotJudged`` under three complete trials, where it is not known which way is good, or how loud the seeds are.

    The ambiguity decomposition (Krogh and Vedelsby 1995) gives the gain over the average member: the variance of the
    predictions among members. It is not logged, but bounded: where models err independently from sample to sample
    (Jordan 2023), the variance of a mean cross entropy among seeds is that of one sample by their number, and averaged
    probabilities gain half of that, less one part of ``members``. What seeds change on all samples alike adds to the
    variance and to no gain, so that it is an upper bound.
    """
    rows = list(trials or ())
    if not rows:
        raise NotJudged("no search: no trials in it", NEED)
    found = _of_one_setting(rows, search) or search_of(rows, ranges, search, LEAST_TRIALS)
    costs = found.costs(LEAST_TRIALS)
    groups = _groups(found, costs)
    noise = repeated([costs[g] for g in groups]) or (fitted(found, costs) if found.parameters else None)
    if noise is None:
        raise NotJudged("no settings were tried twice, and the trials are too few to fit", "repeats of the best trial")
    members, how = _members(groups, costs, noise, near, least)
    if len(members) < least:
        return
    members = members[:most]
    path, line = found.place(members[0])
    values = found.raw[members]
    facts: dict[str, float | str] = {
        "members": len(members),
        "names": ", ".join(str(rows[i].get("name") or i) for i in members),
        "how": how,
        "objective": found.objective or "the objective",
        "mean": float(values.mean()),
        "best": float(found.raw[members[0]]),
        "noise": noise.sd,
        "noise_how": noise.how,
    }
    if noise.measured and found.direction == "min" and "loss" in found.objective:
        gain = 0.5 * PER * noise.sd**2 * (1.0 - 1.0 / len(members))
        if gain < float(values.mean()):  # a bound above the whole loss says nothing
            facts["gain"] = gain
    yield Hit(members[0], members[-1], facts, weak=not noise.measured, series=found.objective, path=path, line=line)


def _of_one_setting(rows: Sequence[Mapping[str, Any]], search: Table | None) -> Search | None:
    """Return a search whose trials differ in nothing but the seed, None for any other."""
    if any(row.get("params") for row in rows) or len({row.get("seed") for row in rows}) < LEAST_TRIALS:
        return None
    enough(len(rows), LEAST_TRIALS)
    about = search[0] if search else {}
    raw = np.array([np.nan if row.get("value") is None else float(row["value"]) for row in rows])
    states = tuple(str(row.get("state") or "complete") for row in rows)
    return Search(rows, (), states, raw, str(about.get("objective") or ""), str(about.get("direction") or ""))


def _groups(found: Search, costs: FloatArray) -> list[list[int]]:
    """Return the trials that ended, by their settings, each group best first; those equal in result too are one."""
    same: dict[object, dict[float, int]] = {}
    keys = found.configurations()
    for i in best_first(costs):
        same.setdefault(keys[i], {}).setdefault(float(costs[i]), i)
    return [list(group.values()) for group in same.values()]


def _members(
    groups: Sequence[list[int]], costs: FloatArray, noise: Noise, near: float, least: int
) -> tuple[list[int], str]:
    """Return the trials that belong together, the best first, and what they have in common."""
    top = min(float(costs[group].min()) for group in groups)
    repeats = [g for g in groups if len(g) >= least and float(costs[g].mean()) - top <= 2.0 * noise.sd]
    if repeats:
        return min(repeats, key=lambda g: float(costs[g].mean())), "the best settings with other seeds"
    close = [i for group in groups for i in group if costs[i] - top <= near * noise.sd]
    return sorted(close, key=lambda i: float(costs[i])), "the top of the search, within the noise of seeds"


DETECTOR = Detector(
    "ensemble-candidates",
    ensemble_candidates,
    frozenset({"members", "names", "how", "objective", "mean", "best", "noise", "noise_how"}),
    frozenset({"gain"}),
)
