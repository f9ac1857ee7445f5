"""Runs made by hand for the tests of comparisons."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from runaudit.model import ConfigValue, FloatArray, Reduction, Run, Series


def series(name: str, values: FloatArray, every: int = 100, first: int = 0, **more: object) -> Series:
    steps = first + np.arange(len(values), dtype=np.int64) * every
    return Series(name, steps, np.asarray(values, dtype=np.float64), steps + 2, name, "log.csv", **more)  # type: ignore[arg-type]


def run(
    name: str,
    level: float = 0.5,
    *,
    seed: int = 0,
    noise: float = 0.005,
    points: int = 40,
    every: int = 100,
    config: Mapping[str, ConfigValue] | None = None,
    unit: str = "step",
    metric: str = "val/loss",
) -> Run:
    """Return a run whose metric falls from 2.3 to about ``level``, with a training loss beside it."""
    random = np.random.default_rng(seed)
    x = np.linspace(0.0, 1.0, points)
    val = (2.3 - level) * np.exp(-8.0 * x) + level + noise * random.standard_normal(points)
    train = 2.1 * np.exp(-9.0 * x) + 0.2 + 0.01 * random.standard_normal(points)
    reduction = Reduction.EPOCH_MEAN if unit == "epoch" else Reduction.STEP
    curves = {
        "train/loss": series("train/loss", train, every, reduction=reduction),
        metric: series(metric, val, every, reduction=reduction),
    }
    return Run(name, (f"{name}/log.csv",), "csv", curves, config or {}, step_unit=unit)


def with_values(base: Run, name: str, values: FloatArray) -> Run:
    """Return the run with other values of one series."""
    old = base.series[name]
    new = Series(name, old.steps, np.asarray(values, dtype=np.float64), old.lines, name, "log.csv", old.reduction)
    return Run(base.id, base.paths, base.format, {**base.series, name: new}, base.config, step_unit=base.step_unit)


def group(side: str, levels: list[float], **more: object) -> list[Run]:
    """Return a run for each level, seeds and names of their own."""
    first = 100 * len(side)
    return [run(f"{side}/{i}", v, seed=first + i, **more) for i, v in enumerate(levels)]  # type: ignore[arg-type]
