"""Timing and system columns, from the file to the finding; the rules themselves are tested by their examples."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pytest

from runaudit.api import audit, load
from runaudit.load.clock import LEAST, Column, measures, timings
from runaudit.model import Finding, Reduction, Run
from tests.readers import event_writer

ROWS = 60


def write(folder: Path, columns: Mapping[str, Iterable[float]], name: str = "metrics.jsonl") -> Path:
    """Write a log of the columns beside a falling loss, one row a step."""
    series = {"step": range(ROWS), "loss": np.linspace(2.3, 0.4, ROWS).tolist(), **columns}
    rows = zip(*series.values(), strict=True)
    (folder / name).write_text("".join(json.dumps(dict(zip(series, row, strict=True))) + "\n" for row in rows))
    return folder


def only(folder: Path) -> Run:
    (run,) = load(folder)
    return run


def findings(folder: Path) -> dict[str, Finding]:
    report = audit(folder, select=["throughput"])
    assert report.crashes == ()
    return {finding.rule: finding for finding in report.findings}


def column(name: str, values: Iterable[float]) -> Column:
    array = np.array(list(values), dtype=np.float64)
    steps = np.arange(len(array), dtype=np.int64)
    return Column(name, "x.csv", steps, array, steps + 2)


def clock(seconds: Iterable[float], start: float = 0.0) -> list[float]:
    return [start, *(start + np.cumsum(list(seconds))).tolist()]


# --- what a column measures --------------------------------------------------------------------------------

MEASURES = {
    "time/step": "step_time iter_time batch_time time_per_step time/step",
    "time/step_rate": "it/s steps_per_second its",
    "time/data": "data_time data_loading_time time/data",
    "time/clock": "_runtime _timestamp elapsed wall_time time",
    "system/gpu_util/0": "system.gpu.0.gpu system/gpu_0_utilization_percentage",
    "system/gpu_memory/1": "system.gpu.1.memoryAllocatedBytes system/gpu_1_memory_usage_megabytes",
    "system/memory": "system.proc.memory.rssMB system/system_memory_usage_megabytes ram",
    "": "loss eta remaining_time eval_steps_per_second system.gpu.0.temp step_avg x",
}


@pytest.mark.parametrize(("name", "what"), [(n, w) for w, names in MEASURES.items() for n in names.split()])
def test_what_a_column_measures(name: str, what: str) -> None:
    assert measures(name) == what


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("step_time", [0.5] * 9, 0.5),
        ("dt (ms)", [500.0] * 9, 0.5),
        ("it/s", [2.0] * 9, 0.5),
        ("elapsed", clock([0.5] * 9), 0.5),
        ("_timestamp", clock([0.5] * 9, 1.7e9), 0.5),
        ("timestamp", (1000 * v for v in clock([0.5] * 9, 1.7e9)), 0.5),
        ("time", clock([0.5] * 9), 0.5),
        ("time", [0.5, 0.6, 0.4, 0.5, 0.5, 0.6, 0.4, 0.5, 0.5], 0.5),
        ("train_time (ms)", clock([500.0] * 9), 0.5),
    ],
)
def test_step_times_in_seconds(name: str, values: Iterable[float], expected: float) -> None:
    found = timings([column(name, values)], "step")
    assert float(np.median(found[name].values)) == pytest.approx(expected)
    assert found[name].name == "time/step"


def test_durations_that_grow_are_no_clock() -> None:
    growing = timings([column("time", np.linspace(10, 20, 50))], "step")["time"]
    assert growing.reduction is Reduction.STEP
    assert growing.values[-1] == 20


def test_a_clock_gives_the_mean_of_the_steps_since_the_row_before() -> None:
    logged = Column(
        "_runtime", "x", np.array([0, 10, 20, 25, 35, 45, 55, 65, 75]), np.array(clock([5.5] * 8)), np.arange(9)
    )
    series = timings([logged], "step")["_runtime"]
    assert series.values.tolist() == [0.55, 0.55, 1.1, 0.55, 0.55, 0.55, 0.55, 0.55]
    assert (series.steps[0], series.reduction, series.width) == (10, Reduction.WINDOW_MEAN, 10.0)
    assert series.source_name == "differences of _runtime"


def test_a_clock_that_starts_again_loses_that_row_only() -> None:
    series = timings([column("elapsed", [*clock([0.5] * 19), *clock([0.5] * 19)])], "step")["elapsed"]
    assert len(series) == 38
    assert set(series.values.tolist()) == {0.5}


def test_a_clock_of_whole_seconds_is_read_at_a_distance() -> None:
    seconds = np.floor(np.arange(200) * 0.4)
    series = timings([column("elapsed", seconds)], "step")["elapsed"]
    assert np.allclose(series.values, 0.4, atol=0.05)
    assert len(series) == 7


def test_what_cannot_be_a_clock_gives_nothing() -> None:
    short = column("elapsed", clock([0.5] * (LEAST - 2)))
    jumping = column("elapsed", [1.0, 5.0, 2.0, 8.0, 3.0, 9.0, 1.0, 7.0, 2.0])
    still = column("elapsed", [5.0] * 20)
    assert [timings([one], "step") for one in (short, jumping, still)] == [{}, {}, {}]
    assert timings([column("epoch_time", [60.0] * 9)], "step") == {}
    assert timings([column("epoch_time", [60.0] * 9)], "epoch")["epoch_time"].name == "time/step"


def test_a_logged_step_time_goes_before_a_clock() -> None:
    both = timings([column("elapsed", clock([0.5] * 40)), column("step_time", [0.4] * 20)], "step")
    assert list(both) == ["step_time"]


# --- from the file to the finding --------------------------------------------------------------------------


def test_the_runs_say_what_was_made_of_a_column(tmp_path: Path) -> None:
    run = only(write(tmp_path, {"_runtime": clock([0.5] * (ROWS - 1)), "data_time": [0.1] * ROWS}))
    assert {"train/loss", "time/step", "time/data"} == set(run.series)
    said = {one.source_name: (one.canonical, one.why) for one in run.names}
    assert said["_runtime"][0] == "time/step"
    assert "differences of _runtime" in said["_runtime"][1]


def test_times_alone_are_no_run(tmp_path: Path) -> None:
    (tmp_path / "train_log.csv").write_text("step,step_time\n" + "".join(f"{i},0.5\n" for i in range(20)))
    report = audit(tmp_path / "train_log.csv")
    assert report.runs == ()
    assert report.unreadable[0].kind == "not-a-log"


def test_timing_columns_move_no_step(tmp_path: Path) -> None:
    """A row that has only times in it must not be a step of the loss, nor a step of its own."""
    rows = [{"step": i, "loss": 2 - i / 100} if i % 2 else {"step": i, "step_time": 0.5} for i in range(40)]
    (tmp_path / "log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    run = only(tmp_path)
    assert run.series["train/loss"].steps.tolist() == list(range(1, 40, 2))
    assert "time/step" not in run.series


def test_a_loader_that_sets_the_pace(tmp_path: Path) -> None:
    found = findings(write(tmp_path, {"time": [7.4, 7.3] * 30, "data_time": [6.8, 6.7] * 30}))
    assert set(found) == {"input-bound"}
    assert found["input-bound"].message.startswith("92% of a step is waiting for data: 6.7 s of 7.3 s")


def test_an_evaluation_in_the_loop_is_named_with_its_period(tmp_path: Path) -> None:
    seconds = [40.0 if i % 10 == 0 else 2.0 for i in range(1, ROWS)]
    found = findings(write(tmp_path, {"_runtime": clock(seconds)}))
    assert set(found) == {"slow-steps"}
    assert found["slow-steps"].facts["period"] == 10
    assert any("every 10 steps" in line for line in found["slow-steps"].evidence)


def test_the_share_of_slow_steps_counts_the_steps_between_the_rows(tmp_path: Path) -> None:
    """Of every 1,000th step, every 6th has an evaluation: that is one step of 6,000, not of 6."""
    times = [100.0 if i % 6 == 0 else 1.0 for i in range(ROWS)]
    write(tmp_path, {"step_time": times})
    assert float(findings(tmp_path)["slow-steps"].facts["share"]) == pytest.approx(0.94, abs=0.01)
    lines = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    spread = "".join(json.dumps({**row, "step": 1000 * row["step"]}) + "\n" for row in lines)
    (tmp_path / "metrics.jsonl").write_text(spread)
    assert findings(tmp_path) == {}


def test_one_long_pause_is_no_slow_step_but_stalled(tmp_path: Path) -> None:
    seconds = [3600.0 if i == 30 else 2.0 for i in range(1, ROWS)]
    found = findings(write(tmp_path, {"_timestamp": clock(seconds, 1.7e9)}))
    assert set(found) == {"stalled"}
    assert found["stalled"].message == "the log stands still: 60 min where 2 s between two rows is usual"
    assert (found["stalled"].first_step, found["stalled"].last_step) == (29, 30)


def test_the_clock_of_an_event_file(tmp_path: Path) -> None:
    at = clock(np.linspace(1.0, 4.0, ROWS - 1), 1.7e9)
    events = [
        event_writer.event(i, event_writer.scalar("loss", 2.3 - i / 50), wall_time=seconds)
        for i, seconds in enumerate(at)
    ]
    event_writer.write(tmp_path / "events.out.tfevents.1700000000.host.1.0", *events)
    found = findings(tmp_path)
    assert set(found) == {"slowdown"}
    assert str(found["slowdown"].severity) == "warning"


def test_parts_of_a_run_keep_their_curves_whole(tmp_path: Path) -> None:
    """Both folders have a clock of one name: that must not tie the one to the restart of the other."""
    for split, steps in (("eval", [*range(20)]), ("train", [*range(20), *range(10, 25)])):
        (tmp_path / split).mkdir()
        events = [
            event_writer.event(step, event_writer.scalar("epoch_loss", 2.3 - i / 50), wall_time=1.7e9 + 60 * i)
            for i, step in enumerate(steps)
        ]
        event_writer.write(tmp_path / split / "events.out.tfevents.1700000000.host.1.0", *events)
    run = only(tmp_path)
    assert len(run.series["train/loss"]) == 25
    assert len(run.series["val/loss"]) == 20
    assert len(run.series["time/step"]) == 24


def test_memory_that_leaks_and_an_idle_gpu(tmp_path: Path) -> None:
    leak, idle = np.linspace(1000, 3000, ROWS).tolist(), [3.0, 6.0] * 30
    found = findings(write(tmp_path, {"system.proc.memory.rssMB": leak, "system.gpu.0.gpu": idle}))
    assert set(found) == {"memory-growth", "gpu-idle"}
    assert found["memory-growth"].series == "system/memory"
    assert found["gpu-idle"].series == "system/gpu_util/0"


def test_an_ordinary_log_is_silent(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    columns = {
        "_runtime": clock(0.5 + 0.05 * rng.random(ROWS - 1)),
        "data_time": (0.01 + 0.01 * rng.random(ROWS)).tolist(),
        "gpu_util": (90 + 5 * rng.random(ROWS)).tolist(),
        "gpu_memory": (10_000 + 100 * rng.random(ROWS)).tolist(),
    }
    assert findings(write(tmp_path, columns)) == {}


def test_not_finite_times_are_left_out(tmp_path: Path) -> None:
    times = [float("nan"), float("inf"), -1.0, *[0.5] * (ROWS - 3)]
    assert findings(write(tmp_path, {"step_time": times, "data_time": times})).keys() <= {"input-bound"}
