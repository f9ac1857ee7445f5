"""The example plug-in, as if it were installed: its reader, detector, rule and output are found and used."""

from __future__ import annotations

import importlib.util
import json
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


def test_a_rule_folder_that_is_no_package_is_left_out_and_said(installed: Path) -> None:
    points = installed / "site" / "runaudit_example_plugin-1.0.dist-info" / "entry_points.txt"
    points.write_text(points.read_text().replace("_plugin.rules", "_plugin.reader"))
    done = runaudit(installed, "rules")
    assert done.returncode == 4
    assert "overfitting" in done.stdout
    assert done.stderr == (
        "runaudit: plug-in runaudit-example-plugin: its entry point runaudit.rules example "
        "(runaudit_example_plugin.reader) cannot be used: it names no package with an __init__.py\n"
    )


DETECTOR = (
    "its entry point runaudit.detectors swings (runaudit_example_plugin.detector:DETECTOR) cannot be used: "
    "ModuleNotFoundError: No module named 'nowhere'"
)


@pytest.fixture
def broken(installed: Path) -> Path:
    """Return the folder of ``installed`` with a detector that cannot be imported, and a log of a known format."""
    path = installed / "site" / "runaudit_example_plugin" / "detector.py"
    path.write_text(path.read_text().replace("import numpy", "import nowhere\nimport numpy", 1))
    (installed / "logs" / "run.tally").unlink()
    (installed / "logs" / "log.csv").write_text("step,loss\n" + "".join(f"{i},{2 / (i + 1)}\n" for i in range(40)))
    return installed


def test_the_audit_goes_on_without_a_plug_in_that_fails_and_reports_it(broken: Path) -> None:
    done = runaudit(broken, "check", "logs", "--format", "json")
    found = json.loads(done.stdout)
    (crash,) = found["crashes"]
    assert (done.returncode, found["summary"]["exit_code"], len(found["runs"])) == (4, 4, 1)
    assert (crash["rule"], crash["run"]) == ("plug-in runaudit-example-plugin", "")
    assert crash["error"].startswith(f"{DETECTOR}; its entry point runaudit.rules example ")
    assert crash["error"].endswith("val-loss-swings.yaml:5: detector: there is no detector 'swings'")
    assert done.stderr == f"plug-in runaudit-example-plugin: {crash['error']}\n"


def test_every_format_names_the_plug_in_that_fails(broken: Path) -> None:
    for form in ("rich", "concise", "markdown", "html", "github", "junit", "sarif", "gitlab", "agent"):
        done = runaudit(broken, "check", "logs", "--format", form)
        assert done.returncode == 4, form
        assert "runaudit-example-plugin" in done.stdout, form
        assert "internal error" not in done.stderr, form
    terminal = runaudit(broken, "check", "logs")
    assert "1 broken plug-in: the audit went on without" in terminal.stdout
    assert terminal.stderr == ""


def test_other_commands_say_it_and_end_with_4(broken: Path) -> None:
    for command in (["rules"], ["rules", "test"], ["explain", "overfitting"], ["baseline", "write", "logs"]):
        done = runaudit(broken, *command)
        assert (done.returncode, DETECTOR in done.stderr) == (4, True), command


def test_a_format_that_fails_is_none(installed: Path) -> None:
    (installed / "site" / "runaudit_example_plugin" / "renderer.py").write_text("1 / 0\n")
    done = runaudit(installed, "check", "logs", "--format", "tsv")
    assert done.returncode == 2
    assert "there is no format 'tsv'" in done.stderr
    assert "cannot be used: ZeroDivisionError: division by zero" in done.stderr


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
