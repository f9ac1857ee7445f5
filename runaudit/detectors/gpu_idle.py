"""A GPU that has little to do for much of the run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from runaudit.detectors import Detector
from runaudit.errors import NotJudged
from runaudit.model import FloatArray, Hit, Series
from runaudit.numerics import finite


def gpu_idle(
    gpus: Mapping[str, Series], *, low: float, min_share: float, strong_low: float, min_points: int
) -> Iterator[Hit]:
    """Report each GPU whose utilisation is below ``low`` percent in ``min_share`` of the samples or more.

    With others busier than that beside it, or a median below ``strong_low``, the evidence is decisive, else weak.
    Values of at most 1 are fractions. Under ``min_points`` samples of every GPU raise ``NotJudged``.
    """
    percents = {name: _percent(finite(series.values)) for name, series in gpus.items()}
    percents = {name: values for name, values in percents.items() if len(values) >= min_points}
    if not percents:
        most = max(len(series) for series in gpus.values())
        raise NotJudged(f"{most} samples of the GPU utilisation, {min_points} needed")
    shares = {name: float(np.mean(values < low)) for name, values in percents.items()}
    busy = [name for name, share in shares.items() if share < min_share]
    for name, share in shares.items():
        if share < min_share:
            continue
        usual = float(np.median(percents[name]))
        facts: dict[str, float | str] = {"share": share, "usual": usual, "samples": len(percents[name])}
        if busy:
            facts["busy"] = len(busy)
        steps = gpus[name].steps
        decisive = bool(busy) or usual < strong_low
        yield Hit(int(steps[0]), int(steps[-1]), facts, weak=not decisive, series=gpus[name].name)


def _percent(values: FloatArray) -> FloatArray:
    return values * 100.0 if len(values) and 0.0 < float(values.max()) <= 1.0 else values


DETECTOR = Detector("gpu-idle", gpu_idle, frozenset({"share", "usual", "samples"}), frozenset({"busy"}))
