"""Kaldi's folder of small logs, written here as its programs print them: jobs are averaged, losses are negated."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from runaudit.errors import LogError
from runaudit.load import load
from runaudit.model import Run
from runaudit.readers import kaldi_nnet3
from tests.readers.mutations import answer, mutated

FRAMES = {1: 500_000, 2: 300_000, 3: 200_000}


def log(program: str, *lines: str, options: str = "") -> str:
    """Return a log as Kaldi's run.pl keeps it."""
    said = "".join(f"LOG ({program}[5.5.103~1-34cc4e]:PrintTotalStats():x.cc:348) {line}\n" for line in lines)
    start = f"# {program} {options}\n# Started at Wed May  2 03:44:05 KST 2018\n#\n{program} {options}\n"
    return f"{start}{said}# Accounting: time=87 threads=1\n# Ended (code 0) at Wed May  2 03:45:32 KST 2018\n"


def objective(iteration: int) -> float:
    return -1 - 3 * math.exp(-iteration / 8)


def job(iteration: int, number: int) -> str:
    value = objective(iteration) + 0.1 * (number - 2)
    lines = [
        f"Average objective function for 'output' for minibatches 0-9 is {9 * value:.6g} over 64000 frames.",
        f"Overall average objective function for 'output' is {value:.9g} over {FRAMES[number]} frames.",
        "[this line is to be parsed by a script:] log-prob-per-frame=-1.2",
    ]
    return log(
        "nnet3-train", *lines, options=f"--momentum=0.0 'nnet3-copy --learning-rate={0.003 * 0.9**iteration} 1.raw -|'"
    )


def measured(iteration: int, split: str, what: str = "log-likelihood") -> str:
    held = 0.25 if split == "valid" else 0.0
    return log(
        "nnet3-compute-prob",
        f"Overall {what} for 'output' is {objective(iteration) - held:.9g} per frame, over 20000 frames.",
        f"Overall accuracy for 'output' is {0.3 + iteration / 40} per frame, over 20000 frames.",
    )


def model(folder: Path, iterations: int = 12) -> Path:
    """Write the logs of a model, with iterations of one and of two digits."""
    logs = folder / "exp" / "tdnn" / "log"
    logs.mkdir(parents=True)
    for iteration in range(iterations):
        for number in FRAMES:
            (logs / f"train.{iteration}.{number}.log").write_text(job(iteration, number))
        for split in ("train", "valid"):
            (logs / f"compute_prob_{split}.{iteration}.log").write_text(measured(iteration, split))
        (logs / f"progress.{iteration}.log").write_text(log("nnet3-show-progress", "Relative parameter differences"))
    (logs / "compute_prob_valid.final.log").write_text(measured(99, "valid"))
    (logs / "select.0.log").write_text(log("nnet3-copy", "Copied raw neural net"))
    return logs


def only_run(folder: Path) -> Run:
    found = load([folder])
    assert not found.unreadable
    (run,) = found.runs
    return run


def test_a_folder_of_logs_is_one_run(tmp_path: Path) -> None:
    logs = model(tmp_path)
    run = only_run(tmp_path)
    assert run.id == "exp/tdnn"
    assert run.format == "kaldi_nnet3"
    assert len(run.paths) == len(list(logs.iterdir()))
    share = sum((0.1 * (number - 2)) * frames for number, frames in FRAMES.items()) / sum(FRAMES.values())
    expected = {
        "train/loss": [-objective(i) - share for i in range(12)],
        "train/loss_eval": [-objective(i) for i in range(12)],
        "val/loss": [-objective(i) + 0.25 for i in range(12)],
        "train/accuracy": [0.3 + i / 40 for i in range(12)],
        "val/accuracy": [0.3 + i / 40 for i in range(12)],
        "lr": [0.003 * 0.9**i for i in range(12)],
    }
    assert run.series.keys() == expected.keys()
    for name, values in expected.items():
        np.testing.assert_array_equal(run.series[name].steps, np.arange(12), err_msg=name)
        np.testing.assert_allclose(run.series[name].values, values, rtol=1e-6, err_msg=name)
    notes = " ".join(note.message for note in run.notes)
    assert "the losses are their negatives" in notes
    assert "the last, combined model is no point of the curves: val output" in notes


def test_chain_models_have_a_regulariser_and_a_second_output(tmp_path: Path) -> None:
    for iteration in range(4):
        body = log(
            "nnet3-chain-compute-prob",
            f"Overall log-probability for 'output-xent' is {-2.0 - iteration} per frame, over 18230 frames.",
            f"Overall log-probability for 'output' is {-0.25 - iteration} + -0.5 = {-0.75 - iteration} per frame,"
            " over 18230 frames.",
        )
        for split in ("train", "valid"):
            (tmp_path / f"compute_prob_{split}.{iteration}.log").write_text(body)
    run = only_run(tmp_path)
    for name, first in (("train/loss", 0.25), ("val/loss", 0.25), ("train/loss/xent", 2.0), ("val/loss/xent", 2.0)):
        np.testing.assert_allclose(run.series[name].values, first + np.arange(4), err_msg=name)


