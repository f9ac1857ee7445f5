"""What is measured of activations and updates: numpy arrays in, values under canonical names out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from runaudit.model import FloatArray

SATURATED = 0.97  # of the bound: what the labelled runs and TensorBoard's histograms are judged by, too
BOUNDS = {"tanh": (-1.0, 1.0), "sigmoid": (0.0, 1.0), "hardtanh": (-1.0, 1.0), "softsign": (-1.0, 1.0)}


def updates(
    before: Mapping[str, npt.ArrayLike], after: Mapping[str, npt.ArrayLike], gradients: Mapping[str, npt.ArrayLike]
) -> dict[str, float]:
    """Return ``weight_norm/``, ``update_ratio/`` and ``grad_norm/`` of each parameter, and the norm of all gradients.

    The ratio is the norm of the change over the norm before (CS231n notes, ratio of updates); absent where the
    weights are all zero, as biases are at first. A parameter without a gradient has no ``grad_norm/``.

    >>> found = updates({"w": [3.0, 4.0]}, {"w": [3.0, 4.005]}, {"w": [0.0, -5.0]})
    >>> round(found["update_ratio/w"], 6), found["weight_norm/w"], found["grad_norm"]
    (0.001, 5.0, 5.0)
    """
    row: dict[str, float] = {}
    squares, strange = [], 0
    for name, old in before.items():
        start = np.asarray(old, dtype=np.float64)
        norm = float(np.linalg.norm(start))
        row[f"weight_norm/{name}"] = norm
        if name in after and norm > 0:
            row[f"update_ratio/{name}"] = (
                float(np.linalg.norm(np.asarray(after[name], dtype=np.float64) - start)) / norm
            )
        if name in gradients:
            gradient = np.asarray(gradients[name], dtype=np.float64)
            row[f"grad_norm/{name}"] = float(np.linalg.norm(gradient))
            squares.append(row[f"grad_norm/{name}"] ** 2)
            strange += int(np.sum(~np.isfinite(gradient)))
    if squares:
        row |= {"grad_norm": float(np.sqrt(np.sum(squares))), "nonfinite/gradients": float(strange)}
    return row


def activation(name: str, values: FloatArray, kind: str = "") -> dict[str, float]:
    """Return mean, deviation, share of zeros and of units that are zero for every sample, and of saturated values.

    ``values`` is samples x units, or samples x channels x places: a channel is a unit. ``kind`` is a name in ``BOUNDS``
    for an activation that saturates, anything else for one that does not. Empty values give nothing.

    >>> found = activation("relu", np.array([[0.0, 1.0], [0.0, 3.0]]))
    >>> found["act_mean/relu"], found["zero_frac/relu"], found["dead_frac/relu"]
    (1.0, 0.5, 0.5)
    """
    if not values.size:
        return {}
    row = {f"act_mean/{name}": float(values.mean()), f"act_std/{name}": float(values.std())}
    bounds = BOUNDS.get(kind)
    if bounds is not None:
        low, high = bounds
        scaled = np.abs(2.0 * (values - low) / (high - low) - 1.0)
        row[f"saturated_frac/{name}"] = float(np.mean(scaled > SATURATED))
        return row
    zero = values == 0.0
    row[f"zero_frac/{name}"] = float(zero.mean())
    if values.ndim > 1:
        units = tuple(axis for axis in range(values.ndim) if axis != 1)
        row[f"dead_frac/{name}"] = float(zero.all(axis=units).mean())
    return row


def histogram(values: FloatArray, bins: int) -> dict[str, Any]:
    """Return the edges and counts of the finite values in equal bins, their sum and the sum of their squares."""
    flat = values[np.isfinite(values)]
    counts, edges = np.histogram(flat, bins=bins) if flat.size else (np.zeros(bins, int), np.zeros(bins + 1))
    return {"edges": edges.tolist(), "counts": counts.tolist(), "sum": flat.sum(), "sum_squares": np.sum(flat**2)}
