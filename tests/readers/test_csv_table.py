import math
from pathlib import Path, PurePosixPath

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runaudit.errors import LogError
from runaudit.model import RawLog, RawSeries
from runaudit.readers import _table
from runaudit.readers.csv_table import READER


def read(tmp_path: Path, text: str, name: str = "log.csv") -> RawLog:
    path = tmp_path / name
    path.write_bytes(text.encode())
    assert READER.claims(PurePosixPath(name), text.encode()[:4096])
    (log,) = READER.read(path)
    return log


def series(log: RawLog) -> dict[str, RawSeries]:
    return {s.name: s for s in log.series}


def claimed(name: str, head: str) -> bool:
    return READER.claims(PurePosixPath(name), head.encode())


def test_a_blank_is_absent_and_a_logged_nan_stays(tmp_path: Path) -> None:
    log = read(tmp_path, "step,loss,val_loss\n0,2.5,\n1,nan,NA\n2,inf,1.5\n")
    loss, val = series(log)["loss"], series(log)["val_loss"]
    np.testing.assert_array_equal(loss.values, [2.5, math.nan, math.inf])
    assert (val.values.tolist(), val.rows.tolist(), val.lines.tolist()) == ([1.5], [2], [4])
    assert loss.steps is None
    assert log.notes == ()


@pytest.mark.parametrize("cell", ["43088_00000", "1_000.5", "\u0661\u0662", "\uff11"])
def test_what_only_python_takes_for_a_number_is_none(cell: str, tmp_path: Path) -> None:
    log = read(tmp_path, f"step,loss,trial\n0,2.5,{cell}\n1,{cell},{cell}\n2,1.5,7\n")
    assert series(log)["loss"].values.tolist() == [2.5, 1.5]
    assert series(log)["trial"].values.tolist() == [7.0]
    assert [note.message for note in log.notes] == [
        f"loss: 1 cell is no number (such as {cell!r}), dropped",
        f"trial: 2 cells are no number (such as {cell!r}), dropped",
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", ", ", "  ", " | "])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r\r\n", "\r"])
def test_delimiters_and_line_ends(tmp_path: Path, delimiter: str, end: str) -> None:
    rows = [["epoch", "train_loss"], ["1", "0.5"], ["2", "0.25"]]
    log = read(tmp_path, end.join(delimiter.join(row) for row in rows) + end)
    assert series(log)["train_loss"].values.tolist() == [0.5, 0.25]
    assert series(log)["epoch"].lines.tolist() == [2, 3]
    assert log.notes == ()


def test_a_padded_header_with_a_mark_is_stripped(tmp_path: Path) -> None:
    log = read(tmp_path, "\ufeff   epoch,      train/loss\n      0,        1.5\n")
    assert [s.name for s in log.series] == ["epoch", "train/loss"]


def test_a_markdown_table_loses_its_rules_and_borders(tmp_path: Path) -> None:
    log = read(tmp_path, "| epoch | loss |\n|-------|------|\n| 0 | 1.5 |\n| 1 | 0.5 |\n")
    assert [(s.name, s.values.tolist(), s.lines.tolist()) for s in log.series] == [
        ("epoch", [0, 1], [3, 4]),
        ("loss", [1.5, 0.5], [3, 4]),
    ]


def test_quoted_cells_with_line_ends_blank_lines_and_comments_keep_the_line_numbers(tmp_path: Path) -> None:
    text = '# made by hand\n\nstep,text,loss\n0,"a, ""b""\nc",1.5\n\n# resumed\n1,,0.5\n'
    log = read(tmp_path, text)
    assert series(log)["loss"].lines.tolist() == [4, 8]
    assert series(log)["loss"].rows.tolist() == [0, 1]
    assert log.notes == ()


