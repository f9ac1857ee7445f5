"""Texts that training scripts print: which files are claimed, what is no log, restarts, repeats and evaluations."""

from __future__ import annotations

import math
from pathlib import Path, PurePosixPath

import numpy as np
import pytest

from runaudit.errors import LogError
from runaudit.load import load
from runaudit.model import RawLog, RawSeries, Reduction
from runaudit.readers import kaldi, megatron, text_log
from tests.readers.mutations import survives
from tests.readers.test_text_forms import FORMS, printed

SAMPLES = Path(__file__).parents[2] / "sample_logs" / "formats" / "text_log"
EPOCHS = "".join(f"epoch {i} loss {1 / (i + 1):.4f} val_loss {1.1 / (i + 1):.4f}\n" for i in range(6))


def logs_of(text: str, tmp_path: Path, name: str = "train.log") -> tuple[RawLog, ...]:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8", newline="")
    return text_log.READER.read(path)


def log_of(text: str, tmp_path: Path) -> RawLog:
    (log,) = logs_of(text, tmp_path)
    return log


def named(log: RawLog, name: str) -> RawSeries:
    return next(s for s in log.series if s.name == name)


def steps_of(log: RawLog, name: str) -> list[float]:
    """Return the steps of the values of a series, by the rows that they share with the counter."""
    counter = log.series[0]
    at = dict(zip(counter.rows.tolist(), counter.values.tolist(), strict=True))
    return [at[row] for row in named(log, name).rows.tolist()]


# --- which files are claimed -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("train.log", b"anything at all\n"),
        ("slurm-4711.out", b"module load cuda\n"),
        ("job.o12345", b"module load cuda\n"),
        ("slurm-4711.err", b"warning\n"),
        ("training_log_2021_5_15.txt", b"Please cite the following paper\n"),
        ("run.log", b"starting\n"),
        ("out.txt", EPOCHS.encode()),
        ("console", EPOCHS.encode()),
        ("README.txt", EPOCHS.encode()),
        ("training.txt", b"Loading data\nUsing device: cuda\nBuilding model\n"),
        ("error.log", EPOCHS.encode()),
        ("train.log", b""),
    ],
)
def test_the_output_of_a_program_is_claimed(name: str, head: bytes) -> None:
    assert text_log.READER.claims(PurePosixPath(name), head)


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("README.txt", b"Train with python train.py; epoch 3 took long.\n" * 5),
        ("LICENSE", b"Permission is hereby granted, free of charge, to any person\n"),
        ("requirements.txt", b"numpy==1.26.0\npandas>=2\n"),
        ("CMakeLists.txt", b"cmake_minimum_required(VERSION 3.10)\n"),
        ("train.txt", b"images/0001.jpg 3\nimages/0002.jpg 5\nimages/0003.jpg 1\n"),
        ("vocab.txt", b"the\nof\nand\n"),
        ("notes.txt", b"the loss was 0.3 in step 5, I think\n"),
        ("glove.txt", b"the 0.418 0.24968 -0.41242\nof 0.70853 0.57088 -0.4716\n"),
        ("Makefile", b"train:\n\tpython train.py --epochs 3\n"),
        ("init", b"if [ $1 -eq 0 ]; then\n  return 1\nfi\nreturn 2\nreturn 3\n"),
        ("changelog.txt", b"2020-01-01 fixed the loss\n"),
        ("debug.log", b"2026-01-01 12:00:00 INFO started\n"),
        ("train.py", EPOCHS.encode()),
        ("train.log", b"\x00\x01\x02" * 100),
        ("notes.txt", b""),
        ("slurm-1.err", b""),
    ],
)
def test_other_texts_are_not(name: str, head: bytes) -> None:
    assert not text_log.READER.claims(PurePosixPath(name), head)


def test_texts_of_a_project_are_only_counted(tmp_path: Path) -> None:
    for name in ("README.txt", "LICENSE", "requirements.txt", "NOTICE.txt", "CMakeLists.txt", "notes.txt"):
        (tmp_path / name).write_text("Some words, version 1.2.3, and 4 numbers\n" * 50)
    (tmp_path / "train.log").write_text(EPOCHS)
    found = load([tmp_path])
    assert [run.paths for run in found.runs] == [("train.log",)]
    assert not found.unreadable
    assert found.ignored_files == 6


def test_the_forms_that_others_would_misread_have_their_own_reader(tmp_path: Path) -> None:
    for name, reader in (("megatron", megatron.READER), ("kaldi", kaldi.READER)):
        text = printed(FORMS[name])
        assert reader.claims(PurePosixPath("train.log"), text.encode()[:4096])
        assert not reader.claims(PurePosixPath("train.log"), EPOCHS.encode())
        assert not reader.claims(PurePosixPath("train.py"), text.encode()[:4096])
        (tmp_path / "x.log").write_text(text)
        assert reader.read(tmp_path / "x.log")[0].format == name


