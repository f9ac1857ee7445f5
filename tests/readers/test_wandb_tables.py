"""Tables that come out of W&B: a history, a chart of several runs, and the table of runs."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import numpy as np
import pytest

from runaudit.errors import LogError
from runaudit.load import load
from runaudit.readers import wandb_chart, wandb_csv

HISTORY = (
    "_timestamp,Sample,train/loss,_step,_runtime,lr,seed,val/loss\n"
    '17.5,,2.5,0,1.5,0.1,7,\n18.5,"a, b\nc",2.0,1,2.5,0.1,7,\n19.5,,NaN,2,3.5,0.1,7,2.25\n'
)
CHART = (
    '"Step","a - b - {0}","a - b - {0}__MIN","a - b - {0}__MAX","two - _step","two - _step__MIN","two - _step__MAX",'
    '"two - {0}","two - {0}__MIN","two - {0}__MAX","none - {0}","none - {0}__MIN","none - {0}__MAX"\n'
    '"0","3.5","3.5","3.5","","","","","","","","",""\n'
    '"10","2.5","2","3","10","10","10","9","9","9","","",""\n'
    '"20","NaN","NaN","NaN","20","20","20","8","8","8","","",""\n'
)


def test_a_history(tmp_path: Path) -> None:
    (tmp_path / "history.csv").write_text(HISTORY)
    (run,) = load([tmp_path]).runs
    assert run.format == "wandb_csv"
    assert run.series["train/loss"].values[:2].tolist() == [2.5, 2.0]
    assert np.isnan(run.series["train/loss"].values[2])
    assert run.series["train/loss"].lines.tolist() == [2, 3, 5]
    assert run.series["val/loss"].steps.tolist() == [2]
    assert run.config == {"seed": 7}
    assert run.series["lr"].values.tolist() == [0.1] * 3
    assert set(run.series) == {"train/loss", "val/loss", "lr"}


def test_the_runs_of_a_chart(tmp_path: Path) -> None:
    path = tmp_path / "wandb_export_2024.csv"
    path.write_text(CHART.format("train/loss"))
    first, second = load([path]).runs
    assert (first.id, second.id) == ("wandb_export_2024.csv#a - b", "wandb_export_2024.csv#two")
    assert first.series["train/loss"].steps.tolist() == [0, 10, 20]
    assert np.isnan(first.series["train/loss"].values).tolist() == [False, False, True]
    assert second.series["train/loss"].steps.tolist() == [10, 20]
    assert second.series["train/loss"].lines.tolist() == [3, 4]
    assert [n.message for n in second.notes] == [
        "no value of none",
        "the lowest and highest of the values behind a point are not read",
    ]


def test_charts_of_one_folder_are_parts_of_the_same_runs(tmp_path: Path) -> None:
    for name, metric in (("a.csv", "train/loss"), ("b.csv", "val/loss")):
        (tmp_path / name).write_text(CHART.format(metric))
    runs = load([tmp_path]).runs
    assert [r.id for r in runs] == [".#a - b", ".#two"]
    assert all({"train/loss", "val/loss"} <= set(r.series) for r in runs)
    assert runs[0].paths == ("a.csv", "b.csv")


def test_histories_of_one_folder_are_different_runs(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(HISTORY)
    (tmp_path / "b.csv").write_text(HISTORY.replace("2.", "5."))
    assert [r.id for r in load([tmp_path]).runs] == ["a.csv", "b.csv"]


def test_a_chart_over_time_takes_the_steps_of_each_run(tmp_path: Path) -> None:
    path = tmp_path / "chart.csv"
    path.write_text(CHART.format("loss").replace('"Step"', '"Relative Time (Process)"'))
    first, second = load([path]).runs
    assert (first.step_unit, second.step_unit) == ("row", "step")
    assert second.series["train/loss"].steps.tolist() == [10, 20]


def test_a_chart_without_a_value(tmp_path: Path) -> None:
    path = tmp_path / "chart.csv"
    path.write_text('"Step","a - loss","a - loss__MIN","a - loss__MAX"\n"1","","",""\n')
    with pytest.raises(LogError, match="no run has a value"):
        wandb_chart.read(path)


def test_a_table_of_runs_is_named_as_one(tmp_path: Path) -> None:
    (tmp_path / "wandb_export.csv").write_text(
        '"Name","State","Notes","User","Tags","Created","Runtime","Sweep","lr","batch_size","epoch","train/loss"\n'
        '"a","finished","-","","","2026-05-25T14:08:33.000Z","732","","0.1","64","9","1.25"\n'
        '"b","crashed","-","","","2026-05-25T14:08:33.000Z","73","","0.2","64","3","2.5"\n'
    )
    (tmp_path / "runs.csv").write_text(
        "name,config,summary\na,\"{'lr': 0.1, 'bs': 8}\",\"{'loss': 1.5, '_step': 9}\"\n"
    )
    loaded = load([tmp_path])
    assert not loaded.runs
    reasons = {u.path: (u.reason, u.kind) for u in loaded.unreadable}
    said, kind = reasons["wandb_export.csv"]
    assert said.startswith("a table of trials and no curve: 2 trials, one a row, with settings (Name, lr, batch_size)")
    assert "train/loss" in said
    assert kind == "not-a-log"
    assert reasons["runs.csv"][0].startswith("a table of trials and no curve")


def test_what_is_claimed() -> None:
    assert wandb_csv.claims(PurePosixPath("x.csv"), HISTORY.encode())
    assert not wandb_csv.claims(PurePosixPath("x.csv"), b"_step,loss\n1,2\n")
    assert not wandb_csv.claims(PurePosixPath("x.txt"), HISTORY.encode())
    chart = CHART.format("loss").encode()
    assert wandb_chart.claims(PurePosixPath("x.csv"), chart)
    assert wandb_chart.claims(PurePosixPath("x.csv"), chart[:63] + b'"more - loss",' * 400)
    assert not wandb_chart.claims(PurePosixPath("x.csv"), b'"Step","a - loss"\n1,2\n')
    assert not wandb_chart.claims(PurePosixPath("x.csv"), b"")
