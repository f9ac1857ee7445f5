"""Evaluations that jump more from one to the next than the last quarter of the run gains."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from runaudit.detectors import Detector
from runaudit.detectors._loss import finite_part
from runaudit.model import FloatArray, Hit, IntArray, Series
from runaudit.numerics import block_medians, kendall_z, noise_sd

NO_PROGRESS = 0.05
ONE_DIRECTION = 0.5**0.5
"""Mean over standard deviation of the loss of weights that swing about the minimum of a parabola in one direction.

The loss above the minimum is then a chi-square of one degree of freedom, scaled: its mean, which averaging takes away,
is its standard deviation by the root of two; of ``d`` directions by the root of two over ``d``, which is more.
"""
CHECKPOINTS = 5


def average_weights(
    val: Series, *, min_ratio: float, min_wiggle: float, max_wiggle: float, min_evals: int
) -> Iterator[Hit]:
    """Report a validation loss whose wiggle late in the run outweighs what the last quarter gained.

    The wiggle is the standard deviation from one evaluation to the next over the second half, trend removed; the gain
    is the median of the third quarter less that of the last. The wiggle must exceed ``min_ratio`` of the gain and
    ``min_wiggle`` of the whole way down; beyond ``max_wiggle`` of it the fault lies deeper. A loss that rises
    significantly over the second half raises nothing: averaging does not mend that. Values that are not finite are
    left out; under ``min_evals`` evaluations raise ``NotJudged``. The expected gain is what averaging gains at least if
    the wiggle is that of weights about a quadratic minimum (``ONE_DIRECTION``) and not of what is evaluated on.
    """
    steps, values = finite_part(val, min_evals)
    late = values[len(values) // 2 :]
    quarters = np.array_split(values, 4)
    gain = float(np.median(quarters[2]) - np.median(quarters[3]))
    wiggle = noise_sd(late)
    way = max(float(values[0]), float(np.median(values[:3]))) - float(np.median(quarters[3]))
    if way < NO_PROGRESS * abs(float(np.median(values[:3]))):
        return  # a run that learned nothing has no weights worth averaging
    worth_it = min_wiggle * way < wiggle <= max_wiggle * way and wiggle > min_ratio * max(gain, 0.0)
    if not worth_it or kendall_z(block_medians(late, 60)) > 2.0:
        return
    facts: dict[str, float | str] = {
        "wiggle": wiggle,
        "gain": gain,
        "share": wiggle / way,
        "end": float(values[-1]),
        "middle": float(np.median(quarters[3])),
        "evals": len(values),
        "expected": ONE_DIRECTION * wiggle * (1.0 - 1.0 / CHECKPOINTS),
        "checkpoints": _listed(steps, values),
    }
    yield Hit(int(steps[len(values) // 2]), int(steps[-1]), facts, series=val.name)


def _listed(steps: IntArray, values: FloatArray) -> str:
    """Return the steps of the best evaluations of the second half, in order, to average or to let vote."""
    half = len(values) // 2
    best = np.sort(half + np.argsort(values[half:], kind="stable")[:CHECKPOINTS])
    return ", ".join(f"{step:,}" for step in steps[best].tolist())


DETECTOR = Detector(
    "average-weights",
    average_weights,
    frozenset({"wiggle", "gain", "share", "end", "middle", "evals", "expected", "checkpoints"}),
)
