from __future__ import annotations

import math
import sqlite3
from contextlib import closing
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pytest

from runaudit.errors import LogError
from runaudit.model import RawLog, RawSeries
from runaudit.readers.sqlite_store import READER, claims
from tests.readers.mutations import survives

SAMPLES = Path(__file__).parents[2] / "sample_logs/formats"
MLFLOW = """
CREATE TABLE experiments (experiment_id INTEGER, name TEXT);
CREATE TABLE runs (run_uuid TEXT, name TEXT, status TEXT, lifecycle_stage TEXT);
CREATE TABLE metrics (key TEXT, value REAL, timestamp INTEGER, run_uuid TEXT, step INTEGER, is_nan BOOLEAN);
CREATE TABLE params (key TEXT, value TEXT, run_uuid TEXT);
CREATE TABLE tags (key TEXT, value TEXT, run_uuid TEXT);
"""
OPTUNA = """
CREATE TABLE studies (study_id INTEGER, study_name TEXT);
CREATE TABLE study_directions (direction TEXT, study_id INTEGER, objective INTEGER);
CREATE TABLE study_system_attributes (study_id INTEGER, key TEXT, value_json TEXT);
CREATE TABLE trials (trial_id INTEGER, number INTEGER, study_id INTEGER, state TEXT);
CREATE TABLE trial_params (trial_id INTEGER, param_name TEXT, param_value REAL, distribution_json TEXT);
CREATE TABLE trial_values (trial_id INTEGER, objective INTEGER, value REAL, value_type TEXT);
CREATE TABLE trial_intermediate_values
  (trial_id INTEGER, step INTEGER, intermediate_value REAL, intermediate_value_type TEXT);
"""
TRACKIO = """
CREATE TABLE metrics (id INTEGER PRIMARY KEY, run_id TEXT, timestamp TEXT, run_name TEXT, step INTEGER, metrics TEXT);
CREATE TABLE configs (id INTEGER PRIMARY KEY, run_id TEXT, run_name TEXT, config TEXT);
CREATE TABLE system_metrics (id INTEGER PRIMARY KEY, run_id TEXT, timestamp TEXT, run_name TEXT, metrics TEXT);
"""


def make(path: Path, script: str, **tables: list[tuple[Any, ...]]) -> Path:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(script)
        for table, rows in tables.items():
            for row in rows:
                marks = ", ".join("?" * len(row))
                connection.execute(f"INSERT INTO {table} VALUES ({marks})", row)  # noqa: S608
    return path


def series(log: RawLog) -> dict[str, RawSeries]:
    return {s.name: s for s in log.series}


def messages(log: RawLog) -> list[str]:
    return [note.message for note in log.notes]


def refusal(path: Path) -> LogError:
    with pytest.raises(LogError) as caught:
        READER.read(path)
    return caught.value


# --- MLflow ------------------------------------------------------------------------------------------------


def test_mlflow_runs_are_told_apart_and_their_points_come_in_the_order_of_time(tmp_path: Path) -> None:
    path = make(
        tmp_path / "mlflow.db",
        MLFLOW,
        runs=[("r1", "first", "FINISHED", "active"), ("r2", "second", "FAILED", "active"), ("r3", "none", "", "")],
        metrics=[
            ("loss", 0.5, 2000, "r1", 10, 0),
            ("loss", 1.0, 1000, "r1", 0, 0),
            ("val", 7.0, 1500, "r1", 0, 0),
            ("loss", 0.0, 1000, "r2", 3, 1),
            ("loss", 1.7976931348623157e308, 1001, "r2", 4, 0),
        ],
        params=[("lr", "0.1", "r1"), ("lr", "0.2", "r2")],
        tags=[("mlflow.user", "me", "r1"), ("kind", "a", "r1")],
    )
    first, second = READER.read(path)
    assert (first.label, second.label) == ("first", "second")
    assert series(first)["loss"].values.tolist() == [1.0, 0.5]
    assert series(first)["loss"].rows.tolist() == [0, 2]
    assert series(first)["val"].rows.tolist() == [1]
    steps = series(first)["loss"].steps
    assert steps is not None
    assert steps.tolist() == [0, 10]
    assert first.config == {"lr": "0.1", "tags.kind": "a"}
    assert messages(first) == ["1 more run has no metric, left out"]
    assert np.isnan(series(second)["loss"].values).tolist() == [True, False]
    assert series(second)["loss"].values[1] == math.inf
    assert messages(second) == ["MLflow says that the run failed"]


def test_mlflow_runs_of_one_name_are_told_apart_by_their_id(tmp_path: Path) -> None:
    metrics = [("loss", 1.0, 1, "aaaaaaaaaa", 0, 0), ("loss", 1.0, 1, "bbbbbbbbbb", 0, 0)]
    runs = [("aaaaaaaaaa", "same", "", ""), ("bbbbbbbbbb", "same", "", "deleted")]
    first, second = READER.read(make(tmp_path / "mlflow.db", MLFLOW, runs=runs, metrics=metrics))
    assert (first.label, second.label) == ("same aaaaaaaa", "same bbbbbbbb")
    assert messages(second) == ["the run is marked as deleted in MLflow"]


