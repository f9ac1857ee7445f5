import json
from pathlib import Path, PurePosixPath

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runaudit.errors import LogError
from runaudit.model import RawLog, RawSeries
from runaudit.readers.jsonl import READER


def read(tmp_path: Path, text: str, name: str = "log.jsonl") -> RawLog:
    path = tmp_path / name
    path.write_text(text)
    (log,) = READER.read(path)
    return log


def series(log: RawLog) -> dict[str, RawSeries]:
    return {s.name: s for s in log.series}


def claimed(name: str, head: str) -> bool:
    return READER.claims(PurePosixPath(name), head.encode())


def test_rows_of_different_keys_keep_their_rows_and_lines(tmp_path: Path) -> None:
    rows = ['{"step": 0, "train/loss": 2.5, "lr": 1e-3}', "", '{"step": 0, "val/loss": NaN}']
    text = "\n".join([*rows, '{"step": 5, "train/loss": -Infinity}', ""])
    log = read(tmp_path, text)
    found = series(log)
    assert (found["train/loss"].values.tolist(), found["train/loss"].rows.tolist()) == ([2.5, -np.inf], [0, 2])
    assert found["train/loss"].lines.tolist() == [1, 4]
    assert np.isnan(found["val/loss"].values).tolist() == [True]
    assert found["step"].rows.tolist() == [0, 1, 2]
    assert log.notes == ()


def test_values_that_are_no_points(tmp_path: Path) -> None:
    row = {
        "step": 1,
        "loss": "0.5",
        "eta": "0:16:09",
        "left": "4 days, 5:06:09",
        "ok": True,
        "eval_loss": None,
        "mode": "train",
    }
    log = read(tmp_path, json.dumps(row) + "\n" + json.dumps({**row, "ap": [0.1, 0.2], "names": ["a"]}) + "\n")
    assert [s.name for s in log.series] == ["step", "loss"]
    assert [(n.message, n.line) for n in log.notes] == [("ap: lists of numbers are not read", 2)]


def test_nested_keys_are_joined_and_bottomless_nesting_is_left_out(tmp_path: Path) -> None:
    deep = '{"a": ' * 900 + "1" + "}" * 900
    log = read(tmp_path, f'{{"epoch": 1, "train": {{"loss": {{"total": 2}}}}, "x": {deep}}}\n')
    assert [s.name for s in log.series] == ["epoch", "train/loss/total"]


def test_a_key_that_is_there_nested_and_joined_counts_once(tmp_path: Path) -> None:
    log = read(tmp_path, '{"step": 1, "a": {"loss": 1}, "a/loss": 2}\n')
    assert series(log)["a/loss"].values.tolist() == [1]


def test_broken_lines_are_noted_and_a_cut_last_line_is_named(tmp_path: Path) -> None:
    text = 'warning!\n{"step": 1, "loss": 2}\n{"step": 2, "lo\n[1, 2]\n{"step": 3, "loss": 1}\n{"step": 4, "los'
    log = read(tmp_path, text)
    assert series(log)["loss"].lines.tolist() == [2, 5]
    assert [(n.message, n.line) for n in log.notes] == [
        ("the last line is cut off", 6),
        ("3 lines are no JSON object, skipped", 1),
    ]


def test_a_broken_last_line_that_ends_is_not_cut_off(tmp_path: Path) -> None:
    log = read(tmp_path, '{"step": 1, "loss": 2}\nKilled\n')
    assert [(n.message, n.line) for n in log.notes] == [("1 line is no JSON object, skipped", 2)]


def test_numbers_beyond_a_double_and_brackets_without_end_do_no_harm(tmp_path: Path) -> None:
    text = '{"step": 1, "loss": 1e400}\n{"step": 2, "loss": 1' + "0" * 400 + "}\n{" + '"a":[' * 100_000 + "\n"
    log = read(tmp_path, text)
    assert series(log)["loss"].values.tolist() == [np.inf, np.inf]
    assert [n.line for n in log.notes] == [3]


@pytest.mark.parametrize(
    ("first", "config"),
    [
        ('{"config": {"lr": 0.1, "model": {"width": 64}}}', {"lr": 0.1, "model.width": 64}),
        (
            '{"lr": 0.1, "batch_size": 32, "name": "mlp", "layers": [1, 2]}',
            {"lr": 0.1, "batch_size": 32, "name": "mlp", "layers": [1, 2]},
        ),
        ('{"config": {"lr": 0.1}, "seed": 3}', {"lr": 0.1, "seed": 3}),
        ("{}", {}),
    ],
)
def test_a_first_row_about_the_run_goes_to_the_config(tmp_path: Path, first: str, config: dict[str, object]) -> None:
    log = read(tmp_path, f'{first}\n{{"step": 0, "loss": 2, "lr": 0.1}}\n{{"step": 1, "loss": 1, "lr": 0.1}}\n')
    assert dict(log.config) == config
    assert series(log)["loss"].lines.tolist() == [2, 3]
    assert series(log)["lr"].values.tolist() == [0.1, 0.1]


