"""Let Ray Tune write ``ray_tune/healthy``: ``python sample_logs/formats/make_ray.py`` (ray 2.60.0).

One trial of one run: its result.json, progress.csv and params.json, with made-up host and times.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from pathlib import Path

import ray
from ray import tune

FORMATS = Path(__file__).parent
HOME = FORMATS / "ray_tune" / "healthy"
MADE_UP = {"timestamp": 1700000000, "pid": 1, "hostname": "host", "node_ip": "127.0.0.1", "date": "2024-01-01_00-00-00"}
EVERY = 20


def trial(config: dict[str, float]) -> None:
    """Report the mean loss of every 20 steps, as a user's function would."""
    sys.path.insert(0, str(FORMATS))
    from _tracked_run import train

    losses = []
    for row in train(steps=400, learning_rate=config["lr"]):
        losses.append(row.loss)
        if row.val_loss is not None:
            tune.report(
                {
                    "train_loss": sum(losses) / len(losses),
                    "val_loss": row.val_loss,
                    "val_accuracy": row.val_accuracy,
                    "lr": row.lr,
                }
            )
            losses = []


def main() -> None:
    """Run one trial and keep its three files."""
    ray.init(num_cpus=1, include_dashboard=False, log_to_driver=False)
    with tempfile.TemporaryDirectory() as folder:
        run = tune.RunConfig(name="run", storage_path=folder, verbose=0)
        tune.Tuner(trial, param_space={"lr": 0.1, "batch_size": 64, "num_classes": 4}, run_config=run).fit()
        HOME.mkdir(parents=True, exist_ok=True)
        found = next(Path(folder).rglob("result.json")).parent
        for name in ("params.json", "result.json", "progress.csv"):
            (HOME / name).write_text((found / name).read_text(encoding="utf-8"), encoding="utf-8")
    _hide()


def _hide() -> None:
    """Replace the host and the times in both copies of the results."""
    rows = [json.loads(line) for line in (HOME / "result.json").read_text(encoding="utf-8").splitlines()]
    for number, row in enumerate(rows):
        row |= MADE_UP | {"time_this_iter_s": 0.1}
        row |= dict.fromkeys(("time_total_s", "time_since_restore"), round(0.1 * (number + 1), 1))
    (HOME / "result.json").write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    header, *lines = (HOME / "progress.csv").read_text(encoding="utf-8").splitlines()
    names = header.split(",")
    shown = [",".join(str(row[n]) if n in row else cell for n, cell in zip(names, line.split(","), strict=True))
             for row, line in zip(rows, lines, strict=True)]  # fmt: skip
    text = "\n".join([header, *shown]) + "\n"
    (HOME / "progress.csv").write_text(re.sub(r"\n\n+", "\n", text), encoding="utf-8")


if __name__ == "__main__":
    main()