def test_a_repeated_header_is_a_restart_not_a_row(tmp_path: Path) -> None:
    log = read(tmp_path, "step,loss\n0,2\n1,1\nstep,loss\n1,1.1\n2,0.9\n")
    assert series(log)["step"].values.tolist() == [0, 1, 1, 2]
    assert [(n.message, n.line) for n in log.notes] == [(_table.REPEATED, 4)]


def test_columns_that_change_after_a_restart_go_to_their_names(tmp_path: Path) -> None:
    log = read(tmp_path, "step,loss\n0,2\nloss,lr,step\n1.5,0.1,1\n")
    assert series(log)["loss"].values.tolist() == [2, 1.5]
    assert series(log)["step"].values.tolist() == [0, 1]
    assert series(log)["lr"].rows.tolist() == [1]
    assert [(n.message, n.line) for n in log.notes] == [(_table.CHANGED, 3)]


def test_a_column_named_twice_is_kept_twice(tmp_path: Path) -> None:
    log = read(tmp_path, "step,loss,loss\n0,2,3\n")
    assert [(s.name, s.values.tolist()) for s in log.series] == [("step", [0]), ("loss", [2]), ("loss (2)", [3])]


def test_longer_rows_are_dropped_with_a_note_never_shifted(tmp_path: Path) -> None:
    log = read(tmp_path, "step,loss,lr\n0,2,0.1\n1,,3,0.1\n2,1,0.1\n")
    assert series(log)["loss"].values.tolist() == [2, 1]
    assert series(log)["step"].values.tolist() == [0, 2]
    assert [(n.message, n.line) for n in log.notes] == [(_table.LONGER, 3)]


def test_rows_that_are_all_longer_than_the_header_are_refused(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="more cells than the 3 names") as caught:
        read(tmp_path, "EPOCH\tLR\tTRAIN_LOSS\n0\t0.1\t\t19.3\n1\t0.1\t\t18.3\n", "loss.tsv")
    assert (caught.value.kind, caught.value.line) == ("corrupt", 2)


def test_a_delimiter_at_the_end_of_a_row_is_noted(tmp_path: Path) -> None:
    log = read(tmp_path, "step,loss\n0,2,\n1,1,\n")
    assert series(log)["loss"].values.tolist() == [2, 1]
    assert [(n.message, n.line) for n in log.notes] == [(f"2 rows: {_table.TRAILING}", 2)]


def test_shorter_rows_are_noted_and_a_cut_last_line_is_named(tmp_path: Path) -> None:
    log = read(tmp_path, "step,loss,lr\n0,2\n1,1,0.1\n2,0.")
    assert series(log)["lr"].values.tolist() == [0.1]
    assert [(n.message, n.line) for n in log.notes] == [("the last line is cut off", 4), (_table.SHORTER, 2)]


def test_a_short_last_line_that_ends_is_not_cut_off(tmp_path: Path) -> None:
    log = read(tmp_path, "step,loss,lr\n0,2,0.1\n1,1\n")
    assert [(n.message, n.line) for n in log.notes] == [(_table.SHORTER, 3)]


def test_text_in_a_column_of_numbers_is_dropped_with_a_note(tmp_path: Path) -> None:
    log = read(tmp_path, "step,phase,loss\n0,warm,2\n1,full,broken\n2,full,1\n")
    assert series(log)["loss"].values.tolist() == [2, 1]
    assert "phase" not in series(log)
    (note,) = log.notes
    assert note.message == "loss: 1 cell is no number (such as 'broken'), dropped"
    assert note.line == 3


def test_a_comment_line_above_can_hold_the_names(tmp_path: Path) -> None:
    log = read(tmp_path, "# run 3\n# step loss\n0 2.5\n1 1.5\n", "loss.txt")
    assert [(s.name, s.lines.tolist()) for s in log.series] == [("step", [3, 4]), ("loss", [3, 4])]
    assert log.notes == ()


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("2.5\n1.5\n", ["train_loss"]),
        ("0 2.5\n10 1.5\n", ["step", "train_loss"]),
        ("5 2.5 1\n1 1.5 1\n", ["column 1", "column 2", "column 3"]),
    ],
)
def test_numbers_without_names_are_called_after_their_file(tmp_path: Path, text: str, names: list[str]) -> None:
    log = read(tmp_path, text, "train_loss.txt")
    assert [s.name for s in log.series] == names
    assert log.series[0].lines.tolist() == [1, 2]
    (note,) = log.notes
    assert note.message.startswith("no line of names")


