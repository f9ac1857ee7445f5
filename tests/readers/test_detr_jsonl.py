"""The log.txt of DETR, DeiT and MAE: test is validation, lists give their first numbers, restarts are the loader's."""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath

import numpy as np
import pytest

from runaudit.errors import LogError
from runaudit.load import load
from runaudit.readers.detr_jsonl import READER
from tests.readers.mutations import survives


def log(epochs: int = 12) -> str:
    """Return what DETR writes over some epochs."""
    rows = [
        {
            "train_lr": 1e-4, "train_class_error": 50.0, "train_loss": 18.5 / (e + 1), "train_loss_ce": 0.4,
            "test_class_error": 40.0, "test_loss": 19.5 / (e + 1), "test_loss_ce": 0.5,
            "test_coco_eval_bbox": [0.01 * e, 0.02 * e, *[0.0] * 10], "epoch": e, "n_parameters": 41279495,
        }
        for e in range(epochs)
    ]  # fmt: skip
    return "".join(json.dumps(row) + "\n" for row in rows)


def test_test_is_read_as_validation(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_text(log())
    assert READER.claims(PurePosixPath("log.txt"), path.read_bytes()[:4096])
    (run,) = load([path]).runs
    assert run.format == "detr_jsonl"
    assert run.step_unit == "epoch"
    np.testing.assert_array_equal(run.series["train/loss"].values, [18.5 / (e + 1) for e in range(12)])
    np.testing.assert_array_equal(run.series["val/loss"].values, [19.5 / (e + 1) for e in range(12)])
    by_source = {s.source_name: s for s in run.series.values()}
    assert by_source["val_coco_eval_bbox"].values[2] == 0.02
    assert by_source["val_coco_eval_bbox_50"].values[2] == 0.04
    assert run.config["parameters"] == 41279495
    assert "n_parameters" not in run.series
    assert any("read as val_" in note.message for note in run.notes)
    assert run.series["val/loss"].lines.tolist() == list(range(1, 13))


def test_a_row_longer_than_the_head_is_claimed() -> None:
    row = json.dumps({"train_lr": 0.1, **{f"train_loss_{i}": 0.5 for i in range(400)}})
    assert READER.claims(PurePosixPath("log.txt"), row.encode()[:4096])


def test_own_validation_columns_are_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_text('{"train_loss": 1.0, "val_loss": 2.0, "test_loss": 3.0, "epoch": 0}\n' * 2)
    (run,) = READER.read(path)
    assert {s.name for s in run.series} == {"train_loss", "val_loss", "test_loss", "epoch"}


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("log.txt", b'{"step": 1, "loss": 2}\n'),
        ("log.txt", b"Namespace(arch='vit_small')\n"),
        ("log.csv", b'{"train_loss": 1.0, "epoch": 0}\n'),
        ("log.txt", b""),
    ],
)
def test_others_are_not_claimed(name: str, head: bytes) -> None:
    assert not READER.claims(PurePosixPath(name), head)


def test_nothing_to_read_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_text('{"epoch": 0}\n{"epoch": 1}\n')
    with pytest.raises(LogError, match="no training metric"):
        READER.read(path)


def test_damaged_files_are_survived(tmp_path: Path) -> None:
    sample = tmp_path / "sample" / "log.txt"
    sample.parent.mkdir()
    sample.write_text(log())
    assert survives(READER, sample, tmp_path) < 300
