"""Let the Runner of mmengine 0.10.7 write JSON lines and a log: ``python sample_logs/formats/make_mmengine.py``."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import torch
from mmengine.evaluator import BaseMetric
from mmengine.model import BaseModel
from mmengine.runner import Runner
from sklearn.datasets import load_digits
from torch.nn import functional
from torch.utils.data import TensorDataset

JSON = Path(__file__).parent / "openmmlab_json" / "healthy" / "vis_data" / "scalars.json"
LOG = Path(__file__).parent / "text_log" / "healthy-mmengine" / "20260101_120000.log"


class Net(BaseModel):
    """A small network on the digits."""

    def __init__(self) -> None:
        super().__init__()
        self.net = torch.nn.Sequential(torch.nn.Linear(64, 32), torch.nn.ReLU(), torch.nn.Linear(32, 10))

    def forward(self, inputs: torch.Tensor, y: torch.Tensor, mode: str) -> object:
        """Return the loss, or scores with the classes."""
        out = self.net(inputs)
        return {"loss": functional.cross_entropy(out, y)} if mode == "loss" else (out, y)


class Accuracy(BaseMetric):
    """The share of right classes."""

    def process(self, data_batch: object, data_samples: Sequence[torch.Tensor]) -> None:
        """Count the right ones of a batch."""
        del data_batch
        out, y = data_samples
        self.results.append({"right": int((out.argmax(1) == y).sum()), "all": len(y)})

    def compute_metrics(self, results: list[dict[str, int]]) -> dict[str, float]:
        """Return the share."""
        return {"accuracy": sum(r["right"] for r in results) / sum(r["all"] for r in results)}


def main() -> None:
    """Train for ten epochs, and keep both logs."""
    digits = load_digits()
    x, y = torch.tensor(digits.data / 16, dtype=torch.float32), torch.tensor(digits.target)
    loader = {"num_workers": 0, "collate_fn": {"type": "default_collate"}}
    with tempfile.TemporaryDirectory() as folder:
        Runner(
            model=Net(), work_dir=folder,
            train_dataloader={"batch_size": 28, "dataset": TensorDataset(x[:1400], y[:1400]),
                              "sampler": {"type": "DefaultSampler", "shuffle": True}, **loader},
            val_dataloader={"batch_size": 40, "dataset": TensorDataset(x[1400:], y[1400:]),
                            "sampler": {"type": "DefaultSampler", "shuffle": False}, **loader},
            train_cfg={"by_epoch": True, "max_epochs": 10, "val_interval": 1}, val_cfg={},
            val_evaluator={"type": Accuracy}, optim_wrapper={"optimizer": {"type": "SGD", "lr": 0.1, "momentum": 0.9}},
            param_scheduler={"type": "CosineAnnealingLR", "T_max": 10, "by_epoch": True},
            default_hooks={"logger": {"type": "LoggerHook", "interval": 10}, "checkpoint": None},
            randomness={"seed": 0},
        ).train()  # fmt: skip
        (run,) = (p for p in Path(folder).iterdir() if p.is_dir())
        for kept in (JSON, LOG):
            kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(run / "vis_data" / "scalars.json", JSON)
        LOG.write_text(_without_machine((run / f"{run.name}.log").read_text(encoding="utf-8")), encoding="utf-8")


def _without_machine(text: str) -> str:
    """Return the log with made-up times, and without what it says about this machine."""
    text = re.sub(r"^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d", "2026/01/01 12:00:00", text, flags=re.MULTILINE)
    return re.sub(r"^System environment:\n(?:    .*\n)+", "System environment:\n", text, flags=re.MULTILINE)


if __name__ == "__main__":
    main()
