import json
from pathlib import Path, PurePosixPath

import pytest

from runaudit.errors import LogError
from runaudit.model import RawLog, RawSeries, Reduction
from runaudit.readers import Grouping
from runaudit.readers.hf_trainer_state import READER

HISTORY = [
    {"epoch": 0.5, "grad_norm": 2.5, "learning_rate": 1e-4, "loss": 1.5, "step": 10},
    {"epoch": 0.5, "eval_g0_loss": 1.25, "eval_runtime": 3.0, "step": 10},
    {"epoch": 1.0, "grad_norm": float("nan"), "learning_rate": 0.0, "loss": float("inf"), "step": 20},
    {"epoch": 1.0, "step": 20, "total_flos": 3e16, "train_loss": 9.0, "train_runtime": 64.0},
]
STATE = {
    "best_metric": None,
    "best_model_checkpoint": None,
    "eval_steps": 5,
    "global_step": 20,
    "log_history": HISTORY,
    "logging_steps": 10,
    "max_steps": 20,
    "num_train_epochs": 1,
    "train_batch_size": 8,
    "trial_params": None,
}


def read(tmp_path: Path, text: str) -> RawLog:
    path = tmp_path / "trainer_state.json"
    path.write_text(text)
    (log,) = READER.read(path)
    return log


def series(log: RawLog) -> dict[str, RawSeries]:
    return {s.name: s for s in log.series}


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_rows_become_curves_with_their_lines(tmp_path: Path, indent: int | None, end: str) -> None:
    text = json.dumps(STATE, indent=indent)
    log = read(tmp_path, text.replace("\n", end))
    loss = series(log)["loss"]
    assert (loss.values.tolist(), loss.rows.tolist(), loss.reduction) == (
        [1.5, float("inf")],
        [0, 2],
        Reduction.WINDOW_MEAN,
    )
    assert str(series(log)["grad_norm"].values.tolist()) == "[2.5, nan]"
    assert series(log)["eval_g0_loss"].rows.tolist() == [1]
    assert series(log)["eval_g0_loss"].reduction is None
    settings = {"logging_steps": 10, "eval_steps": 5, "max_steps": 20, "num_train_epochs": 1, "train_batch_size": 8}
    assert dict(log.config) == settings
    assert log.notes == ()
    lines = text.split("\n")
    starts = [
        next(i for i, line in enumerate(lines, start=1) if s in line) for s in ('"loss": 1.5', '"loss": Infinity')
    ]
    assert loss.lines.tolist() == ([1, 1] if indent is None else [starts[0] - 4, starts[1] - 4])


def test_the_totals_at_the_end_are_no_point_of_a_curve(tmp_path: Path) -> None:
    log = read(tmp_path, json.dumps(STATE))
    assert "train_loss" not in series(log)
    assert series(log)["step"].values.tolist() == [10, 10, 20]


@pytest.mark.parametrize("cut", ['"step": 20}', '"loss": Inf'])
def test_a_file_that_is_cut_off_gives_its_whole_rows_and_a_note(tmp_path: Path, cut: str) -> None:
    text = json.dumps(STATE, indent=1).replace('"step": 20\n  }', '"step": 20}')
    log = read(tmp_path, text[: text.index(cut)])
    assert series(log)["loss"].values.tolist()[0] == 1.5
    assert log.config == {"eval_steps": 5}
    (note,) = log.notes
    assert "cut off or broken from here, 2 rows" in note.message
    assert note.line == 1 + text[: text.index('"grad_norm": NaN')].count("\n") - 2


def test_a_file_that_is_cut_off_behind_its_history_gives_all_rows_and_a_note(tmp_path: Path) -> None:
    text = json.dumps(STATE, indent=1)
    log = read(tmp_path, text[: text.index('"max_steps"')])
    assert series(log)["loss"].values.tolist() == [1.5, float("inf")]
    assert log.config == {"eval_steps": 5}
    (note,) = log.notes
    assert "behind its history" in note.message
    assert note.line == text[: text.index('"max_steps"')].count("\n") + 1


def test_a_search_tells_its_parameters(tmp_path: Path) -> None:
    log = read(tmp_path, json.dumps({**STATE, "trial_params": {"learning_rate": 0.5}}))
    assert log.config["learning_rate"] == 0.5


@pytest.mark.parametrize(
    ("text", "kind", "reason"),
    [
        ("{}", "not-a-log", "no list"),
        ('{"timings": [1, 2]}', "not-a-log", "its keys are timings"),
        ("[1, 2]", "not-a-log", "no object"),
        ('{"log_history": {}}', "not-a-log", "no list"),
        ('{"log_history": []}', "not-a-log", "history is empty"),
        ('{"log_history": [{"train_runtime": 3, "train_loss": 1}]}', "not-a-log", "history is empty"),
        ('{"log_history": [{"step": 3, "epoch": 1}]}', "not-a-log", "columns are step, epoch"),
        ('{"log_history": [{"lo', "corrupt", "first row"),
        ('{\n"best_metric": nul', "corrupt", "cut off or no JSON"),
        ("[" * 100_000, "corrupt", "cut off or no JSON"),
    ],
)
def test_what_is_no_history_is_refused_with_a_reason(tmp_path: Path, text: str, kind: str, reason: str) -> None:
    with pytest.raises(LogError, match=reason) as caught:
        read(tmp_path, text)
    assert caught.value.kind == kind


def test_checkpoints_belong_to_the_run_above() -> None:
    assert READER.grouping is Grouping.COPIES
    assert READER.home(PurePosixPath("a/b/checkpoint-500/trainer_state.json")) == PurePosixPath("a/b")
    assert READER.home(PurePosixPath("a/b/trainer_state.json")) == PurePosixPath("a/b")
    assert READER.home(PurePosixPath("trainer_state.json")) == PurePosixPath(".")
    assert READER.home(PurePosixPath("a/checkpoint-best/trainer_state.json")) == PurePosixPath("a/checkpoint-best")


@pytest.mark.parametrize(
    ("name", "head", "expected"),
    [
        ("trainer_state.json", "{}", True),
        ("trainer_state.json", "", True),
        ("state.json", json.dumps(STATE), True),
        ("config.json", '{"global_step": 3}', False),
        ("trainer_state.txt", json.dumps(STATE), False),
    ],
)
def test_the_name_or_the_keys_decide(name: str, head: str, expected: bool) -> None:
    assert READER.claims(PurePosixPath(name), head.encode()) is expected
