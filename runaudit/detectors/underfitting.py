"""Training and validation loss that level off together, far from a floor: the model is too small for the task."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from runaudit.detectors import Detector
from runaudit.detectors._loss import chance_level, finite_part
from runaudit.errors import NotJudged
from runaudit.model import FloatArray, Hit, Series
from runaudit.numerics import finite, level, noise_sd

WHOLE = {"all", "total", "global", "model"}
LINEAR = ("linear", "logistic", "perceptron", "softmax_regression")


def underfitting(
    loss: Series,
    clean: Series | None,
    val: Series,
    accuracy: Series | None,
    ratios: Mapping[str, Series] | None,
    parameters: float | None,
    classes: float | None,
    kind: str | None,
    architecture: str | None,
    *,
    max_slope: float,
    max_gap: float,
    left: float,
    learnt: float,
    min_noise: float,
    few: float,
    left_alone: float,
    low_accuracy: float,
    min_points: int,
) -> Iterator[Hit]:
    """Report a run whose two losses are flat, close together and far above 0, with a model that is small.

    Flat means that the last fifth is lower than the fifth before by at most ``max_slope`` of the way down, beyond the
    noise of the two medians; close, that validation ends within ``max_gap`` of that way above training and within
    twice as much below. The loss must have ``left`` of its first value, have lost ``learnt`` of it and ``min_noise``
    standard deviations of its noise, and be below the loss of guessing. Noise in the targets looks the same, so the
    second sign is capacity: at most ``few`` parameters an output, a linear architecture, or update ratios of a single
    layer. Where the number of parameters is not known and there is no such sign, the verdict is weak if
    ``left_alone`` of the first loss remains and validation accuracy is under ``low_accuracy``, and else ``NotJudged``,
    as for losses that reach below 0 and under ``min_points`` finite values.
    """
    if clean is not None and int(np.isfinite(clean.values).sum()) >= min_points:
        loss = clean  # measured like the validation loss, so the gap is a gap
    steps, values = finite_part(loss, min_points)
    held_out = finite_part(val, min_points)[1]
    start, end = max(float(values[0]), float(held_out[0])), level(values)
    way = start - end
    if min(end, level(held_out)) <= 0:
        raise NotJudged("a loss that reaches 0 or less has no floor to compare with")
    chance = chance_level(classes, kind)
    if (
        way <= min_noise * noise_sd(values)
        or way < learnt * start
        or end < left * start
        or (chance is not None and end > 0.97 * chance)
    ):
        return
    gap = (level(held_out) - end) / way
    slope = max(_slope(values, way), _slope(held_out, way))
    if slope > max_slope or not -2.0 * max_gap <= gap <= max_gap:
        return
    facts: dict[str, float | str] = {"end": end, "val_end": level(held_out), "remains": end / start, "gap": gap}
    facts["slope"] = slope
    score = level(finite(accuracy.values)) if accuracy is not None else float("nan")
    if np.isfinite(score):
        facts["accuracy"] = score
    small = _capacity(parameters, classes, few, architecture, ratios)
    if small:
        yield Hit(int(steps[0]), int(steps[-1]), {**facts, **small}, series=loss.name)
    elif parameters is None:
        if not (end >= left_alone * start and score < low_accuracy):
            raise NotJudged(
                "both losses level off together; whether the model or the data are the limit, the log does not say",
                "parameters in the config",
            )
        yield Hit(int(steps[0]), int(steps[-1]), facts, weak=True, series=loss.name)


def _slope(values: FloatArray, way: float) -> float:
    """Return the fall from the fourth fifth to the last, over the way, less twice its standard error."""
    parts = np.array_split(values, 5)
    error = noise_sd(values[len(values) // 2 :]) * 1.25 * np.sqrt(2.0 / max(len(parts[4]), 1))
    return float((np.median(parts[3]) - np.median(parts[4]) - 2.0 * error) / way)


def _capacity(
    parameters: float | None,
    classes: float | None,
    few: float,
    architecture: str | None,
    ratios: Mapping[str, Series] | None,
) -> dict[str, float | str]:
    """Return the sign that the model is small, as a fact; nothing where there is none."""
    word = (architecture or "").lower().replace(" ", "_")
    if word and any(word == w or word.startswith(f"{w}_") for w in LINEAR):  # linear at any width
        return {"shape": f"the architecture is {architecture!r}"}
    outputs = classes if classes is not None and classes >= 2 else 1.0
    if parameters is not None and parameters >= 2 and parameters == int(parameters):
        return {"parameters": parameters, "share": parameters / outputs} if parameters <= few * outputs else {}
    if ratios is not None and len(ratios) == 1 and not WHOLE & {n.lower() for n in ratios}:
        return {"shape": f"the log shows one layer, {next(iter(ratios))!r}"}
    return {}


DETECTOR = Detector(
    "underfitting",
    underfitting,
    frozenset({"end", "val_end", "remains", "gap", "slope"}),
    frozenset({"accuracy", "parameters", "share", "shape"}),
)
