from __future__ import annotations

import json
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pytest

from runaudit.errors import LogError
from runaudit.load import load
from runaudit.model import RawLog, RawSeries
from runaudit.readers.sacred import READER, claims
from tests.readers.mutations import survives

SAMPLE = Path(__file__).parents[2] / "sample_logs/formats/sacred/healthy"
TIMES = [f"2026-01-01T00:00:0{i}.500000" for i in range(10)]


def metric(steps: list[Any], values: list[Any], times: list[str] | None = None) -> dict[str, Any]:
    said = {"steps": steps, "values": values}
    return said if times is None else {**said, "timestamps": times}


def write(folder: Path, metrics: dict[str, Any], **run: object) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "metrics.json").write_text(json.dumps(metrics, indent=2, sort_keys=True))
    if run:
        (folder / "run.json").write_text(json.dumps({"artifacts": [], **run}, indent=2))
    return folder / "metrics.json"


def read(path: Path) -> RawLog:
    (log,) = READER.read(path)
    return log


def series(log: RawLog) -> dict[str, RawSeries]:
    return {s.name: s for s in log.series}


def test_each_metric_has_its_own_steps_and_every_value_its_line(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        {
            "train.loss": metric([0, 1, 2], [3.0, float("nan"), 1.0], TIMES[:3]),
            "val.loss": metric([2], [2.5], [TIMES[2]]),
        },
    )
    found = series(read(path))
    loss = found["train.loss"]
    assert loss.steps is not None
    assert loss.steps.tolist() == [0, 1, 2]
    assert np.isnan(loss.values).tolist() == [False, True, False]
    lines = path.read_text().splitlines()
    assert [lines[n - 1].strip(" ,") for n in loss.lines] == ["3.0", "NaN", "1.0"]
    assert [lines[n - 1].strip(" ,") for n in found["val.loss"].lines] == ["2.5"]


def test_rows_follow_the_times_over_all_metrics(tmp_path: Path) -> None:
    a, b = metric([0, 1], [1.0, 2.0], [TIMES[0], TIMES[2]]), metric([0, 1], [3.0, 4.0], [TIMES[1], TIMES[3]])
    found = series(read(write(tmp_path, {"a": a, "b": b})))
    assert (found["a"].rows.tolist(), found["b"].rows.tolist()) == ([0, 2], [1, 3])
    back = metric([0, 1], [1.0, 2.0], [TIMES[2], TIMES[0]])
    assert series(read(write(tmp_path, {"a": back})))["a"].rows.tolist() == [0, 1]


def test_numbers_of_numpy_are_numbers_and_blanks_are_absent(tmp_path: Path) -> None:
    packed = {"dtype": "float64", "py/object": "numpy.float64", "value": 0.5}
    log = read(write(tmp_path, {"a": metric([0, 1, 2, 3], [packed, None, "high", 1.0])}))
    assert series(log)["a"].values.tolist() == [0.5, 1.0]
    assert [n.message for n in log.notes] == ["a: 1 steps or values lack the other or are no numbers, left out"]


def test_metrics_without_numbers_are_named_in_one_note(tmp_path: Path) -> None:
    lists = {f"history_{i}": metric([0], [[1.0, 2.0]]) for i in range(5)}
    log = read(write(tmp_path, {"a": metric([0], [1.0]), **lists}))
    assert [n.message for n in log.notes] == [
        "history_0, history_1, history_2 and 2 more: no step with a number, left out"
    ]
    with pytest.raises(LogError, match="no metric has steps with numbers: history_0") as caught:
        read(write(tmp_path, lists))
    assert caught.value.kind == "not-a-log"


def test_of_a_file_that_is_cut_off_the_whole_metrics_are_read(tmp_path: Path) -> None:
    path = write(tmp_path, {"a": metric([0, 1], [1.0, 2.0]), "b": metric([0, 1], [3.0, 4.0])})
    text = path.read_text()
    path.write_text(text[: text.index("3.0")])
    log = read(path)
    assert [s.name for s in log.series] == ["a"]
    line = text[: text.index('"b"')].count("\n") + 1
    assert [(n.message, n.line) for n in log.notes] == [
        ("the file is cut off or broken from here, 1 metrics read", line)
    ]
    path.write_text(text[: text.index("2.0")])
    with pytest.raises(LogError, match="before the end of its first metric"):
        read(path)


def test_how_the_run_ended_is_noted(tmp_path: Path) -> None:
    trace = ["Traceback\n", "  File x\n", "RuntimeError: [bold]boom\n"]
    write(tmp_path, {"train.loss": metric([0, 1], [1.0, 2.0])}, status="FAILED", fail_trace=trace)
    (tmp_path / "config.json").write_text('{"lr": 0.1}')
    (run,) = load([tmp_path]).runs
    assert run.paths == ("metrics.json", "run.json")
    assert run.config["learning_rate"] == 0.1
    assert [n.message for n in run.notes] == ["Sacred says that the run is FAILED: RuntimeError: [bold]boom"]


@pytest.mark.parametrize("text", ["{", "[]", '{"status": "COMPLETED"}'])
def test_a_description_that_says_nothing_stops_nothing(tmp_path: Path, text: str) -> None:
    write(tmp_path, {"a": metric([0], [1.0])})
    (tmp_path / "run.json").write_text(text)
    assert read(tmp_path / "run.json").series == ()


def test_a_run_without_metrics_says_so(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text('{"artifacts": []}')
    with pytest.raises(LogError, match=r"a Sacred run without metrics\.json: the program logged no metric"):
        read(tmp_path / "run.json")


def test_claims() -> None:
    assert claims(PurePosixPath("1/metrics.json"), b'{\n  "A loss": {\n    "steps": [\n      0')
    assert claims(PurePosixPath("1/metrics.json"), b'{"a": {"values": [1.0]')
    assert claims(PurePosixPath("1/run.json"), b'{\n  "artifacts": [],\n')
    assert not claims(PurePosixPath("1/info.json"), b'{\n  "artifacts": [],\n')
    assert not claims(PurePosixPath("metrics.json"), b'{"loss": 1.0, "steps": [1]}')
    assert not claims(PurePosixPath("metrics.txt"), b'{"a": {"values": [1.0]')


def test_the_sample_of_the_real_writer() -> None:
    (run,) = load([SAMPLE]).runs
    assert (len(run.series["train/loss"]), len(run.series["val/loss"])) == (120, 12)
    assert run.config["optimizer"] == "sgd"
    assert all(run.series["train/loss"].lines > 0)


@pytest.mark.parametrize("name", ["metrics.json", "run.json"])
def test_damaged_files_are_survived(name: str, tmp_path: Path) -> None:
    (tmp_path / "metrics.json").write_text("{}")
    survives(READER, SAMPLE / name, tmp_path)