def test_nnet2_says_it_in_other_words(tmp_path: Path) -> None:
    for iteration in range(4):
        said = (
            f"Saw 4000 examples, average probability is {-4.0 + iteration} and accuracy is 0.275 with total weight 4000"
        )
        trained = f"Did backprop on 400000 examples, average log-prob per frame is {-5.0 + iteration}"
        (tmp_path / f"compute_prob_valid.{iteration}.log").write_text(log("nnet-compute-prob", said))
        (tmp_path / f"train.{iteration}.1.log").write_text(log("nnet-train-parallel", trained))
    run = only_run(tmp_path)
    np.testing.assert_allclose(run.series["val/loss"].values, 4.0 - np.arange(4))
    np.testing.assert_allclose(run.series["train/loss"].values, 5.0 - np.arange(4))
    np.testing.assert_allclose(run.series["val/accuracy"].values, 0.275)


def test_a_job_that_goes_on_is_noted_and_nan_stays(tmp_path: Path) -> None:
    logs = model(tmp_path, iterations=5)
    text = (logs / "train.4.2.log").read_text()
    (logs / "train.4.2.log").write_text(text[: text.index("LOG")])
    (logs / "train.3.1.log").write_text(
        job(3, 1).replace(f"is {objective(3) - 0.1:.9g} over 500000", "is nan over 500000")
    )
    run = only_run(tmp_path)
    assert "1 log holds no total: the job goes on, or was killed" in [note.message for note in run.notes]
    loss = run.series["train/loss"].values
    np.testing.assert_array_equal(np.isnan(loss), [False, False, False, True, False])
    np.testing.assert_allclose(loss[4], -objective(4) - (-0.1 * 5 + 0.1 * 2) / 7, rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "what", "sign"), [("accuracy.report", "accuracy", 1), ("log_probability.log", "loss", -1)]
)
def test_the_table_of_its_scripts(name: str, what: str, sign: int, tmp_path: Path) -> None:
    rows = "".join(f"{i}\t87.0\t{0.4 + i / 100}\t{0.3 + i / 100}\t-0.1\n" for i in range(5))
    (tmp_path / name).write_text(
        f"%Iter\tduration\ttrain_objective\tvalid_objective\tdifference\n{rows}Total training time is 0:10:00\n"
    )
    run = only_run(tmp_path)
    np.testing.assert_allclose(run.series[f"train/{what}"].values, sign * (0.4 + np.arange(5) / 100))
    np.testing.assert_allclose(run.series[f"val/{what}"].values, sign * (0.3 + np.arange(5) / 100))


def test_the_logs_count_where_the_table_lies_above_them(tmp_path: Path) -> None:
    logs = model(tmp_path)
    text = "%Iter\tduration\ttrain_objective\tvalid_objective\tdifference\n0\t1\t0.9\t0.9\t0\n"
    (logs.parent / "accuracy.report").write_text(text)
    assert only_run(tmp_path).series["train/accuracy"].values[0] == pytest.approx(0.3)


def test_a_crash_in_another_log_of_the_folder_is_that_of_the_run(tmp_path: Path) -> None:
    logs = model(tmp_path)
    (logs / "nohup.log").write_text("stage 3\nRuntimeError: CUDA out of memory. Tried to allocate 2.00 GiB\n")
    assert [row["path"] for row in only_run(tmp_path).tables["crash"]] == ["exp/tdnn/log/nohup.log"]


def test_other_logs_of_such_a_name_are_not_claimed(tmp_path: Path) -> None:
    (tmp_path / "train.0.1.log").write_text("".join(f"step {i}: loss {1 / (i + 1)}\n" for i in range(9)))
    assert only_run(tmp_path).format != "kaldi_nnet3"


def test_a_log_alone_without_a_total(tmp_path: Path) -> None:
    (tmp_path / "train.0.1.log").write_text(log("nnet3-train"))
    with pytest.raises(LogError, match="without the total"):
        kaldi_nnet3.READER.read(tmp_path / "train.0.1.log")


@pytest.mark.parametrize("name", ["compute_prob_train.0.log", "train.1.2.log"])
def test_damaged_logs_are_read_or_refused(name: str, tmp_path: Path) -> None:
    logs = model(tmp_path, iterations=2)
    for data in mutated((logs / name).read_bytes(), 300, seed=3):
        (logs / name).write_bytes(data)
        answer(kaldi_nnet3.READER, logs / "compute_prob_train.0.log")
        answer(kaldi_nnet3.READER, logs / name)


def test_a_damaged_table_is_read_or_refused(tmp_path: Path) -> None:
    path = tmp_path / "accuracy.report"
    good = b"%Iter\tduration\ttrain_objective\tvalid_objective\tdifference\n" + b"1\t9.0\t0.25\t0.5\t0.25\n" * 9
    for data in mutated(good, 300, seed=4):
        path.write_bytes(data)
        answer(kaldi_nnet3.READER, path)
