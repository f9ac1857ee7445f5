from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from runaudit.errors import LogError
from runaudit.load import load
from runaudit.readers.summary_json import READER, claims

RESULTS = '{\n    "epoch": 3.0,\n    "eval_loss": 1.5,\n    "eval_runtime": 2.0\n}'


def reason(path: Path, text: str) -> LogError:
    path.write_text(text)
    with pytest.raises(LogError) as caught:
        READER.read(path)
    return caught.value


def test_a_summary_is_refused_by_what_it_is(tmp_path: Path) -> None:
    error = reason(tmp_path / "eval_results.json", RESULTS)
    expected = "a summary and no curve, one value each of epoch, eval_loss, eval_runtime"
    where = " (Hugging Face's Trainer keeps the curve in trainer_state.json)"
    assert (error.kind, error.reason) == ("not-a-log", expected + where)
    error = reason(tmp_path / "metrics.json", '{\n "val": {"acc": 0.5},\n "name": "x"\n}')
    assert error.reason == "a summary and no curve, one value each of val/acc"


def test_the_log_beside_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "all_results.json").write_text(RESULTS)
    rows = ", ".join(f'{{"step": {i}, "loss": {1 / (i + 1)}}}' for i in range(5))
    (tmp_path / "trainer_state.json").write_text(f'{{"log_history": [{rows}]}}')
    loaded = load([tmp_path])
    assert [run.format for run in loaded.runs] == ["hf_trainer_state"]
    assert [(u.path, u.kind) for u in loaded.unreadable] == [("all_results.json", "not-a-log")]


@pytest.mark.parametrize("text", ["{", '{"loss": [1]}', "[]", "[" * 5000, "null"])
def test_broken_files_are_refused(tmp_path: Path, text: str) -> None:
    assert "no JSON object of numbers" in reason(tmp_path / "metrics.json", text).reason


@pytest.mark.parametrize(
    ("name", "head", "expected"),
    [
        ("all_results.json", RESULTS, True),
        ("all_results.json", '{"epoch": 1.0, "train_loss": 0.5}', True),
        ("test_metrics.json", '{"accuracy": 0.5}', True),
        ("metrics.json", '{"iteration": 19, "total_loss": 0.5}\n', False),
        ("metrics.json", '{"iteration": 19, "loss": 1}\n{"iteration": 39, "loss": 1}\n', False),
        ("metrics.json", '{"loss": [1.0, 0.5]}', False),
        ("metrics.json", '{"name": "x"}', False),
        ("config.json", '{"loss": 1.0}', False),
        ("metrics.json", "\0", False),
    ],
)
def test_claims(name: str, head: str, expected: bool) -> None:
    assert claims(PurePosixPath(name), head.encode()) is expected
