"""``check --record`` and ``runaudit history``: what they write and say, and their exit codes."""

from __future__ import annotations

import json
import os
import sqlite3
from pathlib import Path

import pytest

from runaudit.__main__ import main
from tests.cli.test_process import imported_by

GOOD = "step,loss\n" + "".join(f"{i},{2.0 / (i + 1)}\n" for i in range(40))
BAD = "step,loss\n" + "".join(f"{i},nan\n" for i in range(40))
RECORD = ["check", "logs", "--record", "--isolated", "-q"]


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith(("GITHUB_", "CI_COMMIT"))]:
        monkeypatch.delenv(name)
    path = tmp_path / "logs" / "a" / "log.csv"
    path.parent.mkdir(parents=True)
    path.write_text(GOOD)
    return path


def test_record_then_show_then_gate(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(RECORD) == 0
    assert ".runaudit/history.sqlite: audit 1 recorded" in capsys.readouterr().err
    assert main(["history", "--fail-if", "worse"]) == 0
    assert "no earlier audit to compare with" in capsys.readouterr().out
    log.write_text(BAD)
    assert main(RECORD) == 1
    assert main(["history", "--fail-if", "worse"]) == 1
    shown = capsys.readouterr().out
    assert "new: logs/a: error[non-finite] train/loss" in shown
    assert "worse: logs/a: ok → fail" in shown
    assert main(["history"]) == 0  # only the gate fails
    assert main(["history", "--fail-if", "worse", "--rule", "overfitting", "--run", "a"]) == 1  # the verdict is worse
    log.write_text(GOOD)
    assert main(RECORD) == 0
    assert main(["history", "--fail-if", "worse"]) == 0
    capsys.readouterr()
    assert main(["history", "--format", "json", "--against", "last-good"]) == 0
    found = json.loads(capsys.readouterr().out)
    (project,) = found["projects"]
    assert [a["exit_code"] for a in project["audits"]] == [0, 1, 0]
    assert next(r["counts"] for r in project["rules"] if r["rule"] == "non-finite") == [0, 1, 0]
    assert found["against"][0]["reference"] == 1
    assert main(["history", "--format", "markdown"]) == 0
    assert capsys.readouterr().out.startswith("## ")


def test_branches(log: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("GITHUB_REF_NAME", "main")
    monkeypatch.setenv("GITHUB_SHA", "a" * 40)
    assert main(RECORD) == 0
    monkeypatch.setenv("GITHUB_REF_NAME", "fix/lr")
    log.write_text(BAD)
    assert main(RECORD) == 1
    assert main(["history", "--against", "main", "--fail-if", "worse"]) == 1
    assert main(["history", "--branch", "main", "--fail-if", "worse"]) == 0
    capsys.readouterr()
    assert main(["history", "--branch", "main", "--format", "json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["projects"][0]["audits"]) == 1
    assert main(["history", "--branch", "none"]) == 3


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--against", "mian"], "no audit of that branch"),
        (["--rule", "overfiting"], "overfitting"),
        (["--run", "b*"], "no recorded run fits"),
    ],
)
def test_a_slip_fails_the_gate_instead_of_passing_it(
    log: Path, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert log.exists()
    assert main(RECORD) == 0
    assert main(["history", "--fail-if", "worse", *words]) == 2
    assert said in capsys.readouterr().err


def test_no_history_a_damaged_one_and_one_of_something_else(
    log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert log.exists()
    assert main(["history"]) == 2
    assert "check --record begins one" in capsys.readouterr().err
    bad = tmp_path / "bad.sqlite"
    bad.write_bytes(b"x" * 3000)
    for words in (["history", "bad.sqlite"], ["check", "logs", "--isolated", "--record-to", "bad.sqlite"]):
        assert main(words) == 2
        out, err = capsys.readouterr()
        assert (out, len(err.splitlines())) == ("", 1)  # said before anything is audited
        assert "damaged" in err
    assert bad.read_bytes() == b"x" * 3000
    with sqlite3.connect(tmp_path / "other.db") as other:
        other.execute("CREATE TABLE t (a)")
    other.close()
    assert main(["history", "other.db"]) == 2


def test_record_to_another_file_and_beside_the_settings(log: Path, tmp_path: Path) -> None:
    assert main([*RECORD[:2], "--isolated", "--record-to", "kept/h.sqlite"]) == 0
    assert (tmp_path / "kept" / "h.sqlite").is_file()
    assert not (tmp_path / ".runaudit").exists()
    (log.parent / "runaudit.yaml").write_text("fail_on: warning\n")
    assert main(["check", "logs/a", "--record"]) == 0
    assert (log.parent / ".runaudit" / "history.sqlite").is_file()
    assert main(["history", "--config", "logs/a/runaudit.yaml"]) == 0


def test_the_history_is_no_log(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert log.exists()
    assert main(["check", ".", "--record", "--isolated", "--format", "json"]) == 0
    capsys.readouterr()
    assert main(["check", ".", "--record", "--isolated", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["unreadable"], found["ignored_files"]) == ([], 0)


def test_a_check_that_records_nothing_imports_no_database(log: Path) -> None:
    assert not imported_by("check", str(log)) & {"sqlite3", "runaudit.history"}
    assert not imported_by("check", str(log), "--isolated") & {"sqlite3", "runaudit.history"}
