"""Searches as readers give them: Optuna's two stores, tables of trials, Keras Tuner, and sibling runs."""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

import runaudit
from runaudit.errors import LogError
from runaudit.load import load
from runaudit.model import Run
from runaudit.readers import keras_tuner, optuna_journal, sqlite_store, trials_csv
from runaudit.readers._trials import direction_of
from runaudit.sweep import is_search
from tests.readers.mutations import survives
from tests.readers.test_sqlite_store import MLFLOW, OPTUNA, make

SAMPLES = Path(__file__).parents[2] / "sample_logs/sweep"
FLOAT = json.dumps({"name": "FloatDistribution", "attributes": {"step": None, "low": 1e-5, "high": 0.1, "log": True}})
WIDER = json.dumps({"name": "FloatDistribution", "attributes": {"step": None, "low": 1e-3, "high": 1.0, "log": False}})
OLD = json.dumps({"name": "LogUniformDistribution", "attributes": {"low": 1e-4, "high": 1.0}})
CHOICE = json.dumps({"name": "CategoricalDistribution", "attributes": {"choices": ["relu", "tanh"]}})


def search(path: Path) -> Run:
    (found,) = load([path]).runs
    assert is_search(found)
    return found


def table(tmp_path: Path, text: str) -> Run:
    (tmp_path / "trials.csv").write_text(text)
    return search(tmp_path)


def about(run: Run) -> dict[str, Any]:
    return dict(run.tables["search"][0])


def column(run: Run, name: str) -> list[Any]:
    return [row[name] for row in run.tables["trials"]]


# --- Optuna ------------------------------------------------------------------------------------------------


def optuna_db(tmp_path: Path, states: list[str], **tables: list[tuple[Any, ...]]) -> Path:
    trials = [(i, i, 1, state) for i, state in enumerate(states)]
    params = [(i, "lr", 10.0 ** -(i + 1), FLOAT) for i in range(len(states))]
    given: dict[str, list[tuple[Any, ...]]] = {
        "studies": [(1, "s")],
        "study_directions": [("MAXIMIZE", 1, 0)],
        "trials": trials,
        "trial_params": params,
        "trial_values": [(i, 0, float(i), "FINITE") for i, s in enumerate(states) if s == "COMPLETE"],
    }
    return make(tmp_path / "optuna.db", OPTUNA, **{**given, **tables})


def test_a_study_is_a_search_with_its_declared_ranges(tmp_path: Path) -> None:
    params = [(i, "lr", 10.0 ** -(i + 1), FLOAT) for i in range(4)] + [(4, "lr", 0.5, WIDER), (5, "lr", 0.2, OLD)]
    params += [(i, "act", float(i % 2), CHOICE) for i in range(6)] + [(i, "seed", float(i), "{}") for i in range(6)]
    found = search(optuna_db(tmp_path, ["COMPLETE"] * 6, trial_params=params))
    assert about(found) == {"objective": "value", "direction": "max", "source": "optuna_db", "declared": True}
    assert found.tables["ranges"] == [
        {"param": "lr", "low": 1e-5, "high": 1.0, "log": False, "choices": None},
        {"param": "act", "low": None, "high": None, "log": None, "choices": ["relu", "tanh"]},
    ]
    assert found.tables["trials"][1]["params"] == {"lr": 0.01, "act": "tanh"}
    assert column(found, "seed") == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    assert column(found, "value") == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]


def test_how_trials_of_a_study_ended(tmp_path: Path) -> None:
    states = ["COMPLETE"] * 5 + ["PRUNED", "FAIL", "FAIL", "RUNNING", "WAITING", "COMPLETE"]
    reported = [(5, 0, 9.0, "FINITE"), (6, 0, None, "NAN"), (7, 0, 3.0, "FINITE")]
    values = [(i, 0, 1.0, "FINITE") for i in range(5)] + [(10, 0, None, "INF_POS")]
    found = search(optuna_db(tmp_path, states, trial_intermediate_values=reported, trial_values=values))
    ended = ["cut-short", "diverged", "failed", "running", "running", "diverged"]
    assert column(found, "state") == ["complete"] * 5 + ended
    assert column(found, "value") == [1.0] * 5 + [9.0] + [None] * 5


