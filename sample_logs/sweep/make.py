"""Let real searchers search: ``python sample_logs/sweep/make.py [NAME ...]`` makes the searches again, or some of them.

A network of one hidden layer in numpy learns scikit-learn's digits in 150 steps; what is searched is said in ``CASES``.
Written by optuna 5.0.0, scikit-learn 1.9.1, keras-tuner 1.4.8 (keras 3.15.1); ``grid`` and ``diverged`` by none.
Seeds are fixed; only the times and ids that Optuna notes differ from one making to the next.
"""

from __future__ import annotations

import csv
import sqlite3
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.datasets import load_digits

HERE = Path(__file__).parent
RATE, DECAY, DROPOUT = "learning_rate", "weight_decay", "dropout"


def data() -> tuple[np.ndarray, np.ndarray]:
    """Return the digits in a fixed order, pixels from 0 to 1."""
    pixels, digits = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(digits))
    return pixels[order] / 16.0, digits[order]


X, Y = data()
SPLIT = (slice(0, 1000), slice(1000, None))


def train(settings: Mapping[str, float], seed: int, split: tuple[Any, Any] = SPLIT) -> float:
    """Return the validation loss after 150 steps of SGD with momentum, NaN where it diverged."""
    rng = np.random.default_rng(seed)
    rate, decay, drop = (settings[name] for name in (RATE, DECAY, DROPOUT))
    weights = [rng.normal(0, 0.3, (64, 32)), np.zeros(32), rng.normal(0, 0.3, (32, 10)), np.zeros(10)]
    speed = [np.zeros_like(w) for w in weights]
    x, y = X[split[0]], Y[split[0]]
    with np.errstate(all="ignore"):
        for _ in range(150):
            some = rng.integers(0, len(x), 64)
            hidden = np.maximum(x[some] @ weights[0] + weights[1], 0)
            kept = (rng.uniform(size=hidden.shape) >= drop) / (1 - drop)
            error = softmax(hidden * kept @ weights[2] + weights[3])
            error[np.arange(64), y[some]] -= 1
            error /= 64
            back = error @ weights[2].T * kept * (hidden > 0)
            gradients = [x[some].T @ back, back.sum(0), (hidden * kept).T @ error, error.sum(0)]
            for i, gradient in enumerate(gradients):
                speed[i] = 0.9 * speed[i] - rate * (gradient + decay * weights[i] * (i % 2 == 0))
                weights[i] = weights[i] + speed[i]
        hidden = np.maximum(X[split[1]] @ weights[0] + weights[1], 0)
        p = softmax(hidden @ weights[2] + weights[3])[np.arange(len(Y[split[1]])), Y[split[1]]]
        return float(-np.log(p).mean())


