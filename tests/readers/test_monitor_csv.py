"""Episodes of an environment: monitor.csv."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd
import pytest

from runaudit.errors import LogError
from runaudit.load import load
from runaudit.readers.monitor_csv import claims, read

SAMPLE = Path(__file__).parents[2] / "sample_logs/formats/monitor_csv/healthy/monitor.csv"
HEAD = '#{"t_start": 17.5, "env_id": "CartPole-v1"}\nr,l,t\n'


def test_the_sample_is_what_pandas_reads_and_steps_are_those_of_the_environment() -> None:
    (run,) = load([SAMPLE]).runs
    frame = pd.read_csv(SAMPLE, skiprows=1)
    assert run.series["reward"].values.tolist() == frame["r"].tolist()
    assert run.series["reward"].steps.tolist() == frame["l"].cumsum().tolist()
    assert run.series["reward"].lines.tolist() == list(range(3, len(frame) + 3))
    assert run.series["episode_length"].values.tolist() == frame["l"].tolist()
    assert run.config == {"env_id": "CartPole-v1"}
    assert not read(SAMPLE)[0].notes


def test_several_environments_are_several_runs(tmp_path: Path) -> None:
    for i in range(2):
        (tmp_path / f"{i}.monitor.csv").write_text(f"{HEAD}{i + 1},10,0.1\n{i + 2},10,0.2\n")
    assert [r.id for r in load([tmp_path]).runs] == ["0.monitor.csv", "1.monitor.csv"]


def test_more_columns_and_a_run_that_was_appended(tmp_path: Path) -> None:
    path = tmp_path / "monitor.csv"
    path.write_text(f"{HEAD.strip()},is_success\n1,10,0.1,0\n2,10,0.2,1\n1,10,0.1,0\nnan,10,0.3,1\n")
    (log,) = read(path)
    assert [s.name for s in log.series] == ["r", "l", "t", "is_success"]
    assert np.isnan(log.series[0].values[3])
    steps = log.series[0].steps
    assert steps is not None
    assert steps.tolist() == [10, 20, 30, 40]
    assert [(n.message, n.line) for n in log.notes] == [
        ("the clock falls back: another run was appended, its steps go on", 5)
    ]


@pytest.mark.parametrize("length", ["", "nan", "-3", "0", "inf", "1e300"])
def test_an_episode_without_a_length_counts_as_one(tmp_path: Path, length: str) -> None:
    path = tmp_path / "monitor.csv"
    path.write_text(f"{HEAD}1,10,0.1\n2,{length},0.2\n3,10,0.3\n")
    (log,) = read(path)
    steps = log.series[0].steps
    assert steps is not None
    assert steps.tolist() == [1, 2, 3]
    assert "a step is an episode" in log.notes[-1].message


def test_no_episode_and_a_broken_header(tmp_path: Path) -> None:
    path = tmp_path / "monitor.csv"
    path.write_text(HEAD)
    with pytest.raises(LogError, match="no row"):
        read(path)
    path.write_text(HEAD + ",5,0.1\n")
    with pytest.raises(LogError, match="no episode"):
        read(path)
    path.write_text("#{broken\nr,l,t\n1,2,3\n")
    assert read(path)[0].config == {}


def test_what_is_claimed() -> None:
    assert claims(PurePosixPath("x.csv"), HEAD.encode())
    assert claims(PurePosixPath("x.csv"), HEAD.replace("\n", "\r\n").encode())
    assert claims(PurePosixPath("0.monitor.csv"), b"")
    assert not claims(PurePosixPath("x.csv"), b"")
    assert not claims(PurePosixPath("monitor.csv"), b"r,l,t\n1,2,3\n")
    assert not claims(PurePosixPath("monitor.csv"), b'#{"a": 1}\nstep,loss\n1,2\n')
