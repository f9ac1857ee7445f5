"""Trains a softmax classifier with a penalty of the wrong sign, five strengths: ``python make_wrong_sign.py``.

Each run alone looks sound; side by side the loss before the first update falls with the strength: no penalty does that.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent / "wrong-sign"
STRENGTHS = (0.0, 0.0005, 0.001, 0.002, 0.004)
CLASSES, INPUTS, STEPS, BATCH, RATE = 10, 64, 400, 64, 0.5
WHY = "each run alone learns; the penalty is subtracted"


def train(folder: Path, strength: float, seed: int) -> None:
    """Train one run, and write its log and its configuration."""
    data = np.random.default_rng(0)
    centres = data.normal(size=(CLASSES, INPUTS)) * 0.35
    labels = data.integers(CLASSES, size=4000)
    inputs = centres[labels] + data.normal(size=(4000, INPUTS))
    rng = np.random.default_rng(seed)
    weights = rng.normal(size=(INPUTS, CLASSES)) * 0.2
    rows = ["step,train_loss,val_loss,lr"]

    def loss_of(x: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
        scores = x @ weights
        shares = np.exp(scores - scores.max(1, keepdims=True))
        shares /= shares.sum(1, keepdims=True)
        delta = (shares - np.eye(CLASSES)[y]) / len(y)
        data_loss = float(-np.log(shares[np.arange(len(y)), y] + 1e-12).mean())
        return data_loss - strength * float((weights**2).sum()), x.T @ delta - 2 * strength * weights

    for step in range(STEPS):
        rate = RATE * 0.5 * (1 + np.cos(np.pi * step / STEPS))
        chosen = rng.integers(3000, size=BATCH)
        loss, gradient = loss_of(inputs[chosen], labels[chosen])
        val = f"{loss_of(inputs[3000:], labels[3000:])[0]:.5f}" if step % 20 == 19 else ""
        rows.append(f"{step},{loss:.5f},{val},{rate:.5g}")
        weights -= rate * gradient
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "log.csv").write_text("\n".join(rows) + "\n", "utf-8")
    config = {"optimizer": "sgd", "learning_rate": RATE, "batch_size": BATCH, "weight_decay": strength, "seed": seed}
    (folder / "config.json").write_text(json.dumps(config) + "\n", "utf-8")
    (folder / "expected.yaml").write_text(f"why: {WHY}\nfindings: {{}}\nconsequences: {{}}\n", "utf-8")


if __name__ == "__main__":
    for number, strength in enumerate(STRENGTHS):
        train(HERE / f"healthy-{number}", strength, seed=1)
    known = "findings: {regularization-across-runs: warning}\nconsequences: {}\n"
    (HERE / "expected.yaml").write_text(f"why: {WHY}\n{known}", "utf-8")