def softmax(z: np.ndarray) -> np.ndarray:
    """Return the probabilities of each row."""
    e = np.exp(z - z.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


# --- Optuna ------------------------------------------------------------------------------------------------


def study(name: str, sampler: Any, *, journal: bool = False) -> Any:  # noqa: ANN401  Optuna is not always there
    """Return an empty study that Optuna writes into the folder."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    folder = HERE / name
    folder.mkdir(exist_ok=True)
    path = folder / ("journal.log" if journal else "optuna.db")
    path.unlink(missing_ok=True)
    if journal:
        from optuna.storages import JournalStorage
        from optuna.storages.journal import JournalFileBackend

        storage: Any = JournalStorage(JournalFileBackend(str(path)))
    else:
        storage = f"sqlite:///{path}"
    made = optuna.create_study(study_name="digits", storage=storage, sampler=sampler, direction="minimize")
    made.set_metric_names(["val_loss"])
    return made


def objective(low: float, high: float, seeds: np.random.Generator, *, log: bool = True) -> Callable[[Any], float]:
    """Return what Optuna makes small, with learning rates from that range."""

    def value(trial: Any) -> float:  # noqa: ANN401
        settings = {
            RATE: trial.suggest_float(RATE, low, high, log=log),
            DECAY: trial.suggest_float(DECAY, 1e-6, 1e-2, log=True),
            DROPOUT: trial.suggest_float(DROPOUT, 0.0, 0.5),
        }
        return train(settings, int(seeds.integers(1 << 30)))

    return value


def small(name: str) -> None:
    """Make the pages of a database small."""
    connection = sqlite3.connect(HERE / name / "optuna.db", isolation_level=None)
    connection.execute("PRAGMA page_size = 512")
    connection.execute("VACUUM")
    connection.close()


def border() -> None:
    """Search learning rates up to a tenth of the best, at random."""
    import optuna

    made = study("border", optuna.samplers.RandomSampler(seed=4))
    made.optimize(objective(1e-4, 1e-2, np.random.default_rng(4)), n_trials=24)
    small("border")


def linear() -> None:
    """Search learning rates evenly from 1e-4 to 3."""
    import optuna

    made = study("linear", optuna.samplers.RandomSampler(seed=5), journal=True)
    made.optimize(objective(1e-4, 3.0, np.random.default_rng(5), log=False), n_trials=24)


def healthy() -> None:
    """Search a wide range on a log scale, then a narrow one around its best, then repeat the winner."""
    import optuna

    seeds = np.random.default_rng(1)
    made = study("healthy-staged", optuna.samplers.RandomSampler(seed=1))
    made.optimize(objective(1e-4, 3.0, seeds), n_trials=16)
    best = made.best_params[RATE]
    made.optimize(objective(best / 4, best * 4, seeds), n_trials=16)
    for _ in range(4):
        made.enqueue_trial(made.best_params)
    made.optimize(objective(1e-4, 3.0, seeds), n_trials=4)
    small("healthy-staged")


# --- tables ------------------------------------------------------------------------------------------------


def write(name: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows as a table."""
    (HERE / name).mkdir(exist_ok=True)
    with (HERE / name / "trials.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def grid() -> None:
    """Try each of four learning rates with each of three decays and three dropouts."""
    points = [(a, b, c) for a in (1e-3, 1e-2, 1e-1, 1.0) for b in (1e-6, 1e-4, 1e-2) for c in (0.0, 0.25, 0.5)]
    named = [dict(zip((RATE, DECAY, DROPOUT), point, strict=True)) for point in points]
    write("grid", [{**one, "val_loss": round(train(one, i), 5)} for i, one in enumerate(named)])


def diverged() -> None:
    """Search learning rates up to ten million."""
    rng = np.random.default_rng(2)
    rows = []
    for i in range(24):
        one = {RATE: 10 ** rng.uniform(-3, 7), DECAY: 10 ** rng.uniform(-6, -2), DROPOUT: rng.uniform(0, 0.5)}
        rows.append({"trial": i, **{k: f"{v:.4g}" for k, v in one.items()}, "val_loss": f"{train(one, i):.5g}"})
    write("diverged", rows)


def folds() -> None:
    """Let scikit-learn search with five folds."""
    from scipy.stats import loguniform, uniform
    from sklearn.base import BaseEstimator
    from sklearn.model_selection import KFold, RandomizedSearchCV

    class Net(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
        def __init__(self, learning_rate: float = 0.1, weight_decay: float = 0.0, dropout: float = 0.0) -> None:
            self.learning_rate, self.weight_decay, self.dropout = learning_rate, weight_decay, dropout

        def fit(self, x: np.ndarray, y: np.ndarray) -> Net:
            self.rows = x[:, 0]
            return self

        def score(self, x: np.ndarray, y: np.ndarray) -> float:
            return -train(self.get_params(), 0, (self.rows, x[:, 0]))

    space = {RATE: loguniform(1e-4, 3.0), DECAY: loguniform(1e-6, 1e-2), DROPOUT: uniform(0, 0.5)}
    places = np.arange(len(Y))[:, None]
    search = RandomizedSearchCV(Net(), space, n_iter=20, cv=KFold(5), random_state=13, refit=False).fit(places, Y)
    results = search.cv_results_
    keys = [k for k in results if k != "params" and "_time" not in k]
    write("folds", [{k: f"{results[k][i]:.5g}" for k in keys} for i in range(20)])


# --- Keras Tuner -------------------------------------------------------------------------------------------


def coarse() -> None:
    """Let Keras Tuner draw one stage of 16 trials from a wide range."""
    import keras_tuner

    class Tuner(keras_tuner.RandomSearch):  # type: ignore[misc]  # Keras Tuner has no types
        def run_trial(self, trial: Any, *args: object, **kwargs: object) -> dict[str, float]:  # noqa: ANN401
            hp = trial.hyperparameters
            settings = {
                RATE: hp.Float(RATE, 1e-4, 3.0, sampling="log"),
                DECAY: hp.Float(DECAY, 1e-6, 1e-2, sampling="log"),
                DROPOUT: hp.Float(DROPOUT, 0.0, 0.5),
            }
            return {"val_loss": train(settings, int(trial.trial_id))}

    goal = keras_tuner.Objective("val_loss", "min")
    Tuner(objective=goal, max_trials=16, seed=6, directory=str(HERE), project_name="coarse", overwrite=True).search()


CASES = {f.__name__: f for f in (border, linear, healthy, grid, diverged, folds, coarse)}

if __name__ == "__main__":
    for case in sys.argv[1:] or CASES:
        CASES[case]()
