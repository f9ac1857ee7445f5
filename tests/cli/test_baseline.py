"""``runaudit baseline`` and ``check --baseline``: what they write and say, and their exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from runaudit.__main__ import main
from tests.test_baseline import GOOD, HEAD


@pytest.fixture
def logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "logs" / "a"
    folder.mkdir(parents=True)
    (folder / "log.csv").write_text("step,loss\n" + "".join(f"{i},nan\n" for i in range(40)))
    return folder


def test_write_then_fix_then_prune(logs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["baseline", "write", "logs"]) == 0
    path = tmp_path / "runaudit-baseline.jsonl"
    assert '"run": "logs/a", "rule": "non-finite"' in path.read_text()
    assert "of 1 run accepted" in capsys.readouterr().err
    assert main(["baseline", "prune", "logs"]) == 0
    assert "0 findings taken out" in capsys.readouterr().err
    (logs / "log.csv").write_text("step,loss\n" + "".join(f"{i},{2.0 / (i + 1)}\n" for i in range(40)))
    assert main(["baseline", "prune", "logs"]) == 0
    assert "non-finite" not in path.read_text()


def test_nothing_is_written_where_there_is_no_run(
    logs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (logs / "log.csv").unlink()
    path = tmp_path / "mine.jsonl"
    path.write_text(HEAD + GOOD)
    assert main(["baseline", "write", "logs", "-o", "mine.jsonl"]) == 3
    assert main(["baseline", "prune", "logs", "--baseline", "mine.jsonl"]) == 3
    assert path.read_text() == HEAD + GOOD
    assert capsys.readouterr().err.count("left as it is") == 2


def test_a_corrupt_file_is_said(logs: Path) -> None:
    (logs / "broken.jsonl").write_text("")
    assert main(["baseline", "write", "logs"]) == 4
    assert main(["baseline", "prune", "logs"]) == 4


def test_a_broken_baseline_is_wrong_usage(logs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert logs.is_dir()
    (tmp_path / "runaudit-baseline.jsonl").write_text(HEAD + "x\n")
    assert main(["baseline", "prune", "logs"]) == 2
    assert "runaudit-baseline.jsonl:2: it is no JSON object" in capsys.readouterr().err


def test_check_fails_for_new_findings_only(logs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    listed = ["check", "logs", "--isolated", "--format", "json", "--baseline", "runaudit-baseline.jsonl"]
    assert main(["baseline", "write", "logs"]) == 0
    capsys.readouterr()
    assert main(listed) == 0
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert {f["status"] for f in found["findings"]} == {"known"}
    assert (found["summary"]["exit_code"], found["summary"]["errors"]) == (0, 1)
    assert "known, 0 fixed" in err
    (logs.parent / "b").mkdir()
    (logs.parent / "b" / "log.csv").write_text((logs / "log.csv").read_text())
    (logs / "log.csv").write_text("step,loss\n" + "".join(f"{i},{2.0 / (i + 1)}\n" for i in range(40)))
    assert main(listed) == 1
    out, err = capsys.readouterr()
    assert {f["status"] for f in json.loads(out)["findings"] if f["run"] == "b"} == {"new"}
    assert "baseline: fixed: logs/a: error[non-finite] train/loss\n" in err


def test_a_broken_baseline_is_said_before_the_audit(logs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (logs.parent / "b.jsonl").write_text("")
    assert main(["check", "logs", "--baseline", "logs/b.jsonl"]) == 2
    assert "logs/b.jsonl:1: it is no baseline" in capsys.readouterr().err
    assert main(["check", "logs", "--baseline", "none"]) == 2


@pytest.mark.parametrize(
    ("cwd", "path", "known"),
    [
        (".", "logs", 3), ("logs", ".", 3), (".", "{}/logs", 3), ("..", "{}/logs", 3), ("logs/a", "..", 3),
        (".", "logs/a", 1), ("logs/a", ".", 1), ("logs", "a/log.csv", 1), (".", "logs/two", 2),
        (".", "logs/two/r1.csv", 1), ("logs/two", "{}/logs/two/r2.csv", 1),
    ],
)  # fmt: skip
def test_a_finding_is_known_from_any_folder_and_what_was_not_audited_is_not_fixed(
    logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cwd: str, path: str, known: int,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    (logs.parent / "two").mkdir()
    for name in ("r1.csv", "r2.csv"):
        (logs.parent / "two" / name).write_text((logs / "log.csv").read_text())
    assert main(["baseline", "write", "logs"]) == 0
    monkeypatch.chdir(cwd)
    capsys.readouterr()
    listed = ["--baseline", str(tmp_path / "runaudit-baseline.jsonl"), "--select", "non-finite"]
    assert main(["check", path.format(tmp_path), "--isolated", "--format", "json", *listed]) == 0
    found = json.loads(capsys.readouterr().out)["baseline"]
    assert (found["new"], found["known"], found["fixed"]) == (0, known, [])
    assert {one["run"] for one in found["unseen"] if one["rule"] == "non-finite"} <= {"logs/a", *TWO}


TWO = {"logs/two/r1.csv", "logs/two/r2.csv"}