def test_trials_with_curves_are_runs_and_the_study_a_search_once(tmp_path: Path) -> None:
    curves = [(i, step, 1.0 + i - 0.1 * step, "FINITE") for i in range(6) for step in range(3)]
    names = [(1, "study:metric_names", '["val_loss"]')]
    path = optuna_db(tmp_path, ["COMPLETE"] * 6, trial_intermediate_values=curves, study_system_attributes=names)
    *runs, found = load([path]).runs
    assert [is_search(run) for run in (*runs, found)] == [False] * 6 + [True]
    assert found.id == "optuna.db#search"
    assert column(found, "steps") == [2] * 6
    assert len(runaudit.audit(path).sweeps) == 1


def test_several_objectives_are_judged_by_the_first(tmp_path: Path) -> None:
    ways = [("MINIMIZE", 1, 0), ("MAXIMIZE", 1, 1)]
    found = search(optuna_db(tmp_path, ["COMPLETE"] * 5, study_directions=ways))
    assert about(found)["direction"] == "min"
    assert [note.message for note in found.notes] == ["2 objectives: judged by the first, value"]


def test_a_journal_tells_what_a_database_tells() -> None:
    (log,) = optuna_journal.READER.read(SAMPLES / "linear/journal.log")
    ranges = {row["param"]: row for row in log.tables["ranges"]}
    assert ranges["learning_rate"] == {
        "param": "learning_rate",
        "low": 1e-4,
        "high": 3.0,
        "log": False,
        "choices": None,
    }
    assert ranges["weight_decay"]["log"] is True
    assert len(log.tables["trials"]) == 24
    assert log.tables["search"][0]["objective"] == "val_loss"


def test_four_trials_are_no_search(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="a search and no curve: 4 Optuna trials"):
        sqlite_store.READER.read(optuna_db(tmp_path, ["COMPLETE"] * 4))


# --- tables ------------------------------------------------------------------------------------------------


def test_a_home_made_table(tmp_path: Path) -> None:
    rows = [f"a{i},0.{i + 1},{2**i},{0.5 - i / 100},adam,{i}" for i in range(5)]
    rows += ["b,0.7,64,nan,sgd,5", "c,0.8,64,,sgd,6", "d,,64,inf,sgd,7"]
    found = table(tmp_path, "\n".join(["run,lr,batch_size,val_loss,optimizer,seed", *rows]) + "\n")
    assert about(found) == {"objective": "val_loss", "direction": "min", "source": "trials_csv", "declared": False}
    assert found.tables["trials"][0] == {
        "name": "a0", "params": {"lr": 0.1, "batch_size": 1, "optimizer": "adam"}, "value": 0.5, "state": "complete",
        "steps": None, "seed": 0, "path": "", "line": 2,
    }  # fmt: skip
    assert column(found, "state") == ["complete"] * 5 + ["diverged", "failed", "diverged"]
    assert found.tables["trials"][-1]["params"] == {"batch_size": 64, "optimizer": "sgd"}


def test_optunas_table(tmp_path: Path) -> None:
    rows = [f"{i},0.{i},0 days,0.{i},{2 * i},7,{s}" for i, s in enumerate(["COMPLETE"] * 5 + ["PRUNED", "FAIL"])]
    found = table(
        tmp_path, "number,value,duration,params_lr,params_units,user_attrs_x,state\n" + "\n".join(rows) + "\n"
    )
    assert about(found)["direction"] is None
    assert column(found, "name") == list("0123456")
    assert column(found, "state")[4:] == ["complete", "cut-short", "failed"]
    assert found.tables["trials"][3]["params"] == {"lr": 0.3, "units": 6}


