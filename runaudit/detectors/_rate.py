"""What the detectors that judge the learning rate share."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from runaudit.model import FloatArray, IntArray, Series
from runaudit.numerics import at_steps

PLAIN_RATES = {"adam": 1e-3, "lion": 1e-4, "rmsprop": 1e-3, "adagrad": 1e-2, "adafactor": 1e-3, "sgd": 1e-2}
"""The defaults of the libraries: Adam's of its paper (Kingma & Ba 2015), SGD's of Keras and of most tutorials."""


def rate_per_step(lr: Series | None, steps: IntArray) -> FloatArray | None:
    """Return the learning rate at the steps, held constant beyond its ends; None where none was logged."""
    if lr is None or not np.isfinite(lr.values).any():
        return None
    rates = at_steps(lr.steps, lr.values, np.clip(steps, lr.steps[0], lr.steps[-1]))
    return np.where(np.isfinite(rates), rates, np.nanmedian(lr.values[np.isfinite(lr.values)]))


def travelled(rates: FloatArray | None, steps: IntArray) -> FloatArray:
    """Return the sum of the learning rate over steps so far; the steps themselves where no rate was logged."""
    if rates is None or not np.any(rates > 0):
        return steps.astype(np.float64)
    widths = np.diff(steps, prepend=steps[0]).astype(np.float64)
    return np.asarray(np.cumsum(np.maximum(rates, 0.0) * widths))


def layer_median(ratios: Mapping[str, Series] | None) -> float | None:
    """Return the median over layers of the median over time of positive finite update ratios; None without any."""
    if not ratios:
        return None
    medians = []
    for series in ratios.values():
        values = series.values[np.isfinite(series.values) & (series.values > 0)]
        if len(values) >= 3:
            medians.append(float(np.median(values)))
    return float(np.median(medians)) if medians else None


def plain_rate(optimizer: str | None) -> float | None:
    """Return the plain default learning rate of an optimizer by its name, None where it is not known.

    >>> plain_rate("AdamW"), plain_rate("torch.optim.SGD"), plain_rate("mine")
    (0.001, 0.01, None)
    """
    word = (optimizer or "").lower()
    return next((rate for name, rate in PLAIN_RATES.items() if name in word), None)


def fresh_start(pretrained: str | None) -> bool:
    """Say whether the configuration names no pretrained weights.

    >>> fresh_start(None), fresh_start("False"), fresh_start("resnet50")
    (True, True, False)
    """
    return pretrained is None or pretrained.lower() in {"false", "none", "scratch", "no", "random", "0", ""}
