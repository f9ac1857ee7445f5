"""A best validation loss in the first part of the run: the rest of the training was for nothing."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from runaudit.detectors import Detector
from runaudit.detectors._loss import finite_part
from runaudit.errors import NotJudged
from runaudit.model import Hit, Series
from runaudit.numerics import level, noise_sd, running_median


def best_too_early(val: Series, *, max_part: float, min_noise: float, min_loss: float, min_evals: int) -> Iterator[Hit]:
    """Report a smoothed validation loss whose best value lies in the first ``max_part`` of the steps.

    What was lost since must exceed ``min_noise`` standard deviations of its noise and ``min_loss`` of the size of the
    best value. Values that are not finite are left out. Under ``min_evals`` evaluations, or where the first comes
    later than ``max_part`` of the run, raise ``NotJudged``.
    """
    steps, values = finite_part(val, min_evals)
    span = float(steps[-1] - min(int(steps[0]), 0))
    if int((steps <= max_part * span).sum()) < 1:
        raise NotJudged(f"the first evaluation comes after {max_part:.0%} of the run", "val/loss from step 0 on")
    smooth = running_median(values, 3)
    smooth[0] = values[0]
    best = int(np.argmin(smooth))
    part = float(steps[best]) / span
    lost = level(values) - float(smooth[best])
    if part > max_part or lost <= min_noise * noise_sd(values) or lost <= min_loss * abs(float(smooth[best])):
        return
    facts: dict[str, float | str] = {
        "best": float(smooth[best]),
        "best_step": int(steps[best]),
        "part": max(part, 0.0),
        "end": level(values),
        "lost": lost,
        "evals": len(values),
    }
    yield Hit(int(steps[best]), int(steps[-1]), facts, series=val.name)


DETECTOR = Detector("best-too-early", best_too_early, frozenset({"best", "best_step", "part", "end", "lost", "evals"}))
