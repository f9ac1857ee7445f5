"""The share of the step time that goes into waiting for data."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from runaudit.detectors import Detector
from runaudit.errors import NotJudged
from runaudit.model import Hit, Series


def input_bound(data: Series, time: Series, *, min_share: float, strong_share: float, min_points: int) -> Iterator[Hit]:
    """Report data loading that takes more than ``min_share`` of the step time.

    Both are medians after the first value. Where loading takes longer than the step, the step was timed without it, and
    both together are the time. Up to ``strong_share`` the evidence is weak. Under ``min_points`` steps with both, and
    without any time, raises ``NotJudged``.
    """
    _, i, j = np.intersect1d(data.steps, time.steps, assume_unique=True, return_indices=True)
    loading, whole = data.values[i], time.values[j]
    loading, whole = loading[1:], whole[1:]
    good = np.isfinite(loading) & np.isfinite(whole) & (loading >= 0) & (whole >= 0)
    if int(good.sum()) < min_points:
        raise NotJudged(f"{int(good.sum())} steps with time/step and time/data, {min_points} needed")
    waited, took = float(np.median(loading[good])), float(np.median(whole[good]))
    total = took if waited <= took else took + waited
    if not 0 < total < float("inf"):
        raise NotJudged("half of the steps take no time: the clock is too coarse")
    share = waited / total
    if share > min_share:
        facts = {"share": share, "waited": waited, "took": total}
        yield Hit(int(data.steps[0]), int(data.steps[-1]), facts, weak=share <= strong_share, series=data.name)


DETECTOR = Detector("input-bound", input_bound, frozenset({"share", "waited", "took"}))
