"""One step axis: which column it is, gaps, restarts and repeats."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runaudit.load.build import build
from runaudit.load.companions import Companions
from runaudit.load.discover import Found
from runaudit.load.order import latest
from runaudit.load.parts import Part
from runaudit.model import RawLog, RawSeries, Reduction, Run, Unreadable

NAN = float("nan")
Columns = dict[str, list[float | None]]


def log_of(columns: Columns, steps: dict[str, list[int]] | None = None) -> RawLog:
    """Return a table with these cells, None for a blank, or series with steps of their own."""
    series = []
    for name, cells in columns.items():
        rows = np.array([i for i, cell in enumerate(cells) if cell is not None], dtype=np.int64)
        values = np.array([cell for cell in cells if cell is not None], dtype=np.float64)
        own = None if steps is None else np.array(steps[name], dtype=np.float64)
        series.append(RawSeries(name, values, rows, rows + 2, own))
    return RawLog("table", tuple(series))


def built(log: RawLog) -> Run | Unreadable:
    file = Found(Path("a.csv"), PurePosixPath("a.csv"), named=False)
    return build("r", [Part(file, log)], Companions({}, (), ()))


def run_of(columns: Columns, steps: dict[str, list[int]] | None = None) -> Run:
    found = built(log_of(columns, steps))
    assert isinstance(found, Run), found
    return found


def steps(run: Run, name: str = "train/loss") -> list[int]:
    return [int(step) for step in run.series[name].steps]


def messages(run: Run) -> list[str]:
    return [note.message for note in run.notes]


def test_the_step_column_is_preferred_to_epochs_and_samples() -> None:
    run = run_of({"epoch": [0, 0, 1], "samples": [8, 16, 24], "step": [5, 10, 15], "loss": [3, 2, 1]})
    assert (steps(run), run.step_unit, messages(run)) == ([5, 10, 15], "step", [])
    assert [u.canonical for u in run.names] == ["epoch", "sample", "step", "train/loss"]


@pytest.mark.parametrize(
    ("name", "unit"), [("epoch", "epoch"), ("samples", "sample"), ("tokens", "token"), ("iter", "step")]
)
def test_the_unit_is_what_the_column_counts(name: str, unit: str) -> None:
    run = run_of({name: [1, 2, 3], "loss": [3, 2, 1]})
    assert (steps(run), run.step_unit) == ([1, 2, 3], unit)


def test_without_an_axis_the_rows_are_counted_with_a_note() -> None:
    run = run_of({"loss": [3, 2, None, 1]})
    assert (steps(run), run.step_unit) == ([0, 1, 3], "row")
    assert messages(run) == ["no column of steps or epochs: the rows are counted from 0"]


def test_of_two_step_columns_the_one_that_rises_is_taken() -> None:
    run = run_of({"step": [3, 1, 2, 0], "iteration": [1, 2, 3, 4], "loss": [4, 3, 2, 1]})
    assert steps(run) == [1, 2, 3, 4]


def test_a_step_column_that_never_changes_is_no_axis() -> None:
    run = run_of({"step": [0, 0, 0], "epoch": [1, 2, 3], "loss": [3, 2, 1]})
    assert (steps(run), run.step_unit) == ([1, 2, 3], "epoch")


def test_one_row_keeps_its_step() -> None:
    assert steps(run_of({"step": [49, 49], "loss": [1, None], "val_loss": [None, 2]}), "val/loss") == [49]


def test_a_blank_is_absent_and_nan_stays() -> None:
    run = run_of({"step": [1, 2, 3], "loss": [1, None, NAN]})
    assert steps(run) == [1, 3]
    assert np.isnan(run.series["train/loss"].values).tolist() == [False, True]
    assert run.series["train/loss"].lines.tolist() == [2, 4]


def test_validation_rows_share_the_step_of_training_rows() -> None:
    run = run_of({"step": [1, 1, 2, 2], "loss": [4, None, 3, None], "val_loss": [None, 5, None, 4]})
    assert (steps(run), steps(run, "val/loss"), messages(run)) == ([1, 2], [1, 2], [])


def test_a_row_without_a_step_takes_it_by_its_epoch() -> None:
    run = run_of(
        {"step": [0, None, 10, 20], "epoch": [0, 0.5, 1, 2], "loss": [4, None, 3, 2], "val_loss": [None, 5, None, None]}
    )
    assert steps(run, "val/loss") == [5]
    assert messages(run) == ["1 row has no step: taken from the epoch"]


def test_a_row_without_a_step_takes_that_of_the_row_before() -> None:
    run = run_of({"step": [1, 2, None], "loss": [4, 3, None], "val_loss": [None, None, 5]})
    assert steps(run, "val/loss") == [2]
    assert messages(run) == ["1 row has no step: taken from the row before"]


def test_fractional_epochs_become_distinct_whole_steps() -> None:
    run = run_of({"epoch": [0, 0.2, 0.4, 0.6], "loss": [4, 3, 2, 1]})
    assert (steps(run), run.step_unit) == ([0, 1, 2, 3], "step")
    assert messages(run) == ["epoch is fractional: a step is 1/5 of an epoch"]
    assert run.series["train/loss"].reduction is Reduction.STEP


def test_steps_that_restart_in_every_epoch_go_on() -> None:
    run = run_of({"epoch": [1, 1, 2, 2, 3], "iter": [50, 100, 50, 100, 50], "loss": [5, 4, 3, 2, 1]})
    assert steps(run) == [50, 100, 150, 200, 250]
    assert messages(run) == ["iter restarts in every epoch: counted on by 100 an epoch"]


def test_batches_counted_from_zero_go_on_by_one_more() -> None:
    run = run_of({"epoch": [0, 0, 1, 1, 2], "batch": [0, 9, 0, 9, 0], "loss": [5, 4, 3, 2, 1]})
    assert steps(run) == [0, 9, 10, 19, 20]


def test_of_a_restart_the_later_part_wins() -> None:
    run = run_of({"step": [100, 200, 300, 400, 300, 400, 500], "loss": [7, 6, 5, 4, 3, 2, 1]})
    assert steps(run) == [100, 200, 300, 400, 500]
    assert run.series["train/loss"].values.tolist() == [7, 6, 3, 2, 1]
    assert messages(run) == ["steps fall back from 400 to 300: the later part wins"]
    assert run.notes[0].line == 6


def test_a_restart_drops_the_past_of_sparse_series_too() -> None:
    run = run_of(
        {
            "step": [1, 2, 3, 4, 3, 4, 5],
            "loss": [7, 6, 5, 4, 3, 2, 1],
            "val_loss": [None, 9, None, 8, None, None, None],
        }
    )
    assert steps(run, "val/loss") == [2]


def test_several_runs_in_one_column_leave_the_last() -> None:
    run = run_of({"step": [1, 2, 3] * 3, "loss": [9, 8, 7, 6, 5, 4, 3, 2, 1]})
    assert run.series["train/loss"].values.tolist() == [3, 2, 1]
    assert messages(run) == ["steps fall back from 3 to 1, and 1 more times: the later part wins"]


def test_a_summary_at_step_zero_does_not_swallow_the_run() -> None:
    run = run_of({"step": [*range(1, 20), 0], "loss": [*range(20, 0, -1)]})
    assert steps(run) == list(range(1, 20))
    assert messages(run) == ["the last value falls back from step 19 to 0: left out"]


def test_single_rows_that_fall_back_take_the_step_before() -> None:
    columns: Columns = {"step": [10, 20, 1, 30, 40, 2, 50], "loss": [6, 5, None, 4, 3, None, 2]}
    run = run_of(columns | {"val_acc": [None, None, 0.5, None, None, 0.6, None]})
    assert steps(run, "val/accuracy") == [20, 40]
    assert messages(run) == ["step falls back in 2 single rows: taken from the row before"]


def test_a_step_logged_twice_keeps_the_last_value() -> None:
    run = run_of({"step": [1, 2, 2, 3], "loss": [4, 3, 2, 1]})
    assert run.series["train/loss"].values.tolist() == [4, 2, 1]
    assert messages(run) == ["loss: 1 value repeats a step, the last one counts"]


def test_a_value_repeated_as_it_was_is_not_worth_a_note() -> None:
    assert messages(run_of({"step": [1, 2, 2, 3], "loss": [4, 3, 3, 1]})) == []


def test_steps_that_are_no_numbers_lose_their_values_with_a_note() -> None:
    run = run_of({"step": [1, NAN, 3], "loss": [3, 2, 1]})
    assert steps(run) == [1, 3]
    assert messages(run) == ["loss: 1 value has no usable step, left out"]


def test_each_series_may_have_steps_of_its_own() -> None:
    run = run_of({"loss": [4, 3, 2], "val_loss": [5, 4]}, steps={"loss": [0, 10, 20], "val_loss": [10, 20]})
    assert (steps(run), steps(run, "val/loss"), run.step_unit) == ([0, 10, 20], [10, 20], "step")


def test_epoch_losses_of_an_event_file_are_counted_in_epochs() -> None:
    names = {"train/epoch_loss": [0, 1, 2], "validation/epoch_loss": [0, 1, 2]}
    assert run_of({"train/epoch_loss": [3, 2, 1], "validation/epoch_loss": [3, 2, 1]}, steps=names).step_unit == "epoch"


@given(st.lists(st.integers(0, 20), max_size=40))
def test_later_values_win_and_steps_strictly_increase(axis: list[int]) -> None:
    given_steps = np.array(axis, dtype=np.int64)
    kept = given_steps[latest(given_steps)]
    assert np.all(np.diff(kept) > 0)
    assert not axis or kept[-1] == axis[-1]


cells = st.lists(st.one_of(st.none(), st.floats(width=32)), min_size=1, max_size=30)


@given(cells, cells, cells, cells)
def test_any_table_gives_a_run_or_a_reason(
    step: list[float | None], epoch: list[float | None], loss: list[float | None], val: list[float | None]
) -> None:
    found = built(log_of({"step": step, "epoch": epoch, "loss": loss, "val_loss": val}))
    if isinstance(found, Run):
        assert found.series
        assert all(np.all(np.diff(series.steps) > 0) for series in found.series.values())
    else:
        assert found.reason.startswith(("the log has a header and no rows", "every cell under", "no value of a metric"))


def test_batches_that_restart_after_as_many_rows_go_on_without_a_column_of_epochs() -> None:
    run = run_of({"batch": [0, 5, 0, 5, 0], "loss": [5, 4, 3, 2, 1]})
    assert steps(run) == [0, 5, 6, 11, 12]
    assert messages(run) == ["batch restarts 2 times after as many rows: counted on by 6"]


@pytest.mark.parametrize("batches", [[0, 5, 0, 5, 9], [0, 5, 2, 5, 9]])
def test_batches_that_restart_unevenly_are_a_restart(batches: list[float | None]) -> None:
    run = run_of({"batch": batches, "loss": [5, 4, 3, 2, 1]})
    assert messages(run) == [f"steps fall back from 5 to {batches[2]}: the later part wins"]


def progress_bar(epochs: int = 5, batches: int = 40) -> Columns:
    """Return the loss as a progress bar shows it, the mean since the start of the epoch, and a plain one."""
    raw = 2 * np.exp(-np.arange(epochs * batches) / 80) + 1 + np.random.default_rng(0).normal(0, 0.2, epochs * batches)
    rows = raw.reshape(epochs, batches)
    means = np.cumsum(rows, axis=1) / np.arange(1, batches + 1)
    epoch = np.repeat(np.arange(epochs), batches)
    step = np.arange(epochs * batches)
    return {"epoch": [*epoch.astype(float)], "step": [*step.astype(float)], "mean": [*means.ravel()], "raw": [*raw]}


def test_a_running_mean_gives_itself_away() -> None:
    columns = progress_bar()
    run = run_of({"epoch": columns["epoch"], "step": columns["step"], "loss": columns["mean"]})
    assert run.series["train/loss"].reduction is Reduction.RUNNING_MEAN
    assert messages(run) == ["loss starts afresh in every epoch, as a running mean does: read as one"]


def test_a_plain_loss_is_no_running_mean() -> None:
    columns = progress_bar()
    run = run_of({"epoch": columns["epoch"], "step": columns["step"], "loss": columns["raw"]})
    assert run.series["train/loss"].reduction is Reduction.STEP
    assert messages(run) == []


@pytest.mark.parametrize(("late", "between"), [(0.1, 0.1), (0.9, 5.0)])
def test_one_sign_alone_makes_no_running_mean(late: float, between: float) -> None:
    """A loss may calm down in every epoch and go on where it was, or fall between epochs without calming down."""
    moves = np.tile([between] + [1.0] * 13 + [0.5] * 13 + [late] * 13, 5) * np.resize([1, -1], 200)
    columns = progress_bar()
    run = run_of({"epoch": columns["epoch"], "step": columns["step"], "loss": [*(9 + np.cumsum(moves))]})
    assert run.series["train/loss"].reduction is Reduction.STEP


@pytest.mark.parametrize(("epochs", "batches"), [(2, 40), (5, 8)])
def test_too_little_shows_no_running_mean(epochs: int, batches: int) -> None:
    columns = progress_bar(epochs, batches)
    run = run_of({"epoch": columns["epoch"], "step": columns["step"], "loss": columns["mean"]})
    assert run.series["train/loss"].reduction is Reduction.STEP


def test_counts_of_dead_units_are_no_shares() -> None:
    run = run_of({"step": [1, 2], "dead_neurons/a": [0.1, 0.2], "dead_neurons/b": [3, 17], "loss": [2, 1]})
    assert set(run.series) == {"train/loss", "dead_frac/a", "dead_neurons/b"}
    assert {u.source_name: u.why for u in run.names}["dead_neurons/b"] == "values above 1 are no shares of units"
