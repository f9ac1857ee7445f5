from __future__ import annotations

from pathlib import Path, PurePosixPath

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runaudit.errors import LogError
from runaudit.model import RawLog
from runaudit.readers import Grouping
from runaudit.readers.tensorboard_json import READER, claims

NAME = "run-SGD-tag-loss.json"


def write(path: Path, text: str) -> Path:
    path.write_bytes(text.encode())
    return path


def read(path: Path) -> RawLog:
    (log,) = READER.read(path)
    return log


def test_reads_steps_and_values(tmp_path: Path) -> None:
    log = read(write(tmp_path / NAME, "[[1700000000.5, 0, 2.5],\n [1700000001.5, 18, 1e-3]]"))
    (series,) = log.series
    assert (log.format, log.label, series.name, log.notes) == ("tensorboard_json", "SGD", "loss", ())
    assert series.steps is not None
    assert series.steps.tolist() == [0, 18]
    assert series.values.tolist() == [2.5, 0.001]
    assert series.rows.tolist() == [0, 1]
    assert series.lines.tolist() == [0, 0]


def test_tokens_that_are_no_json_are_logged_values_and_null_is_absent(tmp_path: Path) -> None:
    rows = '[1,0,NaN],[1,1,"NaN"],[1,2,Infinity],[1,3,"-Infinity"],[1,4,null],[1,5,0]'
    (series,) = read(write(tmp_path / NAME, f"[{rows}]")).series
    np.testing.assert_array_equal(series.values, [np.nan, np.nan, np.inf, -np.inf, 0])
    assert series.rows.tolist() == [0, 1, 2, 3, 5]


@pytest.mark.parametrize(
    "row", ["[1, 2]", "[1, 2, 3, 4]", "7", '[1, "x", 3]', "[1, 2, [3]]", "[1, 2, true]", "[1, NaN, 3]"]
)
def test_rows_that_are_not_three_numbers_leave_a_note(tmp_path: Path, row: str) -> None:
    log = read(write(tmp_path / NAME, f"[[1, 0, 1], {row}, [1, 9, 2]]"))
    assert log.series[0].values.tolist() == [1, 2]
    assert [n.message for n in log.notes] == [
        "loss: 1 rows are not three numbers, left out, the first is row 1 (from 0)"
    ]


def test_steps_that_fall_back_leave_a_note(tmp_path: Path) -> None:
    log = read(write(tmp_path / NAME, "[[1, 0, 1], [1, 9, 2], [1, 0, 3]]"))
    assert log.series[0].values.tolist() == [1, 2, 3]
    assert [n.message for n in log.notes] == ["loss: the step falls back 1 times, first from 9 to 0"]


@pytest.mark.parametrize(
    ("text", "kind", "line"),
    [
        ("", "corrupt", None),
        ("[[1, 2, 3],\n[1, 2", "corrupt", 2),
        ("[" * 100_000, "corrupt", None),
        (f"[[1, 2, 1{'0' * 5000}]]", "corrupt", None),
        ("[]", "not-a-log", None),
        ("{}", "not-a-log", None),
        ("[[1, 2, null]]", "not-a-log", None),
        ("[[1, 2], [3, 4]]", "not-a-log", None),
    ],
)
def test_what_is_no_log_says_why(tmp_path: Path, text: str, kind: str, line: int | None) -> None:
    with pytest.raises(LogError) as caught:
        READER.read(write(tmp_path / NAME, text))
    assert (caught.value.kind, caught.value.line) == (kind, line)


def test_an_integer_beyond_a_double_is_left_out(tmp_path: Path) -> None:
    log = read(write(tmp_path / NAME, f"[[1, 2, 3], [1, 3, 1{'0' * 400}]]"))
    assert log.series[0].values.tolist() == [3]
    assert len(log.notes) == 1


@pytest.mark.parametrize(
    ("name", "head", "expected"),
    [
        ("loss.json", b"[[1700000000.5, 0, 2.5]", True),
        ("loss.json", b"\xef\xbb\xbf[\n  [1700000000, 0, NaN]", True),
        ("loss.json", b'[[1700000000.5, 0, "NaN"]', True),
        ("loss.json", b"[[255, 0, 128], [0, 0, 0]]", False),
        ("loss.json", b"", False),
        ("loss.txt", b"[[1700000000.5, 0, 2.5]", False),
        ("run-.-tag-loss.json", b"[[0.1, 0, 2.5]", True),
        ("run-.-tag-loss.json", b'{"a": 1}', False),
    ],
)
def test_claims(name: str, head: bytes, expected: bool) -> None:
    assert claims(PurePosixPath(name), head) is expected


def test_files_of_one_folder_are_parts() -> None:
    assert READER.grouping is Grouping.PARTS
    assert READER.home(PurePosixPath("a/b.json")) == PurePosixPath("a")


@given(st.binary(max_size=200))
def test_any_bytes_give_a_log_or_a_log_error(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.mktemp("any") / NAME
    path.write_bytes(b"[[1, 2, 3]," + data)
    claims(PurePosixPath(NAME), data)
    try:
        assert len(READER.read(path)) == 1
    except LogError as error:
        assert error.reason  # noqa: PT017  either answer is right, any other exception is not
