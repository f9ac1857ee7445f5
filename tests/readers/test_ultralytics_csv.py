"""Ultralytics' results.csv of all ages."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd

from runaudit.load import load
from runaudit.readers.ultralytics_csv import claims, read

SAMPLE = Path(__file__).parents[2] / "sample_logs/formats/ultralytics_csv/healthy"
V5 = [
    "epoch", "train/box_loss", "train/obj_loss", "train/cls_loss", "metrics/precision", "metrics/recall",
    "metrics/mAP_0.5", "metrics/mAP_0.5:0.95", "val/box_loss", "val/obj_loss", "val/cls_loss", "x/lr0", "x/lr1",
    "x/lr2",
]  # fmt: skip


def padded(rows: list[list[float]]) -> str:
    """Return the table as YOLOv5 pads it."""
    lines = [",".join(f"{name:>20}" for name in V5), *(",".join(f"{v:>20.5g}" for v in row) for row in rows)]
    return "\n".join(lines) + "\n"


def test_the_sample_is_what_pandas_reads() -> None:
    (log,) = read(SAMPLE / "results.csv")
    frame = pd.read_csv(SAMPLE / "results.csv")
    assert {s.name for s in log.series} == {*frame}
    for series in log.series:
        np.testing.assert_array_equal(series.values, frame[series.name])
        assert series.lines.tolist() == list(range(2, len(frame) + 2))


def test_the_total_is_the_sum_of_the_parts_and_the_configuration_lies_beside() -> None:
    (run,) = load([SAMPLE]).runs
    for split in ("train", "val"):
        parts = [run.series[f"{split}/loss/{part}"].values for part in ("box", "cls", "dfl")]
        np.testing.assert_allclose(run.series[f"{split}/loss"].values, np.sum(parts, axis=0))
    assert [n.message.partition(":")[0] for n in run.notes] == [
        "no total train loss is logged",
        "no total val loss is logged",
    ]
    assert run.step_unit == "epoch"
    assert (run.config["optimizer"], run.config["learning_rate"], run.config["epochs"]) == ("AdamW", 0.002, 40)
    assert run.series["lr"].source_name == "lr/pg1"
    assert run.series["lr"].values.max() < 0.002 < run.series["lr/pg2"].values.max()


def test_the_padded_table_of_yolo_v5(tmp_path: Path) -> None:
    rows = [[e, 0.1 / (e + 1), 0.02, 0.01, 0.5, 0.5, 0.4, 0.2, 0.05, 0.03, 0.02, 0.07, 0.003, 0.003] for e in range(4)]
    rows[2][1] = float("nan")
    text = padded(rows)
    assert claims(PurePosixPath("results.csv"), text.encode())
    (tmp_path / "results.csv").write_text(text)
    (tmp_path / "opt.yaml").write_text("hyp:\n  lr0: 0.01\nepochs: 100\n")
    (run,) = load([tmp_path]).runs
    assert run.format == "ultralytics_csv"
    assert np.isnan(run.series["train/loss/box"].values).tolist() == [False, False, True, False]
    assert np.isnan(run.series["train/loss"].values[2])
    assert run.series["val/map50"].values.tolist() == [0.4] * 4
    assert run.series["lr"].source_name == "x/lr1"
    assert run.config["epochs"] == 100


def test_the_loss_of_a_classifier_is_its_total(tmp_path: Path) -> None:
    text = "epoch,time,train/loss,metrics/accuracy_top1,metrics/accuracy_top5,val/loss,lr/pg0\n"
    text += "1,3.1,2.3,0.2,0.6,2.2,0.01\n2,6.2,1.9,0.4,0.8,1.8,0.01\n"
    (tmp_path / "results.csv").write_text(text)
    (run,) = load([tmp_path]).runs
    assert run.series["train/loss"].values.tolist() == [2.3, 1.9]
    assert run.series["val/accuracy"].values.tolist() == [0.2, 0.4]
    assert run.series["lr"].values.tolist() == [0.01, 0.01]


def test_other_tables_are_not_claimed() -> None:
    for header in (
        "epoch,train/loss,val/loss",
        "step,train/loss,lr/pg0",
        "epoch,loss,lr/pg0",
        "a,b,c,d,epoch,train/x,lr/pg0",
    ):
        assert not claims(PurePosixPath("results.csv"), f"{header}\n1,2,3\n".encode())
    assert not claims(PurePosixPath("results.txt"), b"epoch,train/loss,lr/pg0\n1,2,3\n")
    assert not claims(PurePosixPath("results.csv"), b"")
