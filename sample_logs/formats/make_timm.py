"""Let timm write ``timm_csv/healthy/summary.csv``: ``python sample_logs/formats/make_timm.py`` (1.0.31).

The loop is that of timm's train.py: its optimizer, scheduler, meters and summary, and the args.yaml beside it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
import yaml
from sklearn.datasets import load_digits
from timm.models.vision_transformer import VisionTransformer
from timm.optim import create_optimizer_v2
from timm.scheduler import create_scheduler_v2
from timm.utils import AverageMeter, accuracy, update_summary
from torch.nn import functional

HOME = Path(__file__).parent / "timm_csv" / "healthy"
ARGS = {
    "batch_size": 64, "epochs": 40, "img_size": 8, "lr": 0.004, "model": "vit", "num_classes": 10, "opt": "adamw",
    "sched": "cosine", "seed": 0, "warmup_epochs": 3, "warmup_lr": 1e-5, "weight_decay": 0.05,
}  # fmt: skip


def main() -> None:
    """Train a very small vision transformer on the digits."""
    torch.manual_seed(0)
    digits = load_digits()
    x = torch.tensor(digits.images / 8.0 - 1.0, dtype=torch.float32)[:, None]
    y = torch.tensor(digits.target, dtype=torch.int64)
    order = torch.from_numpy(np.random.default_rng(0).permutation(len(x)))
    train, held = order[:1400], order[1400:]
    model = VisionTransformer(
        img_size=8, patch_size=2, in_chans=1, num_classes=10, embed_dim=32, depth=2, num_heads=4, mlp_ratio=2
    )
    optimizer = create_optimizer_v2(model, opt="adamw", lr=ARGS["lr"], weight_decay=ARGS["weight_decay"])
    scheduler, epochs = create_scheduler_v2(
        optimizer, sched="cosine", num_epochs=ARGS["epochs"], warmup_epochs=ARGS["warmup_epochs"], warmup_lr=1e-5
    )
    HOME.mkdir(parents=True, exist_ok=True)
    (HOME / "summary.csv").unlink(missing_ok=True)
    (HOME / "args.yaml").write_text(yaml.safe_dump(ARGS), encoding="utf-8")
    for epoch in range(epochs):
        model.train()
        losses = AverageMeter()
        for batch in torch.split(train[torch.randperm(len(train))], ARGS["batch_size"]):
            optimizer.zero_grad()
            loss = functional.cross_entropy(model(x[batch]), y[batch])
            loss.backward()
            optimizer.step()
            losses.update(loss.item(), len(batch))
        model.eval()
        with torch.no_grad():
            output = model(x[held])
            top1, top5 = accuracy(output, y[held], topk=(1, 5))
            metrics = {
                "loss": functional.cross_entropy(output, y[held]).item(),
                "top1": top1.item(),
                "top5": top5.item(),
            }
        lrs = [group["lr"] for group in optimizer.param_groups]
        update_summary(epoch, {"loss": losses.avg}, metrics, filename=HOME / "summary.csv", lr=sum(lrs) / len(lrs))
        scheduler.step(epoch + 1)


if __name__ == "__main__":
    main()
