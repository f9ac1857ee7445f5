"""``--map``: what the user says of a column, from the command line to the report."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

import runaudit
from runaudit import api
from runaudit.__main__ import main
from runaudit.errors import UsageError
from runaudit.maps import guess, near_miss, parse, unused


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write a log with one column that nothing but a map explains, and one that is nearly a loss."""
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    path = tmp_path / "run" / "log.csv"
    path.parent.mkdir()
    with path.open("w", newline="", encoding="utf-8") as stream:
        rows = csv.writer(stream)
        rows.writerow(["step", "loss", "energy", "my val los", "other"])
        rows.writerows([i, 2 - i / 40, 3 + i / 10, 5 - i / 30, i % 3] for i in range(40))
    return path


def names(path: Path, maps: dict[str, str] | None = None) -> dict[str, str]:
    (run,) = api.load(path, maps=maps)
    return {name.source_name: name.canonical for name in run.names}


def test_a_map_names_a_column(log: Path) -> None:
    assert names(log)["energy"] == ""
    assert names(log, {"energy": "val/loss"})["energy"] == "val/loss"
    (run,) = runaudit.load(log, maps={"ener*": "val/loss", "other": "ignore"})
    assert run.series["val/loss"].source_name == "energy"
    assert "other" not in run.series


def test_a_map_displaces_what_the_name_says(log: Path) -> None:
    found = names(log, {"energy": "train/loss"})
    assert (found["energy"], found["loss"]) == ("train/loss", "")


def test_audit_judges_by_the_map(log: Path) -> None:
    before = {f.rule for f in api.audit(log).findings}
    after = {f.rule for f in api.audit(log, maps={"energy": "val/loss"}).findings}
    assert "overfitting" in after - before


def test_check_takes_maps(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["check", str(log), "--map", "energy=val/loss", "--map=other=val/accuracy", "-q"])
    out, err = capsys.readouterr()
    assert "overfitting" in out
    assert err == ""


def test_runs_says_the_next_best_guess_and_how_to_use_it(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runs", str(log)]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "nearest: val/loss; to use it: --map 'my val los=val/loss'" in text
    assert "nothing is known about 'energy' " in text
    assert "about 'energy'; nearest" not in text


def test_runs_does_not_offer_a_name_that_is_taken(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runs", str(log), "--map", "energy=val/loss"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "--map 'energy=val/loss'" in text
    assert "nearest: val/loss, which 'energy' is" in text


@pytest.mark.parametrize("command", ["check", "runs"])
def test_a_map_that_fits_nothing_is_said(command: str, log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main([command, str(log), "--map", "enrgy=val/loss"])
    err = capsys.readouterr().err
    assert err == "--map 'enrgy=val/loss' fits no column; did you mean 'energy'?; runaudit runs lists the columns\n"


def test_a_canonical_name_that_is_nearly_one_is_said(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runs", str(log), "--map", "energy=val/los"]) == 0
    out, err = capsys.readouterr()
    assert err == "--map 'energy=val/los': no rule reads a 'val/los'; did you mean 'val/loss'?\n"
    assert "no rule reads a 'val/los'" in " ".join(out.split())


@pytest.mark.parametrize("given", ["energy", "=val/loss", "energy=", " = "])
def test_a_map_that_is_none_is_wrong_usage(given: str, log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(log), "--map", given]) == 2
    assert "is not of the form COLUMN=NAME" in capsys.readouterr().err


def test_every_wrong_map_is_named() -> None:
    with pytest.raises(UsageError) as caught:
        parse(["a=lr", "a=reward", "b", "a=lr"])
    assert len(caught.value.problems) == 2


def test_maps_of_the_api_are_checked(log: Path) -> None:
    with pytest.raises(UsageError, match="no pair of names"):
        api.audit(log, maps={"energy": ""})


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("my_val_los", "val/loss"),
        ("stage2 train loss value", "train/loss"),
        ("foo_accurcy", "train/accuracy"),
        ("gradnrm", "grad_norm"),
        ("stage_lr_now", "lr"),
        ("obs_rms_mean", ""),
        ("out_tensor([0.])", ""),
        ("x" * 200 + "loss", ""),
    ],
)
def test_guess(name: str, nearest: str) -> None:
    assert guess(name) == nearest


@pytest.mark.parametrize(
    ("canonical", "near"),
    [
        ("val/losss", "val/loss"),
        ("val/acc", "val/accuracy"),
        ("loss", "train/loss"),
        ("val/loss", ""),
        ("step", ""),
        ("ignore", ""),
        ("val/wiki/loss", ""),
        ("grad_norm/fc1", ""),
        ("my/thing", ""),
    ],
)
def test_near_miss(canonical: str, near: str) -> None:
    assert near_miss(canonical) == near


def test_unused_maps_are_told_by_the_very_rules_of_mapping() -> None:
    maps = {"a_*": "lr", "a_1": "reward", "b": "val/loss"}
    assert unused(maps, ["a_1"]) == [
        "--map 'a_*=lr' fits no column; did you mean 'a_1'?",
        "--map 'b=val/loss' fits no column",
    ]
    assert unused(maps, ["a_1", "a_2", "b"]) == []
