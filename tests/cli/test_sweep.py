"""``runaudit sweep``: searches below a folder, and why there is none."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from runaudit import api
from runaudit.__main__ import main
from runaudit.errors import UsageError


def write(folder: Path, runs: int = 12, **settings: object) -> Path:
    """Write runs that end at a loss which depends on their learning rate; the fourth diverges."""
    for i in range(runs):
        rate = 10.0 ** (-5 + 4 * i / runs)
        home = folder / f"trial-{i:02}"
        home.mkdir(parents=True)
        (home / "config.json").write_text(json.dumps({"learning_rate": rate, "seed": i, **settings}))
        end = 0.2 + 0.1 * (np.log10(rate) + 3) ** 2
        values = [end + 2 * np.exp(-0.3 * e) for e in range(30)]
        if i == 3:
            values[10:] = [10.0 * 3**e for e in range(10)] + [float("nan")] * 10
        rows = "".join(f"{e},{v},{v},{1 / (1 + v)},{v}\n" for e, v in enumerate(values))
        (home / "metrics.csv").write_text(f"epoch,train_loss,val_loss,val_acc,pi_index\n{rows}")
    return folder


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(["sweep", *words, "--isolated"])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_a_folder_of_runs_is_a_search(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, str(write(tmp_path / "runs")))
    assert (code, err) == (0, "")
    first = [line.split()[0] for line in out.splitlines() if line.startswith("  trial-")][:3]
    assert first == ["trial-06", "trial-05", "trial-07"]
    assert "in all 11 complete, 1 diverged" in out
    assert "diverged: trial-03" in out
    assert "1 search: " in out
    assert "error[non-finite]" not in out


def test_the_runs_are_trials_and_no_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, str(write(tmp_path)), "--format", "json")
    report = json.loads(out)
    assert report["runs"] == []
    (search,) = report["sweeps"]
    assert (search["id"], search["objective"], search["direction"]) == ("*", "val/loss", "min")
    assert search["best"] == search["trials"][0]["name"]
    assert search["states"] == {"complete": 11, "diverged": 1}
    assert search["paths"][0] == "trial-06/metrics.csv"


def test_a_trial_diverged_whatever_rules_are_chosen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(write(tmp_path))
    for command in ("check", "sweep"):
        main([command, folder, "--isolated", "--select", "best-on-border", "--format", "json"])
        (search,) = json.loads(capsys.readouterr().out)["sweeps"]
        assert search["states"] == {"complete": 11, "diverged": 1}, command


def test_check_counts_runs_and_searches(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(write(tmp_path)), "--isolated"]) == 1
    out = capsys.readouterr().out
    assert "12 runs: 1 fail" in out
    assert "1 search: " in out.splitlines()[-2]


def test_another_objective(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(write(tmp_path))
    for name in ("val/accuracy", "val_acc"):
        _, out, _ = run(capsys, folder, "--objective", name, "--format", "json")
        (search,) = json.loads(out)["sweeps"]
        assert (search["objective"], search["direction"]) == (name, "max")
        assert search["best"] == "trial-06"
    _, out, _ = run(capsys, folder, "--objective", "pi_index", "--direction", "max", "--format", "json")
    (search,) = json.loads(out)["sweeps"]
    assert search["best"] == "trial-00"
    with pytest.raises(UsageError, match="--direction min or max"):
        api.goal_of("pi_index")
    with pytest.raises(UsageError, match="min or max"):
        api.goal_of("val/loss", "down")
    code, _, err = run(capsys, folder, "--objective", "test/f1")
    assert code == 3
    assert "the runs log no test/f1; --objective with one of train/loss, val/loss" in err


WHY = {
    "few": ("too few runs that are alike: 4", "below one folder"),
    "same": ("all runs have the same settings", "runaudit compare"),
    "unknown": ("settings of the runs are not known", "config.yaml"),
    "empty": ("no run was read", "runaudit runs"),
}


@pytest.mark.parametrize("kind", WHY)
def test_where_there_is_no_search_it_says_why(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if kind != "empty":
        write(tmp_path / "runs", 4 if kind == "few" else 6)
    for config in tmp_path.rglob("config.json"):
        if kind == "same":
            config.write_text('{"learning_rate": 0.1, "seed": 1}')
        if kind == "unknown":
            config.unlink()
    code, out, err = run(capsys, str(tmp_path))
    assert (code, out) == (3, "")
    assert err.startswith("no search found\n")
    for words in WHY[kind]:
        assert words in err


def test_a_file_is_written_though_there_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "runs", 3)
    code, _, err = run(capsys, str(tmp_path / "runs"), "--output", str(tmp_path / "x.json"))
    assert code == 3
    assert "no search found" in err
    assert json.loads((tmp_path / "x.json").read_text())["sweeps"] == []


def test_the_api_returns_the_same(tmp_path: Path) -> None:
    report = api.sweep(write(tmp_path), objective="val/loss")
    assert [s.id for s in report.sweeps] == ["*"]
    assert (report.runs, report.exit_code) == ((), 0)
    names = {f.run for f in report.findings}
    assert names <= {"*"}
