"""The schedule of a run in words: each kind as libraries make it, with warm-up, restarts, epochs and an early end."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from runaudit import engine
from runaudit.model import FloatArray, Run, Series
from runaudit.pen import Options
from runaudit.render import renderer
from runaudit.render._inventory import inventory
from runaudit.schedules import describe, of_run, sentence
from tests.render import fixtures as fx

X = np.linspace(0.0, 1.0, 1001)
RAMP = np.arange(100) / 100
COSINE = 0.5 * (1.0 + np.cos(np.pi * X))


def series(values: FloatArray, every: int = 1) -> Series:
    n = len(values)
    return Series("lr", np.arange(n, dtype=np.int64) * every, values, np.zeros(n, dtype=np.int64), "lr", "log.csv")


CASES: dict[str, tuple[FloatArray, str, str]] = {
    "constant": (np.full(50, 1e-3), "constant", "constant 1e-3"),
    "constant after warm-up": (
        np.concatenate((RAMP, np.ones(900))) * 1e-3,
        "constant",
        "constant 1e-3 after 100 steps of warm-up",
    ),
    "step": (
        0.1 * np.where(X < 0.3, 1.0, np.where(X < 0.6, 0.1, 0.01)),
        "step",
        "step, times 0.1, 2 cuts from step 300 on, from 0.1 to 1e-3",
    ),
    "linear": (
        np.concatenate((RAMP, 1.0 - X)) * 3e-4,
        "linear",
        "linear from 3e-4 to 0 over 1,000 steps after 100 steps of warm-up",
    ),
    "cosine": (COSINE * 1e-3, "cosine", "cosine from 1e-3 to 0 over 1,000 steps"),
    "cosine with a floor": (0.9 * COSINE + 0.1, "cosine", "cosine from 1 to 0.1 over 1,000 steps"),
    "cosine ended early": (
        0.5 * (1.0 + np.cos(np.pi * X / 2)),
        "cosine",
        "cosine from 1 to 0.5 over 1,000 steps of 2,000 planned",
    ),
    "exponential": (0.1 * np.exp(-5 * X), "exponential", "exponential from 0.1 to 6.738e-4 over 1,000 steps"),
    "1/t": (0.1 / (1 + 20 * X), "inverse-time", "1/t from 0.1 to 4.762e-3 over 1,000 steps"),
    "inverse square root": (
        np.concatenate((RAMP, 1 / np.sqrt(1 + 15 * X))) * 1e-3,
        "inverse-sqrt",
        "inverse square root from 1e-3 to 2.5e-4 over 1,000 steps after 100 steps of warm-up",
    ),
    "polynomial": (0.01 * (1 - X) ** 2, "polynomial", "polynomial (power 2"),
    "one-cycle": (
        np.concatenate((np.linspace(0.04, 1, 300), COSINE[::1] * 0.9999 + 1e-4)) * 0.1,
        "one-cycle",
        "one-cycle, 299 steps up to 0.1, then down to 1e-5",
    ),
    "warm-up, stable, decay": (
        np.concatenate((RAMP, np.ones(700), np.linspace(1, 0, 201))) * 1e-3,
        "linear",
        "linear from 1e-3 to 0 over 200 steps after 700 steps at the peak and 100 steps of warm-up (warm-up, stable",
    ),
    "stable, then one less the root": (
        np.concatenate((RAMP, np.ones(700), 1 - np.sqrt(np.linspace(0, 1, 201)))) * 1e-3,
        "square-root",
        "one less the square root, from 1e-3 to 0 over 200 steps after 700 steps at the peak",
    ),
    "warm restarts": (np.tile(COSINE[::4], 4) * 0.1, "cosine", "cosine from 0.1 to 0, 3 restarts"),
    "warm-up alone": (X * 1e-3, "warm-up", "still warming up, from 0 to 1e-3 over 1,000 steps"),
    "triangles": (np.abs(np.arange(1000) % 200 - 100) / 100 + 0.01, "cyclic", "cyclic, "),
    "noise": (np.random.default_rng(0).permutation(50) / 50.0 + 0.02, "cyclic", "cyclic, "),
}


@pytest.mark.parametrize("name", CASES)
def test_each_schedule_in_words(name: str) -> None:
    values, kind, words = CASES[name]
    assert describe(series(values)).kind == kind
    assert sentence(series(values)).startswith(words)


@pytest.mark.parametrize("name", ["constant", "step", "linear", "cosine", "exponential", "1/t", "warm restarts"])
@pytest.mark.parametrize("way", ["an epoch at a time", "once an epoch", "three digits"])
def test_coarser_logs_say_the_same(name: str, way: str) -> None:
    values, kind, _ = CASES[name]
    coarse = {
        "an epoch at a time": np.repeat(values[::20], 7),
        "once an epoch": values[::20],
        "three digits": np.array([float(f"{v:.3g}") for v in values]),
    }[way]
    found = describe(series(coarse, 10))
    assert (found.kind, found.restarts) == (kind, describe(series(values)).restarts)


@pytest.mark.parametrize("every", [20, 50])
def test_a_decay_of_few_points_after_a_long_plateau_is_no_step(every: int) -> None:
    values = CASES["warm-up, stable, decay"][0]
    assert describe(series(values[::every], every)).kind == "linear"
    assert describe(series(np.repeat(values[::every], 5))).kind == "linear"
    cuts = np.repeat([1.0, 0.5, 0.25, 0.125, 0.0625, 0.03125], [30, 5, 5, 5, 5, 5])
    assert describe(series(cuts)).kind == "step"


def test_the_fit_is_told_where_it_is_not_exact() -> None:
    rough = np.round(1e-3 * COSINE[::40], 4)
    assert "; fitted to " in sentence(series(rough))
    assert "fitted" not in sentence(series(1e-3 * COSINE))


def test_units_and_too_little() -> None:
    assert sentence(series(np.array([0.1, 0.1])), "epoch") == "constant 0.1"
    assert sentence(series(1.0 - X[::100]), "epoch") == "linear from 1 to 0 over 10 epochs"
    assert sentence(series(np.array([0.1]))) == sentence(series(np.array([np.nan, np.inf, 0.1]))) == ""
    assert sentence(series(1 / (1 + np.exp(20 * X - 10)))).startswith("none that is known")
    assert sentence(series(np.array([-1.0, -2.0, -3.0]))) == ""
    assert of_run({}) == ""


def test_every_report_says_it() -> None:
    run = Run("a", ("log.csv",), "csv_table", {"lr": series(1e-3 * COSINE)})
    judged = engine.judge(run, [])
    assert judged.run.schedule == "cosine from 1e-3 to 0 over 1,000 steps"
    report = replace(fx.one_run(), runs=(replace(fx.one_run().runs[0], schedule=judged.run.schedule),))
    for name in ("rich", "markdown", "json", "html"):
        assert "cosine from 1e-3 to 0 over 1,000 steps" in renderer(name).render(report, Options(100)), name
    assert "schedule  cosine from 1e-3" in inventory([run], [], 0, ".", Options(100))
