"""Keep what the Trainer of transformers 5.23.0 prints: ``python sample_logs/formats/make_hf_console.py``."""

from __future__ import annotations

import tempfile

import torch
from _console import recorded
from sklearn.datasets import load_digits
from torch.nn import functional
from transformers import Trainer, TrainingArguments


class Net(torch.nn.Module):
    """A small network on the digits, in the shape that the Trainer expects."""

    def __init__(self) -> None:
        super().__init__()
        self.net = torch.nn.Sequential(torch.nn.Linear(64, 48), torch.nn.ReLU(), torch.nn.Linear(48, 10))

    def forward(self, x: torch.Tensor, labels: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return the loss and the scores of the classes."""
        logits = self.net(x)
        return {"loss": functional.cross_entropy(logits, labels), "logits": logits}


def main() -> None:
    """Train for eight epochs with a linear schedule."""
    torch.manual_seed(0)
    digits = load_digits()
    pairs = zip(digits.data / 16, digits.target, strict=True)
    rows = [{"x": torch.tensor(x, dtype=torch.float32), "labels": int(y)} for x, y in pairs]
    with tempfile.TemporaryDirectory() as folder, recorded("healthy-hf-trainer", "slurm-4711.out"):
        arguments = TrainingArguments(
            folder, num_train_epochs=8, per_device_train_batch_size=28, per_device_eval_batch_size=397,
            learning_rate=5e-3, logging_steps=10, eval_strategy="epoch", save_strategy="no", report_to=[], seed=0,
            use_cpu=True, warmup_steps=20,
        )  # fmt: skip
        Trainer(Net(), arguments, train_dataset=rows[:1400], eval_dataset=rows[1400:]).train()


if __name__ == "__main__":
    main()
