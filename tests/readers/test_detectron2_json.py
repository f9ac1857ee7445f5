"""Detectron2's metrics.json: rows of training and of results, restarts, damaged files."""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath

import pytest

from runaudit.errors import LogError
from runaudit.load import load
from runaudit.model import Reduction
from runaudit.readers.detectron2_json import READER
from tests.readers.mutations import survives


def log(rows: int = 30) -> str:
    """Return what Detectron2 writes every twenty iterations, with an evaluation every ten rows."""
    out: list[dict[str, float]] = []
    for i in range(rows):
        step = 20 * i + 19
        out.append({"data_time": 0.1, "eta_seconds": 9.0, "iteration": step, "loss_cls": 0.3, "lr": 0.01,
                    "total_loss": 3 / (i + 1)})  # fmt: skip
        if i % 10 == 9:
            out.append({"bbox/AP": 10.0 + i, "bbox/AP50": 20.0 + i, "iteration": step})
    return "".join(json.dumps(row) + "\n" for row in out)


def test_training_and_results_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "metrics.json"
    path.write_text(log())
    assert READER.claims(PurePosixPath("metrics.json"), path.read_bytes()[:4096])
    (run,) = load([path]).runs
    assert run.format == "detectron2_json"
    loss = run.series["train/loss"]
    assert loss.steps.tolist() == [20 * i + 19 for i in range(30)]
    assert loss.values.tolist() == [3 / (i + 1) for i in range(30)]
    assert loss.reduction is Reduction.WINDOW_MEAN
    ap = next(s for s in run.series.values() if s.source_name == "val/bbox/AP")
    assert ap.steps.tolist() == [199, 399, 599]
    assert ap.lines.tolist() == [11, 22, 33]


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("metrics.json", b'{"step": 1, "total_loss": 2}\n'),
        ("metrics.json", b'{"iteration": 1, "mode": "x"}\n'),
        ("metrics.txt", b'{"eta_seconds": 9.0, "iteration": 19, "total_loss": 3.0}\n'),
        ("metrics.json", b""),
    ],
)
def test_others_are_not_claimed(name: str, head: bytes) -> None:
    assert not READER.claims(PurePosixPath(name), head)


def test_nothing_to_read_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "metrics.json"
    path.write_text('{"eta_seconds": 9.0, "iteration": 19}\n')
    with pytest.raises(LogError, match="no training metric"):
        READER.read(path)


def test_damaged_files_are_survived(tmp_path: Path) -> None:
    sample = tmp_path / "sample" / "metrics.json"
    sample.parent.mkdir()
    sample.write_text(log())
    assert survives(READER, sample, tmp_path) < 300
