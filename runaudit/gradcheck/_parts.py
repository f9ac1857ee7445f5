"""The parts of a loss: which of them the analytic gradient has, and whether one drowns the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations

import numpy as np

from runaudit.gradcheck import _numeric as numeric
from runaudit.gradcheck._result import FAULTS, Remark, Row
from runaudit.model import FloatArray

AGREES = 1e-3
DROWNED = 10.0


def compare_parts(
    arrays: Mapping[str, FloatArray], parts: Mapping[str, Callable[[], float]], rows: Sequence[Row]
) -> Iterator[Remark]:
    """Report the parts that a wrong gradient is made of, and a part whose gradient is ten times the others'."""
    total = [row for row in rows if row.part == "total"]
    where = [(r.parameter, int(np.ravel_multi_index(r.index, arrays[r.parameter].shape))) for r in total]
    slopes: dict[str, FloatArray] = {}
    for part, loss in parts.items():
        swept = numeric.sweep(arrays, loss, where, numeric.STEPS)
        eps = float(np.finfo(np.float64).eps)
        slopes[part] = numeric.slopes(swept, numeric.rounding(swept, numeric.noise(swept, eps), eps)).value
    bad = np.array([row.status in FAULTS for row in total])
    analytic = np.array([row.analytic for row in total])
    if bad.any():
        for size in range(len(parts)):
            for some in combinations(parts, size):
                there = np.sum([slopes[p][bad] for p in some], axis=0) if some else np.zeros(int(bad.sum()))
                if np.all(np.abs(analytic[bad] - there) <= AGREES * np.maximum(np.abs(analytic[bad]), np.abs(there))):
                    missing = [part for part in parts if part not in some]
                    text = f"where it is wrong, the gradient is that of {' and '.join(some) or 'nothing'}: "
                    yield Remark("gradient-wrong", "error", f"{text}the gradient of {' and '.join(missing)} is missing")
                    return
    size_of = {part: float(np.sqrt(np.nansum(slope**2))) for part, slope in slopes.items()}
    for part, norm in size_of.items():
        others = sum(other for name, other in size_of.items() if name != part)
        if norm > DROWNED * others > 0:
            rest = " and ".join(name for name in parts if name != part)
            text = f"the gradient of {part} is {norm / others:.0f} times that of {rest}, and hides mistakes in it: "
            yield Remark("gradient-coverage", "warning", f"{text}check {rest} without {part}")