def test_thousands_of_columns(tmp_path: Path) -> None:
    names = ["step", *(f"loss_{i}" for i in range(3000))]
    log = read(tmp_path, ",".join(names) + "\n" + ",".join("1" for _ in names) + "\n")
    assert [s.name for s in log.series] == names


@pytest.mark.parametrize("text", ["step,loss\n", "step,loss", "# only\nstep,loss\n\n"])
def test_a_header_alone_is_no_log_and_its_names_are_told(tmp_path: Path, text: str) -> None:
    with pytest.raises(LogError, match=r"no row below the header \(step, loss\)") as caught:
        read(tmp_path, text)
    assert caught.value.kind == "not-a-log"


def test_a_table_without_a_metric_names_its_columns(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="columns are step, epoch, phase") as caught:
        read(tmp_path, "step,epoch,phase\n0,0,a\n1,0,b\n")
    assert caught.value.kind == "not-a-log"


def test_a_quote_that_never_ends_is_told_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="does not end") as caught:
        read(tmp_path, 'step,loss\n0,1\n1,"' + "x" * 200_000 + "\n")
    assert caught.value.line == 3


def test_a_quote_that_swallows_the_rest_of_the_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="the quote that begins here does not end") as caught:
        read(tmp_path, 'step,loss\n0,1\n1,"2\n' + "".join(f"{i},1\n" for i in range(2, 50)))
    assert (caught.value.line, caught.value.kind) == (3, "corrupt")


def test_a_quoted_cell_of_several_lines_may_be_the_last(tmp_path: Path) -> None:
    log = read(tmp_path, 'step,loss,note\n0,2,a\n1,1,"b\n""c"""\n')
    assert {s.name: s.values.tolist() for s in log.series} == {"step": [0, 1], "loss": [2, 1]}


def test_a_cell_beyond_all_measure_is_no_quote(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="cannot be split into cells") as caught:
        read(tmp_path, "step,loss\n0,1\n1," + "9" * 200_000 + "\n")
    assert caught.value.line == 3


