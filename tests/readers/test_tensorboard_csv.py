from __future__ import annotations

from pathlib import Path, PurePosixPath

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runaudit.errors import LogError
from runaudit.model import RawLog
from runaudit.readers import Grouping
from runaudit.readers.tensorboard_csv import READER, claims

HEADER = "Wall time,Step,Value\n"
NAME = "run-.-tag-Loss_val.csv"


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def read(path: Path) -> RawLog:
    (log,) = READER.read(path)
    return log


def test_reads_steps_values_and_lines(tmp_path: Path) -> None:
    log = read(
        write(tmp_path / NAME, HEADER + "1700000000.5,0,2.5\n\n1700000001.5,18,nan\n1700000002.5,36,\n1,54,-inf\n")
    )
    (series,) = log.series
    assert (log.format, log.label, series.name, log.notes) == ("tensorboard_csv", "", "Loss_val", ())
    assert series.steps is not None
    assert series.steps.tolist() == [0, 18, 54]
    np.testing.assert_array_equal(series.values, [2.5, np.nan, -np.inf])
    assert series.lines.tolist() == [2, 4, 6]
    assert series.rows.tolist() == [0, 2, 4]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("quote", ["", '"'])
def test_spellings_of_one_table(tmp_path: Path, encoding: str, end: str, quote: str) -> None:
    rows = [["Wall time", "Step", "Value"], ["1.7e9", "1", "Infinity"], ["1.7e9", "2", "1e-3"]]
    text = "".join(",".join(quote + cell + quote for cell in row) + end for row in rows)
    path = write(tmp_path / NAME, text, encoding)
    assert claims(PurePosixPath(NAME), path.read_bytes())
    (series,) = read(path).series
    assert series.values.tolist() == [np.inf, 0.001]
    assert series.lines.tolist() == [2, 3]


@pytest.mark.parametrize(
    ("name", "label", "tag"),
    [
        ("run-.-tag-Loss_val.csv", "", "Loss_val"),
        ("run_.-tag-loss.csv", "", "loss"),
        ("run-SGD-tag-batch_loss.csv", "SGD", "batch_loss"),
        ("run-0.5_0.5-tag-loss.csv", "0.5_0.5", "loss"),
        ("run-validation-tag-epoch_loss.csv", "", "validation/epoch_loss"),
        ("run-exp1_train-tag-epoch_loss.csv", "exp1", "train/epoch_loss"),
        ("run-resnet_test-tag-loss.csv", "resnet_test", "loss"),
        ("loss_train.csv", "", "loss_train"),
    ],
)
def test_the_name_of_the_file_tells_run_and_tag(tmp_path: Path, name: str, label: str, tag: str) -> None:
    log = read(write(tmp_path / name, HEADER + "1,1,1\n"))
    assert (log.label, log.series[0].name) == (label, tag)


def test_several_runs_one_after_the_other_keep_the_order_with_a_note(tmp_path: Path) -> None:
    log = read(write(tmp_path / NAME, HEADER + "1,0,1\n1,5,2\n1,0,3\n1,5,4\n"))
    (note,) = log.notes
    assert log.series[0].values.tolist() == [1, 2, 3, 4]
    assert (note.message, note.line) == ("Loss_val: the step falls back 1 times, first from 5 to 0", 4)


@pytest.mark.parametrize("row", ["1,2", "1,2,3,4", "1,x,3", "1,2,x", "1,,3", "1,nan,3", "1,inf,3"])
def test_rows_without_two_numbers_are_left_out_with_a_note(tmp_path: Path, row: str) -> None:
    log = read(write(tmp_path / NAME, HEADER + f"1,0,1\n{row}\n1,9,2\n"))
    (note,) = log.notes
    assert log.series[0].values.tolist() == [1, 2]
    assert (note.message, note.line) == ("Loss_val: 1 rows are not three numbers, left out", 3)


def test_latin_1_is_read_with_a_note(tmp_path: Path) -> None:
    log = read(write(tmp_path / NAME, HEADER + "1,0,1\n\xe9,1,2\n", "latin-1"))
    assert log.series[0].values.tolist() == [1, 2]
    assert "Latin-1" in log.notes[0].message


@pytest.mark.parametrize(
    ("text", "kind", "line"),
    [
        ("", "corrupt", None),
        (HEADER, "not-a-log", None),
        (HEADER + "1,2,\n", "not-a-log", None),
        (HEADER + "1,2\n1,3\n", "corrupt", 2),
        ("step,loss\n1,2\n", "corrupt", 1),
        ("\n", "corrupt", 1),
        (HEADER + "1,\0,2\n", "corrupt", 2),
    ],
)
def test_what_is_no_log_says_why(tmp_path: Path, text: str, kind: str, line: int | None) -> None:
    with pytest.raises(LogError) as caught:
        READER.read(write(tmp_path / NAME, text))
    assert (caught.value.kind, caught.value.line) == (kind, line)


def test_a_folder_is_an_os_error(tmp_path: Path) -> None:
    (tmp_path / NAME).mkdir()
    with pytest.raises(OSError, match="directory"):
        READER.read(tmp_path / NAME)


@given(st.binary(max_size=60))
def test_claims_never_raises_and_wants_the_header(head: bytes) -> None:
    assert claims(PurePosixPath(NAME), head) is False
    assert claims(PurePosixPath("any.txt"), HEADER.encode() + b"1," + head.replace(b"\0", b"")) is True


def test_claims_not_other_tables() -> None:
    assert not claims(PurePosixPath(NAME), b"Wall time,Step,Value,Epoch\n")
    assert not claims(PurePosixPath(NAME), b"")


def test_files_of_one_folder_are_parts() -> None:
    assert READER.grouping is Grouping.PARTS
    assert READER.home(PurePosixPath("a/b.csv")) == PurePosixPath("a")


@given(st.binary(max_size=300))
def test_any_bytes_give_a_log_or_a_log_error(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.mktemp("any") / NAME
    path.write_bytes(HEADER.encode() + data)
    try:
        assert len(READER.read(path)) == 1
    except LogError as error:
        assert error.reason  # noqa: PT017  either answer is right, any other exception is not
