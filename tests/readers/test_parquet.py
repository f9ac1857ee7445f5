"""Histories in Parquet, and what is said where pyarrow is missing."""

from __future__ import annotations

import sys
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pandas as pd
import pytest

from runaudit.errors import LogError
from runaudit.load import load
from runaudit.readers import parquet
from tests.readers.mutations import survives


@pytest.fixture
def arrow() -> Any:  # noqa: ANN401  a module without types
    return pytest.importorskip("pyarrow")


def written(path: Path, columns: dict[str, Any]) -> Path:
    import pyarrow
    from pyarrow.parquet import write_table

    write_table(pyarrow.table(columns), path)
    return path


@pytest.mark.usefixtures("arrow")
def test_a_null_is_absent_and_a_nan_stays(tmp_path: Path) -> None:
    columns = {
        "_step": [0, 1, 2, 3], "train/loss": [2.5, float("nan"), 1.5, 1.25], "val/loss": [None, 3.0, None, 2.0],
        "note": ["a", "b", None, "c"], "lr": np.array([0.5, 0.25, 0.25, 0.125], np.float16),
    }  # fmt: skip
    (run,) = load([written(tmp_path / "history.parquet", columns)]).runs
    assert run.format == "parquet"
    assert np.isnan(run.series["train/loss"].values).tolist() == [False, True, False, False]
    assert run.series["val/loss"].steps.tolist() == [1, 3]
    assert run.series["lr"].values.tolist() == [0.5, 0.25, 0.25, 0.125]
    assert set(run.series["train/loss"].lines.tolist()) == {0}
    assert not run.notes


@pytest.mark.usefixtures("arrow")
def test_what_pandas_wrote_reads_the_same(tmp_path: Path) -> None:
    frame = pd.DataFrame({"epoch": range(9), "loss": np.linspace(2, 1, 9), "val_loss": np.linspace(3, 2, 9)})
    frame.loc[4, "loss"] = np.nan
    frame.to_parquet(tmp_path / "train_log.parquet")
    (log,) = parquet.read(tmp_path / "train_log.parquet")
    for series in log.series:
        np.testing.assert_array_equal(series.values, frame[series.name].dropna())
        np.testing.assert_array_equal(series.rows, np.flatnonzero(frame[series.name].notna()))
    said = "loss: 1 cell is null, which is how pandas writes NaN: nothing was logged or NaN"
    assert [n.message for n in log.notes] == [said]


@pytest.mark.usefixtures("arrow")
def test_a_data_set_is_no_log(tmp_path: Path) -> None:
    for columns, what in (
        ({"text": ["a"], "label": [1]}, "no training metric: the columns are text, label"),
        ({"loss": np.array([], np.float64)}, "no row"),
    ):
        with pytest.raises(LogError, match=what) as refused:
            parquet.read(written(tmp_path / "train.parquet", columns))
        assert refused.value.kind == "not-a-log"


@pytest.mark.usefixtures("arrow")
def test_too_many_cells_and_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path / "history.parquet", {"_step": list(range(500)), "loss": [0.5] * 500})
    assert survives(parquet.READER, path, tmp_path / ".." / tmp_path.name) > 100
    path = written(path, {"_step": list(range(500)), "loss": [0.5] * 500})
    monkeypatch.setattr(parquet, "MOST_CELLS", 999)
    with pytest.raises(LogError, match="more than 999 cells"):
        parquet.read(path)


def test_without_pyarrow_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    (tmp_path / "history.parquet").write_bytes(b"PAR1" * 9)
    (refused,) = load([tmp_path]).unreadable
    assert (refused.reason, refused.kind) == (
        "a Parquet file is read with pyarrow: pip install 'runaudit[fast]'",
        "corrupt",
    )


def test_what_is_claimed() -> None:
    for name in ("history.parquet", "train_log.parquet", "metrics.pq", "0000.parquet", "results.parquet"):
        assert parquet.claims(PurePosixPath(name), b"PAR1...")
    for name in ("train-00000-of-00001.parquet", "train-00000-of-00001-a1b2c3.parquet", "images.parquet"):
        assert not parquet.claims(PurePosixPath(name), b"PAR1...")
    assert not parquet.claims(PurePosixPath("history.parquet"), b"step,loss\n")
