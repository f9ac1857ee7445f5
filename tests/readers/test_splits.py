"""Rows that a word such as ``train`` or ``val`` keeps apart, in tables and in JSON lines."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from runaudit.load import load

ROWS = [
    {"epoch": e, "phase": split, "loss": value + e, "lr": 0.1}
    for e in range(4)
    for split, value in (("train", 1), ("val", 5))
]


def written(path: Path, rows: list[dict[str, object]]) -> Path:
    if path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    else:
        lines = [",".join(rows[0]), *(",".join(str(v) for v in row.values()) for row in rows)]
        path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize("name", ["log.csv", "log.jsonl"])
def test_each_split_has_its_curve(name: str, tmp_path: Path) -> None:
    (run,) = load([written(tmp_path / name, ROWS)]).runs
    assert run.series["train/loss"].values.tolist() == [1, 2, 3, 4]
    assert run.series["val/loss"].values.tolist() == [5, 6, 7, 8]
    assert run.series["val/loss"].lines.tolist() == [2 * i + (2 if name.endswith("jsonl") else 3) for i in range(4)]
    assert "lr" in run.series


@pytest.mark.parametrize("name", ["log.csv", "log.jsonl"])
@pytest.mark.parametrize("words", [("warmup", "full"), ("train", "train"), ("val", "other")])
def test_other_words_are_no_splits(name: str, words: tuple[str, str], tmp_path: Path) -> None:
    rows = [{**row, "phase": words[i % 2], "epoch": i} for i, row in enumerate(ROWS)]
    (run,) = load([written(tmp_path / name, rows)]).runs
    assert len(run.series["train/loss"]) == 8


def test_a_sign_behind_the_numbers_is_a_scale(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("epoch,train_loss,train_acc\n1,2.5,0.5%\n2,2.4,0.7%\n3,2.3,0.9%\n")
    (run,) = load([tmp_path / "log.csv"]).runs
    assert run.series["train/accuracy"].values.tolist() == pytest.approx([0.005, 0.007, 0.009])