def test_a_first_row_of_metrics_is_no_config(tmp_path: Path) -> None:
    log = read(tmp_path, '{"val_loss": 3}\n{"step": 0, "loss": 2, "val_loss": 2}\n')
    assert log.config == {}
    assert series(log)["val_loss"].values.tolist() == [3, 2]


def test_a_list_of_rows_has_the_line_of_each(tmp_path: Path) -> None:
    first = '[\n  {\n    "loss": 6.0,\n    "step": 1\n  },\n'
    text = first + '  {"eval_loss": NaN, "step": 1},\n\n  {"loss": 5.0, "step": 2}\n]\n'
    log = read(tmp_path, text, "log_history.json")
    assert series(log)["loss"].lines.tolist() == [2, 8]
    assert series(log)["step"].rows.tolist() == [0, 1, 2]
    assert claimed("log_history.json", text)
    assert log.notes == ()


def test_a_list_that_is_cut_off_gives_its_whole_rows(tmp_path: Path) -> None:
    log = read(tmp_path, '[{"loss": 6.0, "step": 1},\n {"loss": 5.0, "step": 2},\n {"loss"', "log_history.json")
    assert series(log)["loss"].values.tolist() == [6, 5]
    assert [n.line for n in log.notes] == [3]


@pytest.mark.parametrize("text", ['[{"loss": 6', "hello\nworld\n", "[1, 2]\n", "[{]"])
def test_what_holds_no_row_is_corrupt(tmp_path: Path, text: str) -> None:
    with pytest.raises(LogError) as caught:
        read(tmp_path, text)
    assert (caught.value.kind, caught.value.line) == ("corrupt", 1)


def test_rows_without_a_metric_name_their_keys(tmp_path: Path) -> None:
    row = '{"current_steps": 5, "total_steps": 250, "percentage": 2.0, "elapsed_time": "0:00:19"}\n'
    assert claimed("trainer_log.jsonl", row)
    with pytest.raises(LogError, match="current_steps, total_steps, percentage, elapsed_time") as caught:
        read(tmp_path, row * 3)
    assert caught.value.kind == "not-a-log"


numbers = st.one_of(st.floats(), st.integers(-(10**12), 10**12), st.none())


@given(
    rows=st.lists(st.dictionaries(st.sampled_from(["loss", "val/loss", "grad_norm"]), numbers, max_size=3), max_size=20)
)
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, float | None]]) -> None:
    path = tmp_path_factory.mktemp("round") / "log.jsonl"
    first: dict[str, float | None] = {"loss": 1.0}
    written = [{"step": float(i), **row} for i, row in enumerate([first, *rows])]
    path.write_text("".join(json.dumps(row) + "\n" for row in written))
    (log,) = READER.read(path)
    found = series(log)
    for name in ("loss", "val/loss", "grad_norm"):
        logged = [(i, row[name]) for i, row in enumerate(written) if row.get(name) is not None]
        assert (name in found) == bool(logged)
        if logged:
            np.testing.assert_array_equal(found[name].values, np.array([v for _, v in logged], dtype=np.float64))
            assert found[name].rows.tolist() == [i for i, _ in logged]


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("log.jsonl", '{"step": 0, "loss": 1}\n'),
        ("log.txt", '{"epoch": 0, "train_loss": 1}\n{"epoch": 1, "train_loss": 1}\n'),
        ("metrics.json", '{"iteration": 19, "total_loss": 1}\n{"iteration": 39, "total_loss": 1}\n'),
        ("None.log.json", '{}\n{}\n{"mode": "train", "iter": 10, "loss": 1}\n'),
        ("log.jsonl", '{"config": {"lr": 0.1}}\n{"step": 0, "loss": NaN}\n'),
        ("metrics.json", '{"iteration": 19, "total_loss": 1, ' + ", ".join(f'"loss_{i}": {i}' for i in range(500))),
        ("metrics.jsonl", ""),
    ],
)
def test_rows_of_training_are_claimed(name: str, head: str) -> None:
    assert claimed(name, head[:4096])


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("config.json", '{"lr": 0.1, "epochs": 3}\n{"step": 0, "loss": 1}\n'),
        ("metrics.json", '{"step": 19, "train": {"loss": 0.1}}\n'),
        ("wandb-summary.json", '{"_step": 3, "loss": 1}\n'),
        ("data.jsonl", '{"instruction": "add", "output": "5"}\n'),
        ("data.jsonl", '{"id": 1, "score": 0.5, "text": "x"}\n'),
        ("package.json", '{\n  "name": "x"\n}\n'),
        ("report.txt", 'Results\nof the run\nare here\n{"step": 0, "loss": 1}\n'),
        ("data.json", '[{"instruction": "add"}]'),
        ("log.py", '{"step": 0, "loss": 1}\n'),
        ("log.jsonl", "{" * 5000),
        ("data.jsonl", ""),
    ],
)
def test_other_files_are_not_claimed(name: str, head: str) -> None:
    assert not claimed(name, head[:4096])
