"""Keep the log of Coqui's Trainer: ``python sample_logs/formats/make_coqui.py`` (coqui-tts-trainer 0.4.0)."""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

import torch
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader
from trainer import Trainer, TrainerArgs, TrainerConfig, TrainerModel

HOME = Path(__file__).parent / "text_log" / "healthy-coqui"


@dataclass
class Config(TrainerConfig):
    """What the Trainer needs to know."""

    optimizer: str = "Adam"
    lr: float = 3e-3
    epochs: int = 12
    batch_size: int = 28
    print_step: int = 10
    save_step: int = 100_000


class Net(TrainerModel):
    """A small network on the digits."""

    def __init__(self) -> None:
        super().__init__()
        self.net = torch.nn.Sequential(torch.nn.Linear(64, 32), torch.nn.ReLU(), torch.nn.Linear(32, 10))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the scores."""
        return self.net(x)

    def train_step(self, batch: dict[str, torch.Tensor], criterion: torch.nn.Module) -> tuple[dict, dict]:
        """Return scores and loss of a batch."""
        out = self(batch["x"])
        return {"model_outputs": out}, {"loss": criterion(out, batch["y"])}

    def eval_step(self, batch: dict[str, torch.Tensor], criterion: torch.nn.Module) -> tuple[dict, dict]:
        """Return scores and loss of a held-out batch."""
        return self.train_step(batch, criterion)

    @staticmethod
    def get_criterion() -> torch.nn.Module:
        """Return cross-entropy."""
        return torch.nn.CrossEntropyLoss()

    def get_data_loader(
        self, config: Config, *, is_eval: bool = False, samples: object = None, verbose: bool = True
    ) -> DataLoader:
        """Return the batches of one part of the digits."""
        del samples, verbose
        digits = load_digits()
        x, y = torch.tensor(digits.data / 16, dtype=torch.float32), torch.tensor(digits.target)
        part = slice(1400, None) if is_eval else slice(0, 1400)
        rows = [{"x": a, "y": b} for a, b in zip(x[part], y[part], strict=True)]
        return DataLoader(rows, batch_size=config.batch_size, shuffle=not is_eval)


def main() -> None:
    """Train for twelve epochs and keep the log with made-up wall times."""
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as folder:
        trainer = Trainer(TrainerArgs(), Config(output_path=folder), model=Net(), output_path=folder)
        trainer.fit()
        (log,) = Path(folder).rglob("trainer_0_log.txt")
        text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "2026-01-01 12:00:00", log.read_text(encoding="utf-8"))
        text = re.sub(r"(_time: *(?:\x1b\[\d+m)? *)[\d.]+", r"\g<1>0.01", text)
    HOME.mkdir(parents=True, exist_ok=True)
    (HOME / "trainer_0_log.txt").write_text(text.replace(folder, "/tmp/runs"), encoding="utf-8")  # noqa: S108


if __name__ == "__main__":
    main()
