"""``runaudit calibrate``: what it prints, what it writes where, and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from runaudit.__main__ import main
from tests import calibration as small


@pytest.fixture
def given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "TERM"):
        monkeypatch.delenv(name, raising=False)
    small.use_rules(small.write_rules(tmp_path), monkeypatch)
    return ["calibrate", *map(str, small.write_runs(tmp_path))]


def fields(folder: Path) -> dict[str, object]:
    return {f.stem: yaml.safe_load(f.read_text()).get("measured") for f in (folder / "rules").rglob("*.yaml")}


def test_the_rules_are_written(given: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "labels.csv").write_text(small.LABELS.replace("broken,norm-high,,,y\n", ""))
    assert main(given) == 0
    out, err = capsys.readouterr()
    assert "norm-high  1 of 3      2       0.33" in out
    assert "2 missed: --missed says why" in out
    assert err == "3 rule files written, 0 unchanged\n"
    assert fields(tmp_path)["diverged"] == {
        "precision": 1.0, "recall": 1.0, "false_alarm_rate": 0.0, "runs": 8, "labelled": 2,
    }  # fmt: skip
    assert fields(tmp_path)["unasked"] is None
    assert main(given) == 0
    assert capsys.readouterr().err == "0 rule files written, 3 unchanged\n"


def test_a_dry_run_writes_nothing(given: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*given, "--dry-run", "--missed", "--alarms", "--by", "Site"]) == 4  # one log is empty
    out, err = capsys.readouterr()
    assert "norm-high: 2 runs missed" in out
    assert "norm-high: 2 wrong findings" in out
    assert "site  runs" in out
    assert err == ""
    assert set(fields(tmp_path).values()) == {None}


def test_output_keeps_the_rules_as_they_are(
    given: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "measured.yaml"
    assert main([*given, "--output", str(file), "--format", "json"]) == 4
    out, err = capsys.readouterr()
    assert json.loads(out)["score"]["runs"] == 8
    assert err == f"{file}: 3 rules\n"
    assert yaml.safe_load(file.read_text())["norm-high"]["labelled"] == 3
    assert set(fields(tmp_path).values()) == {None}


def test_installed_rules_are_left_alone(
    given: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    small.use_rules((tmp_path / "rules").rename(tmp_path / "_rules"), monkeypatch)
    main(given)
    assert capsys.readouterr().err == ("3 rules of the installed package left alone: --output FILE keeps the numbers\n")


def test_no_labelled_run_is_3(given: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "labels.csv").write_text("run,labels\nnowhere,norm-high\n")
    assert main(given) == 3
    out, err = capsys.readouterr()
    assert "1 labelled run not read: nowhere (no log was found there)" in out
    assert err == ""


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        (["--by", "sit"], "did you mean 'site'?"),
        (["--select", "norm-hi"], "did you mean 'norm-high'?"),
        (["--dry-run", "--output", "x"], "contradict each other"),
        (["--format", "xml"], "xml"),
    ],
)
def test_wrong_usage_is_2(given: list[str], more: list[str], problem: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*given, *more]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert problem in err
