"""Configuration files beside a log: which of them belongs to a run, and what they say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runaudit.load import discover, load
from runaudit.load.companions import MOST_BYTES
from runaudit.load.config import MOST_KEYS, ConfigError, canonical, config_key, flatten
from runaudit.model import Run

Write = Callable[[str, object], Path]
LOG = {"series": {"step": [0, 1], "loss": [2, 1]}}


def only(loaded_from: Path) -> Run:
    (run,) = load([loaded_from]).runs
    return run


def test_the_nearest_folder_counts_and_is_not_ignored(write: Write, tmp_path: Path) -> None:
    write("exp/run/a/log.one", LOG)
    write("exp/config.yaml", "lr: 1e-3\nmodel: {name: mlp, depth: 3}\n")
    write("config.json", {"lr": 9})
    loaded = load([tmp_path])
    assert loaded.runs[0].config == {"learning_rate": 0.001, "architecture": "mlp", "model.depth": 3}
    assert loaded.ignored_files == 1
    assert loaded.unreadable == ()


def test_no_more_than_three_levels_up(write: Write, tmp_path: Path) -> None:
    write("a/b/c/d/log.one", LOG)
    write("a/config.yaml", "lr: 1")
    assert only(tmp_path).config == {"learning_rate": 1}
    write("a/b/c/d/e/log.one", LOG)
    (tmp_path / "a/b/c/d/log.one").unlink()
    assert only(tmp_path).config == {}


def test_the_configuration_of_another_run_is_not_taken(write: Write, tmp_path: Path) -> None:
    write("run/log.one", LOG)
    write("run/config.json", {"lr": 1})
    write("run/sub/log.one", {"series": {"step": [0, 1], "loss": [5, 4]}})
    write("other/log.one", LOG)
    assert {run.id: dict(run.config) for run in load([tmp_path]).runs} == {
        "run": {"learning_rate": 1},
        "run/sub": {},
        "other": {},
    }


def test_several_files_are_joined_and_the_log_itself_knows_best(write: Write, tmp_path: Path) -> None:
    write("log.one", {**LOG, "config": {"lr": 3}})
    write("config.json", {"lr": 1, "seed": 7})
    write("hparams.yaml", "seed: 8\nbs: 32\n")
    assert only(tmp_path).config == {"learning_rate": 3, "seed": 7, "batch_size": 32}


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("config.json", '{"lr": 1,', "broken JSON in line 1: Expecting property name enclosed in double quotes"),
        ("config.yaml", "lr: [1\nb: 2", "broken YAML in line 2"),
        ("config.yaml", "- 1\n- 2", "it holds no mapping of keys to values"),
        ("config.json", "[" * 100_000, "it cannot be read (RecursionError)"),
        ("config.json", '"' + "x" * MOST_BYTES + '"', f"it is larger than {MOST_BYTES:,} bytes"),
        ("config.yaml", "a: 2024-99-99", "it cannot be read (ValueError)"),
    ],
)
def test_a_broken_file_is_a_note_on_the_run(write: Write, tmp_path: Path, name: str, text: str, message: str) -> None:
    write("log.one", LOG)
    write(name, text)
    loaded = load([tmp_path])
    (note,) = loaded.runs[0].notes
    assert (note.message, note.path) == (f"the configuration file gives nothing: {message}", name)
    assert (loaded.unreadable, loaded.ignored_files) == ((), 0)


@pytest.mark.parametrize(("name", "text"), [("hparams.yaml", "{}\n"), ("config.yaml", ""), ("args.json", "{}")])
def test_an_empty_file_says_nothing(write: Write, tmp_path: Path, name: str, text: str) -> None:
    write("log.one", LOG)
    write(name, text)
    assert (only(tmp_path).config, only(tmp_path).notes) == ({}, ())


def test_tags_of_python_objects_are_not_followed(write: Write, tmp_path: Path) -> None:
    write("log.one", LOG)
    boom = "!!python/object/apply:os.system ['touch boom']"
    write(
        "hparams.yaml", f"lr: 0.1\nmodel: !!python/object:torch.nn.Module\n  hidden_size: 64\nx: {boom}\ny: !own text\n"
    )
    run = only(tmp_path)
    assert run.config["learning_rate"] == 0.1
    assert (run.config["hidden_sizes"], run.config["x"], run.config["y"]) == ([64], ["touch boom"], "text")
    assert [n.message for n in run.notes] == ["the YAML tags of Python objects are not followed"]
    assert not (tmp_path / "boom").exists()


def test_a_bomb_of_aliases_is_refused(write: Write, tmp_path: Path) -> None:
    write("log.one", LOG)
    levels = ["a0: &a0 {x: 1, y: 2}"]
    levels += [f"a{i}: &a{i} {{{', '.join(f'k{j}: *a{i - 1}' for j in range(9))}}}" for i in range(1, 10)]
    write("config.yaml", "\n".join(levels))
    (note,) = only(tmp_path).notes
    assert note.message.endswith(f"it holds more than {MOST_KEYS:,} keys")


def test_latin_1_is_a_note(write: Write, tmp_path: Path) -> None:
    write("log.one", LOG)
    (tmp_path / "config.json").write_bytes('{"name": "é"}'.encode("latin-1"))
    assert [n.message for n in only(tmp_path).notes] == ["the configuration file gives nothing: it is no UTF-8 text"]


def test_a_configuration_named_by_the_user_is_no_log(write: Write) -> None:
    loaded = load([write("config.yaml", "lr: 1")])
    assert [(u.path, u.reason) for u in loaded.unreadable] == [("config.yaml", "no reader knows this format")]


def test_a_log_with_the_name_of_a_configuration_is_read_if_named(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write("params.json", LOG)
    reader = replace(discover._readers()[0], claims=lambda path, _: path.suffix == ".json")
    monkeypatch.setattr("runaudit.load.discover._readers", lambda: (reader,))
    assert [run.id for run in load([path]).runs] == ["."]
    assert load([tmp_path]).runs == ()


def test_a_log_with_a_bomb_inside_is_still_a_run(write: Write, tmp_path: Path) -> None:
    write("log.one", {**LOG, "config": {f"k{i}": i for i in range(MOST_KEYS + 1)}})
    run = only(tmp_path)
    assert (run.config, len(run.notes)) == ({}, 1)


KEYS = {
    "learning_rate": "lr learning_rate lr0 base_lr max_lr optimizer.params.lr optimizer.lr training.learning_rate "
    "optim.args.lr LR",
    "batch_size": "batch_size train_batch_size per_device_train_batch_size bs batch data.batch_size",
    "optimizer": "optimizer optim optimizer.name optimizer.type optimizer._target_",
    "classes": "classes num_classes n_classes nc num_labels model.num_classes",
    "schedule": "lr_scheduler lr_scheduler_type scheduler schedule scheduler.name",
    "pretrained": "init_from pretrained finetune checkpoint",
    "loss_reduction": "reduction loss_reduction loss.reduction",
    "parameters": "n_params num_params",
    "grad_clip": "max_grad_norm gradient_clip_val",
    "epochs": "epochs num_train_epochs max_epochs trainer.max_epochs",
}


@pytest.mark.parametrize(("key", "expected"), [(k, e) for e, keys in KEYS.items() for k in keys.split()])
def test_a_key_is_understood(key: str, expected: str) -> None:
    assert config_key(key)[0] == expected


@pytest.mark.parametrize("key", ["scheduler.step_size", "teacher.lr", "my_lr", "a.b.c", ""])
def test_another_key_keeps_its_name(key: str) -> None:
    assert config_key(key) == (key, -1)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({"lr": {"desc": None, "value": 0.1}}, {"learning_rate": 0.1}),
        ({"lr": {"value": "3e-4"}, "optimizer": {"value": {"lr": 1, "name": "adam"}}},
         {"learning_rate": 0.0003, "optimizer": "adam", "optimizer.lr": 1}),
        ({"learning_rate": 1, "lr": 2}, {"learning_rate": 1, "lr": 2}),
        ({"lr": 2, "learning_rate": 1}, {"learning_rate": 1, "lr": 2}),
        ({"hidden_size": 8, "names": ["cat"], "classes": ["a", "b"], "x": [[1], {"y": 2}]},
         {"hidden_sizes": [8], "classes": 2, "names": ["cat"], "x": ["list", "dict"]}),
        ({"pretrained": None, "flag": True, "n": "1_000"}, {"pretrained": None, "flag": True, "n": "1_000"}),
    ],
)  # fmt: skip
def test_values_are_plain(content: dict[str, Any], expected: dict[str, Any]) -> None:
    assert canonical(flatten(content)) == expected


def test_what_is_no_mapping_is_refused() -> None:
    assert list(flatten(None)) == []
    with pytest.raises(ConfigError, match="no mapping"):
        list(flatten([1, 2]))
