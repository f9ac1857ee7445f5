"""Trains the samples of first-layer filters, ``filters/*``: ``python sample_logs/make_filters.py`` (torch 2.13).

A small convolutional network learns the digits of scikit-learn. Its first layer is saved beside the log as ``.npz``.
Findings and consequences in ``expected.yaml`` are reviewed by hand and kept; only ``why`` is written anew.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import yaml
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.nn import functional

HOME = Path(__file__).parent / "filters"
FILTERS, SIZE, STEPS, BATCH, EVERY = 16, 5, 400, 64, 10


def random_start(net: nn.Sequential) -> None:
    """Leave the weights as torch draws them."""


def same_start(net: nn.Sequential) -> None:
    """Start all first filters alike, and what reads them too: they get the same gradient in every step."""
    with torch.no_grad():
        net[0].weight.copy_(net[0].weight[:1].expand_as(net[0].weight))
        net[0].bias.copy_(net[0].bias[:1].expand_as(net[0].bias))
        net[3].weight.copy_(net[3].weight[:, :1].expand_as(net[3].weight))


def switched_off(net: nn.Sequential) -> None:
    """Give ten of the first filters a bias that no picture overcomes: they get no gradient, and only shrink."""
    with torch.no_grad():
        net[0].bias[:10] = -10.0


@dataclass(frozen=True)
class Case:
    """One training: its rate, the weight decay of the first layer, how the weights start, and what was done."""

    name: str
    why: str
    rate: float = 0.1
    decay: float = 0.0
    start: Callable[[nn.Sequential], None] = random_start


CASES = (
    Case("healthy-smooth", "SGD with momentum and a cosine schedule"),
    Case("noisy-first-layer", "the rate is a hundredth of that of the healthy run", rate=1e-3),
    Case(
        "dead-filters",
        "ten filters start switched off, and a weight decay of 0.03 shrinks them",
        decay=0.03,
        start=switched_off,
    ),
    Case("duplicate-filters", "all first filters start alike, and so does what reads them", start=same_start),
)


def digits() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return training pictures and labels, then those of validation."""
    data = load_digits()
    order = np.random.default_rng(0).permutation(len(data.target))
    x = torch.tensor(data.images[order] / 16 - 0.3, dtype=torch.float32)[:, None]
    y = torch.tensor(data.target[order])
    return x[:1400], y[:1400], x[1400:], y[1400:]


def network() -> nn.Sequential:
    """Return two convolutions and a linear layer."""
    return nn.Sequential(
        nn.Conv2d(1, FILTERS, SIZE, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(FILTERS, 32, 3, padding=1),
        nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(128, 10),
    )  # fmt: skip


def train(case: Case) -> str:
    """Write log and weights of a case, and return how it ended."""
    torch.manual_seed(0)
    x, y, held_x, held_y = digits()
    net = network()
    case.start(net)
    groups = [{"params": net[0].parameters(), "weight_decay": case.decay}, {"params": net[1:].parameters()}]
    optimizer = torch.optim.SGD(groups, lr=case.rate, momentum=0.9)
    rows = []
    for step in range(STEPS):
        rate = case.rate * 0.5 * (1 + math.cos(math.pi * step / STEPS))
        for group in optimizer.param_groups:
            group["lr"] = rate
        chosen = torch.randint(0, len(x), (BATCH,))
        loss = functional.cross_entropy(net(x[chosen]), y[chosen])
        row = {"step": step, "loss": round(float(loss.detach()), 5), "lr": float(f"{rate:.4g}")}
        if step % EVERY == 0 or step == STEPS - 1:
            with torch.no_grad():
                row["val_loss"] = round(float(functional.cross_entropy(net(held_x), held_y)), 5)
        rows.append(row)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    folder = HOME / case.name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    weights = {f"{name}": value.numpy() for name, value in net[:1].state_dict().items()}
    np.savez_compressed(folder / "model.npz", **weights)
    with torch.no_grad():
        right = float((net(held_x).argmax(dim=1) == held_y).float().mean())
    return f"{case.why}: validation loss {rows[-1]['val_loss']:.3g}, accuracy {right:.3f}"


def main() -> None:
    """Train every case."""
    torch.set_num_threads(1)
    for case in CASES:
        why = train(case)
        path = HOME / case.name / "expected.yaml"
        expected = yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else {}
        known = {name: expected.get(name, {}) for name in ("findings", "consequences")}
        path.write_text(yaml.safe_dump({"why": why} | known, sort_keys=False, width=100), encoding="utf-8")
        print(case.name, why)


if __name__ == "__main__":
    main()
