from pathlib import Path, PurePosixPath

import pytest

from runaudit.errors import LogError
from runaudit.model import RawLog
from runaudit.readers.nanogpt_text import LONGEST, READER

NANOGPT = """number of parameters: 6570
step 0: train loss 2.6822, val loss 2.5865
iter 0: loss 2.1337, lr 1.2800e-01, grad_norm 2.333, time 0.44ms, mfu 1.01%
diag 0: layer fc1, update_ratio 6.271e-05, act_zero_frac 0.5277
diag 0: layer h.0.qkv, update_ratio nan
iter 2: loss nan, lr 1.2800e-01, grad_norm inf, time 0.44ms, mfu -100.00%
step 4: train loss 2.5, val loss 2.6
"""


def read(tmp_path: Path, text: str, name: str = "log.txt") -> RawLog:
    path = tmp_path / name
    path.write_text(text)
    (log,) = READER.read(path)
    return log


def points(log: RawLog) -> dict[str, list[tuple[float, str, int]]]:
    """Return (step, value, line) of every point; the value as text, so that NaN equals itself."""
    found: dict[str, list[tuple[float, str, int]]] = {}
    for s in log.series:
        assert s.steps is not None
        found[s.name] = [
            (step, str(v), line)
            for step, v, line in zip(s.steps.tolist(), s.values.tolist(), s.lines.tolist(), strict=True)
        ]
    return found


def claimed(head: str, name: str = "log.txt") -> bool:
    return READER.claims(PurePosixPath(name), head.encode())


def test_nanogpt(tmp_path: Path) -> None:
    log = read(tmp_path, NANOGPT)
    assert points(log) == {
        "train loss (eval)": [(0, "2.6822", 2), (4, "2.5", 7)],
        "val loss": [(0, "2.5865", 2), (4, "2.6", 7)],
        "loss": [(0, "2.1337", 3), (2, "nan", 6)],
        "lr": [(0, "0.128", 3), (2, "0.128", 6)],
        "grad_norm": [(0, "2.333", 3), (2, "inf", 6)],
        "time (ms)": [(0, "0.44", 3), (2, "0.44", 6)],
        "mfu": [(0, "1.01", 3), (2, "-100.0", 6)],
        "update_ratio/fc1": [(0, "6.271e-05", 4)],
        "act_zero_frac/fc1": [(0, "0.5277", 4)],
        "update_ratio/h.0.qkv": [(0, "nan", 5)],
    }
    assert dict(log.config) == {"n_params": 6570}
    assert log.notes == ()
    rows = {s.name: s.rows.tolist() for s in log.series}
    assert (rows["loss"], rows["val loss"], rows["update_ratio/fc1"]) == ([1, 4], [0, 5], [2])


def test_train_loss_is_the_training_loss_where_there_is_no_other(tmp_path: Path) -> None:
    log = read(tmp_path, "step 0: train loss 4.2, val loss 4.3\nstep 300: train loss 2.4, val loss 2.5\n")
    assert points(log)["train loss"] == [(0, "4.2", 1), (300, "2.4", 2)]


def test_build_nanogpt_log(tmp_path: Path) -> None:
    text = "0 val 10.9310\n0 hella 0.2413\n0 train 10.934416\n1 train nan\n"
    assert claimed(text)
    assert points(read(tmp_path, text)) == {
        "val loss": [(0, "10.931", 1)],
        "hella": [(0, "0.2413", 2)],
        "train loss": [(0, "10.934416", 3), (1, "nan", 4)],
    }


def test_build_nanogpt_output_gives_an_evaluation_the_step_after_it(tmp_path: Path) -> None:
    line = "step {:5d} | loss: 10.95 | lr 2.7972e-07 | norm: 15.3420 | dt: 13588.31ms | tok/sec: 38583.74\n"
    before = "validation loss: 10.9519\nHellaSwag accuracy: 2497/10042=0.2487\n"
    text = f"{before}{line.format(0)}rank 0 sample 1: step 7 loss 3\n{line.format(250)}"
    assert claimed(text, "slurm.out")
    found = points(read(tmp_path, text))
    assert found["validation loss"] == [(0, "10.9519", 1)]
    assert found["HellaSwag accuracy"] == [(0, "0.2487", 2)]
    assert found["loss"] == [(0, "10.95", 3), (250, "10.95", 5)]
    assert found["norm"] == [(0, "15.342", 3), (250, "15.342", 5)]
    assert found["dt (ms)"] == [(0, "13588.31", 3), (250, "13588.31", 5)]
    assert not {"dt", "sample"} & found.keys()


