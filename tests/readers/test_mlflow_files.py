from __future__ import annotations

from pathlib import Path, PurePosixPath

import numpy as np
import pytest

from runaudit.errors import LogError
from runaudit.load import load
from runaudit.model import RawLog
from runaudit.readers.mlflow_files import READER, claims, home
from tests.readers.mutations import survives

RUN = "ed05f9cd599442fe9a0c9222184710b8"
SAMPLE = next((Path(__file__).parents[2] / "sample_logs/formats/mlflow_files").rglob("meta.yaml")).parent
META = "artifact_uri: file:///x\nlifecycle_stage: active\nrun_id: a\nstatus: 3\n"


def metric(tmp_path: Path, text: str, name: str = "val/loss") -> RawLog:
    path = tmp_path / "mlruns/0" / RUN / "metrics" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    (log,) = READER.read(path)
    return log


def messages(log: RawLog) -> list[tuple[str, int | None]]:
    return [(note.message, note.line) for note in log.notes]


def test_a_metric_keeps_its_steps_lines_and_folders(tmp_path: Path) -> None:
    log = metric(tmp_path, "1628697792090 1.5 0\n1628697795789 nan 10\n1628697799319 -inf 20\n")
    (series,) = log.series
    assert series.name == "val/loss"
    assert series.steps is not None
    assert series.steps.tolist() == [0, 10, 20]
    assert series.lines.tolist() == [1, 2, 3]
    assert series.values[[0, 2]].tolist() == [1.5, -np.inf]
    assert np.isnan(series.values[1])
    assert log.notes == ()


def test_lines_without_a_step_are_counted(tmp_path: Path) -> None:
    (series,) = metric(tmp_path, "1628697792090 1.5\n1628697795789 1.0\n").series
    assert series.steps is not None
    assert series.steps.tolist() == [0, 1]


def test_values_that_are_all_at_step_0_are_counted_with_a_note(tmp_path: Path) -> None:
    log = metric(tmp_path, "1628697792090 1.5 0\n1628697795789 1.0 0\n")
    assert log.series[0].steps is not None
    assert log.series[0].steps.tolist() == [0, 1]
    assert messages(log) == [("val/loss: all 2 values are at step 0, so they are counted from 0", None)]


def test_broken_lines_and_a_cut_are_noted(tmp_path: Path) -> None:
    log = metric(tmp_path, "1628697792090 1.5 0\nhello\n1628697795789 1.0 1\n16286977")
    assert len(log.series[0].values) == 2
    assert messages(log) == [
        ("the last line is cut off", 4),
        ("val/loss: 1 lines are no time, value and step, left out", 2),
    ]
    with pytest.raises(LogError, match="no line is a time, a value and a step") as caught:
        metric(tmp_path, "a b c\n")
    assert caught.value.line == 1
    with pytest.raises(LogError, match=r"the file is empty \(0 bytes\)"):
        metric(tmp_path, "")


@pytest.mark.parametrize(
    ("folder", "expected"),
    [
        (f"mlruns/0/{RUN}/metrics/metrics/mAP", f"mlruns/0/{RUN}"),
        (f"metrics/0/{RUN}/metrics/loss", f"metrics/0/{RUN}"),
        (f"{RUN}/params/lr", RUN),
        (f"{RUN}/metrics/{RUN}/tags/x", RUN),
        (f"{RUN}/meta.yaml", RUN),
        ("mine/metrics/metrics/mAP", "mine"),
        ("metrics/loss", "."),
    ],
)
def test_home_is_the_folder_of_the_run(folder: str, expected: str) -> None:
    assert home(PurePosixPath(folder)) == PurePosixPath(expected)


@pytest.mark.parametrize(
    ("path", "head", "expected"),
    [
        (f"{RUN}/metrics/loss", b"anything", True),
        (f"{RUN}/params/lr", b"0.1", True),
        (f"{RUN}/tags/mlflow.user", b"me", True),
        (f"{RUN}/artifacts/model.txt", b"0.1", False),
        (f"m-{RUN}/metrics/loss", b"1628697792090 1.5 0\n", False),
        ("mine/metrics/loss", b"1628697792090 1.5 0\n", True),
        ("mine/metrics/loss", b"step,loss\n0,1\n", False),
        ("mine/metrics/loss", b"\0\1", False),
        ("mine/params/lr", b"0.1", False),
        ("params/lr", b"0.1", True),
        ("params/model.json", b"{}", False),
        ("loss", b"1628697792090 1.5 0\n", True),
        ("loss", b"0 1.5 0\n", False),
        (f"{RUN}/meta.yaml", META.encode(), True),
        ("0/meta.yaml", b"artifact_location: file:///x\nexperiment_id: '0'\n", False),
    ],
)
def test_claims(path: str, head: bytes, expected: bool) -> None:
    assert claims(PurePosixPath(path), head) is expected


def test_the_files_of_a_run_make_one_run(tmp_path: Path) -> None:
    metric(tmp_path, "1628697792090 1.5 0\n1628697795789 1.0 10\n")
    metric(tmp_path, "1628697792090 2.5 0\n1628697795789 2.0 5\n", name="loss")
    folder = tmp_path / "mlruns/0" / RUN
    for name, text in {
        "params/lr": "0.1",
        "params/net/act": "relu",
        "tags/mlflow.user": "me",
        "tags/kind": "a",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (folder / "meta.yaml").write_text(META.replace("status: 3", "status: 4").replace("active", "deleted"))
    loaded = load([tmp_path])
    (run,) = loaded.runs
    assert run.id == f"mlruns/0/{RUN}"
    assert run.series["val/loss"].steps.tolist() == [0, 10]
    assert run.series["train/loss"].steps.tolist() == [0, 5]
    assert {"learning_rate": 0.1, "net/act": "relu", "tags.kind": "a"}.items() <= run.config.items()
    assert [n.message for n in run.notes] == [
        "MLflow says that the run failed",
        "the run is marked as deleted in MLflow",
    ]
    assert not loaded.unreadable


@pytest.mark.parametrize("text", ["", "a: [", "- 1\n", "status: x\n"])
def test_a_broken_description_stops_nothing(tmp_path: Path, text: str) -> None:
    path = tmp_path / "meta.yaml"
    path.write_text(text or "\n")
    (log,) = READER.read(path)
    assert log.series == ()


def test_the_sample_of_the_real_writer() -> None:
    (run,) = load([SAMPLE]).runs
    assert len(run.series["val/loss"]) == 12
    assert run.config["optimizer"] == "sgd"


@pytest.mark.parametrize("name", ["metrics/train/loss", "params/optimizer", "meta.yaml"])
def test_damaged_files_are_survived(name: str, tmp_path: Path) -> None:
    folder = tmp_path / RUN / name.rpartition("/")[0]
    folder.mkdir(parents=True)
    survives(READER, SAMPLE / name, folder)
