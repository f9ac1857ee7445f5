"""Writers of the formats that a plain training loop logs in."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from unittest.mock import patch

import numpy as np
import yaml
from _data import load
from _loop import Record, Row
from _nets import build
from _spec import Spec
from torch.utils.tensorboard import SummaryWriter

START = 1_700_000_000.0
SECONDS_A_STEP = 0.0125
"""Wall times are made up, so that every run of this script writes the same bytes."""

Writer = Callable[[Record, Spec, Path], None]
Names = Mapping[str, str]

SLASHES = {
    "loss": "train/loss", "val_loss": "val/loss", "val_acc": "val/acc", "train_acc": "train/acc", "lr": "lr",
    "update_ratio": "update_ratio/{}", "grad_norm": "grad_norm/{}", "mean": "act/{}/mean", "std": "act/{}/std",
    "zero": "act/{}/frac_zero", "dead": "act/{}/dead_frac", "saturated": "act/{}/frac_saturated",
    "penalty": "train/regularization_loss",
}  # fmt: skip
DOTS = {
    "loss": "loss/train", "val_loss": "loss/validation", "val_acc": "acc/validation", "train_acc": "acc/train",
    "lr": "learning_rate", "update_ratio": "{}.weight/update_to_weight", "grad_norm": "{}.weight/grad_norm",
    "weight_norm": "{}.weight/norm", "mean": "activations/{}/mean", "std": "activations/{}/std",
    "zero": "activations/{}/zero_frac", "saturated": "activations/{}/sat_frac",
    "penalty": "regularization_loss/train",
}  # fmt: skip
UNDERSCORES = {
    "loss": "train_loss", "val_loss": "val_loss", "val_acc": "val_acc", "train_acc": "train_acc", "lr": "lr",
    "update_ratio": "update_ratio_{}", "grad_norm": "grad_norm_{}", "mean": "act_mean_{}", "std": "act_std_{}",
    "zero": "act_zero_frac_{}", "saturated": "act_sat_frac_{}",
    "penalty": "train_regularization_loss",
}  # fmt: skip
CAPITALS = UNDERSCORES | {
    "loss": "Loss/train", "val_loss": "Loss/val", "val_acc": "Accuracy/val", "train_acc": "Accuracy/train",
    "lr": "LR", "global_norm": "GradNorm",
}  # fmt: skip
SCHEDULES = {
    "warmup_cosine": "cosine_with_warmup", "warmup_linear": "linear", "warmup_constant": "constant_with_warmup",
}  # fmt: skip


def named(row: Row, names: Names) -> dict[str, float]:
    """Return what a row logged under the names of a scheme; a quantity that the scheme leaves out is left out."""
    values: dict[str, float] = {}
    for key, value in row.values.items():
        name = names.get("global_norm", "grad_norm") if key == "grad_norm" else names[key]
        values[name] = value
    for (layer, key), value in row.layers.items():
        if key in names:
            values[names[key].format(layer)] = value
    return values


def short(value: float) -> str:
    """Return a value in six digits."""
    return f"{value:.6g}"


def write_csv(record: Record, spec: Spec, folder: Path) -> None:
    """Write one table; a cell that was not logged at a step stays empty."""
    rows: dict[int, dict[str, str]] = {}
    for row in record.rows:
        cells = {name: short(value) for name, value in named(row, UNDERSCORES).items()}
        clock = {name: str(value) for name, value in row.machine.items()}
        rows.setdefault(row.step, {"step": str(row.step)}).update(clock | cells)
    columns = list(dict.fromkeys(name for cells in rows.values() for name in cells))
    with (folder / "log.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows.values())


def write_jsonl(record: Record, spec: Spec, folder: Path) -> None:
    """Write one JSON object a row; NaN is written as Python writes it."""
    batches = -(-len(load(spec).train[0]) // spec.batch)
    lines = []
    for row in record.rows:
        place = {"step": row.step} | ({"epoch": round(row.step / batches, 3)} if row.kind == "train" else {})
        values = {name: float(short(value)) for name, value in named(row, SLASHES).items()}
        lines.append(json.dumps({**place, **row.machine, **values}))
    (folder / "metrics.jsonl").write_text("\n".join(lines) + "\n")


def write_tensorboard(record: Record, spec: Spec, folder: Path) -> None:
    """Write an event file with torch's writer; its clock stands still, its name does not change."""
    with patch("time.time", lambda: START):
        writer = SummaryWriter(str(folder))
        for row in record.rows:
            now = START + (SECONDS_A_STEP * row.step if row.seconds is None else row.seconds)
            for tag, value in named(row, DOTS).items():
                writer.add_scalar(tag, value, row.step, walltime=now)
            for tag, tensor in row.histograms.items():
                writer.add_histogram(tag, tensor, row.step, bins="auto", walltime=now)
        writer.close()
    next(folder.glob("events.out.tfevents.*")).rename(folder / f"events.out.tfevents.{START:.0f}.trainer.1.0")


