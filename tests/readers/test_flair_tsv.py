"""Flair's loss.tsv: the cell too many of older versions, what was not measured, and damaged files."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from runaudit.errors import LogError
from runaudit.load import load
from runaudit.model import Reduction
from runaudit.readers.flair_tsv import READER
from tests.readers.mutations import survives

SAMPLE = Path(__file__).parents[2] / "sample_logs" / "formats" / "flair_tsv" / "healthy" / "loss.tsv"
HEAD = (
    "EPOCH\tTIMESTAMP\tBAD_EPOCHS\tLEARNING_RATE\tTRAIN_LOSS\tTRAIN_PRECISION\tTRAIN_F-SCORE\tDEV_LOSS\tDEV_F-SCORE\n"
)
OLD = HEAD + "0\t19:56:16\t0\t0.1000\t19.28\t\t_\t_\t15.52\t0.1\n1\t19:58:14\t0\t0.1000\t12.43\t\t_\t_\tnan\t0.2\n"


def test_the_cell_too_many_does_not_shift_the_columns(tmp_path: Path) -> None:
    (tmp_path / "loss.tsv").write_text(OLD)
    (log,) = READER.read(tmp_path / "loss.tsv")
    values = {s.name: s.values.tolist() for s in log.series}
    assert values["TRAIN_LOSS"] == [19.28, 12.43]
    assert values["DEV_LOSS"][0] == 15.52
    assert values["DEV_LOSS"][1] != values["DEV_LOSS"][1]
    assert values["DEV_F-SCORE"] == [0.1, 0.2]
    assert "TRAIN_F-SCORE" not in values
    assert "TIMESTAMP" not in values
    train = next(s for s in log.series if s.name == "TRAIN_LOSS")
    assert train.lines.tolist() == [2, 3]
    assert train.reduction is Reduction.EPOCH_MEAN
    assert not log.notes


def test_the_sample_is_a_run_of_epochs() -> None:
    assert READER.claims(PurePosixPath("loss.tsv"), SAMPLE.read_bytes()[:4096])
    (run,) = load([SAMPLE]).runs
    assert run.format == "flair_tsv"
    assert run.step_unit == "epoch"
    assert run.series["train/loss"].values[0] == 0.8913
    assert {"train/loss", "val/loss", "lr", "val/f1"} <= run.series.keys()


def test_rows_of_another_width_are_left_out_with_a_note(tmp_path: Path) -> None:
    (tmp_path / "loss.tsv").write_text(OLD + "2\t19:59:00\t0\n")
    (log,) = READER.read(tmp_path / "loss.tsv")
    assert [(n.line, "1 row has" in n.message) for n in log.notes] == [(4, True)]


@pytest.mark.parametrize(
    ("text", "reason"), [(HEAD, "no row below"), (HEAD + "1\t2\n", "as many cells"), ("", "0 bytes")]
)
def test_nothing_to_read_is_a_sentence(text: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "loss.tsv").write_text(text)
    with pytest.raises(LogError, match=reason):
        READER.read(tmp_path / "loss.tsv")


def test_other_tables_are_not_claimed() -> None:
    assert not READER.claims(PurePosixPath("loss.tsv"), b"epoch\tloss\n1\t2\n")
    assert not READER.claims(PurePosixPath("loss.csv"), OLD.encode())


def test_damaged_files_are_survived(tmp_path: Path) -> None:
    assert survives(READER, SAMPLE, tmp_path) < 300
