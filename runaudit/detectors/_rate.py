"""What the detectors that judge the learning rate share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from runaudit.detectors._kinds import layers_of
from runaudit.detectors._rows import typical
from runaudit.model import FloatArray, IntArray, Series
from runaudit.numerics import at_steps, finite

PLAIN_RATES = {"adam": 1e-3, "lion": 1e-4, "rmsprop": 1e-3, "adagrad": 1e-2, "adafactor": 1e-3, "sgd": 1e-2}
"""The defaults of the libraries: Adam's of its paper (Kingma & Ba 2015), SGD's of Keras and of most tutorials."""
PLAIN_TOPS = {**PLAIN_RATES, "sgd": 1e-1}
"""The highest rates in plain use: SGD with batch normalisation runs at 0.1 (He et al. 2015)."""
ADAPTIVE = ("adam", "lion", "rmsprop", "adagrad", "adafactor", "adadelta", "lamb", "sophia", "muon")


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


def layer_medians(ratios: Mapping[str, Series], least: int = 3) -> dict[str, float]:
    """Return the median over the steps of each layer's positive finite ratios, for layers with ``least`` of them.

    A ratio of zero is that of a frozen layer or of a skipped step, and one that is not finite that of zero weights.
    """
    medians = {}
    for layer, series in ratios.items():
        good = np.isfinite(series.values) & (series.values > 0)
        if np.count_nonzero(good) >= least:
            medians[layer] = typical(series.steps[good], series.values[good])
    return medians


def layer_median(ratios: Mapping[str, Series] | None) -> float | None:
    """Return the median over layers (``layers_of``) of ``layer_medians``; None without any."""
    medians = layer_medians(layers_of(ratios or {}))
    return float(np.median(list(medians.values()))) if medians else None


def positive(series: Series) -> FloatArray:
    """Return the values that are finite and above zero."""
    return series.values[np.isfinite(series.values) & (series.values > 0)]


def highest_ratio(ratios: Mapping[str, Series] | None) -> float | None:
    """Return the median over layers of the highest finite update ratio ever logged; None without any.

    It tells a rate that was low all along from units that died: those had healthy updates, or huge ones, before.
    """
    found = [finite(s.values) for s in layers_of(ratios or {}).values()]
    tops = [float(values.max()) for values in found if len(values)]
    return float(np.median(tops)) if tops else None


def near_peak(layers: Mapping[str, Series], lr: Series | None) -> dict[str, Series]:
    """Return the layers' rows at which the learning rate is half of its peak or more; all rows without a logged rate.

    A schedule that ends at zero hides what the run was like while it was thrown about.
    """
    near = {}
    for layer, series in layers.items():
        rates = rate_per_step(lr, series.steps) if len(series) else None
        keep = np.ones(len(series), dtype=bool) if rates is None else rates >= 0.5 * rates.max()
        near[layer] = replace(series, steps=series.steps[keep], values=series.values[keep], lines=series.lines[keep])
    return near


def adaptive(optimizer: str | None) -> bool:
    """Say whether an optimizer scales each step by its own gradients, so that its update ratio follows the rate alone.

    >>> adaptive("AdamW"), adaptive("sgd"), adaptive(None)
    (True, False, False)
    """
    word = (optimizer or "").lower()
    return any(name in word for name in ADAPTIVE)


def plain_rate(optimizer: str | None, rates: Mapping[str, float] = PLAIN_RATES) -> float | None:
    """Return the plain default learning rate of an optimizer by its name, None where it is not known.

    >>> plain_rate("AdamW"), plain_rate("torch.optim.SGD"), plain_rate("mine")
    (0.001, 0.01, None)
    """
    word = (optimizer or "").lower()
    return next((rate for name, rate in rates.items() if name in word), None)


def fresh_start(pretrained: str | None) -> bool:
    """Say whether the configuration names no pretrained weights.

    >>> fresh_start(None), fresh_start("False"), fresh_start("resnet50")
    (True, True, False)
    """
    return pretrained is None or pretrained.lower() in {"false", "none", "scratch", "no", "random", "0", ""}
