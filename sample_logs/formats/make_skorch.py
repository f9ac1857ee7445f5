"""Keep the table that skorch prints: ``python sample_logs/formats/make_skorch.py`` (skorch 1.4.0)."""

from __future__ import annotations

import re
import tempfile

import numpy as np
import torch
from _console import recorded
from sklearn.datasets import load_digits
from skorch import NeuralNetClassifier
from skorch.callbacks import Checkpoint


def main() -> None:
    """Train a small network on the digits."""
    torch.manual_seed(0)
    digits = load_digits()
    net = torch.nn.Sequential(torch.nn.Linear(64, 32), torch.nn.ReLU(), torch.nn.Linear(32, 10), torch.nn.Softmax(-1))
    with tempfile.TemporaryDirectory() as folder:
        model = NeuralNetClassifier(net, max_epochs=25, lr=0.2, batch_size=50, callbacks=[Checkpoint(dirname=folder)])
        with recorded("healthy-skorch") as log:
            model.fit((digits.data / 16).astype(np.float32), digits.target)
    log.write_text(re.sub(r"\d+\.\d+$", "0.1000", log.read_text("utf-8"), flags=re.MULTILINE), encoding="utf-8")


if __name__ == "__main__":
    main()
