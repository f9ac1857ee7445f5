"""The recorder without a framework: what it writes, that it is read back, and that it never stops a training."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runaudit import api
from runaudit.load import load
from runaudit.record import Recorder
from runaudit.record.log import Log
from runaudit.record.measures import activation, histogram, updates


def strange(word: str) -> float:
    raise AssertionError(f"no JSON: {word}")


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line, parse_constant=strange) for line in path.read_text("utf-8").splitlines()]


def train(folder: Path, steps: int = 60, rate: float = 0.5, **settings: Any) -> Path:  # noqa: ANN401
    """Train a linear softmax classifier with numpy, recorded, and return the log."""
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(64, 8))
    labels = (inputs @ rng.normal(size=(8, 3))).argmax(1)
    weights = {"w": rng.normal(size=(8, 3)) * 0.01, "b": np.zeros(3)}
    config = {"optimizer": "sgd", "learning_rate": rate, "batch_size": 64, "classes": 3, "loss": "cross_entropy"}
    with Recorder(folder, config=config, every=10, dense=5, **settings) as recorder:
        assert recorder.path is not None
        path = recorder.path
        for step in range(steps):
            scores = inputs @ weights["w"] + weights["b"]
            shares = np.exp(scores - scores.max(1, keepdims=True))
            shares /= shares.sum(1, keepdims=True)
            loss = float(-np.log(shares[np.arange(64), labels]).mean())
            delta = (shares - np.eye(3)[labels]) / 64
            gradients = {"w": inputs.T @ delta, "b": delta.sum(0)}
            with recorder.update(weights, gradients):
                for name, gradient in gradients.items():
                    weights[name] = weights[name] - rate * gradient
            recorder.step(loss=loss, lr=rate, activations={"scores": scores})
            if step % 20 == 19:
                recorder.evaluated(loss=loss, accuracy=float((scores.argmax(1) == labels).mean()))
    return path


def test_what_is_recorded_is_read_back(tmp_path: Path) -> None:
    path = train(tmp_path)
    run = load([tmp_path]).runs[0]
    assert (run.format, run.config["optimizer"], run.config["classes"]) == ("runaudit_jsonl", "sgd", 3)
    loss = run.series["train/loss"]
    assert list(loss.steps) == list(range(60))
    assert loss.values[0] == pytest.approx(math.log(3), rel=0.02)
    assert list(run.series["update_ratio/w"].steps) == [0, 1, 2, 3, 4, 10, 20, 30, 40, 50]
    assert {
        "grad_norm/w",
        "grad_norm/b",
        "weight_norm/w",
        "act_std/scores",
        "val/loss",
        "val/accuracy",
        "lr",
    } <= run.series.keys()
    assert list(run.series["val/loss"].steps) == [19, 39, 59]
    assert path.name == "runaudit.jsonl"


def test_the_ratio_is_that_of_the_update_itself(tmp_path: Path) -> None:
    before, after = {"w": np.array([3.0, 4.0]), "zero": np.zeros(2)}, {"w": np.array([3.0, 4.05]), "zero": np.ones(2)}
    found = updates(before, after, {"w": np.array([0.0, np.inf])})
    assert found["update_ratio/w"] == pytest.approx(0.01)
    assert "update_ratio/zero" not in found, "an update of nothing has no ratio"
    assert (found["grad_norm"], found["nonfinite/gradients"]) == (math.inf, 1.0)


@pytest.mark.parametrize(
    ("kind", "values", "name", "share"),
    [
        ("", [[0.0, 1.0], [0.0, 0.0]], "zero_frac", 0.75),
        ("", [[0.0, 1.0], [0.0, 0.0]], "dead_frac", 0.5),
        ("tanh", [[0.98, -0.99], [0.0, 0.5]], "saturated_frac", 0.5),
        ("sigmoid", [[0.99, 0.01], [0.5, 0.02]], "saturated_frac", 0.5),
    ],
)
def test_shares_of_an_activation(kind: str, values: list[list[float]], name: str, share: float) -> None:
    assert activation("a", np.array(values), kind)[f"{name}/a"] == pytest.approx(share)


def test_an_empty_activation_tells_nothing() -> None:
    assert activation("a", np.empty((0, 3))) == {}


def test_histograms_come_back_as_histograms(tmp_path: Path) -> None:
    train(tmp_path, steps=3, histograms=8)
    found = load([tmp_path]).runs[0].tables["histograms"]["activations/scores"]
    assert [step for step, _ in found] == [0, 1, 2]
    assert found[0][1].num == 64 * 3
    empty = histogram(np.array([np.nan]), 4)
    assert empty["counts"] == [0, 0, 0, 0]


def test_what_is_not_finite_is_written_in_words_and_read_as_numbers(tmp_path: Path) -> None:
    with Recorder(tmp_path) as recorder:
        for loss in (1.0, math.inf, -math.inf, math.nan):
            recorder.step(loss=loss)
    written = rows(tmp_path / "runaudit.jsonl")
    assert [row["train/loss"] for row in written[1:]] == [1.0, "Infinity", "-Infinity", "NaN"]
    np.testing.assert_array_equal(load([tmp_path]).runs[0].series["train/loss"].values, [1, np.inf, -np.inf, np.nan])


def test_a_second_run_does_not_overwrite_the_first_and_a_resumed_one_goes_on(tmp_path: Path) -> None:
    first, second = train(tmp_path, steps=12), train(tmp_path, steps=12, rate=0.1)
    assert (first.name, second.name) == ("runaudit.jsonl", "runaudit-2.jsonl")
    assert len(load([tmp_path]).runs) == 2
    assert train(tmp_path, steps=3, resume=True) == first
    notes = [note.message for run in load([first]).runs for note in run.notes]
    assert any("step" in note and "back" in note for note in notes), notes


def test_only_rank_0_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANK", "3")
    with Recorder(tmp_path / "a") as recorder:
        recorder.step(loss=1.0)
        assert not recorder.on
        assert not recorder.due
    assert not (tmp_path / "a").exists()
    assert Recorder(tmp_path / "b", rank=0).on


def test_a_log_that_cannot_be_written_costs_a_line_on_stderr(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    recorder = Recorder(tmp_path / "file" / "below")
    recorder.step(loss=1.0)
    recorder.close()
    assert not recorder.on
    said = capsys.readouterr().err
    assert said.startswith("runaudit.record: _open failed: ")
    assert said.count("\n") == 1


def test_a_fault_is_in_the_log_and_the_third_is_the_last(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recorder = Recorder(tmp_path)
    for _ in range(4):
        recorder.step(loss="no number")  # type: ignore[arg-type]
    assert not recorder.on
    assert capsys.readouterr().err.count("step failed: ValueError") == 3
    assert "the recorder is off now" in rows(tmp_path / "runaudit.jsonl")[-1]["note"]


def test_the_tiny_subset_is_marked(tmp_path: Path) -> None:
    train(tmp_path, steps=12, tiny_subset=64)
    assert load([tmp_path]).runs[0].config["tiny_subset"] == 64


def test_a_file_that_ends_with_its_header_is_said_to_be_empty(tmp_path: Path) -> None:
    Log(tmp_path, {}).close()
    refused = load([tmp_path]).unreadable[0]
    assert "the training stopped before its first update" in refused.reason


def test_broken_lines_and_histograms_are_noted(tmp_path: Path) -> None:
    path = train(tmp_path, steps=12)
    with path.open("a") as file:
        file.write(
            '{"step": 12, "histograms": {"activations/x": {"edges": [0, 1], "counts": [1, 2, 3]}}}\n{"step": 13, "tr'
        )
    notes = [(note.line, note.message) for note in load([tmp_path]).runs[0].notes]
    assert any("histograms of activations/x are broken" in text for _, text in notes)
    assert any("the last line is cut off" in text for _, text in notes)


def test_a_sound_training_has_no_alarm(tmp_path: Path) -> None:
    train(tmp_path, steps=200)
    report = api.audit([tmp_path])
    assert [f.rule for f in report.findings if f.severity != "note"] == []
