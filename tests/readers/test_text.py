from pathlib import Path

import pytest

from runaudit.errors import LogError
from runaudit.readers import HEAD_BYTES
from runaudit.readers._text import head_lines, numbered_lines, read_text, split_lines, to_number


def write(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "log.txt"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    "data",
    [
        "loss é\n".encode(),
        b"\xef\xbb\xbf" + "loss é\n".encode(),
        "loss é\n".encode("utf-16"),
        b"\xfe\xff" + "loss é\n".encode("utf-16-be"),
    ],
    ids=["utf-8", "utf-8 with mark", "utf-16", "utf-16 big end"],
)
def test_encodings_give_the_same_text_without_a_note(tmp_path: Path, data: bytes) -> None:
    assert read_text(write(tmp_path, data)) == ("loss é\n", ())
    assert head_lines(data) == ["loss é"]


def test_latin_1_is_read_with_a_note_at_the_line(tmp_path: Path) -> None:
    path = write(tmp_path, b"a\nb\nZ\xfcrich 1\n")
    text, (note,) = read_text(path)
    assert text == "a\nb\nZürich 1\n"
    assert note.line == 3
    assert note.path == str(path)
    assert "Latin-1" in note.message


def test_broken_utf_16_is_read_with_a_note(tmp_path: Path) -> None:
    text, (note,) = read_text(write(tmp_path, "loss 1\n".encode("utf-16")[:-1]))
    assert text.startswith("loss 1")
    assert "UTF-16" in note.message


def test_zero_bytes_at_the_end_are_cut_off_with_a_note(tmp_path: Path) -> None:
    text, (note,) = read_text(write(tmp_path, b"a\nb\n\0\0\0"))
    assert text == "a\nb\n"
    assert note.message.startswith("the file ends in 3 zero bytes")
    assert note.line == 3


@pytest.mark.parametrize(("data", "line"), [(b"a\nb\0c\n", 2), (b"\0\0", 1), (b"\x89PNG\r\n\0\x1a", 2)])
def test_binary_is_refused_at_its_line(tmp_path: Path, data: bytes, line: int) -> None:
    with pytest.raises(LogError, match="binary") as caught:
        read_text(write(tmp_path, data))
    assert caught.value.line == line
    assert caught.value.kind == "corrupt"


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="0 bytes"):
        read_text(write(tmp_path, b""))


def test_colour_codes_are_removed(tmp_path: Path) -> None:
    data = b"\x1b[32mINFO\x1b[0m \x1b[1;31mloss\x1b[m 1 \x1b]8;;http://x\x07link\x1b]8;;\x07\n"
    assert read_text(write(tmp_path, data))[0] == "INFO loss 1 link\n"


def test_line_ends_do_not_change_the_line_numbers() -> None:
    for end in ("\n", "\r\n", "\r\r\n", "\r"):
        assert split_lines(f"a{end}b{end}{end}c{end}") == ["a", "b", "", "c"]
    assert split_lines("") == []
    assert split_lines("a\x0bb\u2028c\n") == ["a\x0bb\u2028c"]


def test_what_a_progress_bar_overwrote_shares_its_line() -> None:
    assert list(numbered_lines("x\n1%\r2%\r\ny")) == [(1, "x"), (2, "1%"), (2, "2%"), (3, "y")]


def test_the_head_leaves_out_the_line_that_it_cuts() -> None:
    line = b"x" * 99 + b"\n"
    assert len(head_lines((line * 100)[:HEAD_BYTES])) == HEAD_BYTES // 100
    assert head_lines(b"y" * HEAD_BYTES) == ["y" * HEAD_BYTES]
    assert head_lines(b"a\nb") == ["a", "b"]
    assert head_lines(b"a\0b\n") == []
    assert head_lines(b"") == []


@pytest.mark.parametrize("cell", ["", " ", "None", "null", "N/A", "NA", "_", "-", "<NA>"])
def test_marks_of_absence_are_no_value(cell: str) -> None:
    assert to_number(cell) is None


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("Infinity", float("inf")),
        ("-inf", float("-inf")),
        ("1e400", float("inf")),
        (" 2 ", 2.0),
        ("tensor([0.25], grad_fn=<X>)", 0.25),
        ("np.float32(1e-3)", 1e-3),
        ("12.5%", 12.5),
    ],
)
def test_spellings_of_numbers(cell: str, number: float) -> None:
    assert to_number(cell) == number


@pytest.mark.parametrize("cell", ["nan", "NaN", "-nan", "tensor(nan)"])
def test_a_logged_nan_is_a_value(cell: str) -> None:
    number = to_number(cell)
    assert number is not None
    assert number != number


@pytest.mark.parametrize(
    "cell", ["abc", "0:31", "4 days, 5:06:09", "1,5", "1.2.3", "[1, 2]", "%", "tensor(x)", "1_0", "[1_0]", "\u0661"]
)
def test_other_text_is_no_number(cell: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        to_number(cell)