def test_a_line_of_millions_of_letters_is_left_out_with_a_note(tmp_path: Path) -> None:
    log = read(tmp_path, "step,loss\n0,1\n" + "1," * (_table.LONGEST // 2 + 1) + "\n2,0.5\n")
    assert [s.values.tolist() for s in log.series] == [[0, 2], [1, 0.5]]
    assert [s.lines.tolist() for s in log.series] == [[2, 4], [2, 4]]
    assert [(n.message, n.line) for n in log.notes] == [("1 line is longer than 1,000,000 letters, left out", 3)]


def test_a_header_of_millions_of_letters_is_refused(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("\nstep,loss," + "x" * _table.LONGEST + "\n1,2\n")
    with pytest.raises(LogError, match="longer than 1,000,000 letters") as caught:
        READER.read(tmp_path / "log.csv")
    assert caught.value.line == 2


def test_a_last_line_without_an_end_may_be_cut_and_is_noted(tmp_path: Path) -> None:
    log = read(tmp_path, "step,loss\n0,1.5\n1,1.2")
    assert [(n.message, n.line) for n in log.notes] == [
        ("the last line has no end, so that its last cell may be cut off", 3)
    ]


@pytest.mark.parametrize("odd", ["nan", "", "x", "Infinity"])
@pytest.mark.parametrize("comment", ["", "# slow\n"], ids=["pandas", "plain"])
def test_long_tables_are_read_alike_by_both_ways(tmp_path: Path, odd: str, comment: str) -> None:
    count = _table.BIG + 10
    body = "".join(f"{i},{i / 7!r},{odd if i == 5 else 1}\n" for i in range(count))
    log = read(tmp_path, f"{comment}step,loss,val_loss\n{body}")
    first = 2 + bool(comment)
    val = series(log)["val_loss"]
    assert series(log)["loss"].values.tolist() == [i / 7 for i in range(count)]
    assert series(log)["loss"].lines.tolist() == list(range(first, first + count))
    assert val.rows.tolist() == [i for i in range(count) if odd not in ("", "x") or i != 5]
    assert np.isnan(val.values).sum() == (odd == "nan")
    assert np.isinf(val.values).sum() == (odd == "Infinity")
    assert len(log.notes) == (odd == "x")


@pytest.mark.parametrize("odd", ["step,loss", "7,1,1", "7"])
def test_long_tables_with_odd_rows_lose_none_of_their_notes(tmp_path: Path, odd: str) -> None:
    rows = [f"{i},1.5" for i in range(_table.BIG + 10)]
    rows.insert(100, odd)
    log = read(tmp_path, "\n".join(["step,loss", *rows, ""]))
    assert [n.line for n in log.notes] == [102]
    assert len(series(log)["loss"].values) == _table.BIG + 10


cells = st.one_of(st.none(), st.floats(width=64), st.integers(-(2**53), 2**53).map(float))


@given(
    rows=st.lists(st.lists(cells, min_size=3, max_size=3), min_size=1, max_size=30), delimiter=st.sampled_from(",;\t")
)
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[float | None]], delimiter: str
) -> None:
    path = tmp_path_factory.mktemp("round") / "log.csv"
    written = [
        ["step", "loss", "lr", "val_loss"],
        *([str(i), *("" if c is None else repr(c) for c in row)] for i, row in enumerate(rows)),
    ]
    path.write_text("\n".join(delimiter.join(row) for row in written) + "\n")
    (log,) = READER.read(path) if any(c is not None for row in rows for c in row) else (None,)
    found = series(log) if log else {}
    for column, name in enumerate(["loss", "lr", "val_loss"]):
        logged = [(i, row[column]) for i, row in enumerate(rows) if row[column] is not None]
        assert (name in found) == bool(logged)
        if logged:
            np.testing.assert_array_equal(found[name].values, [c for _, c in logged])
            assert found[name].rows.tolist() == [i for i, _ in logged]
            assert found[name].lines.tolist() == [i + 2 for i, _ in logged]


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("a.csv", "step,x\n0,1\n"),
        ("a.csv", "train_loss,acc\n0.5,0.1\n"),
        ("a.tsv", "epoch\tloss\n0\t1\n"),
        ("a.log", "epoch  loss\n0  1\n1  0.5\n"),
        ("a", "epoch,loss\n0,1\n"),
        ("loss.csv", ""),
    ],
)
def test_tables_of_training_are_claimed(name: str, head: str) -> None:
    assert claimed(name, head)


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("a.py", "epoch,loss\n0,1\n"),
        ("README", "This project trains a model, with loss\nand accuracy, as usual\n"),
        ("requirements.txt", "numpy==1.26\ntorch==2.2\n"),
        ("labels.csv", "run,path,labels,points\nr1,r1,healthy,800\n"),
        ("runs.csv", "run,val_loss,lr\na,0.5,0.1\nb,0.4,0.01\n"),
        ("iris.csv", "sepal_length,sepal_width,species\n5.1,3.5,setosa\n"),
        ("log.txt", "---------------\n| epoch | 0 |\n| loss | 1 |\n---------------\n"),
        ("notes.txt", "step one, train\nthen, validate\n"),
        ("a.csv", ""),
        ("data.csv", "1,2,3\n4,5,6\n"),
        ("log.csv", "\n\n"),
        ("log.csv", '""\n""\n'),
    ],
)
def test_other_files_are_not_claimed(name: str, head: str) -> None:
    assert not claimed(name, head)
