"""A few samples that the network does not learn by heart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from runaudit.detectors import Detector
from runaudit.detectors._loss import chance_level
from runaudit.detectors._regularization import penalties
from runaudit.errors import NotJudged
from runaudit.model import FloatArray, Hit, Series
from runaudit.numerics import finite, level, tail

MARKED = "tiny-subset"  # the task of a run that is marked as such a check


def tiny_subset_fit(
    loss: Series,
    accuracy: Series | None,
    parts: Mapping[str, Series] | None,
    task: str,
    mark: float | None,
    classes: float | None,
    kind: str | None,
    weight_decay: float | None,
    dropout: float | None,
    smoothing: float | None,
    *,
    left: float,
    with_accuracy: float,
    least_accuracy: float,
    falling: float,
    most: int,
    min_points: int,
) -> Iterator[Hit]:
    """Report a run on a tiny subset that does not end near zero loss.

    The end, the median of the last tenth, must be at most ``left`` of the start, or ``with_accuracy`` of it with a
    training accuracy of ``least_accuracy``. The start is the loss of guessing where it is known, else the first value;
    the entropy of smoothed labels is taken off. A loss that still falls by ``falling`` of itself over the last fifth
    is weak: the run was too short. A run that ends in NaN did not fit. Not judged: runs not marked as such a
    check, or of more than ``most`` samples; losses below 0, which have no zero to reach; under ``min_points`` values;
    and one that does not fit under weight decay, dropout or a penalty, which may be the reason.
    """
    if task != MARKED:
        raise NotJudged("this run is not marked as a check on a tiny subset", "tiny_subset in the config")
    if mark is not None and mark > most:
        raise NotJudged(f"{mark:,.0f} samples are no tiny subset (at most {most})")
    values = finite(loss.values)
    if len(values) < min_points:
        raise NotJudged(f"{len(values)} finite values of {loss.name}, {min_points} needed")
    floor = _floor(classes, smoothing)
    if values.min() < min(0.0, floor - 1e-3):
        raise NotJudged("the loss goes below 0, so that zero is not its end", "train/accuracy")
    chance = chance_level(classes, kind)
    start = (chance if chance is not None else float(values[0])) - floor
    end = level(values) - floor
    score = level(finite(accuracy.values)) if accuracy is not None else float("nan")
    lost = not np.isfinite(loss.values[-1])
    fits = end <= left * start or (score >= least_accuracy and end <= with_accuracy * start)
    if fits and not lost:
        return
    held = _held_back(weight_decay, dropout, parts or {})
    if held and not lost:
        raise NotJudged(f"the loss ends at {end / start:.0%} of its start, but {held}: set it to 0 for this check")
    facts: dict[str, float | str] = {"start": start, "end": end, "remains": end / start, "still": _still(values)}
    if np.isfinite(score):
        facts["accuracy"] = score
    if mark is not None and mark > 1:
        facts["samples"] = mark
    weak = not lost and float(facts["still"]) > falling
    yield Hit(int(loss.steps[0]), int(loss.steps[-1]), facts, weak=weak, series=loss.name)


def _floor(classes: float | None, smoothing: float | None) -> float:
    """Return the least cross entropy with labels smoothed over the classes, their entropy; 0 without smoothing."""
    if not smoothing or classes is None or not (0 < smoothing < 1 and classes >= 2):
        return 0.0
    right, wrong = 1.0 - smoothing + smoothing / classes, smoothing / classes
    return float(-right * np.log(right) - (classes - 1) * wrong * np.log(wrong))


def _held_back(weight_decay: float | None, dropout: float | None, parts: Mapping[str, Series]) -> str:
    """Return what keeps the loss from zero, "" if nothing does as far as the log says."""
    if weight_decay is not None and weight_decay > 1e-4:
        return f"weight decay {weight_decay:g} is on"
    if dropout is not None and dropout > 0:
        return f"dropout {dropout:g} is on"
    found = [s.name for s in penalties(parts).values() if np.any(finite(s.values) > 0)]
    return f"{found[0]} is on" if found else ""


def _still(values: FloatArray) -> float:
    """Return the fall over the last fifth as a share of the level before it: medians of its first and last half."""
    last = tail(values, 0.2, 4)
    early, late = float(np.median(last[: len(last) // 2])), float(np.median(last[len(last) // 2 :]))
    return (early - late) / early if early > 0 else 0.0


DETECTOR = Detector(
    "tiny-subset-fit",
    tiny_subset_fit,
    frozenset({"start", "end", "remains", "still"}),
    frozenset({"accuracy", "samples"}),
)
