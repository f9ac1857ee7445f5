"""A series that turns back at most of its values."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from runaudit.detectors import Detector
from runaudit.errors import NotJudged
from runaudit.model import Hit, Series


def swings(series: Series, *, max_share: float, min_points: int) -> Iterator[Hit]:
    """Report a series in which more than ``max_share`` of the inner values are turning points.

    Values that are not finite are left out, a value equal to the one before it turns nothing. Of pure noise two thirds
    are turning points. Fewer than ``min_points`` finite values raise ``NotJudged``.
    """
    good = np.isfinite(series.values)
    values, steps = series.values[good], series.steps[good]
    if len(values) < min_points:
        raise NotJudged(f"{len(values)} finite values of {series.name}, {min_points} needed")
    moves = np.sign(np.diff(values))
    share = float((moves[:-1] * moves[1:] < 0).mean())
    if share > max_share:
        yield Hit(int(steps[0]), int(steps[-1]), {"share": share, "points": len(values)})


DETECTOR = Detector("swings", swings, frozenset({"share", "points"}))
