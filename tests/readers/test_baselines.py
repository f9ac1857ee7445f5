"""The logger of Baselines and Stable-Baselines3: progress.csv, progress.json and printed boxes."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd
import pytest

from runaudit.errors import LogError
from runaudit.load import load
from runaudit.readers import baselines_log, baselines_progress

FORMATS = Path(__file__).parents[2] / "sample_logs/formats"
CSV = FORMATS / "baselines_progress/healthy/progress.csv"
LOG = FORMATS / "baselines_log/healthy/log.txt"
OLD = """Logging to /tmp/openai
--------------------------------------
| eplenmean               | 21       |
| eprewmean               | 21.1     |
| misc/nupdates           | 1        |
| misc/total_timesteps    | 2.05e+03 |
| loss/value_loss         | nan      |
| misc/explained_varia... | -0.02    |
--------------------------------------
Saving
--------------------------------------
| eplenmean               | 22       |
| eprewmean               | 22.1     |
| misc/nupdates           | 2        |
| misc/total_timesteps    | 4.1e+03  |
| loss/value_loss         | 3.5e-08  |
| misc/explained_varia... | 0        |
"""


def test_the_table_is_what_pandas_reads() -> None:
    (log,) = baselines_progress.read(CSV)
    frame = pd.read_csv(CSV)
    assert {s.name for s in log.series} == {*frame}
    for series in log.series:
        np.testing.assert_array_equal(series.values, frame[series.name].dropna())
    (run,) = load([CSV]).runs
    assert run.format == "baselines_progress"
    assert run.series["reward"].steps.tolist() == frame["time/total_timesteps"].tolist()


def test_the_boxes_tell_the_same_as_the_table() -> None:
    """The same run wrote both; the boxes round to three digits and keep whole numbers."""
    (boxes,), (table,) = baselines_log.read(LOG), baselines_progress.read(CSV)
    same = {s.name: s for s in table.series}
    assert {s.name for s in boxes.series} == {*same}
    for series in boxes.series:
        np.testing.assert_allclose(series.values, same[series.name].values, rtol=5.1e-3)
        np.testing.assert_array_equal(series.rows, same[series.name].rows)
    lines = LOG.read_text("utf-8").splitlines()
    steps = next(s for s in boxes.series if s.name == "time/total_timesteps")
    assert all(str(int(v)) in lines[at - 1] for v, at in zip(steps.values, steps.lines, strict=True))
    assert not boxes.notes


def test_the_boxes_of_baselines(tmp_path: Path) -> None:
    (tmp_path / "log.txt").write_text(OLD)
    (run,) = load([tmp_path]).runs
    assert run.format == "baselines_log"
    assert run.series["reward"].values.tolist() == [21.1, 22.1]
    assert run.series["reward"].steps.tolist() == [1, 2]
    assert run.series["reward"].lines.tolist() == [4, 13]
    loss = run.series["train/loss"].values
    assert np.isnan(loss[0])
    assert loss[1] == 3.5e-08
    notes = [(n.message, n.line) for n in run.notes]
    assert ("misc/total_timesteps: rounded to three digits, so it is no step", 6) in notes


def test_boxes_among_other_output_are_found(tmp_path: Path) -> None:
    text = "Using cpu device\nWrapping the env\n" + OLD.replace("Saving", "| one | two | three |\n| 5% | [00:01<00:09]")
    assert baselines_log.claims(PurePosixPath("train.out"), text.encode())
    (tmp_path / "a.out").write_text(text)
    (log,) = baselines_log.read(tmp_path / "a.out")
    assert {len(s.values) for s in log.series} == {2}


def test_no_box_and_no_metric(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_text("----------\n| a/ |  |\n----------\n")
    with pytest.raises(LogError, match="no box"):
        baselines_log.read(path)
    path.write_text("----------\n| time/fps | 3 |\n| iteration | 4 |\n----------\n")
    with pytest.raises(LogError, match="no training metric"):
        baselines_log.read(path)


def test_a_very_long_line_takes_no_long_time(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_text(f"{OLD}|{' ' * 3_000_000}x\n| {'a ' * 500_000}")
    assert len(baselines_log.read(path)[0].series) == 5


def test_what_is_claimed() -> None:
    assert baselines_log.claims(PurePosixPath("log.txt"), OLD.encode())
    markdown = "| a | b |\n|----------|----------|\n| 1 | 2 |\n| 1 | 2 |\n"
    assert not baselines_log.claims(PurePosixPath("log.txt"), markdown.encode())
    assert not baselines_log.claims(PurePosixPath("log.csv"), OLD.encode())
    claims = baselines_progress.claims
    assert claims(PurePosixPath("progress (1).csv"), b"frame,episode_reward\n1,2\n")
    assert claims(PurePosixPath("x.csv"), b"time/fps,train/loss\n1,2\n")
    assert not claims(PurePosixPath("x.csv"), b"frame,episode_reward\n1,2\n")
    assert not claims(PurePosixPath("progress.csv"), b"name,colour\na,b\n")
    assert claims(PurePosixPath("progress.json"), b'{"step": 1, "loss": 2.0}\n{"step": 2, "loss": 1.0}\n')
    assert not claims(PurePosixPath("log.json"), b'{"step": 1, "loss": 2.0}\n{"step": 2, "loss": 1.0}\n')


def test_progress_json(tmp_path: Path) -> None:
    path = tmp_path / "progress.json"
    path.write_text('{"step": 1, "loss": NaN}\n{"step": 2, "loss": 1.0}\n')
    (run,) = load([path]).runs
    assert run.format == "baselines_progress"
    assert np.isnan(run.series["train/loss"].values).tolist() == [True, False]
