"""CatBoost's catboost_info: learning and testing are one run, and a measure that should rise is no loss."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from runaudit.load import load
from runaudit.readers.catboost_tsv import READER
from tests.readers.mutations import survives

SAMPLE = Path(__file__).parents[2] / "sample_logs" / "formats" / "catboost_tsv" / "healthy" / "catboost_info"


def test_both_tables_make_one_run() -> None:
    found = load([SAMPLE])
    (run,) = found.runs
    assert not found.unreadable
    assert len(run.paths) == 3
    assert len(run.series["train/loss"]) == len(run.series["val/loss"]) == 120
    first = (SAMPLE / "learn_error.tsv").read_text().splitlines()[1].split("\t")[1]
    assert run.series["train/loss"].values[0] == float(first)
    assert run.series["val/loss"].lines[0] == 2


def test_a_measure_that_rises_is_no_loss(tmp_path: Path) -> None:
    (tmp_path / "learn_error.tsv").write_text("iter\tLogloss\tAUC\n0\t0.6\t0.5\n1\t0.5\t0.6\n2\t0.4\t0.7\n")
    (run,) = load([tmp_path]).runs
    assert run.series["train/loss"].values.tolist() == [0.6, 0.5, 0.4]
    assert run.series["train/auc"].values.tolist() == [0.5, 0.6, 0.7]


def test_only_the_files_of_catboost_are_claimed() -> None:
    assert READER.claims(PurePosixPath("a/test_error.tsv"), b"iter\tRMSE\n0\t1\n")
    assert not READER.claims(PurePosixPath("a/test_error.tsv"), b"step\tloss\n0\t1\n")
    assert not READER.claims(PurePosixPath("a/errors.tsv"), b"iter\tRMSE\n0\t1\n")


def test_damaged_files_are_survived(tmp_path: Path) -> None:
    for name in ("learn_error.tsv", "time_left.tsv"):
        assert survives(READER, SAMPLE / name, tmp_path, count=150) < 150
