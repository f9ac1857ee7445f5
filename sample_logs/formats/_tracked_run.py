"""One small healthy training run in numpy, for the scripts that let an experiment tracker write its log."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

CONFIG = {
    "learning_rate": 0.1,
    "batch_size": 64,
    "max_steps": 120,
    "optimizer": "sgd",
    "momentum": 0.9,
    "schedule": "cosine",
    "num_classes": 4,
    "train_samples": 5000,
    "seed": 7,
}
STEPS, BATCH, HIDDEN, CLASSES, EVERY = 120, 64, 16, 4, 10


@dataclass(frozen=True, slots=True)
class Row:
    """What is logged at one step; ``val_loss`` and ``val_accuracy`` are None between two evaluations."""

    step: int
    loss: float
    lr: float
    grad_norm: float
    val_loss: float | None
    val_accuracy: float | None

    def metrics(self) -> dict[str, float]:
        """Return what was measured, under the names that most people use."""
        named = {"train/loss": self.loss, "lr": self.lr, "grad_norm": self.grad_norm}
        if self.val_loss is not None and self.val_accuracy is not None:
            named |= {"val/loss": self.val_loss, "val/accuracy": self.val_accuracy}
        return named


def train(steps: int = STEPS, learning_rate: float = 0.1) -> Iterator[Row]:
    """Yield the rows of a network of one hidden layer that learns which quarter of a ring a noisy point lies in."""
    rng = np.random.default_rng(7)
    x, y = _ring(rng, 6000)
    seen, held = slice(0, 5000), slice(5000, 6000)
    weights = [
        rng.normal(0, 0.5, (2, HIDDEN)),
        np.zeros(HIDDEN),
        rng.normal(0, 0.05, (HIDDEN, CLASSES)),
        np.zeros(CLASSES),
    ]
    speed = [np.zeros_like(w) for w in weights]
    for step in range(steps):
        batch = rng.integers(0, 5000, BATCH)
        loss, gradients = _gradients(weights, x[seen][batch], y[seen][batch])
        lr = learning_rate * (1 + np.cos(np.pi * step / steps)) / 2
        norm = float(np.sqrt(sum(float((g**2).sum()) for g in gradients)))
        for i, gradient in enumerate(gradients):
            speed[i] = 0.9 * speed[i] + gradient
            weights[i] = weights[i] - lr * speed[i]
        last = step % EVERY == EVERY - 1
        val = _evaluate(weights, x[held], y[held]) if last else (None, None)
        yield Row(step, round(loss, 5), round(float(lr), 6), round(norm, 4), *val)


def thinned() -> Iterator[Row]:
    """Yield every third row and those with an evaluation: a row takes much room in a database."""
    yield from (row for row in train() if row.step % 3 == 0 or row.val_loss is not None)


def _ring(rng: np.random.Generator, count: int) -> tuple[Array, npt.NDArray[np.int64]]:
    angle = rng.uniform(0, 2 * np.pi, count)
    points = np.stack([np.cos(angle), np.sin(angle)], axis=1) + rng.normal(0, 0.15, (count, 2))
    return points, (angle // (np.pi / 2)).astype(np.int64)


def _forward(weights: list[Array], x: Array, y: npt.NDArray[np.int64]) -> tuple[Array, Array, float]:
    hidden = np.tanh(x @ weights[0] + weights[1])
    logits = hidden @ weights[2] + weights[3]
    logits -= logits.max(axis=1, keepdims=True)
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return hidden, probabilities, float(-np.log(probabilities[np.arange(len(y)), y]).mean())


def _gradients(weights: list[Array], x: Array, y: npt.NDArray[np.int64]) -> tuple[float, list[Array]]:
    hidden, probabilities, loss = _forward(weights, x, y)
    error = probabilities.copy()
    error[np.arange(len(y)), y] -= 1
    error /= len(y)
    inner = (error @ weights[2].T) * (1 - hidden**2)
    return loss, [x.T @ inner, inner.sum(axis=0), hidden.T @ error, error.sum(axis=0)]


def _evaluate(weights: list[Array], x: Array, y: npt.NDArray[np.int64]) -> tuple[float, float]:
    _, probabilities, loss = _forward(weights, x, y)
    return round(loss, 5), round(float((probabilities.argmax(axis=1) == y).mean()), 4)
