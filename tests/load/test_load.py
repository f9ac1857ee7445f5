"""From paths to runs: which files are found, what they make together, what a run is called, what is refused."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from runaudit.errors import UsageError
from runaudit.load import Done, Loaded, iter_runs, load
from runaudit.load.build import build
from runaudit.load.companions import Companions
from runaudit.load.discover import Found
from runaudit.load.group import HELD
from runaudit.load.parts import Part
from runaudit.model import RawLog, Reduction, Run, Unreadable

Write = Callable[[str, object], Path]


def log(*loss: float, start: int = 0, **more: Any) -> dict[str, Any]:  # noqa: ANN401  any JSON
    """Return a log with this training loss, one value a step."""
    return {"series": {"step": [*range(start, start + len(loss))], "loss": [*loss]}, **more}


def ids(loaded: Loaded) -> list[str]:
    return [run.id for run in loaded.runs]


def refused(loaded: Loaded) -> list[tuple[str, str, str]]:
    return [(u.path, u.kind, u.reason) for u in loaded.unreadable]


# --- what is found -----------------------------------------------------------------------------------------


def test_one_run_a_folder_is_named_after_the_folder(write: Write, tmp_path: Path) -> None:
    write("b/run1/log.one", log(3, 2, 1))
    write("a/log.one", log(4, 3))
    write("notes.md", "text")
    loaded = load([tmp_path])
    assert ids(loaded) == ["a", "b/run1"]
    assert loaded.runs[1].paths == ("b/run1/log.one",)
    assert (loaded.ignored_files, loaded.root, loaded.unreadable) == (1, str(tmp_path), ())


def test_the_root_of_several_relative_paths_is_relative(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("runs/a/log.one", "runs/b/log.one"):
        write(name, log(3, 2, 1))
    monkeypatch.chdir(tmp_path)
    assert load([Path("runs/a"), Path("runs/b")]).root == "runs"
    assert load([Path("runs/a"), tmp_path / "runs/b"]).root == str(tmp_path / "runs")


def test_the_root_itself_is_a_dot_and_several_runs_are_named_by_file(write: Write, tmp_path: Path) -> None:
    write("log.one", log(3, 2))
    assert ids(load([tmp_path])) == ["."]
    write("other.one", log(5, 4, 3))
    assert ids(load([tmp_path])) == ["log.one", "other.one"]
    write("sub/a.one", log(3, 2))
    write("sub/b.one", log(9, 8))
    assert ids(load([tmp_path])) == ["log.one", "other.one", "sub/a.one", "sub/b.one"]


def test_a_refused_neighbour_does_not_change_the_name(write: Write, tmp_path: Path) -> None:
    write("run/log.one", log(3, 2))
    write("run/table.one", {"series": {"colour": [1.0], "step": [1]}})
    loaded = load([tmp_path])
    assert ids(loaded) == ["run"]
    assert refused(loaded) == [("run/table.one", "not-a-log", "no training metric among the columns: colour, step")]


def test_several_runs_of_one_file_have_labels(write: Write, tmp_path: Path) -> None:
    write("run/log.one", [log(3, 2, label="x"), log(5, 4, label="y")])
    write("anonymous/log.one", [log(3, 2), log(5, 4)])
    assert ids(load([tmp_path])) == [
        "anonymous/log.one#run-1",
        "anonymous/log.one#run-2",
        "run/log.one#x",
        "run/log.one#y",
    ]


@pytest.mark.parametrize("count", [HELD, HELD + 1, HELD + 2, 3 * HELD])
def test_a_folder_of_many_runs_is_named_by_file_throughout(write: Write, tmp_path: Path, count: int) -> None:
    for i in range(count):
        write(f"many/{i:02}.one", log(i + 3, 2, 1))
    assert ids(load([tmp_path])) == [f"many/{i:02}.one" for i in range(count)]


def test_a_named_file_gives_the_run_of_its_folder(write: Write, tmp_path: Path) -> None:
    path = write("runs/a/log.one", log(3, 2))
    write("runs/a/other.one", log(5, 4))
    loaded = load([path])
    assert (ids(loaded), loaded.runs[0].paths, loaded.root) == (["."], ("log.one",), str(tmp_path / "runs/a"))


def test_several_paths_share_their_common_parent(write: Write, tmp_path: Path) -> None:
    one, two = write("a/log.one", log(3, 2)), write("b/c/log.one", log(5, 4))
    loaded = load([one, two.parent, one])
    assert (ids(loaded), loaded.root) == (["a", "b/c"], str(tmp_path))
    copy = write("a/x.part", log(5, 4))
    (again,) = load([copy, copy, copy.parent / "x.part"]).runs
    assert again.notes == ()
    assert again.names[0].points == 2


def test_paths_that_do_not_exist_are_all_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        load([tmp_path / "x", tmp_path, tmp_path / "y"])
    assert caught.value.problems == tuple(f"{tmp_path / n}: no such file or folder" for n in "xy")
    with pytest.raises(UsageError):
        load([])


def test_hidden_and_package_folders_are_passed_over(write: Write, tmp_path: Path) -> None:
    for folder in (".git", ".venv/x", "node_modules", "a/__pycache__"):
        write(f"{folder}/log.one", log(3, 2))
    loaded = load([tmp_path])
    assert (loaded.runs, loaded.unreadable, loaded.ignored_files) == ((), (), 0)
    assert ids(load([tmp_path / ".git"])) == ["."]


def test_links_are_followed_but_nothing_is_found_twice(write: Write, tmp_path: Path) -> None:
    write("runs/v1/log.one", log(3, 2))
    write("elsewhere/log.one", log(5, 4))
    runs = tmp_path / "runs"
    (runs / "latest").symlink_to(runs / "v1")
    (runs / "loop").symlink_to(runs)
    (runs / "other").symlink_to(tmp_path / "elsewhere")
    (runs / "same").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere/loop").symlink_to(tmp_path / "elsewhere")
    (runs / "gone").symlink_to(tmp_path / "nowhere")
    loaded = load([runs])
    assert (ids(loaded), loaded.unreadable, loaded.ignored_files) == (["other", "v1"], (), 1)


def test_a_folder_called_like_a_log_is_walked(write: Write, tmp_path: Path) -> None:
    write("x.one/log.one", log(3, 2))
    assert ids(load([tmp_path])) == ["x.one"]


def test_pipes_and_sockets_are_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pipe.one")
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("s.one")
        loaded = load([tmp_path])
    assert (loaded.runs, loaded.unreadable, loaded.ignored_files) == ((), (), 2)
    assert refused(load([tmp_path / "pipe.one"])) == [
        ("pipe.one", "not-a-log", "it is no regular file (a pipe, socket or device)")
    ]


# --- what is refused ---------------------------------------------------------------------------------------


def test_a_named_file_that_no_reader_knows_is_refused(write: Write, tmp_path: Path) -> None:
    assert refused(load([write("x.xyz", "?")])) == [("x.xyz", "not-a-log", "no reader knows this format")]
    assert refused(load([tmp_path])) == []


@pytest.mark.parametrize("name", ["x.csv", "x.jsonl", "events.out.tfevents.1.host"])
def test_an_empty_file_with_the_name_of_a_log_is_corrupt(write: Write, tmp_path: Path, name: str) -> None:
    write(name, "")
    write("empty.txt", "")
    assert refused(load([tmp_path])) == [(name, "corrupt", "the file is empty")]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("defect", "the one reader failed: ZeroDivisionError: division by zero"),
        ("memory", "the file is too large for the memory"),
        ("broken", "cut off"),
    ],
)
def test_one_bad_file_does_not_stop_the_others(write: Write, tmp_path: Path, content: str, reason: str) -> None:
    write("a/log.one", json.dumps(content))
    write("b/log.one", log(3, 2))
    loaded = load([tmp_path])
    assert (ids(loaded), refused(loaded)) == (["b"], [("a/log.one", "corrupt", reason)])
    assert loaded.unreadable[0].line == (7 if content == "broken" else None)


def test_a_file_in_no_encoding_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "log.one").write_bytes(b"\xff\xfe\xff")
    assert refused(load([tmp_path])) == [("log.one", "corrupt", "the file is no text in a known encoding")]


def test_no_permission_is_said_without_the_path(write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write("a/log.csv", "x")
    write("a/main.py", "x")
    write("b/log.one", log(3, 2))

    def denied(path: Path, *_: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", denied)
    loaded = load([tmp_path])
    assert refused(loaded) == [("a/log.csv", "corrupt", "permission denied")]


def test_no_permission_for_a_folder(write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write("a/log.one", log(3, 2))
    write("b/log.one", log(3, 2))
    scandir = os.scandir

    def guarded(path: str) -> object:
        if str(path).endswith("a"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", guarded)
    loaded = load([tmp_path])
    assert (ids(loaded), refused(loaded)) == (["b"], [("a", "corrupt", "permission denied")])


def test_a_log_without_rows_and_one_of_settings(write: Write, tmp_path: Path) -> None:
    write("a/log.one", {"series": {"step": [], "loss": []}})
    write("b/log.one", {"config": {"lr": 1}})
    write("c/log.one", {"series": {"loss": [1, 2], "batch_size": [8, 16], "dropout": [0, 0.1], "seed": [1, 2]}})
    assert refused(load([tmp_path])) == [
        ("a/log.one", "not-a-log", "the log has a header and no rows (columns: step, loss)"),
        ("b/log.one", "not-a-log", "no curve: nothing but settings or a header"),
        ("c/log.one", "not-a-log", "a table of runs and no curve: each row has settings (batch_size, dropout, seed)"),
    ]


# --- what belongs together ---------------------------------------------------------------------------------


def test_parts_are_one_run_and_the_later_file_wins(write: Write, tmp_path: Path) -> None:
    write("run/1.part", log(9, 8, 7, 6, 5))
    write("run/2.part", log(3, 2, 1, start=3))
    (run,) = load([tmp_path]).runs
    loss = run.series["train/loss"]
    assert (run.id, run.paths) == ("run", ("run/1.part", "run/2.part"))
    assert (loss.steps.tolist(), loss.values.tolist()) == ([0, 1, 2, 3, 4, 5], [9, 8, 7, 3, 2, 1])
    assert (loss.path, loss.lines.tolist()) == ("run/2.part", [0, 0, 0, 2, 3, 4])
    assert [n.message for n in run.notes] == ["steps fall back from 4 to 3: the later part wins"]


def test_parts_with_a_tag_each_keep_their_own_steps(write: Write, tmp_path: Path) -> None:
    write("run/a.part", {"series": {"loss": [3, 2, 1]}, "steps": {"loss": [0, 10, 20]}})
    write(
        "run/part-val/b.part",
        {"series": {"val_loss": [4, 3]}, "steps": {"val_loss": [5, 15]}, "tables": {"t": {"x": 1}}},
    )
    (run,) = load([tmp_path]).runs
    assert (run.id, run.notes, run.tables) == ("run", (), {"t": {"x": 1}})
    assert {n: (s.steps.tolist(), s.path) for n, s in run.series.items()} == {
        "train/loss": ([0, 10, 20], "run/a.part"),
        "val/loss": ([5, 15], "run/part-val/b.part"),
    }


def test_histograms_go_on_in_a_later_part() -> None:
    file = Found(Path("a"), PurePosixPath("a"), named=False)
    tables: list[dict[str, Any]] = [{"h": {"w": ((0, "x"), (5, "y")), "u": ((0, "z"),)}}, {"h": {"w": ((3, "new"),)}}]
    run = build("r", [Part(file, RawLog("fake", (), tables=one)) for one in tables], Companions({}, (), ()))
    assert isinstance(run, Run)
    assert run.tables == {"h": {"w": ((0, "x"), (3, "new")), "u": ((0, "z"),)}}


def test_parts_with_labels_are_runs_of_their_own(write: Write, tmp_path: Path) -> None:
    write("run/1.part", log(3, 2, label="x"))
    write("run/2.part", log(5, 4, label="y"))
    write("run/3.part", log(7, 6))
    assert ids(load([tmp_path])) == ["run#x", "run#y", "run"]


def test_of_copies_the_longest_is_the_run(write: Write, tmp_path: Path) -> None:
    write("run/part-1/s.copy", log(5, 4, 3))
    write("run/part-2/s.copy", log(5, 4, 3, 2, 1))
    write("run/s.copy", log(5, 4, 3, 2))
    (run,) = load([tmp_path]).runs
    assert (run.id, len(run.series["train/loss"]), run.notes) == ("run", 5, ())
    assert run.paths == ("run/part-2/s.copy", "run/part-1/s.copy", "run/s.copy")


def test_a_copy_of_another_run_is_noted(write: Write, tmp_path: Path) -> None:
    write("run/part-1/s.copy", log(9, 9, 9))
    write("run/part-2/s.copy", log(5, 4, 3, 2, 1))
    write("run/part-3/s.copy", json.dumps("broken"))
    loaded = load([tmp_path])
    assert [(n.message, n.path) for n in loaded.runs[0].notes] == [
        ("it is no beginning of the longest copy, which counts", "run/part-1/s.copy")
    ]
    assert refused(loaded) == [("run/part-3/s.copy", "corrupt", "cut off")]


def test_a_run_written_twice_counts_once(write: Write, tmp_path: Path) -> None:
    write("run/a.one", {"series": {"step": [0, 1, 2], "loss": [3, 2, 1], "lr": [0.1, 0.1, 0.1]}})
    write("run/b.part", {"series": {"loss": [3.00001, 2, 1]}, "steps": {"loss": [1, 2, 3]}})
    (run,) = load([tmp_path]).runs
    assert (run.id, run.format, run.paths) == ("run", "one", ("run/a.one", "run/b.part"))
    assert [n.message for n in run.notes] == ["the same run as in run/a.one, which holds more: read once"]


@pytest.mark.parametrize("other", [[3.01, 2, 1], [3, 2], [0, 0, 0]])
def test_runs_that_differ_are_not_taken_together(write: Write, tmp_path: Path, other: list[float]) -> None:
    write("run/a.one", log(3, 2, 1) if any(other) else log(0, 0, 0))
    write("run/b.part", log(*other))
    assert ids(load([tmp_path])) == ["run/a.one", "run/b.part"]


# --- what a value is ---------------------------------------------------------------------------------------


def run_of(write: Write, content: object) -> Run:
    (run,) = load([write("run/log.one", content)]).runs
    return run


def test_accuracies_in_percent_become_fractions(write: Write) -> None:
    run = run_of(write, {"series": {"epoch": [1, 2], "acc": [40, 80], "val_acc (%)": [0.5, 1], "loss": [40, 30]}})
    assert run.series["train/accuracy"].values.tolist() == [0.4, 0.8]
    assert run.series["val/accuracy"].values.tolist() == [0.005, 0.01]
    assert run.series["train/loss"].values.tolist() == [40, 30]
    assert [n.message for n in run.notes] == [
        "acc: values above 1 are percents, divided by 100",
        "val_acc (%): its name says percent, read as a fraction",
    ]


@pytest.mark.parametrize("values", [[0.4, 1.0], [1.2, 1.5], [50, 101], [-1, 50]])
def test_other_accuracies_stay(write: Write, values: list[float]) -> None:
    assert (
        run_of(write, {"series": {"epoch": [1, 2], "acc": values}}).series["train/accuracy"].values.tolist() == values
    )


@pytest.mark.parametrize(
    ("spec", "reduction", "width"),
    [
        ({"series": {"step": [5, 10, 15], "loss": [3, 2, 1]}}, Reduction.STEP, 1),
        ({"series": {"epoch": [1, 2, 3], "loss": [3, 2, 1]}}, Reduction.EPOCH_MEAN, 1),
        ({"series": {"step": [5, 10, 15], "train_loss_epoch": [3, 2, 1]}}, Reduction.EPOCH_MEAN, 5),
        ({"series": {"step": [5, 10, 15], "loss": [3, 2, 1]}, "reduction": "window-mean"}, Reduction.WINDOW_MEAN, 5),
        (
            {
                "series": {"step": [5, 10, 15], "loss": [3, 2, 1]},
                "reduction": "window-mean",
                "config": {"logging_steps": 2},
            },
            Reduction.WINDOW_MEAN,
            2,
        ),
    ],
)
def test_what_one_value_stands_for(write: Write, spec: object, reduction: Reduction, width: float) -> None:
    loss = run_of(write, spec).series["train/loss"]
    assert (loss.reduction, loss.width) == (reduction, width)


def test_the_loss_of_yolo_is_the_sum_of_its_parts(write: Write) -> None:
    run = run_of(write, {"series": {"epoch": [1, 2], "train/box_loss": [3, 2], "train/cls_loss": [1, float("nan")]}})
    loss = run.series["train/loss"]
    assert (loss.values.tolist()[0], loss.source_name) == (4, "train/box_loss + train/cls_loss")
    assert loss.values[1] != loss.values[1]
    assert [n.message for n in run.notes] == [
        "no total train loss is logged: train/loss is train/box_loss + train/cls_loss"
    ]
    assert "train/loss" not in run_of(write, {"series": {"step": [1], "g_loss": [1], "d_loss": [2]}}).series


# --- streaming ---------------------------------------------------------------------------------------------


def test_runs_come_one_by_one_and_done_comes_last(write: Write, tmp_path: Path) -> None:
    for i in range(3):
        write(f"{i}/log.one", log(3, 2))
    write("0/config.json", {"lr": 0.1})
    write("x.md", "")
    seen: list[tuple[int, int, str]] = []
    items = iter_runs([str(tmp_path)], lambda *told: seen.append(told))
    first = next(items)
    assert isinstance(first, Run)
    assert seen == []
    *rest, last = items
    assert last == Done(str(tmp_path), 1)
    assert [type(item) for item in rest] == [Run, Run]
    assert seen == [(1, 3, "0"), (2, 3, "1"), (3, 3, "2")]
    assert not any(isinstance(item, Unreadable) for item in rest)


def test_a_file_name_in_no_encoding_does_not_break_the_report(tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path) + b"/caf\xe9"
    os.mkdir(folder)  # noqa: PTH102  a path of bytes
    Path(os.fsdecode(folder + b"/log.one")).write_text(json.dumps(log(3, 2)), encoding="utf-8")
    (run,) = load([tmp_path]).runs
    assert run.id.encode() == "caf\ufffd".encode()
