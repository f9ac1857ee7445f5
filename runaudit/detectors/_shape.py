"""The shape of a falling curve by model choice: a straight line, an exponential with a floor, or a power law."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from runaudit.model import FloatArray
from runaudit.numerics import block_medians

BLOCKS = 40
LEAST = 12
MARGIN = 10.0
TIME_CONSTANTS = np.geomspace(0.02, 3.0, 40)
EXPONENTS = (0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0)
OFFSETS = (0.003, 0.01, 0.03, 0.1, 0.3)


@dataclass(frozen=True, slots=True)
class Shape:
    """How a curve falls: ``linear``, ``exponential``, ``power`` or ``undetermined``, and by what margin.

    ``margin`` is the difference of the corrected Akaike criterion between the best form and the best of another
    kind; below 10 the shape is undetermined. ``time_constant`` is that of the exponential, as a share of the span.
    """

    kind: str
    margin: float
    time_constant: float


def shape(x: FloatArray, values: FloatArray) -> Shape | None:
    """Return the shape of finite values over increasing ``x``, None under 12 values or without a span.

    Least squares on at most 40 block medians, with the time constant, exponent and offset searched on a grid, so it
    costs the same for any length. Source: corrected Akaike criterion, Hurvich and Tsai (1989).
    """
    if len(values) < LEAST or not x[-1] > x[0]:
        return None
    blocks = min(BLOCKS, len(values) // 2)
    xs, ys = block_medians((x - x[0]) / (x[-1] - x[0]), blocks), block_medians(values, blocks)
    scores = {kind: min(_score(ys, column, k) for column in columns) for kind, columns, k in _families(xs)}
    best, second = sorted(scores, key=lambda kind: scores[kind])[:2]
    margin = scores[second] - scores[best]
    errors = [_score(ys, np.exp(-xs / t), 4) for t in TIME_CONSTANTS]
    constant = float(TIME_CONSTANTS[int(np.argmin(errors))])
    return Shape(best if margin >= MARGIN else "undetermined", margin, constant)


def _families(xs: FloatArray) -> Iterator[tuple[str, list[FloatArray], int]]:
    """Report each form with its candidate columns beside a constant, and its number of parameters."""
    yield "linear", [xs], 3
    yield "exponential", [np.exp(-xs / t) for t in TIME_CONSTANTS], 4
    yield "power", [(xs + offset) ** -a for a in EXPONENTS for offset in OFFSETS], 5


def _score(ys: FloatArray, column: FloatArray, parameters: int) -> float:
    """Return the corrected Akaike criterion of a constant and a column fitted to the values."""
    n = len(ys)
    centred, rest = column - column.mean(), ys - ys.mean()
    power = float(centred @ centred)
    left = rest - centred * (float(centred @ rest) / power) if power > 0 else rest
    error = max(float(left @ left), 1e-30 * max(float(ys @ ys), 1e-300))
    penalty = 2.0 * parameters * (parameters + 1) / max(n - parameters - 1, 1)
    return float(n * np.log(error / n) + 2.0 * parameters + penalty)
