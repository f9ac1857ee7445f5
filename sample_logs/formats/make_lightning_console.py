"""Keep the bars that Lightning prints: ``python sample_logs/formats/make_lightning_console.py`` (2.6.6)."""

from __future__ import annotations

import lightning
import torch
from _console import recorded
from lightning.pytorch.callbacks import TQDMProgressBar
from sklearn.datasets import load_digits
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset


class Net(lightning.LightningModule):
    """A small network on the digits."""

    def __init__(self) -> None:
        super().__init__()
        self.net = torch.nn.Sequential(torch.nn.Linear(64, 32), torch.nn.ReLU(), torch.nn.Linear(32, 10))

    def training_step(self, batch: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
        """Return the loss of a batch."""
        x, y = batch
        loss = functional.cross_entropy(self.net(x), y)
        self.log("train_loss", loss, prog_bar=True, on_step=True, on_epoch=True)
        return loss

    def validation_step(self, batch: tuple[torch.Tensor, torch.Tensor]) -> None:
        """Measure loss and accuracy of a batch."""
        x, y = batch
        out = self.net(x)
        self.log("val_loss", functional.cross_entropy(out, y), prog_bar=True)
        self.log("val_acc", (out.argmax(1) == y).float().mean(), prog_bar=True)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Return Adam."""
        return torch.optim.Adam(self.parameters(), 3e-3)


def main() -> None:
    """Train for ten epochs and keep the bars, refreshed every tenth batch."""
    lightning.seed_everything(0)
    digits = load_digits()
    x, y = torch.tensor(digits.data / 16, dtype=torch.float32), torch.tensor(digits.target)
    train = DataLoader(TensorDataset(x[:1400], y[:1400]), batch_size=28, shuffle=True)
    held = DataLoader(TensorDataset(x[1400:], y[1400:]), batch_size=397)
    with recorded("healthy-lightning-bars"):
        trainer = lightning.Trainer(max_epochs=10, logger=False, enable_checkpointing=False, accelerator="cpu",
                                    callbacks=[TQDMProgressBar(refresh_rate=10)])  # fmt: skip
        trainer.fit(Net(), train, held)


if __name__ == "__main__":
    main()
