"""Copies of one run, in checkpoint folders for example: the longest counts, whatever else lies there."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from runaudit.load import Loaded, group, load
from runaudit.load.discover import Claimed
from runaudit.load.group import Folder
from runaudit.model import Note

Write = Callable[[str, object], Path]
NO_BEGINNING = "it is no beginning of the longest copy, which counts"


def log(**series: list[float]) -> dict[str, Any]:
    steps = max(map(len, series.values()))
    return {"series": {"step": [*range(steps)], **series}}


def notes(loaded: Loaded) -> list[Note]:
    (run,) = loaded.runs
    return [note for note in run.notes if note.message == NO_BEGINNING]


def test_the_most_bytes_are_not_the_most_steps(write: Write, tmp_path: Path) -> None:
    write("run/part-1/s.copy", log(loss=[5.123456789, 4.123456789, 3.123456789], acc=[0.1, 0.2, 0.3]))
    write("run/part-2/s.copy", log(loss=[5, 4, 3, 2]))
    loaded = load([tmp_path])
    assert loaded.runs[0].paths == ("run/part-2/s.copy", "run/part-1/s.copy")
    assert len(loaded.runs[0].series["train/loss"]) == 4
    assert [note.path for note in notes(loaded)] == ["run/part-1/s.copy"]


@pytest.mark.parametrize(
    ("short", "begins"),
    [
        (log(loss=[5, 4, 3]), True),
        (log(loss=[5, float("nan"), 3]), False),
        (log(loss=[5, 4, 2.5]), False),
        ({"series": {"step": [1, 2, 3], "loss": [5, 4, 3]}}, False),
        (log(loss=[5, 4, 3], acc=[1, 1, 1]), False),
    ],
)
def test_a_copy_is_a_beginning_or_is_noted(short: dict[str, Any], begins: bool, write: Write, tmp_path: Path) -> None:
    write("run/part-1/s.copy", short)
    write("run/part-2/s.copy", log(loss=[5, 4, 3, 2, 1, 0.5]))
    assert [note.path for note in notes(load([tmp_path]))] == ([] if begins else ["run/part-1/s.copy"])


def test_a_copy_with_nan_at_the_same_place_is_a_beginning(write: Write, tmp_path: Path) -> None:
    nan = float("nan")
    write("run/part-1/s.copy", log(loss=[5, nan, 3]))
    write("run/part-2/s.copy", log(loss=[5, nan, 3, 2]))
    assert notes(load([tmp_path])) == []


def test_copies_that_give_nothing_are_told_and_no_run_is_made(write: Write, tmp_path: Path) -> None:
    write("run/part-1/s.copy", {"series": {"step": [0, 1]}})
    write("run/part-2/s.copy", "broken")
    loaded = load([tmp_path])
    assert loaded.runs == ()
    assert sorted((u.path, u.kind) for u in loaded.unreadable) == [
        ("run/part-1/s.copy", "not-a-log"), ("run/part-2/s.copy", "corrupt"),
    ]  # fmt: skip


def test_a_copy_that_vanishes_before_it_is_read_is_told(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("run/part-1/s.copy", log(loss=[5, 4, 3]))
    gone = write("run/part-2/s.copy", log(loss=[5, 4, 3, 2]))

    def folders(claimed: Iterable[Claimed]) -> list[Folder]:
        gone.unlink()
        return group.folders(claimed)

    monkeypatch.setattr("runaudit.load.folders", folders)
    loaded = load([tmp_path])
    assert [len(run.series["train/loss"]) for run in loaded.runs] == [3]
    assert [(u.path, u.reason) for u in loaded.unreadable] == [("run/part-2/s.copy", "no such file or directory")]
