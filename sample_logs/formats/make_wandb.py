"""Let W&B write ``wandb_offline/healthy``: ``python sample_logs/formats/make_wandb.py`` (wandb 0.31.0)."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import wandb
from _tracked_run import CONFIG, train

HOME = Path(__file__).parent / "wandb_offline" / "healthy"


def main() -> None:
    """Train once and keep the one file that holds the run."""
    with tempfile.TemporaryDirectory() as folder:
        settings = wandb.Settings(
            mode="offline",
            silent=True,
            console="off",
            disable_git=True,
            save_code=False,
            host="trainer",
            program="train.py",
            x_disable_meta=True,
            x_stats_sampling_interval=0.1,
            x_stats_disk_paths=("/",),
        )
        with wandb.init(dir=folder, project="ring", id="k3yr1ng5", config=CONFIG, settings=settings) as run:
            for row in train():
                run.log(row.metrics(), step=row.step)
        wandb.teardown()  # only then is everything on disk
        (log,) = Path(folder).rglob("run-k3yr1ng5.wandb")
        HOME.mkdir(parents=True, exist_ok=True)
        shutil.copy(log, HOME / log.name)


if __name__ == "__main__":
    main()
