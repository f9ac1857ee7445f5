"""fastai's history.csv."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd

from runaudit.load import load
from runaudit.model import Reduction
from runaudit.readers.fastai_csv import claims, read

SAMPLE = Path(__file__).parents[2] / "sample_logs/formats/fastai_csv/healthy/history.csv"
HEAD = "epoch,train_loss,valid_loss,accuracy,time\n"


def test_the_sample_is_what_pandas_reads() -> None:
    (log,) = read(SAMPLE)
    frame = pd.read_csv(SAMPLE).rename(columns={"accuracy": "valid_accuracy"})
    assert [s.name for s in log.series] == ["epoch", "train_loss", "valid_loss", "valid_accuracy"]
    for series in log.series:
        np.testing.assert_array_equal(series.values, frame[series.name])


def test_the_training_loss_is_smoothed_and_a_metric_is_of_the_validation() -> None:
    (run,) = load([SAMPLE]).runs
    assert run.series["train/loss"].reduction is Reduction.RUNNING_MEAN
    assert run.series["val/loss"].reduction is Reduction.EPOCH_MEAN
    assert "train/accuracy" not in run.series
    assert run.series["val/accuracy"].values[-1] > 0.95
    assert [n.message for n in run.notes] == ["fastai measures accuracy on the validation data: read as valid_..."]


def test_a_metric_with_a_split_keeps_its_name(tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    path.write_text(
        "epoch,train_loss,valid_loss,train_accuracy,valid_accuracy,time\n0,2,3,0.5,0.4,00:01\n1,1,2,0.6,0.5,00:01\n"
    )
    (run,) = load([path]).runs
    assert run.series["train/accuracy"].values.tolist() == [0.5, 0.6]
    assert not run.notes


def test_a_second_fit_appended_and_no_validation(tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    path.write_text(
        f"{HEAD}0,2,None,None,00:01\n1,1,None,None,00:01\n{HEAD}0,0.9,None,None,00:01\n1,nan,None,None,00:01\n"
    )
    (log,) = read(path)
    assert [s.name for s in log.series] == ["epoch", "train_loss"]
    assert log.series[1].values.tolist()[:3] == [2, 1, 0.9]
    assert np.isnan(log.series[1].values[3])
    assert any("header line is repeated" in n.message for n in log.notes)


def test_only_its_own_table_is_claimed() -> None:
    assert claims(PurePosixPath("log.csv"), HEAD.encode())
    assert claims(PurePosixPath("history.csv"), b"epoch,train_loss,valid_loss,accuracy\n0,1,2,3\n")
    assert not claims(PurePosixPath("log.csv"), b"epoch,train_loss,valid_loss,accuracy\n0,1,2,3\n")
    assert not claims(PurePosixPath("history.csv"), b"epoch,train_loss,val_loss,time\n0,1,2,3\n")
    assert not claims(PurePosixPath("history.txt"), HEAD.encode())
