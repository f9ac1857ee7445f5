"""Logs of gradient checks: ours, and the tables, JSON and prints of others."""

from __future__ import annotations

import math
from pathlib import Path, PurePosixPath

import pytest

from runaudit.api import audit, load
from runaudit.errors import LogError
from runaudit.model import RawLog
from runaudit.readers import csv_table, jsonl
from runaudit.readers.gradcheck_log import READER

FILES = {
    "check.csv": "parameter,index,analytic,numeric,rel_error\nw,0,1.0,1.1,0.09\nb,1,-2e-3,nan,\n",
    "check.tsv": "param\tgrad_analytic\tgrad_numerical\teps\nw\t1.0\t1.1\t1e-5\nb\t-0.002\tnan\t1e-5\n",
    "check.jsonl": '{"name": "w", "backprop": 1.0, "finite_diff": 1.1}\n'
    '{"name": "b", "backprop": -0.002, "finite_diff": NaN}\n',
    "check.json": '[{"tensor": "w", "autograd": 1.0, "fd": 1.1},\n {"tensor": "b", "autograd": -0.002, "fd": "NaN"}]\n',
    "check.txt": "w numerical: 1.1 analytic: 1.0, relative error: 9e-02\n"
    "b numerical: nan analytic: -2e-3, relative error: nan\n",
    "table.txt": "layer  fa     fn\nw      1.0    1.1\nb      -0.002 nan\n",
}


def read(path: Path, text: str | bytes) -> RawLog:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    (log,) = READER.read(path)
    return log


@pytest.mark.parametrize("name", FILES)
def test_every_spelling_is_claimed_and_read(name: str, tmp_path: Path) -> None:
    assert READER.claims(PurePosixPath(name), FILES[name].encode())
    rows = read(tmp_path / name, FILES[name]).tables["gradcheck"]
    assert [row["analytic"] for row in rows] == [1.0, -0.002]
    assert rows[0]["numeric"] == 1.1
    assert math.isnan(rows[1]["numeric"])
    if name != "check.txt":
        assert [row["parameter"] for row in rows] == ["w", "b"]
    assert rows[1]["line"] == {"check.csv": 3, "check.tsv": 3, "table.txt": 3}.get(name, 2)


@pytest.mark.parametrize(
    ("analytic", "numeric"),
    [
        ("analytic", "numeric"),
        ("Analytical Gradient", "Numerical Gradient"),
        ("gradAnalytic", "gradNumeric"),
        ("backprop_grad", "num_grad"),
        ("autograd", "central_difference"),
        ("grad_autograd", "grad_fd"),
        ("grad", "gradapprox"),
        ("grad", "numerical_grad"),
        ("bp", "finite_differences"),
        ("dx_analytic", "dx_num"),
    ],
)
def test_columns_go_by_many_names(analytic: str, numeric: str, tmp_path: Path) -> None:
    text = f"{analytic},{numeric}\n0.5,0.25\n"
    assert READER.claims(PurePosixPath("a.csv"), text.encode())
    (row,) = read(tmp_path / "a.csv", text).tables["gradcheck"]
    assert (row["analytic"], row["numeric"]) == (0.5, 0.25)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("log.csv", "step,loss,grad\n0,2.0,0.1\n"),
        ("log.csv", "step,loss,grad_norm,num_tokens\n0,2.0,0.1,5\n"),
        ("log.csv", "epoch,numeric_loss,analytic_loss\n0,2.0,0.1\n"),
        ("log.jsonl", '{"step": 0, "loss": 2.0, "backward": 0.2, "forward": 0.1}\n'),
        ("log.txt", "the numerical result is 3 and analytic ones follow\n"),
        ("log.csv", ""),
        ("log.bin", "analytic,numeric\n1,1\n"),
    ],
)
def test_other_logs_are_left_to_others(name: str, text: str) -> None:
    assert not READER.claims(PurePosixPath(name), text.encode())


def test_it_is_asked_before_the_generic_readers() -> None:
    assert READER.priority > max(csv_table.READER.priority, jsonl.READER.priority)


@pytest.mark.parametrize("name", FILES)
def test_what_is_cut_off_leaves_the_rows_before(name: str, tmp_path: Path) -> None:
    log = read(tmp_path / name, FILES[name].rstrip()[:-14])
    assert [row["analytic"] for row in log.tables["gradcheck"]][:1] == [1.0]


def test_rows_without_both_numbers_are_left_out_with_a_note(tmp_path: Path) -> None:
    log = read(tmp_path / "a.csv", "analytic,numeric\n1.0,1.0\n,2.0\nlow,3.0\n")
    assert len(log.tables["gradcheck"]) == 1
    (note,) = log.notes
    assert note.message == "2 rows lack the analytic or the numeric gradient, left out"
    assert note.line == 3


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.csv", b"", "empty"),
        ("a.csv", b"\0\1\2\3" * 50, "binary"),
        ("a.csv", b"analytic,numeric\n", "no row has both"),
        ("a.csv", b"analytic,numeric\nx,y\n", "no row has both"),
        ("a.csv", b"a,b\n1,2\n", "no columns of analytic"),
        ("a.jsonl", b'{"analytic": ', "no row has both"),
        ("a.jsonl", b'{"analytic": null, "numeric": 1.0}\n', "no row has both"),
        ("a.csv", b'analytic,numeric\n"1.0,1.0\n2.0,2.0\n', "does not end"),
    ],
)
def test_bad_files_are_refused_in_one_sentence(name: str, data: bytes, reason: str, tmp_path: Path) -> None:
    with pytest.raises(LogError, match=reason) as caught:
        read(tmp_path / name, data)
    assert "\n" not in caught.value.reason


def test_latin_1_names_are_read_with_a_note(tmp_path: Path) -> None:
    log = read(tmp_path / "a.csv", "parameter,analytic,numeric\ngewicht_\xfc,1.0,1.0\n".encode("latin-1"))
    assert log.tables["gradcheck"][0]["parameter"] == "gewicht_\xfc"
    assert "Latin-1" in log.notes[0].message


def test_a_check_beside_a_log_is_a_run_of_its_own_and_names_are_harmless(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("step,loss\n" + "".join(f"{i},{2.0 / (i + 1)}\n" for i in range(40)))
    (tmp_path / "gradcheck.csv").write_text("parameter,analytic,numeric\n\x1b[31m[red]{w},1.0,-1.0\nb,2.0,-2.0\n")
    runs = {run.id: run for run in load(tmp_path)}
    assert set(runs) == {"gradcheck.csv", "log.csv"}
    assert len(runs["gradcheck.csv"].tables["gradcheck"]) == 2
    report = audit(tmp_path)
    assert [(f.run, f.rule) for f in report.findings if f.family == "gradcheck"] == [
        ("gradcheck.csv", "gradient-wrong")
    ]
    assert not report.crashes
    assert not report.unreadable
