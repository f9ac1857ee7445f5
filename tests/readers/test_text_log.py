"""Texts that training scripts print: which files are claimed, what is no log, and settings."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from runaudit.errors import LogError
from runaudit.load import load
from runaudit.readers import kaldi, megatron, text_log
from tests.readers.printed_log import EPOCHS, log_of, logs_of, named
from tests.readers.test_text_forms import FORMS, printed

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
    script = (
        "lr = 0.3\nfor step in range(100):\n    train_loss = 0\n    val_loss = 1\n    if step == 5:\n        loss = 7\n"
    )
    log = log_of(script * 2 + EPOCHS, tmp_path)
    assert named(log, "loss").lines.tolist() == list(range(13, 19))


def test_a_script_whose_lines_look_like_a_short_log_is_passed_over(tmp_path: Path) -> None:
    script = "assert step == 5 and loss == 7\nassert step == 6 and loss == 8\n"
    log = log_of(script + "".join(f"step {i} loss {1 / (i + 1)}\n" for i in range(300)), tmp_path)
    assert len(named(log, "loss").values) == 300


@pytest.mark.parametrize(
    "name", ["patience epochs", "warmup_steps", "total steps", "samples per step", "time per iteration"]
)
def test_a_setting_is_no_counter(name: str, tmp_path: Path) -> None:
    text = "".join(f"{name}: {i}, loss 0.{i}\n" for i in range(3, 8))
    assert {"step", "epoch"}.isdisjoint(s.name for s in log_of(text, tmp_path).series)


def test_a_speed_is_no_counter(tmp_path: Path) -> None:
    log = log_of("".join(f"epoch {i} loss: 0.{i}; 6{i}2/647 tok/s;\n" for i in range(1, 5)), tmp_path)
    assert log.series[0].name == "epoch"
    assert log.series[0].values.tolist() == [1, 2, 3, 4]


# --- settings ----------------------------------------------------------------------------------------------


def test_the_arguments_of_the_script_are_its_configuration(tmp_path: Path) -> None:
    head = (
        "Namespace(lr=0.1, arch='vit', epochs=6, resume=None, fp16=False)\n"
        "2020-01-01 12:00:00 INFO batch_size: 32\n  weight_decay ......... 0.01\n"
        "[INFO|2025-03-06 08:43:30] trainer.py:4260 >>   Num examples = 1,400\n"
        "The loss: is described elsewhere\n"
    )
    config = log_of(head + EPOCHS, tmp_path).config
    assert config == {
        "lr": 0.1, "arch": "vit", "epochs": 6, "fp16": False, "batch_size": 32, "weight_decay": 0.01,
        "train_samples": 1400,
    }  # fmt: skip


def test_settings_are_what_stands_before_the_log(tmp_path: Path) -> None:
    assert log_of("lr: 0.1\n" + EPOCHS + "lr: 0.7\nseed: 5\n", tmp_path).config == {"lr": 0.1}
