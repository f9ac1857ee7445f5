"""The example plug-in, as if it were installed: its reader, detector, rule and output are found and used."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from runaudit.detectors import detectors
from runaudit.measured import write_measured
from runaudit.ruleset import Rule, read_rule
from runaudit.skeletons import skeleton

ROOT = Path(__file__).parent.parent
PLUG_IN = ROOT / "examples" / "plugin"
SWINGS = "# tally 1\n" + "".join(f"{i * 10} loss={3 / (i + 1)} val_loss={2 + i % 2}\n" for i in range(40))


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """Return a folder that holds the plug-in as pip would leave it there: the package and its metadata."""
    site = tmp_path / "site"
    project = tomllib.loads((PLUG_IN / "pyproject.toml").read_text())["project"]
    shutil.copytree(PLUG_IN / "runaudit_example_plugin", site / "runaudit_example_plugin")
    info = site / "runaudit_example_plugin-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    groups = project["entry-points"].items()
    points = "".join(f"[{group}]\n" + "".join(f"{k} = {v}\n" for k, v in named.items()) for group, named in groups)
    (info / "entry_points.txt").write_text(points)
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "run.tally").write_text(SWINGS)
    return tmp_path


def runaudit(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = {k: v for k, v in os.environ.items() if k not in {"NO_COLOR", "FORCE_COLOR", "COLUMNS"}}
    env["PYTHONPATH"] = os.pathsep.join([str(ROOT), str(folder / "site")])
    command = [sys.executable, "-m", "runaudit", *arguments]
    return subprocess.run(command, env=env, cwd=folder, capture_output=True, check=False, text=True)  # noqa: S603


def test_the_reader_reads_and_the_rule_fires_in_the_new_format(installed: Path) -> None:
    done = runaudit(installed, "check", "logs", "--format", "tsv", "--fail-on", "warning")
    assert (done.returncode, done.stderr) == (1, "")
    head, *rows = [line.split("\t") for line in done.stdout.splitlines()]
    assert head[:3] == ["run", "rule", "severity"]
    (row,) = [row for row in rows if row[1] == "val-loss-swings"]
    assert row[2:6] == ["warning", "val/loss", "0", "390"]
    assert row[6] == "val/loss turns back at 100% of its 40 values (limit 80%)"


def test_the_suffix_of_the_output_chooses_its_format(installed: Path) -> None:
    assert runaudit(installed, "check", "logs", "-o", "found.tsv").returncode == 0
    assert (installed / "found.tsv").read_text().startswith("run\trule\t")


def test_a_line_that_is_no_tally_is_named(installed: Path) -> None:
    (installed / "logs" / "run.tally").write_text(SWINGS + "oh no\n")
    done = runaudit(installed, "check", "logs", "--format", "concise")
    assert done.returncode == 4
    assert "run.tally:42: error[corrupt] 'oh no' is no step with name=value pairs" in done.stdout
    (installed / "logs" / "run.tally").write_text("# tally 1\n")
    assert runaudit(installed, "check", "logs").returncode == 3


def test_the_rule_is_listed_tested_and_explained(installed: Path) -> None:
    listed = runaudit(installed, "rules").stdout
    assert "val-loss-swings" in listed
    tested = runaudit(installed, "rules", "test")
    assert (tested.returncode, tested.stderr) == (0, "")
    assert "val-loss-swings" in runaudit(installed, "explain", "val-loss-swings").stdout


def test_a_rule_folder_that_is_no_package_is_refused(installed: Path) -> None:
    points = installed / "site" / "runaudit_example_plugin-1.0.dist-info" / "entry_points.txt"
    points.write_text(points.read_text().replace("_plugin.rules", "_plugin.reader"))
    done = runaudit(installed, "rules")
    assert done.returncode == 2
    assert "runaudit_example_plugin.reader: the entry point runaudit.rules names no package" in done.stderr


@pytest.mark.skipif(importlib.util.find_spec("hatchling") is None, reason="needs the build back end, hatchling")
def test_the_wheel_holds_the_rule_and_the_entry_points(tmp_path: Path) -> None:
    shutil.copytree(PLUG_IN, tmp_path / "plugin", ignore=shutil.ignore_patterns("__pycache__"))
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=tmp_path / "plugin", check=True, capture_output=True)  # noqa: S603
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        points = archive.read("runaudit_example_plugin-1.0.dist-info/entry_points.txt").decode()
    assert "runaudit_example_plugin/rules/example/val-loss-swings.yaml" in names
    assert points.count("[runaudit.") == 4


def test_calibrate_leaves_the_rules_of_an_installed_package_alone(tmp_path: Path) -> None:
    path = tmp_path / "site-packages" / "theirs" / "mine.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(skeleton("mine", "above"))
    rule = read_rule(path, detectors())
    assert isinstance(rule, Rule)
    assert write_measured([rule], {"mine": {"precision": 0.5}}).packaged == 1
    assert path.read_text() == skeleton("mine", "above")
