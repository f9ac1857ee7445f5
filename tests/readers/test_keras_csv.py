from pathlib import Path, PurePosixPath

import pytest

from runaudit.model import Reduction
from runaudit.readers.keras_csv import READER

TEXT = "epoch,accuracy,loss,val_accuracy,val_loss\r\r\n0,0.5,1.2,NA,NA\r\r\n1,0.6,nan,0.5,1.3\r\r\n"


def claimed(name: str, head: str) -> bool:
    return READER.claims(PurePosixPath(name), head.encode())


def test_every_value_is_the_mean_of_an_epoch(tmp_path: Path) -> None:
    path = tmp_path / "training.log"
    path.write_bytes(TEXT.encode())
    (log,) = READER.read(path)
    found = {s.name: s for s in log.series}
    assert list(found) == ["epoch", "accuracy", "loss", "val_accuracy", "val_loss"]
    assert {s.reduction for s in log.series} == {Reduction.EPOCH_MEAN}
    assert str(found["loss"].values.tolist()) == "[1.2, nan]"
    assert (found["val_loss"].values.tolist(), found["val_loss"].lines.tolist()) == ([1.3], [3])
    assert log.notes == ()


@pytest.mark.parametrize("epochs", ["0,0,1,1", "0.1,0.2,0.3"], ids=["several rows an epoch", "parts of an epoch"])
def test_rows_within_an_epoch_are_no_epoch_means(tmp_path: Path, epochs: str) -> None:
    path = tmp_path / "log.csv"
    path.write_text("epoch,loss\n" + "".join(f"{e},1.5\n" for e in epochs.split(",")))
    (log,) = READER.read(path)
    assert {s.reduction for s in log.series} == {None}


@pytest.mark.parametrize("name", ["training.log", "log.csv", "log.txt"])
def test_the_header_is_known_under_any_name(name: str) -> None:
    assert claimed(name, TEXT)
    assert claimed(name, TEXT.replace(",", ";"))


@pytest.mark.parametrize(
    "head",
    ["epoch,step,loss\n0,1,2\n", "epoch,train_loss\n0,1\n", "loss,val_loss\n1,1\n", "epoch loss\n0 1\n", "", "\x00"],
)
def test_other_headers_are_not(head: str) -> None:
    assert not claimed("log.csv", head)
    assert not claimed("log.json", TEXT)
