"""What the recorder costs: the time of a step with it against one without, for a small CNN and a small transformer.

``python benchmarks/recorder.py`` (needs torch). Blocks with and without the recorder take turns, so that what else the
machine does falls on both; the ratio is the median over the pairs. The dense start is counted apart.
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable
from time import process_time
from typing import Any

import torch
from torch import nn

from runaudit import record

STEPS, PAIRS = 100, 12
Made = tuple[nn.Module, torch.Tensor, torch.Tensor]


class Transformer(nn.Module):
    """Two layers of width 64 over 64 tokens."""

    def __init__(self) -> None:
        super().__init__()
        layer = nn.TransformerEncoderLayer(64, 4, 256, dropout=0.0, activation=nn.GELU(), batch_first=True)
        self.embedding, self.layers, self.head = (
            nn.Embedding(64, 64),
            nn.TransformerEncoder(layer, 2),
            nn.Linear(64, 64),
        )

    def forward(self, tokens: torch.Tensor) -> Any:  # noqa: ANN401
        """Return scores, samples x words x tokens."""
        return self.head(self.layers(self.embedding(tokens))).transpose(1, 2)


def cnn() -> Made:
    """Return a CNN on 64 images of 28 x 28."""
    layers = [nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(16, 32, 3, padding=1), nn.ReLU()]
    tail = [nn.MaxPool2d(2), nn.Flatten(), nn.Linear(32 * 49, 64), nn.ReLU(), nn.Linear(64, 10)]
    return nn.Sequential(*layers, *tail), torch.randn(64, 1, 28, 28), torch.randint(0, 10, (64,))


def transformer() -> Made:
    """Return a transformer on 16 texts of 64 tokens."""
    return Transformer(), torch.randint(0, 64, (16, 64)), torch.randint(0, 64, (16, 64))


def trainer(make: Callable[[], Made], folder: str = "") -> tuple[Callable[[int], float], Any]:
    """Return a function that trains some steps and says what they took of the processor, and the watch if any."""
    torch.manual_seed(0)
    model, inputs, labels = make()
    optimizer, criterion = torch.optim.AdamW(model.parameters(), lr=1e-3), nn.CrossEntropyLoss()
    watched = record.watch(model, optimizer, folder, criterion=criterion) if folder else None

    def train(steps: int) -> float:
        begin = process_time()
        for _ in range(steps):
            optimizer.zero_grad()
            criterion(model(inputs), labels).backward()
            optimizer.step()
        return process_time() - begin

    return train, watched


def main() -> None:
    """Print the ratios."""
    torch.set_num_threads(1)
    for make in (cnn, transformer):
        with tempfile.TemporaryDirectory() as folder:
            plain, _ = trainer(make)
            recorded, watched = trainer(make, folder)
            plain(20)
            start = recorded(20) / plain(20)
            pairs = [(plain(STEPS), recorded(STEPS)) for _ in range(PAIRS)]
            watched.close()
        ratio = statistics.median(b / a for a, b in pairs)
        step = 1e3 * statistics.median(a for a, _ in pairs) / STEPS
        print(
            f"{make.__name__:12} {step:6.2f} ms a step, with the recorder {ratio:.3f} times (the first 20: {start:.2f})"
        )


if __name__ == "__main__":
    main()
