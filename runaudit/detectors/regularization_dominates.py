"""A regularisation term that outweighs the error that it should only steer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from runaudit.detectors import Detector
from runaudit.detectors._regularization import kind_of_part
from runaudit.errors import NotJudged
from runaudit.model import FloatArray, Hit, Series
from runaudit.numerics import at_steps, finite, tail


def regularization_dominates(
    parts: Mapping[str, Series], loss: Series | None, *, limit: float, unfinished: float, min_points: int
) -> Iterator[Hit]:
    """Report a regularisation part of the loss that is larger than all the rest of it.

    The medians of the last quarter are compared: the part against the total less the part, or against the sum of the
    other parts where that is what the log has. It must exceed ``limit`` times the rest. It is decisive where the
    name says what the part is, and the rest still has ``unfinished`` of its first value; else weak: a
    part by an ambiguous name (``l2``, ``kl``) may be the error itself, and beside an error near 0 any penalty is
    large. Without a part by such a name, and where it exceeds the total (logged before it was weighted), raise
    ``NotJudged``, as under ``min_points`` finite values.
    """
    named = {n: s for n, s in parts.items() if kind_of_part(n) and int(np.isfinite(s.values).sum()) >= min_points}
    if not named:
        raise NotJudged("no part of the loss is named as regularisation", "train/loss/regularization")
    for name, part in named.items():
        rest, whole = _rest(name, part, parts, loss)
        if rest is None or len(finite(rest)) < min_points:
            raise NotJudged(f"nothing to compare {part.name} with", "train/loss beside its parts")
        size, error = float(np.median(tail(finite(part.values), 0.25))), float(np.median(tail(finite(rest), 0.25)))
        if size <= 0:
            continue
        if error <= 0:
            raise NotJudged(f"{part.name} is larger than {whole}: it was logged before its weight")
        if size <= limit * error:
            continue
        first = float(np.median(finite(rest)[: max(3, len(rest) // 20)]))
        over = part.steps[np.isfinite(rest) & (part.values > limit * rest)]
        facts: dict[str, float | str] = {
            "part": size,
            "rest": error,
            "ratio": size / error,
            "remains": error / first if first > 0 else float("inf"),
        }
        weak = kind_of_part(name) == "maybe" or error < unfinished * first
        start = int(over[0]) if len(over) else int(part.steps[0])
        yield Hit(start, int(part.steps[-1]), facts, weak=weak, series=part.name)


def _rest(name: str, part: Series, parts: Mapping[str, Series], loss: Series | None) -> tuple[FloatArray | None, str]:
    """Return the rest of the loss at the steps of the part, NaN where it was not logged, and what it was taken from."""
    if loss is not None and len(loss):
        return at_steps(loss.steps, loss.values, part.steps) - part.values, loss.name
    others = [s for n, s in parts.items() if n != name and not kind_of_part(n)]
    if not others:
        return None, ""
    summed = np.sum([at_steps(s.steps, s.values, part.steps) for s in others], axis=0)
    return np.asarray(summed, dtype=np.float64), "the other parts"


DETECTOR = Detector(
    "regularization-dominates", regularization_dominates, frozenset({"part", "rest", "ratio", "remains"})
)
