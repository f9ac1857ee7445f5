"""Memory that grows for as long as the run lasts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from runaudit.detectors import Detector
from runaudit.errors import NotJudged
from runaudit.model import FloatArray, Hit, Series
from runaudit.numerics import block_medians

BLOCKS = 12
QUARTER = 3  # blocks


def memory_growth(
    memories: Mapping[str, Series], *, min_growth: float, strong_growth: float, rising: float, min_points: int
) -> Iterator[Hit]:
    """Report each memory that grows by ``min_growth`` of its level or more after the first quarter, without an end.

    The medians of 12 blocks must rise in ``rising`` of the steps from one to the next, in the last quarter at least
    half as fast as before. Up to ``strong_growth`` the evidence is weak. Under ``min_points`` finite values of
    every memory raise ``NotJudged``.
    """
    judged = False
    for series in memories.values():
        good = np.isfinite(series.values) & (series.values >= 0) & (series.values < 1e18)
        if int(good.sum()) < min_points:
            continue
        judged = True
        steps, levels = series.steps[good], block_medians(series.values[good], BLOCKS)
        before, after = float(levels[QUARTER]), float(levels[-1])
        if before <= 0 or after - before < min_growth * before or not _steady(levels[QUARTER:], rising):
            continue
        growth = after / before - 1.0
        facts: dict[str, float | str] = {"before": before, "after": after, "growth": growth}
        first = int(steps[len(steps) * QUARTER // BLOCKS])
        yield Hit(first, int(steps[-1]), facts, weak=growth < strong_growth, series=series.name)
    if not judged:
        most = max(len(series) for series in memories.values())
        raise NotJudged(f"{most} values of the memory, {min_points} needed")


def _steady(levels: FloatArray, rising: float) -> bool:
    """Say whether the levels rise nearly everywhere, and do not level off at the end."""
    rises = np.diff(levels)
    late = float(np.mean(rises[-QUARTER:]))
    early = float(np.mean(rises[:-QUARTER]))
    return float(np.mean(rises > 0)) >= rising and late > 0.5 * early


DETECTOR = Detector("memory-growth", memory_growth, frozenset({"before", "after", "growth"}))
