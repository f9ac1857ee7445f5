"""The families of learning-rate schedules, fitted by least squares to a rate that falls."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from runaudit.model import FloatArray

GOOD = 0.003
"""Below this misfit (share of the peak) the simpler family is taken: what is left is rounding."""


@dataclass(frozen=True, slots=True)
class Fit:
    """A fitted family, its parameters, and its root mean square deviation as a share of the peak."""

    kind: str
    parameters: Mapping[str, float]
    error: float


def best_fit(x: FloatArray, y: FloatArray, kinds: Sequence[str] = ()) -> Fit | None:
    """Return the simplest family whose misfit is rounding or close to the smallest; None under five points.

    ``x`` rises, ``y`` is not negative. ``kinds`` limits the families; parameters are over the span of ``x``.

    >>> x = np.linspace(0, 1, 20)
    >>> best_fit(x, 0.1 * np.exp(-3 * x)).kind
    'exponential'
    """
    if len(x) < 5 or not x[-1] > x[0]:
        return None
    before = float(x[0]) / float(x[-1] - x[0])  # where the steps began, counted back from the first point
    u = (x - x[0]) / (x[-1] - x[0])
    scaled = y / y.max()
    chosen = {k: f for k, f in FAMILIES.items() if not kinds or k in kinds}
    fits = [fit for family in chosen.values() if (fit := family(u, scaled, before)) is not None]
    if not fits:
        return None
    least = min(f.error for f in fits)
    return next(f for f in fits if f.error <= max(GOOD, 1.5 * least))


def fit_rise(x: FloatArray, y: FloatArray) -> float:
    """Return how far a rise is from a straight line or (the end of) half a cosine, as a share of its top."""
    if len(x) < 4 or not x[-1] > x[0]:
        return float("inf")
    u = (x - x[0]) / (x[-1] - x[0])
    begun = np.array([0.0, 0.1, 0.2, 0.3, 0.4])[:, None]  # a log may start within the rise
    shapes = np.vstack((u, -np.cos(np.pi * (begun + (1.0 - begun) * u))))
    return float(np.min(_affine(shapes, y)[2]) / y[-1])


def _affine(shapes: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return offset, slope and root mean square deviation of the line through (shape, y), for each row of shapes."""
    centre = shapes.mean(axis=1, keepdims=True)
    dev = shapes - centre
    total = np.maximum((dev**2).sum(axis=1), 1e-300)
    slope = dev @ (y - y.mean()) / total
    offset = y.mean() - slope * centre[:, 0]
    error = np.sqrt(np.mean((offset[:, None] + slope[:, None] * shapes - y) ** 2, axis=1))
    return offset, slope, error


def _linear(u: FloatArray, y: FloatArray, before: float) -> Fit | None:
    offset, slope, error = _affine(u[None, :], y)
    return Fit("linear", {"end": float(offset[0] + slope[0])}, float(error[0])) if slope[0] < 0 else None


def _cosine(u: FloatArray, y: FloatArray, before: float) -> Fit | None:
    best: Fit | None = None
    for lead in {0.0, min(before, 1.0)}:  # some implementations count the cosine from the end of warm-up, some from 0
        low, high = 0.95, 8.0
        for _ in range(3):  # a grid, refined around its best
            spans = np.geomspace(low, high, 40)
            shapes = 0.5 * (1.0 + np.cos(np.pi * np.minimum((u + lead) / (spans[:, None] + lead), 1.0)))
            offset, slope, error = _affine(shapes, y)
            error = np.where((slope > 0) & (offset > -0.02) & (offset + slope < 2.0), error, np.inf)
            i = int(np.argmin(error))
            low, high = float(spans[max(i - 1, 0)]), float(spans[min(i + 1, len(spans) - 1)])
        if np.isfinite(error[i]) and (best is None or error[i] < 0.9 * best.error - 1e-6):
            best = Fit("cosine", {"span": float(spans[i]), "floor": float(max(offset[i], 0.0))}, float(error[i]))
    return best


def _exponential(u: FloatArray, y: FloatArray, before: float) -> Fit | None:
    if y.min() <= 0:
        return None
    _, slope, _ = _affine(u[None, :], np.log(y))
    return _scaled("exponential", np.exp(slope[0] * u), y, {"rate": float(-slope[0])}) if slope[0] < 0 else None


def _inverse(kind: str, power: float) -> Callable[[FloatArray, FloatArray, float], Fit | None]:
    """Return the family (1 + rate u) ** -power: its inverse to 1 / power is a straight line."""

    def family(u: FloatArray, y: FloatArray, before: float) -> Fit | None:
        if y.min() <= 0:
            return None
        offset, slope, _ = _affine(u[None, :], y ** (-1.0 / power))
        if slope[0] <= 0 or offset[0] <= 0:
            return None
        rate = float(slope[0] / offset[0])
        return _scaled(kind, (1.0 + rate * u) ** -power, y, {"rate": rate})

    return family


def _square_root(u: FloatArray, y: FloatArray, before: float) -> Fit | None:
    """Return the fit of one less the square root, the end of warm-up, stable, decay (Hägele et al. 2024)."""
    offset, slope, error = _affine(1.0 - np.sqrt(u[None, :]), y)
    return Fit("square-root", {"end": float(offset[0])}, float(error[0])) if slope[0] > 0 else None


def _polynomial(u: FloatArray, y: FloatArray, before: float) -> Fit | None:
    if len(u) < 7:
        return None
    spans = np.array([1.0, 1.02, 1.05, 1.1, 1.25, 1.5, 2.0, 4.0])
    best: Fit | None = None
    low, high = 0.3, 6.0
    for _ in range(2):
        powers = np.geomspace(low, high, 40)
        grid = [(s, p) for s in spans for p in powers]
        s, p = np.array(grid).T
        offset, slope, error = _affine((1.0 - u[None, :] / s[:, None]) ** p[:, None], y)
        error = np.where((slope > 0) & (offset > -0.02), error, np.inf)
        i = int(np.argmin(error))
        low, high = float(p[i]) / 1.08, float(p[i]) * 1.08
        if np.isfinite(error[i]):
            best = Fit("polynomial", {"power": float(p[i]), "span": float(s[i])}, float(error[i]))
    return best


def _scaled(kind: str, shape: FloatArray, y: FloatArray, parameters: Mapping[str, float]) -> Fit:
    """Return the fit of a shape that is only scaled."""
    scale = float(shape @ y) / max(float(shape @ shape), 1e-300)
    return Fit(kind, parameters, float(np.sqrt(np.mean((scale * shape - y) ** 2))))


FAMILIES: Mapping[str, Callable[[FloatArray, FloatArray, float], Fit | None]] = {
    "linear": _linear,
    "cosine": _cosine,
    "exponential": _exponential,
    "inverse-sqrt": _inverse("inverse-sqrt", 0.5),
    "inverse-time": _inverse("inverse-time", 1.0),
    "square-root": _square_root,
    "polynomial": _polynomial,
}
"""Simplest first."""
