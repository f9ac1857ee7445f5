"""Files of weights belong to the run whose folder they lie in; alone they make a run of their own."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import runaudit
from runaudit.load import load

NOISE = np.random.default_rng(0).standard_normal((16, 3, 7, 7)).astype(np.float32)


def log(path: Path, scale: float = 1.0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = ({"step": i, "loss": scale * (2.0 - 0.01 * i)} for i in range(40))
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")


def weights(path: Path, factor: float = 1.0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, NOISE * np.float32(factor))


def test_weights_beside_a_log_go_to_its_run(tmp_path: Path) -> None:
    log(tmp_path / "log.jsonl")
    weights(tmp_path / "checkpoints" / "conv1.npy")
    (run,) = load(tmp_path).runs
    assert run.id == "."
    assert run.paths == ("log.jsonl", "checkpoints/conv1.npy")
    (row,) = run.tables["filters"]
    assert row["path"] == "checkpoints/conv1.npy"
    assert np.array_equal(row["weights"], NOISE)
    assert "conv1 in it is taken for the first layer" in run.notes[-1].message


def test_the_latest_of_several_counts_and_the_others_are_counted(tmp_path: Path) -> None:
    log(tmp_path / "log.jsonl")
    for step in (0, 900, 1000):
        weights(tmp_path / f"conv1_step_{step}.npy", step)
    weights(tmp_path / "conv1_init.npy", 7)
    found = load(tmp_path)
    assert found.runs[0].paths[-1] == "conv1_step_1000.npy"
    assert found.ignored_files == 3


def test_of_several_runs_in_a_folder_each_has_the_file_of_its_name(tmp_path: Path) -> None:
    for name, scale in (("a", 1.0), ("b", 3.0)):
        log(tmp_path / f"{name}.jsonl", scale)
    np.savez(tmp_path / "b.npz", **{"conv1.weight": NOISE})  # type: ignore[arg-type]
    runs = {run.id: run for run in load(tmp_path).runs}
    assert runs.keys() == {"a.jsonl", "b.jsonl"}
    assert "filters" in runs["b.jsonl"].tables
    assert "filters" not in runs["a.jsonl"].tables


def test_weights_alone_make_a_run_of_their_folder(tmp_path: Path) -> None:
    weights(tmp_path / "net" / "conv1.npy")
    (run,) = load(tmp_path).runs
    assert (run.id, run.format, run.paths) == ("net", "npy", ("net/conv1.npy",))
    assert run.tables["filters"][0]["path"] == "net/conv1.npy"
    assert not run.series
    report = runaudit.audit(tmp_path)
    assert {f.rule: f.severity.value for f in report.findings} == {"noisy-first-layer": "note"}
    assert "as at random initialisation" in report.findings[0].message


def test_data_sets_are_only_counted(tmp_path: Path) -> None:
    log(tmp_path / "log.jsonl")
    np.save(tmp_path / "images.npy", np.zeros((50, 3, 32, 32)))
    np.savez(tmp_path / "model.npz", x_train=np.zeros((50, 28, 28)))
    found = load(tmp_path)
    assert found.ignored_files == 2
    assert not found.unreadable
    assert "filters" not in found.runs[0].tables
    assert found.runs[0].paths == ("log.jsonl",)


def test_damaged_weights_are_a_note_of_the_run_and_no_failure(tmp_path: Path) -> None:
    log(tmp_path / "log.jsonl")
    weights(tmp_path / "conv1.npy")
    (tmp_path / "conv1.npy").write_bytes((tmp_path / "conv1.npy").read_bytes()[:500])
    found = load(tmp_path)
    assert not found.unreadable
    assert [n.message for n in found.runs[0].notes] == ["the array is cut off or damaged"]


@pytest.mark.parametrize(("named", "kind"), [(False, "not-a-log"), (True, "corrupt")])
def test_damaged_weights_alone_are_named(tmp_path: Path, named: bool, kind: str) -> None:
    path = tmp_path / "conv1.npy"
    weights(path)
    path.write_bytes(path.read_bytes()[:500])
    found = load(path if named else tmp_path)
    assert [(u.path, u.kind) for u in found.unreadable] == [("conv1.npy", kind)]


def test_weights_without_a_first_layer_are_refused_where_the_user_named_them(tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    np.savez(path, fc=np.zeros((10, 20)))
    (refused,) = load(path).unreadable
    assert "no array in it is named and shaped like a first layer" in refused.reason
    assert load(tmp_path).ignored_files == 1