def _exported(record: Record, names: Names) -> dict[str, list[tuple[float, int, float]]]:
    """Return wall time, step and 32-bit value of every tag, under the file name that TensorBoard gives an export."""
    tags: dict[str, list[tuple[float, int, float]]] = {}
    for row in record.rows:
        for tag, value in named(row, names).items():
            point = (START + SECONDS_A_STEP * row.step, row.step, float(np.float32(value)))
            tags.setdefault("run-.-tag-" + tag.replace("/", "_"), []).append(point)
    return tags


def write_tensorboard_csv(record: Record, spec: Spec, folder: Path) -> None:
    """Write what TensorBoard's "download CSV" gives: a file a tag, in the csv module's own line ends."""
    for name, points in _exported(record, CAPITALS).items():
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(["Wall time", "Step", "Value"])
        writer.writerows(points)
        (folder / f"{name}.csv").write_text(text.getvalue(), newline="")


def write_tensorboard_json(record: Record, spec: Spec, folder: Path) -> None:
    """Write what TensorBoard's "download JSON" gives: a list of lists a tag."""
    for name, points in _exported(record, SLASHES).items():
        (folder / f"{name}.json").write_text(json.dumps(points))


def write_nanogpt(record: Record, spec: Spec, folder: Path) -> None:
    """Write the lines of a training script in nanoGPT's manner, with the rate, the norm and the layers."""
    parameters = sum(p.numel() for p in record.net.parameters())
    lines = [f"tokens per iteration will be: {8 * spec.batch:,}", f"number of parameters: {parameters / 1e6:.2f}M"]
    evaluations = iter(record.outcome.evaluations)
    for row in record.rows:
        if row.kind == "val":
            found = next(evaluations)
            lines.append(f"step {row.step}: train loss {found.train:.4f}, val loss {found.val:.4f}")
        elif row.kind == "train":
            logged = row.values
            mfu = -100.0 if row.step < 5 * spec.every else 1.0 + 0.1 * np.sin(row.step)
            lines.append(
                f"iter {row.step}: loss {logged['loss']:.4f}, lr {logged['lr']:.4e}, "
                f"grad_norm {logged['grad_norm']:.4g}, time {1e3 * SECONDS_A_STEP:.2f}ms, mfu {mfu:.2f}%"
            )
        else:
            lines += [f"diag {row.step}: layer {layer}, {text}" for layer, text in _layer_texts(row).items()]
    (folder / "log.txt").write_text("\n".join(lines) + "\n")


def _layer_texts(row: Row) -> dict[str, str]:
    names = {
        "update_ratio": "update_ratio", "grad_norm": "grad_norm", "mean": "act_mean", "std": "act_std",
        "zero": "act_zero_frac", "saturated": "act_sat_frac",
    }  # fmt: skip
    texts: dict[str, list[str]] = {}
    for (layer, key), value in row.layers.items():
        if key in names:
            number = f"{value:.3e}" if key in {"update_ratio", "grad_norm"} else f"{value:.4f}"
            texts.setdefault(layer, []).append(f"{names[key]} {number}")
    return {layer: ", ".join(sorted(parts, reverse=True)) for layer, parts in texts.items()}


WRITERS: Mapping[str, Writer] = {
    "csv": write_csv,
    "jsonl": write_jsonl,
    "tensorboard": write_tensorboard,
    "tensorboard_csv": write_tensorboard_csv,
    "tensorboard_json": write_tensorboard_json,
    "nanogpt_text": write_nanogpt,
}


def write_config(spec: Spec, path: Path) -> None:
    """Write the configuration as JSON or YAML, in one of the usual spellings: everything but the faults."""
    data = load(spec)
    rate, schedule, clip = {
        "config.json": ("learning_rate", "lr_scheduler_type", "max_grad_norm"),
        "config.yaml": ("lr", "schedule", "grad_clip"),
        "hparams.yaml": ("lr", "lr_scheduler", "gradient_clip_val"),
        "args.yaml": ("lr", "scheduler", "clip_grad"),
    }[path.name]
    config: dict[str, object] = {
        "dataset": data.name,
        "model": spec.net,
        ("channels" if spec.net == "cnn" else "hidden_sizes"): list(spec.hidden),
        "activation": spec.activation,
        "n_params": sum(p.numel() for p in build(spec, data).parameters()),
        "loss": data.loss,
        "optimizer": "adamw" if spec.weight_decay and spec.optimizer == "adam" else spec.optimizer,
        rate: spec.lr,
        schedule: SCHEDULES.get(spec.schedule, spec.schedule),
        "weight_decay": spec.weight_decay,
        "batch_size": spec.batch,
        "max_steps": spec.steps,
        "train_samples": len(data.train[0]),
        "val_samples": len(data.val[0]),
        "seed": spec.seed,
    }
    if spec.optimizer == "sgd":
        config["momentum"] = 0.9
    if spec.dropout:
        config["dropout"] = spec.dropout
    if spec.schedule.startswith("warmup"):
        config["warmup_steps"] = round(spec.warmup * spec.steps)
    if spec.clip:
        config[clip] = spec.clip
    if spec.pretrained:
        config["init_from"] = "pretrained"
    if data.classes:
        config["vocab_size" if data.vocabulary else "num_classes"] = data.classes
    text = json.dumps(config, indent=2) if path.suffix == ".json" else yaml.safe_dump(config, sort_keys=False)
    path.write_text(text.rstrip() + "\n")
