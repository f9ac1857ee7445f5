"""The Trainer's log_history as a JSON list."""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath

import pytest

from runaudit.errors import LogError
from runaudit.load import load
from runaudit.model import Reduction
from runaudit.readers.hf_log_history import claims, read

SAMPLE = Path(__file__).parents[2] / "sample_logs/formats/hf_log_history/healthy/log_history.json"


def test_the_sample_is_what_json_reads_without_the_totals() -> None:
    (run,) = load([SAMPLE]).runs
    rows = json.loads(SAMPLE.read_text("utf-8"))
    for name, key in (("train/loss", "loss"), ("val/loss", "eval_loss"), ("lr", "learning_rate"), ("grad_norm",) * 2):
        points = [(row["step"], row[key]) for row in rows if key in row]
        assert list(zip(run.series[name].steps.tolist(), run.series[name].values.tolist(), strict=True)) == points
    assert run.format == "hf_log_history"
    assert not run.notes
    assert "train_loss" not in run.series
    assert run.series["train/loss"].reduction is Reduction.WINDOW_MEAN
    assert run.series["train/loss"].width == 10
    assert SAMPLE.read_text("utf-8").splitlines()[run.series["train/loss"].lines[0] - 1].strip() == "{"


def test_a_list_that_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "log_history.json"
    path.write_text(SAMPLE.read_text("utf-8")[:3000])
    (log,) = read(path)
    assert any("cut off or broken from here" in n.message and n.line for n in log.notes)
    path.write_text("[{")
    with pytest.raises(LogError, match="first row"):
        read(path)
    path.write_text('[{"train_runtime": 1.0, "step": 3}]')
    with pytest.raises(LogError, match="empty"):
        read(path)


def test_only_its_own_list_is_claimed() -> None:
    row = b'[{"loss": 1.0, "learning_rate": 0.1, "epoch": 1.0, "step": 10}'
    assert claims(PurePosixPath("a.json"), row)
    assert not claims(PurePosixPath("a.json"), b'{"log_history": ' + row)
    assert not claims(PurePosixPath("a.txt"), row)
    assert not claims(PurePosixPath("a.json"), b'[{"loss": 1.0, "lr": 0.1, "epoch": 1.0, "step": 10}')
    assert not claims(PurePosixPath("a.json"), b"")
