"""Let the Trainer fill ``hf_log_history/healthy``: ``python sample_logs/formats/make_hf_log_history.py``.

The list ``trainer.state.log_history`` is dumped as JSON, as many notebooks do (transformers 5.23.0).
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.utils.data import Dataset
from transformers import Trainer, TrainingArguments

HOME = Path(__file__).parent / "hf_log_history" / "healthy"
TIMES = {"runtime": 1.0, "samples_per_second": 100.0, "steps_per_second": 10.0}


class Digits(Dataset[dict[str, Tensor]]):
    """Some of the digits of scikit-learn."""

    def __init__(self, at: np.ndarray) -> None:
        digits = load_digits()
        self.x = torch.tensor(digits.data[at] / 8.0 - 1.0, dtype=torch.float32)
        self.y = torch.tensor(digits.target[at], dtype=torch.int64)

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, i: int) -> dict[str, Tensor]:
        return {"x": self.x[i], "labels": self.y[i]}


class Network(nn.Module):
    """One hidden layer, and the loss that the Trainer asks for."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))

    def forward(self, x: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """Return the loss and the logits of a batch."""
        logits = self.layers(x)
        return {"loss": nn.functional.cross_entropy(logits, labels), "logits": logits}


def main() -> None:
    """Train, and dump the history with made-up times."""
    order = np.random.default_rng(0).permutation(1797)
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            output_dir=folder, num_train_epochs=12, per_device_train_batch_size=32, learning_rate=5e-3,
            logging_steps=10, eval_strategy="steps", eval_steps=50, lr_scheduler_type="cosine", warmup_steps=30, seed=0,
            report_to="none", save_strategy="no", use_cpu=True,
        )  # fmt: skip
        trainer = Trainer(Network(), arguments, train_dataset=Digits(order[:1400]), eval_dataset=Digits(order[1400:]))
        trainer.train()
    history = [
        {key: next((v for end, v in TIMES.items() if key.endswith(end)), value) for key, value in row.items()}
        for row in trainer.state.log_history
    ]
    HOME.mkdir(parents=True, exist_ok=True)
    (HOME / "log_history.json").write_text(json.dumps(history, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