def test_mlflow_values_without_a_step_are_counted(tmp_path: Path) -> None:
    metrics = [("loss", float(i), 1000 + i, "r", 0, 0) for i in range(3)]
    (log,) = READER.read(make(tmp_path / "mlflow.db", MLFLOW, runs=[("r", "x", "", "")], metrics=metrics))
    steps = series(log)["loss"].steps
    assert steps is not None
    assert steps.tolist() == [0, 1, 2]
    assert messages(log) == ["loss: all 3 values are at step 0, so they are counted from 0"]


def test_an_old_mlflow_database_without_steps_is_read(tmp_path: Path) -> None:
    script = MLFLOW.replace(", step INTEGER, is_nan BOOLEAN", "")
    metrics = [("loss", 1.0, 1, "r"), ("loss", 0.5, 2, "r")]
    (log,) = READER.read(make(tmp_path / "mlflow.db", script, runs=[("r", "x", "", "")], metrics=metrics))
    assert series(log)["loss"].values.tolist() == [1.0, 0.5]


def test_an_mlflow_database_without_metrics_says_so(tmp_path: Path) -> None:
    assert refusal(make(tmp_path / "a.db", MLFLOW)).reason == "an MLflow database with no run"
    error = refusal(make(tmp_path / "b.db", MLFLOW, runs=[("r", "x", "", "")]))
    assert (error.kind, error.reason) == ("not-a-log", "an MLflow database with 1 runs (x) and no metric")


# --- Optuna ------------------------------------------------------------------------------------------------


def test_optuna_trials_with_a_curve_are_runs(tmp_path: Path) -> None:
    choice = '{"name": "CategoricalDistribution", "attributes": {"choices": ["relu", "tanh"]}}'
    whole = '{"name": "IntDistribution", "attributes": {}}'
    path = make(
        tmp_path / "optuna.db",
        OPTUNA,
        studies=[(1, "ring")],
        study_directions=[("MINIMIZE", 1, 0)],
        study_system_attributes=[(1, "study:metric_names", '["val_loss"]')],
        trials=[(5, 0, 1, "COMPLETE"), (6, 1, 1, "PRUNED"), (7, 2, 1, "COMPLETE")],
        trial_params=[(5, "act", 1.0, choice), (5, "k", 3.0, whole), (5, "lr", 0.1, "{}")],
        trial_values=[(5, 0, 0.25, "FINITE")],
        trial_intermediate_values=[
            (5, 10, 0.5, "FINITE"),
            (5, 0, 1.0, "FINITE"),
            (5, 20, None, "NAN"),
            (5, 30, None, "INF_POS"),
            (6, 0, 1.0, "FINITE"),
            (6, 1, 2.0, "FINITE"),
            (7, 0, 1.0, "FINITE"),
        ],
    )
    first, second = READER.read(path)
    assert (first.format, first.label, second.label) == ("optuna_db", "trial-0", "trial-1")
    assert first.config == {"act": "tanh", "k": 3, "lr": 0.1}
    (curve,) = first.series
    assert curve.name == "val_loss"
    assert curve.steps is not None
    assert curve.steps.tolist() == [0, 10, 20, 30]
    assert curve.values[[0, 1, 3]].tolist() == [1.0, 0.5, math.inf]
    assert np.isnan(curve.values[2])
    assert first.tables["trial"]["values"] == [0.25]
    assert first.tables["trial"]["directions"] == ["MINIMIZE"]
    assert messages(first) == ["1 more trial has no curve of intermediate values, left out"]
    assert messages(second) == ["Optuna says that trial 1 is PRUNED"]


def test_an_optuna_search_without_curves_is_named_as_what_it_is(tmp_path: Path) -> None:
    trials = [(i, i, 1, "COMPLETE") for i in range(3)]
    params = [(i, "lr", 0.1, "{}") for i in range(3)]
    error = refusal(make(tmp_path / "o.db", OPTUNA, studies=[(1, "s")], trials=trials, trial_params=params))
    expected = "a search and no curve: 3 Optuna trials (3 complete) over lr, with at most one intermediate value each"
    assert (error.kind, error.reason) == ("not-a-log", expected)
    assert refusal(make(tmp_path / "p.db", OPTUNA)).reason == "an Optuna search without any trial"


def test_trials_of_several_studies_carry_the_name_of_theirs(tmp_path: Path) -> None:
    values = [(trial, step, 1.0, "FINITE") for trial in (1, 2) for step in (0, 1)]
    path = make(
        tmp_path / "o.db",
        OPTUNA,
        studies=[(1, "a"), (2, "b")],
        trials=[(1, 0, 1, "COMPLETE"), (2, 0, 2, "COMPLETE")],
        trial_intermediate_values=values,
    )
    assert [log.label for log in READER.read(path)] == ["a/trial-0", "b/trial-0"]


