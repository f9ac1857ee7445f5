"""Ray Tune's two files of a trial."""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath

import numpy as np

from runaudit.load import load
from runaudit.readers.ray_tune import claims, read

SAMPLE = Path(__file__).parents[2] / "sample_logs/formats/ray_tune/healthy"
ROW = {
    "loss": 1.5,
    "training_iteration": 1,
    "trial_id": "12_00",
    "pid": 3,
    "config": {"lr": 0.1},
    "info": {"a": {"b": 2}},
}


def test_both_files_are_one_run(tmp_path: Path) -> None:
    (run,) = load([SAMPLE]).runs
    rows = [json.loads(line) for line in (SAMPLE / "result.json").read_text("utf-8").splitlines()]
    assert run.paths == ("result.json", "progress.csv")
    assert not run.notes
    assert run.series["train/loss"].values.tolist() == [row["train_loss"] for row in rows]
    assert run.series["train/loss"].steps.tolist() == [row["training_iteration"] for row in rows]
    assert (run.config["learning_rate"], run.config["batch_size"], run.config["classes"]) == (0.1, 64, 4)


def test_the_table_tells_what_the_lines_tell() -> None:
    (lines,), (table,) = read(SAMPLE / "result.json"), read(SAMPLE / "progress.csv")
    assert [s.name for s in lines.series] == [s.name for s in table.series]
    for a, b in zip(lines.series, table.series, strict=True):
        np.testing.assert_array_equal(a.values, b.values)
    assert lines.config == {"lr": 0.1, "batch_size": 64, "num_classes": 4}


def test_nested_results_nan_and_a_cut_off_line(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    text = json.dumps(ROW) + "\n" + json.dumps(ROW | {"loss": float("nan"), "training_iteration": 2}) + "\n"
    path.write_text(f'{text}{{"loss": 1')
    (log,) = read(path)
    assert [s.name for s in log.series] == ["loss", "training_iteration", "info/a/b"]
    assert np.isnan(log.series[0].values).tolist() == [False, True]
    assert [n.message for n in log.notes] == ["the last line is cut off"]


def test_an_agent_of_rllib(tmp_path: Path) -> None:
    rows = [
        {"env_runners": {"episode_return_mean": 10.0 + i, "episode_len_mean": 9.0},
         "num_env_steps_sampled_lifetime": 400 * i, "training_iteration": i, "trial_id": "x",
         "timers": {"t": 1.0}, "done": False}
        for i in range(1, 4)
    ]  # fmt: skip
    path = tmp_path / "result.json"
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    (run,) = load([path]).runs
    assert run.series["reward"].values.tolist() == [11, 12, 13]
    assert run.series["reward"].steps.tolist() == [400, 800, 1200]
    assert run.series["episode_length"].values.tolist() == [9, 9, 9]
    assert not any(name.startswith("timers") for name in run.series)


def test_what_is_claimed() -> None:
    assert claims(PurePosixPath("t/result.json"), json.dumps(ROW).encode())
    assert claims(PurePosixPath("t/progress.csv"), b"loss,training_iteration,trial_id\n1,2,a\n")
    assert not claims(PurePosixPath("t/progress.csv"), b"loss,step,trial_id\n1,2,a\n")
    assert not claims(PurePosixPath("t/result.json"), b'{"accuracy": 0.5}')
    assert not claims(PurePosixPath("t/results.json"), json.dumps(ROW).encode())
    assert not claims(PurePosixPath("t/result.json"), b"")
