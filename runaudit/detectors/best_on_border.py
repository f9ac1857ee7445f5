"""A search whose best trials lie at the end of the range of a setting."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from runaudit.detectors import Detector, Table
from runaudit.detectors._search import Parameter, Search, best_first, crowd_chance, midranks, search_of, trend_z
from runaudit.detectors._search_ranges import is_open, written
from runaudit.detectors._search_scale import is_share
from runaudit.model import FloatArray, Hit

LEAST_VALUES = 3
UNTRIED = 0.25  # of a declared range at its end where no trial lies: then the outermost trial counts
INSIDE = 0.07  # of the range from the end: a bottom farther away is one, and not the end
RISING = 1.645  # z score that a rising trend has by chance once in twenty times


def best_on_border(
    trials: Table | None,
    ranges: Table | None,
    search: Table | None,
    *,
    zone: float,
    near: float,
    top: float,
    chance: float,
    min_trials: int,
) -> Iterator[Hit]:
    """Report each number whose best trials crowd at one end of its range, with the range to try next.

    The best trial must lie within ``zone`` of the end (on the log axis of settings that multiply; the range is the
    declared one, else what was tried) or be the outermost one and not far from it; half of the best ``top`` share of
    the trials (three at least) must lie within ``near`` of it, or among that share of the trials that are nearest to
    it; and the best must crowd there, or all trials get better towards it, by chance at most ``chance`` times, all ends
    of all settings counted. Weak unless the objective still gets better up to the end within the outer half. An end
    that nothing lies beyond (0, a share of 1, one layer) is none. Raises ``NotJudged`` under ``min_trials`` complete
    trials, or where it is not known which way is good.
    """
    found = search_of(trials, ranges, search, min_trials)
    costs = found.merged(found.costs(min_trials))
    for parameter in found.numbers:
        used = np.flatnonzero(parameter.known & ~np.isnan(costs))
        if len(used) < min_trials or len(np.unique(parameter.values[used])) < LEAST_VALUES:
            continue
        at, mine = parameter.positions()[used], costs[used]
        best = best_first(mine)
        chosen = best[: max(3, round(top * len(used)))]
        for end in (0, 1):
            away = np.abs(at - end)
            outermost = away[best[0]] <= max(zone, min(float(away.min()) + 1e-9, UNTRIED))
            by_chance = min(crowd_chance(away, chosen), _trend_chance(away, mine)) * 2 * len(found.numbers)
            typical = min(float(np.median(away[chosen])), float(np.median(midranks(away)[chosen])) / len(away))
            if outermost and typical <= near and by_chance < chance and is_open(parameter, end):
                edge = _Edge(parameter, end, away, chosen)
                yield _hit(found, edge, int(used[best[0]]), min(1.0, by_chance), weak=not _rises(away, mine))


@dataclass(frozen=True, slots=True)
class _Edge:
    """The ``end`` (0 or 1) of a parameter, how far each trial lies from it, and the best trials."""

    parameter: Parameter
    end: int
    away: FloatArray
    chosen: list[int]


def _trend_chance(away: FloatArray, costs: FloatArray) -> float:
    """Return the chance that the objective gets better towards the end as much as it does.

    A searcher that learns puts most trials at a good end, so that the best are no longer a crowd among them.
    """
    return 0.5 * math.erfc(trend_z(away, costs) / math.sqrt(2.0))


def _rises(away: FloatArray, costs: FloatArray) -> bool:
    """Say whether the objective gets better up to the end, in the half of the range that lies there.

    It must get better on the whole, and the parabola through that half must not have its bottom well inside.
    """
    outer = (away <= 0.5 + 1e-9) & np.isfinite(costs)
    away, costs = away[outer], costs[outer]
    if trend_z(away, costs) <= RISING or len(np.unique(away)) < 4:
        return trend_z(away, costs) > RISING
    bend, slope, _ = np.polyfit(away, costs, 2)
    return not (bend > 0 and -slope / (2.0 * bend) > INSIDE)


def _hit(found: Search, edge: _Edge, best: int, chance: float, *, weak: bool) -> Hit:
    parameter, end = edge.parameter, edge.end
    low, high = parameter.ends()
    middle, beyond = parameter.at(0.5), parameter.at(1.5 if end else -0.5)
    if not parameter.log and not end:
        beyond = max(beyond, low / 2.0)
    if end and is_share(parameter.name):
        beyond = min(beyond, 1.0)
    first, last = (middle, beyond) if end else (beyond, middle)
    path, line = found.place(best)
    near = edge.away[edge.chosen]
    facts: dict[str, float | str] = {
        "best": float(parameter.values[best]),
        "end": high if end else low,
        "side": "upper" if end else "lower",
        "direction": "up" if end else "down",
        "low": low,
        "high": high,
        "best_of": len(edge.chosen),
        "median_away": float(np.median(near)),
        "by_chance": chance,
        "counted": len(edge.away),
        "axis": "log" if parameter.log else "linear",
        "known": "declared" if parameter.declared else "tried",
        "value": float(found.raw[best]),
        "objective": found.objective or "the objective",
        "next_low": first,
        "next_high": last,
        **written(parameter, first, last),
    }
    return Hit(best, best, facts, weak=weak, series=parameter.name, path=path, line=line)


DETECTOR = Detector(
    "best-on-border",
    best_on_border,
    frozenset(
        {
            "best", "end", "side", "direction", "low", "high", "best_of", "median_away", "by_chance", "counted", "axis",
            "known", "value", "objective", "next_low", "next_high", "optuna", "ray", "wandb",
        }
    ),
)  # fmt: skip
