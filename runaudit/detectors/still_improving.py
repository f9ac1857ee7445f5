"""A validation loss that is at its best at the end and still falls: the run was stopped before it was done."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from runaudit.detectors import Detector
from runaudit.detectors._loss import finite_part
from runaudit.detectors._rate import rate_per_step
from runaudit.model import Hit, Series
from runaudit.numerics import block_medians, kendall_z, noise_sd, running_median


def still_improving(
    val: Series, lr: Series | None, *, last_part: float, min_z: float, min_gain: float, spent: float, min_evals: int
) -> Iterator[Hit]:
    """Report a smoothed validation loss whose best value lies in the last part of a run that still gains.

    The best step must lie in the last ``last_part`` of the run; the last third of the evaluations must fall
    significantly (Mann-Kendall z below ``-min_z``) and the second half of that third gain ``min_gain`` of the whole way
    down beyond its noise. A learning rate that ends below ``spent`` of its peak raises nothing: the schedule is used
    up, and the loss would not have gone on falling under it. Values that are not finite are left out; under
    ``min_evals`` evaluations raise ``NotJudged``.
    """
    steps, values = finite_part(val, min_evals)
    smooth = running_median(values, 3)
    best = int(np.argmin(smooth))
    third = values[-(len(values) // 3) :]
    half = len(third) // 2
    way = max(float(values[0]), float(np.median(values[:3]))) - float(smooth[best])
    gain = float(np.median(third[:half]) - np.median(third[half:]))
    z = kendall_z(block_medians(third, 60))
    early = steps[best] < steps[-1] - last_part * float(steps[-1] - steps[0])
    error = noise_sd(third) * 1.25 * np.sqrt(2.0 / half)
    if early or way <= 0 or z > -min_z or gain <= min_gain * way or gain <= 2.0 * error:
        return
    rates = rate_per_step(lr, steps)
    facts: dict[str, float | str] = {
        "best": float(smooth[best]),
        "best_step": int(steps[best]),
        "gain": gain,
        "share": gain / way,
        "z": z,
        "evals": len(values),
    }
    if rates is not None and rates.max() > 0:
        if rates[-1] < spent * rates.max():
            return
        facts["rate"] = float(rates[-1] / rates.max())
    yield Hit(int(steps[-len(third)]), int(steps[-1]), facts, series=val.name)


DETECTOR = Detector(
    "still-improving",
    still_improving,
    frozenset({"best", "best_step", "gain", "share", "z", "evals"}),
    frozenset({"rate"}),
)
