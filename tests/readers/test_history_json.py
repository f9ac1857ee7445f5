"""Histories in JSON: lists by metric, by split, of several runs; lines, lists of other lengths, damaged files."""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath

import pytest

from runaudit.errors import LogError
from runaudit.load import load
from runaudit.model import Run
from runaudit.readers import history_json
from runaudit.readers.history_json import READER
from tests.readers.mutations import survives

KERAS = {"loss": [3.0, 2.0, 1.0], "accuracy": [0.1, 0.5, 0.9], "val_loss": [3.1, 2.1, 1.5], "learning_rate": [0.1] * 3}


def runs_of(path: Path, content: object, **how: int) -> tuple[Run, ...]:
    path.write_text(json.dumps(content, **how))  # type: ignore[arg-type]
    found = load([path])
    assert not found.unreadable
    return tuple(found.runs)


FORMS = {
    "Keras": (KERAS, "train/loss train/accuracy val/loss lr"),
    "below one key": ({"history": KERAS, "epochs": 3}, "train/loss train/accuracy val/loss lr"),
    "an axis": ({"epochs": [5, 6, 7], "losses": [3, 2, 1]}, "train/loss"),
    "by split": (
        {"train": {"loss": [2, 1], "acc": [0, 1]}, "val": {"loss": [3, 2]}},
        "train/loss train/accuracy val/loss",
    ),
    "with nulls": ({"train_loss": [3, 2, 1], "val_loss": [None, 2, None]}, "train/loss val/loss"),
    "rewards": ({"episode_rewards": [1, 2, 3], "losses": [3, 2, 1]}, "train/loss"),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("indent", [None, 2])
def test_what_the_lists_mean(form: str, indent: int, tmp_path: Path) -> None:
    content, names = FORMS[form]
    (run,) = runs_of(tmp_path / "training_history.json", content, indent=indent)
    assert run.format == "history_json"
    assert set(names.split()) <= run.series.keys()


def test_an_axis_among_the_lists_is_the_axis(tmp_path: Path) -> None:
    (run,) = runs_of(tmp_path / "history.json", {"epochs": [5, 6, 7], "losses": [3, 2, 1]})
    assert run.series["train/loss"].steps.tolist() == [5, 6, 7]


def test_every_number_keeps_its_line(tmp_path: Path) -> None:
    (run,) = runs_of(tmp_path / "history.json", KERAS, indent=1)
    lines = (tmp_path / "history.json").read_text().split("\n")
    for series in run.series.values():
        for value, line in zip(series.values, series.lines, strict=True):
            assert lines[line - 1].strip(" ,") == str(value)


def test_a_shorter_list_stands_where_it_was_measured(tmp_path: Path) -> None:
    (run,) = runs_of(tmp_path / "history.json", {"train_loss": [6, 5, 4, 3, 2, 1], "val_loss": [4, 3]})
    assert run.series["val/loss"].steps.tolist() == [2, 5]
    assert any("one for every 3 of the others" in note.message for note in run.notes)


def test_several_histories_of_one_form_are_runs(tmp_path: Path) -> None:
    one = {"loss": [2, 1], "val_loss": [3, 2]}
    logs = READER.read(_written(tmp_path, {"fold_1": one, "fold_2": {**one, "lr": [1, 1]}}))
    assert [log.label for log in logs] == ["fold_1", "fold_2"]


def test_the_rest_is_the_config(tmp_path: Path) -> None:
    (log,) = READER.read(_written(tmp_path, {**KERAS, "config": {"lr": 0.1, "arch": "cnn"}, "best_val_loss": 1.5}))
    assert log.config == {"config.lr": 0.1, "config.arch": "cnn"}


def _written(folder: Path, content: object) -> Path:
    path = folder / "history.json"
    path.write_text(json.dumps(content))
    return path


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("config.json", '{"loss": [1, 2], "val_loss": [1, 2]}'),
        ("history.json", '[{"loss": 1}]'),
        ("history.json", '{"items": [1, 2]}'),
        ("shapes.json", '{"loss": [1, 2]}'),
        ("history.json", '{"loss": 1.5, "epoch": 3}'),
        ("history.txt", '{"loss": [1, 2], "val_loss": [1, 2]}'),
    ],
)
def test_what_is_not_claimed(name: str, text: str) -> None:
    assert not READER.claims(PurePosixPath(name), text.encode())


@pytest.mark.parametrize(
    ("text", "reason", "line"),
    [
        ('{"loss": [1, 2],\n "val_loss": [1', "cut off or broken", 2),
        ('{"loss": [1], "acc": ["a"]}', "no metric of the object is a list", None),
        ("[1, 2]", "no JSON object", 1),
        ('{"epoch": [1, 2]}', "no training metric", None),
        ('{"loss":' * 5000, "nested too deeply|cut off", 1),
    ],
)
def test_what_is_refused(text: str, reason: str, line: int | None, tmp_path: Path) -> None:
    path = tmp_path / "history.json"
    path.write_text(text)
    with pytest.raises(LogError, match=reason) as refused:
        history_json.read(path)
    assert refused.value.line == line


def test_damaged_files_get_one_sentence(tmp_path: Path) -> None:
    sample = tmp_path / "sample" / "history.json"
    sample.parent.mkdir()
    sample.write_text(json.dumps({"train": KERAS, "val": {"loss": [3, None, float("nan")]}, "lr": 0.1}, indent=1))
    assert survives(READER, sample, tmp_path) > 100