# --- what is no log ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "one line\n",
        "[INFO|2025-03-06 08:43:30] trainer.py:4260 >>   Num examples = 500\n" * 3,
        "  (0): Conv2d(3, 64, kernel_size=(7, 7))\n  (1): BatchNorm2d(64, eps=1e-05)\n  (2): ReLU()\n" * 4,
        "for epoch in range(10):\n    loss = 0\n    lr = 0.1\n    if step % 100 == 0:\n        print(step)\n",
        "Namespace(epochs=100, lr=0.1, loss_weights=1.0)\nNamespace(epochs=300, lr=0.1, loss_weights=1.0)\n",
        "Best epoch: 5, best loss: 0.3\n",
    ],
)
def test_what_holds_no_log_is_refused_with_a_reason(text: str, tmp_path: Path) -> None:
    with pytest.raises(LogError) as caught:
        logs_of(text, tmp_path)
    assert caught.value.kind == "not-a-log"
    assert "none counts steps or epochs" in caught.value.reason


def test_a_script_that_prints_itself_first_is_passed_over(tmp_path: Path) -> None:
    script = "lr = 0.3\nfor step in range(100):\n    train_loss = 0\n    val_loss = 1\n    if step == 5:\n        loss = 7\n"
    log = log_of(script * 2 + EPOCHS, tmp_path)
    assert named(log, "loss").lines.tolist() == list(range(13, 19))


# --- runs, restarts, repeats -------------------------------------------------------------------------------


def test_several_runs_in_one_file_are_told_apart(tmp_path: Path) -> None:
    logs = logs_of("Fold 1\n" + EPOCHS + "Fold 2\n" + EPOCHS.replace("0.5", "0.6"), tmp_path)
    assert [log.label for log in logs] == ["1", "2"]
    assert [len(named(log, "loss").values) for log in logs] == [6, 6]
    assert logs[0].notes[0].message == "the counter begins anew: 2 runs in one file"
    assert logs[0].notes[0].line == 9


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


# --- settings ----------------------------------------------------------------------------------------------


def test_the_arguments_of_the_script_are_its_configuration(tmp_path: Path) -> None:
    head = (
        "Namespace(lr=0.1, arch='vit', epochs=6, resume=None, fp16=False)\n"
        "2020-01-01 12:00:00 INFO batch_size: 32\n  weight_decay ......... 0.01\n***   Num examples = 1,400\n"
        "The loss: is described elsewhere\n"
    )
    config = log_of(head + EPOCHS, tmp_path).config
    assert config == {"lr": 0.1, "arch": "vit", "epochs": 6, "fp16": False, "batch_size": 32, "weight_decay": 0.01} | {
        k: v for k, v in config.items() if k == "train_samples" and v == 1400
    }


# --- bad input ---------------------------------------------------------------------------------------------


def test_empty_binary_and_foreign_files_are_sentences(tmp_path: Path) -> None:
    for data, reason in ((b"", "0 bytes"), (b"\x00\x01" * 50, "binary"), (b"\n\n\n", "none counts")):
        (tmp_path / "a.log").write_bytes(data)
        with pytest.raises(LogError, match=reason):
            text_log.READER.read(tmp_path / "a.log")
    with pytest.raises(FileNotFoundError):
        text_log.READER.read(tmp_path / "missing.log")


def test_latin_1_is_noted(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes("Genauigkeit größer\n".encode("latin-1") + EPOCHS.encode())
    (log,) = text_log.READER.read(tmp_path / "a.log")
    assert "Latin-1" in log.notes[0].message


def test_every_cut_is_a_log_or_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    for end in range(1, len(EPOCHS), 5):
        path.write_text(EPOCHS[:end])
        try:
            assert text_log.READER.read(path)
        except LogError as error:
            assert error.reason


@pytest.mark.parametrize("name", ["swin", "keras bars", "hugging face", "ultralytics", "coqui", "fairseq json"])
def test_damaged_forms_are_survived(name: str, tmp_path: Path) -> None:
    sample = tmp_path / "sample" / "train.log"
    sample.parent.mkdir()
    sample.write_text(printed(FORMS[name]), encoding="utf-8")
    assert survives(text_log.READER, sample, tmp_path, count=60) < 60


@pytest.mark.parametrize("reader", [megatron.READER, kaldi.READER], ids=lambda r: r.name)
def test_damaged_logs_of_known_programs_are_survived(reader: text_log.Reader, tmp_path: Path) -> None:
    sample = tmp_path / "sample" / "train.log"
    sample.parent.mkdir()
    sample.write_text(printed(FORMS[reader.name]), encoding="utf-8")
    assert survives(reader, sample, tmp_path) < 300


@pytest.mark.parametrize("case", sorted(p.name for p in SAMPLES.iterdir()))
def test_damaged_samples_are_survived(case: str, tmp_path: Path) -> None:
    (sample,) = (p for p in (SAMPLES / case).iterdir() if p.name != "expected.yaml")
    assert survives(text_log.READER, sample, tmp_path, count=30) < 30


@pytest.mark.parametrize(
    "line",
    [" " * 19_000 + "5%|", "1" * 19_000, "(" * 10_000 + " 1", "1/2 " * 5_000, "'" * 19_000 + "5", "loss: 1 " * 2_400],
    ids=["spaces", "digits", "brackets", "counters", "quotes", "values"],
)
def test_lines_without_end_are_bounded(line: str, tmp_path: Path) -> None:
    log = log_of(f"{line}\n" * 20 + EPOCHS, tmp_path)
    assert len(named(log, "val_loss").values) == 6