def test_modded_nanogpt_its_source_code_and_nan_times_are_no_metrics(tmp_path: Path) -> None:
    text = (
        "import sys\nwith open(sys.argv[0]) as f:\n    code = f.read() # for logging\nloss = 5\nstep = 0\n"
        '    print0(f"step:{step}/{steps} val_loss:{val_loss:.4f}")\nloss = model(x) / 8\n====\n'
        "step:0/5100 val_loss:10.8 train_time:0ms step_avg:nanms\n"
        "step:1/5100 train_time:254ms step_avg:nanms\n"
        "step:100/5100, tokens seen:326.96M, avg_train_loss:nan time:2565/464s step_avg:93.5ms\n"
    )
    assert claimed(text[:100])
    assert points(read(tmp_path, text)) == {
        "val_loss": [(0, "10.8", 9)],
        "train_time (ms)": [(0, "0.0", 9), (1, "254.0", 10)],
        "avg_train_loss": [(100, "nan", 11)],
    }


def test_llm_c_log(tmp_path: Path) -> None:
    text = "s:0 tel:11.0301\ns:0 trl:11.0344 lr:0.000006 norm:26.65\ns:1 trl:10.9 lr:0.000012 norm:20\n"
    assert claimed(text)
    found = points(read(tmp_path, text))
    assert found["val loss"] == [(0, "11.0301", 1)]
    assert found["train loss"] == [(0, "11.0344", 2), (1, "10.9", 3)]
    assert found["lr"] == [(0, "6e-06", 2), (1, "1.2e-05", 3)]


@pytest.mark.parametrize(
    "line",
    [
        "[2024-01-01 10:00:00] Step 7: loss=0.5",
        "2024-01-01 10:00:00,123 - INFO - iteration 7/100 | loss: 0.5",
        "\x1b[32mINFO\x1b[0m step=7, loss=0.5",
        "global_step 7: loss 5e-1",
        "train step [7/100] loss: .5",
    ],
)
def test_ways_to_begin_a_line(tmp_path: Path, line: str) -> None:
    assert points(read(tmp_path, f"{line}\n")) == {"loss": [(7, "0.5", 1)]}


@pytest.mark.parametrize(
    ("line", "count"),
    [
        ("number of parameters: 10.65M", 10_650_000),
        ("number of parameters: 1,234", 1234),
        ("number of parameters: x", None),
    ],
)
def test_the_number_of_parameters(tmp_path: Path, line: str, count: int | None) -> None:
    log = read(tmp_path, f"{line}\nOverriding: learning_rate = 1e-3\nOverriding: dataset = 'x'\nstep 1: loss 2\n")
    assert log.config.get("n_params") == count
    assert (log.config["learning_rate"], log.config["dataset"]) == (1e-3, "x")


def test_lines_of_a_progress_bar(tmp_path: Path) -> None:
    log = read(tmp_path, "start\nstep 1: loss 2\rstep 2: loss 1\rdone\nstep 3: loss 0.5\n")
    assert points(log) == {"loss": [(1, "2.0", 2), (2, "1.0", 2), (3, "0.5", 3)]}


def test_hostile_lines_take_no_time(tmp_path: Path) -> None:
    hostile = [
        "step 1: " + "a" * 200_000,
        "step " + "9" * 5000 + ": loss 1",
        "[" * 100_000,
        "step 1: " + "a " * 100_000,
    ]
    log = read(tmp_path, "\n".join([*hostile, "step 2: loss 1", "step 3: loss 1.2.3", "step 4: loss 1_0"]))
    assert points(log) == {"loss": [(2, "1.0", 5)]}


def test_text_without_a_step_is_no_log(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="no line with a step") as caught:
        read(tmp_path, "hello\nstep by step\nloss 3\n")
    assert caught.value.kind == "not-a-log"


@pytest.mark.parametrize("head", [NANOGPT, "iter 0: loss 4.2\n", "tokens per iteration will be: 40,960\nx\n"])
def test_logs_are_claimed(head: str) -> None:
    assert claimed(head)


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("log.csv", NANOGPT),
        ("train.py", NANOGPT),
        ("INSTALL.txt", "Step 1: install 3 packages\nStep 2: start 2 workers\n"),
        ("log.txt", "step,loss\n0,1\n1,2\n"),
        ("notes.txt", "one\ntwo\nstep 1: loss 3\nfour\nfive\nsix\n"),
        ("log.txt", ""),
    ],
)
def test_other_files_are_not_claimed(name: str, head: str) -> None:
    assert not claimed(head, name)


def test_of_an_endless_line_the_beginning_is_read_and_that_is_noted(tmp_path: Path) -> None:
    log = read(tmp_path, "iter 0: loss 2\niter 1: loss 1" + " x" * LONGEST + " val_loss 3\n" + "- " * 3_000_000 + "\n")
    assert points(log) == {"loss": [(0, "2.0", 1), (1, "1.0", 2)]}
    assert [(n.message, n.line) for n in log.notes] == [("1 line is longer than 10,000 letters, read up to there", 2)]


def test_an_endless_line_takes_no_time_to_claim() -> None:
    assert not claimed("- " * 3_000_000)
