"""The recorder in Lightning's own training loop."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
lightning = pytest.importorskip("lightning.pytorch")

from runaudit.load import load  # noqa: E402  after the skips
from runaudit.record import LightningCallback  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")


class Model(lightning.LightningModule):  # type: ignore[misc, name-defined, unused-ignore]
    def __init__(self) -> None:
        super().__init__()
        self.net = torch.nn.Sequential(torch.nn.Linear(6, 16), torch.nn.ReLU(), torch.nn.Linear(16, 3))
        self.seen: list[float] = []

    def training_step(self, batch: Any, _: int) -> Any:  # noqa: ANN401
        loss = torch.nn.functional.cross_entropy(self.net(batch[0]), batch[1])
        self.seen.append(loss.item())
        return loss

    def validation_step(self, batch: Any, _: int) -> None:  # noqa: ANN401
        self.log("val_loss", torch.nn.functional.cross_entropy(self.net(batch[0]), batch[1]))

    def configure_optimizers(self) -> Any:  # noqa: ANN401
        return torch.optim.AdamW(self.parameters(), lr=0.01)


def loader(samples: int) -> Any:  # noqa: ANN401
    torch.manual_seed(0)
    inputs = torch.randn(samples, 6)
    data = torch.utils.data.TensorDataset(inputs, (inputs @ torch.randn(6, 3)).argmax(1))
    return torch.utils.data.DataLoader(data, batch_size=32)


@pytest.mark.parametrize("accumulate", [1, 2])
def test_a_fit_is_recorded(tmp_path: Path, accumulate: int) -> None:
    model = Model()
    trainer = lightning.Trainer(
        max_epochs=3, accelerator="cpu", logger=False, enable_checkpointing=False, enable_progress_bar=False,
        enable_model_summary=False, default_root_dir=tmp_path, accumulate_grad_batches=accumulate,
        callbacks=[LightningCallback(tmp_path / "log", every=5, dense=2)],
    )  # fmt: skip
    trainer.fit(model, loader(256), loader(64))
    run = load([tmp_path / "log"]).runs[0]
    updates = 3 * 8 // accumulate
    assert list(run.series["train/loss"].steps) == list(range(updates))
    parts = [sum(model.seen[n : n + accumulate]) / accumulate for n in range(0, len(model.seen), accumulate)]
    assert run.series["train/loss"].values == pytest.approx(parts, rel=1e-4)
    assert list(run.series["val/loss"].steps) == [updates // 3 - 1, 2 * updates // 3 - 1, updates - 1]
    assert {"update_ratio/net.0", "grad_norm/net.0", "zero_frac/net.1", "lr"} <= run.series.keys()
    assert (run.config["optimizer"], run.config["epochs"]) == ("adamw", 3)