# --- trackio and others ------------------------------------------------------------------------------------


def test_trackio_runs(tmp_path: Path) -> None:
    path = make(
        tmp_path / "p.db",
        TRACKIO,
        metrics=[
            (
                1,
                "r1",
                "t",
                "one",
                0,
                b'{"loss": 1.0, "deep": {"x": 2}, "text": "a", "image": {"_type": "trackio.image"}}',
            ),
            (2, "r2", "t", "two", 0, '{"loss": 3.0}'),
            (3, "r1", "t", "one", 5, '{"loss": NaN}'),
            (4, "r1", "t", "one", 6, '{"loss": '),
        ],
        configs=[(1, "r1", "one", '{"lr": 0.1, "_Username": null}')],
        system_metrics=[(1, "r1", "t", "one", '{"gpu/0/power": 3}')],
    )
    first, second = READER.read(path)
    assert (first.format, first.label, second.label) == ("trackio", "one", "two")
    found = series(first)
    assert sorted(found) == ["deep/x", "loss", "system/gpu/0/power"]
    assert found["loss"].values[0] == 1.0
    assert np.isnan(found["loss"].values[1])
    steps = found["loss"].steps
    assert steps is not None
    assert steps.tolist() == [0, 5]
    assert first.config == {"lr": 0.1}
    assert messages(first) == ["one: 1 rows are broken, left out"]


def test_other_databases_are_refused_by_what_they_are(tmp_path: Path) -> None:
    aim = "CREATE TABLE experiment (a); CREATE TABLE run (a); CREATE TABLE tag (a); CREATE TABLE run_tag (a);"
    assert "RocksDB" in refusal(make(tmp_path / "aim.db", aim)).reason
    error = refusal(make(tmp_path / "other.db", "CREATE TABLE photos (a); CREATE TABLE places (a);"))
    assert error.kind == "not-a-log"
    assert error.reason.endswith("its tables are photos, places")


def test_a_view_called_like_a_table_is_not_run(tmp_path: Path) -> None:
    endless = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c"
    script = MLFLOW.replace("CREATE TABLE runs (run_uuid TEXT, name TEXT, status TEXT, lifecycle_stage TEXT);", "")
    path = make(tmp_path / "m.db", f"{script} CREATE VIEW runs AS {endless};")
    assert "no tracker" in refusal(path).reason


def test_rows_that_wait_in_a_journal_are_told(tmp_path: Path) -> None:
    runs, metrics = [("r", "x", "", "")], [("loss", 1.0, 1, "r", 0, 0)]
    path = make(tmp_path / "m.db", f"PRAGMA journal_mode = WAL; {MLFLOW}", runs=runs, metrics=metrics)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("INSERT INTO metrics VALUES ('loss', 0.5, 2, 'r', 1, 0)")
        before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
        (log,) = READER.read(path)
        assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before
    assert messages(log)[0].startswith("the last writes may be missing: ")
    assert series(log)["loss"].values.tolist() == [1.0]


def test_what_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "mlflow.db"
    path.write_bytes(b"")
    assert refusal(path).reason == "the file is empty (0 bytes)"
    path.write_bytes(b"version https://git-lfs.github.com/spec/v1\n")
    assert "git-LFS" in refusal(path).reason
    path.write_bytes(b"SQLite format 3\0" + b"\xff" * 5000)
    assert refusal(path).reason.startswith("the database is damaged: ")
    with pytest.raises(IsADirectoryError):
        READER.read(tmp_path)
    with pytest.raises(FileNotFoundError):
        READER.read(tmp_path / "missing.db")


def test_claims(tmp_path: Path) -> None:
    name = PurePosixPath("a/store.db")
    photos = make(tmp_path / "photos.db", "CREATE TABLE photos (a)").read_bytes()[:4096]
    assert not claims(name, photos)
    assert claims(name, make(tmp_path / "t.db", TRACKIO).read_bytes()[:4096])
    assert claims(name, make(tmp_path / "m.db", MLFLOW).read_bytes()[:4096])
    assert claims(name, photos[:100] + b"\5" + photos[101:])  # the list of tables is longer than the head
    assert claims(name, b"version https://git-lfs.github.com/spec/v1\n")
    assert not claims(PurePosixPath("notes.txt"), b"version https://git-lfs.github.com/spec/v1\n")
    assert not claims(name, b"")


@pytest.mark.parametrize(
    "sample", ["mlflow_db/healthy/mlflow.db", "optuna_db/healthy/optuna.db", "trackio/healthy/ring.db"]
)
def test_damaged_files_are_survived(sample: str, tmp_path: Path) -> None:
    assert survives(READER, SAMPLES / sample, tmp_path, count=100) > 0
