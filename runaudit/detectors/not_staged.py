"""A search that went on over one wide range although its best trials lie in a small part of it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from runaudit.detectors import Detector, Table
from runaudit.detectors._importance import importance
from runaudit.detectors._search import Parameter, Search, best_first, crowd_chance, search_of, trend_z
from runaudit.detectors._search_ranges import is_open, written
from runaudit.errors import NotJudged
from runaudit.model import BoolArray, FloatArray, Hit

LEAST_VALUES = 5
EDGE = 0.1  # of the range: a best trial so near to its end asks for a moved range, not for a finer one
LATER = 2.6  # standard deviations by which the later half must lie there more often
SORTED = 0.8  # rank correlation with the place in the table: a table sorted by its results tells no order of time
LOOK = 0.35  # of the range, at least: where a finer stage or a searcher that learns puts its trials


def not_staged(
    trials: Table | None,
    ranges: Table | None,
    search: Table | None,
    *,
    narrow: float,
    top: float,
    chance: float,
    focus: float,
    many: int,
    min_trials: int,
) -> Iterator[Hit]:
    """Report the number that matters most, where the best trials lie in a small part of the range of all trials.

    The middle of the best ``top`` share of the trials (five at least) must lie within ``narrow`` of the range, away
    from ends that something lies beyond, and the setting must matter (``importance`` by chance below ``chance``).
    Nothing is reported if for any such setting more trials lie around there than chance and the share ``focus`` of the
    others: a second stage, or a searcher that narrows down, puts them there. Weak under ``many`` trials, which a first
    stage may have. The finer range is that of the best trials, with as much again around. Raises ``NotJudged`` under
    ``min_trials`` complete trials, and where it is not known which way is good.
    """
    found = search_of(trials, ranges, search, min_trials)
    costs = found.merged(found.costs(min_trials))
    numbers = {p.name: p for p in found.numbers if len(p.distinct) >= LEAST_VALUES}
    if not numbers:
        raise NotJudged("no setting is a number of five values or more: a range cannot be made finer")
    mattering = [
        numbers[one.parameter] for one in importance(found) if one.chance < chance and one.parameter in numbers
    ]
    regions = [_region(parameter, costs, top) for parameter in mattering]
    if any(region.focused(focus) for region in regions):
        return
    for region in regions:
        if region.high - region.low > narrow or region.leaves():
            continue
        if crowd_chance(np.abs(region.at - (region.low + region.high) / 2.0), region.chosen) < chance:
            yield _hit(found, region, weak=len(region.at) < many)
            return


@dataclass(frozen=True, slots=True)
class _Region:
    """Where the best trials lie in the range of a parameter: ``at`` are the positions of all, ``chosen`` the best."""

    parameter: Parameter
    at: FloatArray
    costs: FloatArray
    chosen: list[int]
    low: float
    high: float

    def focused(self, focus: float) -> bool:
        """Say whether more trials lie around there than even sampling and the share ``focus`` of the others."""
        more = max(0.0, LOOK - (self.high - self.low)) / 2.0
        low, high = max(0.0, self.low - more), min(1.0, self.high + more)
        inside = (self.at >= low) & (self.at <= high)
        many = float(np.mean(inside)) > high - low + focus * (1.0 - high + low)
        return many or self._narrowed(inside)

    def _narrowed(self, inside: BoolArray) -> bool:
        """Say whether the later half lies there more often, in an order that is not that of the results."""
        if abs(trend_z(np.arange(len(inside), dtype=np.float64), self.costs)) > SORTED * math.sqrt(len(inside) - 1):
            return False
        half = len(inside) // 2
        early, late = float(inside[:half].mean()), float(inside[half:].mean())
        share = float(inside.mean())
        return late - early > LATER * math.sqrt(max(share * (1.0 - share), 1e-9) * 4.0 / len(inside))

    def leaves(self) -> bool:
        """Say whether the best trial, or the region, lies at an end of the range that something lies beyond."""
        best = float(self.at[self.chosen[0]])
        lower = min(self.low, best - EDGE) <= 0.0
        upper = max(self.high, best + EDGE) >= 1.0
        return (lower and is_open(self.parameter, 0)) or (upper and is_open(self.parameter, 1))


def _region(parameter: Parameter, costs: FloatArray, top: float) -> _Region:
    """Return where the best trials lie, with half of their spread on both sides, within the range."""
    used = np.flatnonzero(parameter.known & ~np.isnan(costs))
    at = parameter.positions()[used]
    chosen = best_first(costs[used])[: max(5, round(top * len(used)))]
    low, high = (float(x) for x in np.percentile(at[chosen], [10, 90]))
    more = max(high - low, 0.05) / 2.0
    return _Region(parameter, at, costs[used], chosen, max(0.0, low - more), min(1.0, high + more))


def _hit(found: Search, region: _Region, *, weak: bool) -> Hit:
    parameter = region.parameter
    low, high = parameter.ends()
    first, last = parameter.at(region.low), parameter.at(region.high)
    inside = int(np.sum((region.at >= region.low) & (region.at <= region.high)))
    facts: dict[str, float | str] = {
        "low": low,
        "high": high,
        "next_low": first,
        "next_high": last,
        "width": region.high - region.low,
        "inside": inside,
        "outside": len(region.at) - inside,
        "counted": len(region.at),
        "best_of": len(region.chosen),
        "axis": "log" if parameter.log else "linear",
        **written(parameter, first, last),
    }
    path, line = found.place(0)
    return Hit(0, len(found) - 1, facts, weak=weak, series=parameter.name, path=path, line=line)


DETECTOR = Detector(
    "not-staged",
    not_staged,
    frozenset(
        {
            "low", "high", "next_low", "next_high", "width", "inside", "outside", "counted", "best_of", "axis",
            "optuna", "ray", "wandb",
        }
    ),
)  # fmt: skip
