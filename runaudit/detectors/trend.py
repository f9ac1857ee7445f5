"""Generic: a series rises or falls from its beginning to its end."""

from __future__ import annotations

from collections.abc import Iterator

from runaudit.detectors import Detector
from runaudit.errors import NotJudged
from runaudit.model import Hit, Series
from runaudit.numerics import block_medians, finite, kendall_z

BLOCKS = 200  # the test compares all pairs; medians of blocks keep it fast and robust


def trend(series: Series, *, sign: float, min_z: float, min_points: int) -> Iterator[Hit]:
    """Report a significant monotone trend in the direction of ``sign`` (1 rising, -1 falling) over the whole series.

    The Mann-Kendall z score of at most 200 block medians is compared with ``min_z``. Values that are not finite
    are left out; fewer than ``min_points`` finite values raise ``NotJudged``.
    """
    values = finite(series.values)
    if len(values) < min_points:
        raise NotJudged(f"{len(values)} finite values of {series.name}, {min_points} needed")
    z = sign * kendall_z(block_medians(values, BLOCKS))
    if z > min_z:
        facts = {"z": z, "first": float(values[0]), "last": float(values[-1])}
        yield Hit(int(series.steps[0]), int(series.steps[-1]), facts)


DETECTOR = Detector("trend", trend, frozenset({"z", "first", "last"}))