def test_the_table_of_scikit_learn_with_its_folds(tmp_path: Path) -> None:
    head = "param_C,params,split0_test_score,split1_test_score,mean_test_score,std_test_score,rank_test_score"
    rows = [f"{c},\"{{'C': {c}}}\",0.{c},0.5,0.4,0.01,1" for c in range(1, 7)]
    found = table(tmp_path, "\n".join([head, *rows]) + "\n")
    assert about(found)["objective"] == "mean_test_score"
    assert about(found)["direction"] == "max"
    assert column(found, "folds")[1] == [0.2, 0.5]
    assert column(found, "params")[0] == {"C": 1}


def test_rows_of_folds_are_taken_together(tmp_path: Path) -> None:
    rows = [f"{lr},{16 * lr},{fold},{lr + fold / 10}" for lr in (1, 2, 3, 4, 5) for fold in (0, 1, 2)]
    found = table(tmp_path, "lr,hidden_size,fold,val_acc\n" + "\n".join(rows) + "\n")
    assert len(found.tables["trials"]) == 5
    assert column(found, "value") == pytest.approx([1.1, 2.1, 3.1, 4.1, 5.1])
    assert column(found, "folds")[0] == pytest.approx([1.0, 1.1, 1.2])


def test_the_runs_of_wandb(tmp_path: Path) -> None:
    rows = [f"r{i},\"{{'lr': 0.{i}, 'bs': 8}}\",\"{{'val_loss': {i}.5, '_step': 9}}\"" for i in range(1, 6)]
    found = table(tmp_path, "name,config,summary\n" + "\n".join(rows) + "\n")
    assert about(found)["objective"] == "val_loss"
    assert column(found, "params")[0] == {"lr": 0.1, "bs": 8}
    head = "Name,State,Notes,Created,Runtime,lr,batch_size,val_acc\n"
    (tmp_path / "trials.csv").write_text(head + "".join(f"r{i},crashed,,now,9,0.{i},8,0.{i}\n" for i in range(1, 7)))
    found = search(tmp_path)
    assert about(found)["direction"] == "max"
    assert column(found, "state") == ["failed"] * 6


def test_tasks_are_searches_of_their_own(tmp_path: Path) -> None:
    rows = [f"{data},0.{i},{8 * i},{i}.5" for data in ("cifar", "mnist") for i in range(1, 7)] + ["svhn,0.1,8,1.5"]
    (tmp_path / "trials.csv").write_text("dataset,lr,batch_size,test_loss\n" + "\n".join(rows) + "\n")
    found = load([tmp_path]).runs
    assert [run.id for run in found] == ["trials.csv#cifar", "trials.csv#mnist"]
    assert [len(run.tables["trials"]) for run in found] == [6, 6]
    assert [n.message for n in found[0].notes] == ["1 of 3 tasks (dataset) have too few trials, left out"]


def test_a_comparison_of_models_is_no_search(tmp_path: Path) -> None:
    rows = [f"m{i},arch{i},0.{i}" for i in range(1, 8)]
    (tmp_path / "t.csv").write_text("name,arch,val_acc\n" + "\n".join(rows) + "\n")
    assert not load([tmp_path]).runs


@pytest.mark.parametrize(
    ("name", "way"),
    [
        ("valLoss", "min"), ("Mse Score", "min"), ("test_rmse", "min"), ("wer", "min"), ("Best Val Acc", "max"),
        ("f1", "max"), ("roc_auc", "max"), ("mean_test_neg_mse", "max"), ("episode_return", "max"), ("value", None),
        ("objective", None), ("mAP50", "max"),
    ],
)  # fmt: skip
def test_directions_by_name(name: str, way: str | None) -> None:
    assert direction_of(name) == way


# --- Keras Tuner -------------------------------------------------------------------------------------------


def test_the_trials_of_keras_tuner() -> None:
    found = search(SAMPLES / "coarse")
    assert about(found) == {"objective": "val_loss", "direction": "min", "source": "keras_tuner", "declared": True}
    assert found.tables["ranges"][0] == {
        "param": "learning_rate",
        "low": 1e-4,
        "high": 3.0,
        "log": True,
        "choices": None,
    }
    assert len(found.tables["trials"]) == 16
    assert set(column(found, "state")) == {"complete"}
    assert column(found, "params")[0].keys() == {"learning_rate", "weight_decay", "dropout"}


