from __future__ import annotations

import json
from pathlib import Path, PurePosixPath

import numpy as np
import pytest

from runaudit.errors import LogError
from runaudit.readers import sqlite_store
from runaudit.readers.optuna_journal import READER, claims
from tests.readers.mutations import survives

SAMPLES = Path(__file__).parents[2] / "sample_logs/formats"
SAMPLE = SAMPLES / "optuna_journal/healthy/journal.log"
CHOICE = json.dumps({"name": "CategoricalDistribution", "attributes": {"choices": ["relu", "tanh"]}})


def line(code: int, **said: object) -> str:
    return json.dumps({"op_code": code, "worker_id": "w", **said})


def report(trial: int, step: int, value: float | None) -> str:
    return line(7, trial_id=trial, step=step, intermediate_value=value)


CREATE = [line(0, study_name="s", directions=[1]), line(4, study_id=0, datetime_start="now")]


def write(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "journal.log"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_operations_are_replayed_in_their_order(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        *CREATE,
        line(5, trial_id=0, param_name="act", param_value_internal=1, distribution=CHOICE),
        report(0, 10, 0.5),
        report(0, 5, 1.0),
        report(0, 20, None),
        line(6, trial_id=0, state=1, values=[0.5]),
        report(0, 30, 9.0),  # another worker's, too late
        line(8, trial_id=0, user_attr={"x": 1}),
    )
    (log,) = READER.read(path)
    (curve,) = log.series
    assert (log.format, log.label, curve.name) == ("optuna_journal", "trial-0", "intermediate value")
    assert log.config == {"act": "tanh"}
    assert curve.steps is not None
    assert curve.steps.tolist() == [5, 10, 20]
    assert curve.values[:2].tolist() == [1.0, 0.5]
    assert np.isnan(curve.values[2])
    assert curve.lines.tolist() == [5, 4, 6]
    assert log.tables["trial"]["state"] == "COMPLETE"
    assert log.tables["trial"]["values"] == [0.5]
    assert log.notes == ()


def test_deleted_studies_are_gone_and_trials_count_over_all_studies(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        *CREATE,
        line(0, study_name="other", directions=[2]),
        line(3, study_id=1, system_attr={"study:metric_names": ["acc"]}),
        line(4, study_id=1, datetime_start="now"),
        *(report(trial, step, 1.0) for trial in (0, 1) for step in (0, 1)),
        line(1, study_id=0),
    )
    (log,) = READER.read(path)
    assert log.series[0].name == "acc"
    assert log.tables["trial"]["study"] == "other"
    assert log.tables["trial"]["directions"] == ["MAXIMIZE"]
    assert [n.message for n in log.notes] == ["Optuna says that trial 0 is RUNNING"]


def test_a_trial_that_was_added_whole(tmp_path: Path) -> None:
    whole = {"intermediate_values": {"0": 1.0, "1": 0.5}, "params": {"act": 0}, "distributions": {"act": CHOICE}}
    (log,) = READER.read(write(tmp_path, CREATE[0], line(4, study_id=0, state=1, values=[0.5], **whole)))
    assert log.series[0].values.tolist() == [1.0, 0.5]
    assert log.config == {"act": "relu"}


def test_broken_lines_are_noted_and_a_cut_is_told(tmp_path: Path) -> None:
    path = write(tmp_path, *CREATE, "{", report(0, 0, 1.0), report(7, 0, 1.0), report(0, 1, 0.5))
    path.write_text(path.read_text() + '{"op_code": 7, "tri')
    (log,) = READER.read(path)
    assert [(n.message, n.line) for n in log.notes] == [
        ("the last line is cut off", 7),
        ("2 lines are no operation, left out", 3),
        ("Optuna says that trial 0 is RUNNING", None),
    ]


def test_a_search_without_curves_is_named_as_what_it_is(tmp_path: Path) -> None:
    with pytest.raises(LogError, match=r"a search and no curve: 1 Optuna trials \(1 running\)") as caught:
        READER.read(write(tmp_path, *CREATE))
    assert caught.value.kind == "not-a-log"
    with pytest.raises(LogError, match="no line creates a study"):
        READER.read(write(tmp_path, report(0, 0, 1.0)))


def test_steps_beyond_all_measure_are_no_operations(tmp_path: Path) -> None:
    path = write(tmp_path, *CREATE, report(0, 0, 1.0), report(0, 10**400, 1.0), report(0, 1, 0.5))
    (log,) = READER.read(path)
    assert len(log.series[0].values) == 2


def test_claims() -> None:
    assert claims(PurePosixPath("any.log"), CREATE[0].encode())
    assert claims(PurePosixPath("any"), b'{"op_code":0,"worker_id":"x"')
    assert not claims(PurePosixPath("a.jsonl"), b'{"step": 0, "loss": 1.0}')


def test_the_sample_says_the_same_as_the_sample_of_the_database() -> None:
    (journal,) = READER.read(SAMPLE)
    (database,) = sqlite_store.READER.read(SAMPLES / "optuna_db/healthy/optuna.db")
    assert journal.config == database.config == {"learning_rate": 0.1, "activation": "tanh"}
    assert journal.tables == database.tables
    assert journal.series[0].values.tolist() == database.series[0].values.tolist()
    assert len(journal.series[0].values) == 12


def test_damaged_files_are_survived(tmp_path: Path) -> None:
    assert 0 < survives(READER, SAMPLE, tmp_path) < 300
