"""timm's summary.csv."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd

from runaudit.load import load
from runaudit.model import Reduction
from runaudit.readers.timm_csv import claims, read

SAMPLE = Path(__file__).parents[2] / "sample_logs/formats/timm_csv/healthy"


def test_the_sample_is_what_pandas_reads() -> None:
    (log,) = read(SAMPLE / "summary.csv")
    frame = pd.read_csv(SAMPLE / "summary.csv")
    assert [s.name for s in log.series] == [*frame]
    for series in log.series:
        np.testing.assert_array_equal(series.values, frame[series.name])


def test_the_meaning_of_the_columns_and_the_configuration_beside() -> None:
    (run,) = load([SAMPLE]).runs
    assert (run.format, run.step_unit) == ("timm_csv", "epoch")
    assert run.series["train/loss"].reduction is Reduction.EPOCH_MEAN
    assert 0.9 < run.series["val/accuracy"].values[-1] < 1
    assert run.series["lr"].values[0] == 1e-5
    assert (run.config["optimizer"], run.config["schedule"], run.config["classes"]) == ("adamw", "cosine", 10)


def test_a_nan_stays_and_a_resumed_run_goes_on(tmp_path: Path) -> None:
    head = "epoch,train_loss,eval_loss,eval_top1,eval_top5,lr\n"
    path = tmp_path / "summary.csv"
    path.write_text(f"{head}0,2,2,10,50,0.1\n1,1,1.5,20,60,0.1\n{head}1,1.1,1.6,21,61,0.1\n2,nan,nan,0,50,0.1\n")
    (run,) = load([path]).runs
    assert run.series["train/loss"].values[:2].tolist() == [2, 1.1]
    assert np.isnan(run.series["train/loss"].values[2])


def test_only_its_own_table_is_claimed() -> None:
    assert claims(PurePosixPath("summary.csv"), b"epoch,train_loss,eval_loss,eval_miou\n0,1,2,3\n")
    assert claims(PurePosixPath("log.csv"), b"epoch,train_loss,eval_loss,eval_top1\n0,1,2,3\n")
    assert not claims(PurePosixPath("log.csv"), b"epoch,train_loss,eval_loss\n0,1,2\n")
    assert not claims(PurePosixPath("summary.csv"), b"train_loss,epoch,eval_loss\n0,1,2\n")
    assert not claims(PurePosixPath("summary.txt"), b"epoch,train_loss,eval_loss\n0,1,2\n")