def test_damaged_trials_of_keras_tuner_are_left_out(tmp_path: Path) -> None:
    oracle = tmp_path / "oracle.json"
    oracle.write_text('{"ongoing_trials": {}, "hyperparameters": {"space": [], "values": {}}}')
    with pytest.raises(LogError, match="a search with 0 trials beside it"):
        keras_tuner.READER.read(oracle)
    for i in range(7):
        folder = tmp_path / f"trial_{i}"
        folder.mkdir()
        metrics = {"metrics": {"acc": {"direction": "max", "observations": [{"value": [i / 10], "step": 0}]}}}
        trial: dict[str, Any] = {
            "trial_id": str(i),
            "hyperparameters": {"space": [], "values": {"lr": i, "tuner/epochs": 3}},
        }
        trial |= {"metrics": metrics, "score": i / 10, "status": "COMPLETED" if i else "INVALID"}
        (folder / "trial.json").write_text(json.dumps(trial)[: 30 if i == 6 else None])
    (log,) = keras_tuner.READER.read(oracle)
    assert [row["state"] for row in log.tables["trials"]] == ["failed"] + ["complete"] * 5
    assert log.tables["trials"][2]["params"] == {"lr": 2}
    assert log.tables["search"][0]["objective"] == "acc"
    assert [n.message for n in log.notes] == ["trial_6/trial.json is left out: the file is broken JSON"]


def test_only_an_oracle_is_claimed() -> None:
    assert keras_tuner.claims(PurePosixPath("a/oracle.json"), b'{"ongoing_trials": {}')
    assert not keras_tuner.claims(PurePosixPath("a/oracle.json"), b"{}")
    assert not keras_tuner.claims(PurePosixPath("a/trial.json"), b'{"hyperparameters": {}')


def test_damaged_files_are_survived(tmp_path: Path) -> None:
    survives(keras_tuner.READER, SAMPLES / "coarse/oracle.json", tmp_path)
    survives(trials_csv.READER, SAMPLES / "folds/trials.csv", tmp_path)


# --- sibling runs ------------------------------------------------------------------------------------------


def test_the_trials_of_ray_tune_are_one_search(tmp_path: Path) -> None:
    for i in range(6):
        folder = tmp_path / f"exp/train_{i:05d}_lr={i}"
        folder.mkdir(parents=True)
        (folder / "params.json").write_text(json.dumps({"lr": 0.1 + i}))
        rows = [{"val_loss": 2.0 / k + i, "training_iteration": k, "trial_id": f"{i}"} for k in range(1, 6)]
        (folder / "result.json").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    (found,) = runaudit.audit(tmp_path).sweeps
    assert found.id == "exp/*"
    assert found.tables["search"][0]["objective"] == "val/loss"
    assert [row["params"]["learning_rate"] for row in found.tables["trials"]] == [0.1 + i for i in range(6)]


def test_the_experiments_of_mlflow_are_searches_of_their_own(tmp_path: Path) -> None:
    script = MLFLOW.replace("lifecycle_stage TEXT)", "lifecycle_stage TEXT, experiment_id INTEGER)")
    runs = [(f"r{i}", f"{i}/run", "FINISHED", "active", i % 2) for i in range(12)]
    metrics = [("val_loss", 1.0 / k, k, f"r{i}", k, 0) for i in range(12) for k in (1, 2, 3)]
    params = [("lr", str(0.1 + i), f"r{i}") for i in range(12)]
    experiments = [(0, "first"), (1, "second")]
    path = make(tmp_path / "m.db", script, runs=runs, metrics=metrics, params=params, experiments=experiments)
    assert [len(s.tables["trials"]) for s in runaudit.audit(path).sweeps] == [6, 6]
