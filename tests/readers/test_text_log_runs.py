"""Texts that training scripts print: restarts, repeated lines, bars, means of epochs and evaluations."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from runaudit.model import Reduction
from tests.readers.printed_log import EPOCHS, log_of, logs_of, named, steps_of
from tests.readers.test_text_forms import FORMS, printed

# --- runs, restarts, repeats -------------------------------------------------------------------------------


def test_several_runs_in_one_file_are_told_apart(tmp_path: Path) -> None:
    logs = logs_of("Fold 1\n" + EPOCHS + "Fold 2\n" + EPOCHS.replace("0.5", "0.6"), tmp_path)
    assert [log.label for log in logs] == ["1", "2"]
    assert [len(named(log, "loss").values) for log in logs] == [6, 6]
    assert logs[0].notes[0].message == "the counter begins anew: 2 runs in one file"
    assert logs[0].notes[0].line == 9


def test_runs_whose_counter_restarts_in_every_epoch_are_told_apart(tmp_path: Path) -> None:
    run = [f"Epoch [{e}/2], Step [{i}/20], Loss: {1 / (20 * e + i)}" for e in (1, 2) for i in (10, 20)]
    logs = logs_of("\n".join(run * 2) + "\n", tmp_path)
    assert [steps_of(log, "Loss") for log in logs] == [[10, 20, 30, 40]] * 2


def test_a_run_given_up_in_its_first_epoch_does_not_spoil_the_counter(tmp_path: Path) -> None:
    def epochs(last: int) -> list[str]:
        return [f"(epoch: {e}, iters: {i}) G_GAN: {1 / (e + i)}" for e in range(1, last + 1) for i in (100, 200, 300)]

    logs = logs_of("\n".join(epochs(1) * 3 + epochs(3)) + "\n", tmp_path)
    assert [len(steps_of(log, "G_GAN")) for log in logs] == [3, 3, 3, 9]
    assert steps_of(logs[-1], "G_GAN") == list(range(100, 1000, 100))


def test_a_start_that_was_given_up_is_left_out_with_a_note(tmp_path: Path) -> None:
    log = log_of(EPOCHS + "epoch 0 loss 9.0000 val_loss 9.0000\n", tmp_path)
    assert log.label == ""
    assert named(log, "loss").values.max() == 1.0
    assert [(n.message, n.line) for n in log.notes] == [("1 start of a single step left out", 7)]


def test_a_resumed_run_is_one_run_and_the_loader_cuts_it(tmp_path: Path) -> None:
    log = log_of(EPOCHS + "epoch 4 loss 0.2500 val_loss 0.3\nepoch 5 loss 0.2400 val_loss 0.3\n", tmp_path)
    assert steps_of(log, "loss") == [0, 1, 2, 3, 4, 5, 4, 5]


def test_lines_written_twice_count_once(tmp_path: Path) -> None:
    twice = "".join(line * 2 for line in EPOCHS.splitlines(keepends=True))
    assert len(named(log_of(twice, tmp_path), "loss").values) == 6


def test_equal_lines_without_a_counter_are_kept(tmp_path: Path) -> None:
    log = log_of("train loss: 0.5\ntrain loss: 0.5\ntrain loss: 0.4\n", tmp_path)
    assert named(log, "train loss").values.tolist() == [0.5, 0.5, 0.4]
    assert [s.name for s in log.series] == ["train loss"]


def test_nan_and_infinity_stay_what_they_are(tmp_path: Path) -> None:
    log = log_of("epoch 1 loss: nan acc: 0.1\nepoch 2 loss: inf acc: 0.1\nepoch 3 loss: -inf acc: 0.2\n", tmp_path)
    values = named(log, "loss").values.tolist()
    assert math.isnan(values[0])
    assert values[1:] == [math.inf, -math.inf]


@pytest.mark.parametrize("text", ["step_avg:nanms", "number of nan iterations: 3", "0 nan values found"])
def test_a_nan_that_is_no_measure_is_none(text: str, tmp_path: Path) -> None:
    log = log_of("".join(f"step {i} loss: 0.5 {text}\n" for i in range(5)), tmp_path)
    assert not any(np.isnan(s.values).any() for s in log.series)


# --- epochs and evaluations --------------------------------------------------------------------------------


def test_a_mean_since_the_beginning_of_the_epoch_gives_way_to_that_of_the_epoch(tmp_path: Path) -> None:
    lines = []
    for epoch in range(4):
        losses = [2.0 / (1 + epoch) - 0.05 * i / (1 + epoch) for i in range(20)]
        lines += [f"epoch {epoch} - iter {i}/20 - loss {np.mean(losses[: i + 1]):.6f}" for i in range(20)]
        lines.append(f"EPOCH {epoch} done: loss {np.mean(losses):.4f}")
    log = log_of("\n".join(lines) + "\n", tmp_path)
    assert len(named(log, "loss").values) == 4
    assert named(log, "loss").reduction is Reduction.EPOCH_MEAN
    assert named(log, "loss so far").reduction is Reduction.RUNNING_MEAN


def test_single_steps_stay_beside_the_mean_of_the_epoch(tmp_path: Path) -> None:
    log = log_of(printed(FORMS["espnet"]), tmp_path)
    assert len(named(log, "train loss").values) == 20
    assert len(named(log, "epoch train loss").values) == 4


def test_a_bar_that_shows_the_last_evaluation_again_gives_it_once(tmp_path: Path) -> None:
    lines = [
        f"\rEpoch {e}:  50%|###   | {b}/50 [00:01<00:01, 9it/s, train_loss={1 / (e + b)}, val_loss={1 / (e + 1)}]"
        for e in range(4) for b in range(10, 51, 10)
    ]  # fmt: skip
    log = log_of("".join(lines) + "\n", tmp_path)
    assert named(log, "val_loss").values.tolist() == [1, 1 / 2, 1 / 3, 1 / 4]
    assert len(named(log, "train_loss").values) == 20


def test_a_bar_that_still_shows_what_was_before_does_not_count(tmp_path: Path) -> None:
    bars = []
    for e in range(3):
        bars.append(f"\rEpoch {e}:   0%|   | 0/20 [00:00<?, ?it/s, loss={e * 20}]")
        for b in (10, 20):
            bars.append(f"\rEpoch {e}:  50%|#  | {b}/20 [00:01<00:01, 9.1it/s, loss={e * 20 + b - 10}]")
            bars.append(f"\rEpoch {e}:  50%|#  | {b}/20 [00:01<00:01, 9.1it/s, loss={e * 20 + b}]")
    log = log_of("".join(bars) + "\n", tmp_path)
    assert steps_of(log, "loss") == [10, 20, 30, 40, 50, 60]
    assert named(log, "loss").values.tolist() == [10, 20, 30, 40, 50, 60]


def test_a_bar_without_values_does_not_count(tmp_path: Path) -> None:
    lines = []
    for e in range(6):
        lines += [f" epoch {e}"] * (e % 2 == 0) + [f" 9%|##| {n}/99 [00:01<00:01, 9it/s]" for n in (0, 10 + e, 99)]
        lines.append(f"-- test accuracy 0.{e}1")
    log = log_of("\n".join(lines) + "\n", tmp_path)
    assert log.series[0].name == "epoch"
    assert steps_of(log, "test accuracy") == [0, 0, 2, 2, 4, 4]


def test_a_result_printed_before_its_counter_belongs_to_it(tmp_path: Path) -> None:
    log = log_of("".join(f"Valid loss: {i}.5\nepoch {i}: loss 0.{i}\n" for i in range(1, 5)), tmp_path)
    assert steps_of(log, "Valid loss") == [1, 2, 3, 4]


def test_the_last_batch_of_an_evaluation_stands_for_it(tmp_path: Path) -> None:
    log = log_of(printed(FORMS["pytorch imagenet"]), tmp_path)
    assert named(log, "test Loss").values.tolist() == [2.1, 1.6, 1.3, 1.1]
    assert named(log, "test Loss").lines.tolist() == [7, 15, 23, 31]


@pytest.mark.parametrize("first", [[2.0, 1.6, 1.2, 0.8], [0.5, 0.5, 0.5, 0.5]], ids=["falls", "flat"])
def test_losses_of_single_steps_that_end_near_the_mean_stay(first: list[float], tmp_path: Path) -> None:
    lines = []
    for epoch in range(6):
        losses = first if not epoch else [0.5, 0.5, 0.5, 0.5]
        lines += [f"epoch {epoch} iter {i} loss {loss}" for i, loss in enumerate(losses)]
        lines.append(f"epoch {epoch} mean loss {np.mean(losses)}")
    log = log_of("\n".join(lines) + "\n", tmp_path)
    assert len(named(log, "loss").values) == 24


def test_a_loss_named_twice_at_every_step_is_no_mean_of_the_epoch(tmp_path: Path) -> None:
    text = "".join(
        f"Iteration {i}, loss = 0.{i}\n    Train net output #0: loss = 0.{i} (* 1 = 0.{i} loss)\n" for i in range(9)
    )
    assert {s.name for s in log_of(text, tmp_path).series} == {"step", "loss", "train loss"}


def test_a_row_of_a_table_counts_when_its_bar_is_full(tmp_path: Path) -> None:
    log = log_of(printed(FORMS["ultralytics"]), tmp_path)
    assert named(log, "box_loss").values.tolist() == [2.5356, 1.7971, 1.4093, 1.1242]


def test_names_in_a_box_stand_below_their_heading(tmp_path: Path) -> None:
    log = log_of(printed(FORMS["box of names and values"]), tmp_path)
    assert {s.name for s in log.series} == {"step", "rollout/ep_rew_mean", "train/loss"}


def test_a_measure_that_never_changes_is_kept_whole(tmp_path: Path) -> None:
    log = log_of("".join(f"step {i} loss {1 / (i + 1)} val_acc 0.1\n" for i in range(10)), tmp_path)
    assert len(named(log, "val_acc").values) == 10


def test_the_evaluation_loss_beside_one_of_every_step_is_named_so(tmp_path: Path) -> None:
    text = "".join(
        f"it {i}: loss {2 / (i + 1)}\n" + (f"it {i}: train loss 0.9, val loss 1.0\n" if i % 5 == 4 else "")
        for i in range(20)
    )
    log = log_of(text, tmp_path)
    assert len(named(log, "loss").values) == 20
    assert len(named(log, "train loss (eval)").values) == 4


def test_results_at_the_end_belong_to_the_last_step(tmp_path: Path) -> None:
    log = log_of(EPOCHS + "\nFinal results\nTest accuracy: 0.93\nPort 8080 closed\n", tmp_path)
    assert steps_of(log, "Test accuracy") == [5]
    assert {s.name for s in log.series} == {"epoch", "loss", "val_loss", "Test accuracy"}


def test_percents_say_so_in_their_name(tmp_path: Path) -> None:
    log = log_of("".join(f"Epoch {i}: val acc 9{i} %, loss 0.{i}1\n" for i in range(3)), tmp_path)
    assert named(log, "val acc (%)").values.tolist() == [90, 91, 92]


def test_layers_are_told_apart(tmp_path: Path) -> None:
    text = "".join(f"step {i} loss 0.5\nstep {i} layer fc{k} grad norm 0.{k}\n" for i in range(4) for k in (1, 2))
    assert {"grad norm/fc1", "grad norm/fc2"} <= {s.name for s in log_of(text, tmp_path).series}
