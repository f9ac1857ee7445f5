"""What other programs run: the GitHub Action, the GitLab job, the hooks, the container, Slurm and make."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
STEPS: list[dict[str, Any]] = ACTION["runs"]["steps"]
RUNS = {step["name"]: step["run"] for step in STEPS if "run" in step}
HOOKS: list[dict[str, Any]] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
FAULTY = "step,loss\n" + "".join(f"{i},nan\n" for i in range(40))
HEALTHY = "step,loss,val_loss\n" + "".join(f"{i},{2 / (i + 1):.5f},{2.1 / (i + 1):.5f}\n" for i in range(40))
BASH = shutil.which("bash") or ""
pytestmark = pytest.mark.skipif(not BASH, reason="needs bash")


def bash(script: str, cwd: Path, env: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a script as a runner does: it stops at the first command that fails."""
    path = cwd.parent / "step.sh"
    path.write_text(script)
    command = [BASH, "--noprofile", "--norc", "-eo", "pipefail", str(path), *arguments]
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, check=False, text=True)  # noqa: S603


def program(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """Return a workspace with a faulty and a healthy run, and beside it ``bin`` with python and runaudit."""
    for name, text in (("bad run", FAULTY), ("good", HEALTHY)):
        folder = tmp_path / "work" / "logs" / name
        folder.mkdir(parents=True)
        (folder / "log.csv").write_text(text)
    program(tmp_path / "bin" / "runaudit", f'PYTHONPATH={ROOT} exec {sys.executable} -m runaudit "$@"')
    return tmp_path / "work"


def environment(work: Path, **more: str) -> dict[str, str]:
    home = work.parent
    path = f"{home / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return {"PATH": path, "HOME": str(home), "LC_ALL": "C.UTF-8", **more}


# --- the GitHub Action -------------------------------------------------------------------------------------


def check(work: Path, paths: str = "logs", **inputs: str) -> subprocess.CompletedProcess[str]:
    """Run the step that audits, with a python in the place of that of the environment which the action makes."""
    temp = work.parent / "temp"
    python = f'[ "$1" = -I ] && shift\nPYTHONPATH={ROOT} exec {sys.executable} "$@"'
    program(temp / "runaudit-venv" / "bin" / "python", python)
    (step,) = [step for step in STEPS if step.get("id") == "check"]
    given = {key: inputs.get(key, "") for key in ("FAIL_ON", "CONFIG", "BASELINE")}
    fixed = {key: value for key, value in step["env"].items() if "${{" not in value}
    assert set(step["env"]) == {*given, *fixed, "LOGS", "SUMMARY"}
    files = {"GITHUB_OUTPUT": str(work.parent / "output"), "GITHUB_STEP_SUMMARY": str(work.parent / "summary")}
    for path in files.values():
        Path(path).write_text("")
    runner = {"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": str(work), "RUNNER_TEMP": str(temp), "CI": "true"}
    env = environment(work, **runner, **files, **given, **fixed, LOGS=paths, SUMMARY=inputs.get("SUMMARY", "true"))
    return bash(step["run"], work, env)


def outputs(work: Path) -> dict[str, str]:
    return dict(line.split("=", 1) for line in (work.parent / "output").read_text().splitlines())


def test_the_step_annotates_writes_every_report_and_fails(work: Path) -> None:
    done = check(work)
    assert done.returncode == 1, done.stderr
    assert re.search(r"^::error file=logs/bad run/log.csv,line=2,title=runaudit \(non-finite\)::", done.stdout, re.M)
    found = outputs(work)
    assert (found["exit-code"], found["errors"]) == ("1", "1")
    assert sorted(p.name for p in Path(found["reports"]).iterdir()) == [
        "report.html", "report.json", "report.md", "runaudit.sarif",
    ]  # fmt: skip
    assert json.loads(Path(found["sarif"]).read_text())["version"] == "2.1.0"
    assert (work.parent / "summary").read_text() == (Path(found["reports"]) / "report.md").read_text() != ""


def test_paths_may_hold_blanks_and_stand_one_a_line(work: Path) -> None:
    assert check(work, "logs/good\n").returncode == 0
    assert outputs(work)["errors"] == "0"
    assert check(work, "logs/good\n\nlogs/bad run\n").returncode == 1
    assert outputs(work)["errors"] == "1"


@pytest.mark.parametrize(
    "nasty",
    ["$(touch pwned)", "`touch pwned`", "; touch pwned", '"; touch pwned; "', "' ; touch pwned #", "--help", "*"],
)
def test_no_input_becomes_a_command_or_an_option(work: Path, nasty: str) -> None:
    done = check(work, nasty)
    assert done.returncode == 2
    assert f"{nasty}: no such file or folder" in done.stderr
    for name in ("FAIL_ON", "CONFIG", "BASELINE"):
        assert check(work, "logs", **{name: nasty}).returncode == 2
    assert not list(work.parent.rglob("pwned"))
    assert outputs(work).keys() == {"exit-code", "reports"}


def test_a_baseline_and_a_severity_reach_the_check(work: Path) -> None:
    env = environment(work)
    assert bash("runaudit baseline write logs", work, env).returncode == 0
    assert check(work, BASELINE="runaudit-baseline.jsonl").returncode == 0
    assert outputs(work)["errors"] == "1"
    assert check(work, FAIL_ON="never").returncode == 0


def test_the_summary_can_be_left_out_and_nothing_is_left_of_an_earlier_audit(work: Path) -> None:
    check(work, SUMMARY="false")
    assert (work.parent / "summary").read_text() == ""
    assert check(work, "nowhere").returncode == 2
    assert outputs(work).keys() == {"exit-code", "reports"}


@pytest.mark.parametrize(
    ("version", "installs"),
    [("", "{root}"), ("1.2.3", "runaudit==1.2.3"), ("1.2; touch pwned", None), ("1.2.3 evil", None), ("git+x", None)],
)
def test_the_install_step_takes_releases_only(work: Path, version: str, installs: str | None) -> None:
    program(work.parent / "temp" / "runaudit-venv" / "bin" / "python", 'echo "$@" > "$HOME/asked"')
    env = environment(work, GITHUB_ACTION_PATH=str(ROOT), RUNNER_TEMP=str(work.parent / "temp"), VERSION=version)
    done = bash(RUNS["Install runaudit"], work, env | {"PYTHON": str(program(work.parent / "python", "true"))})
    assert done.returncode == (0 if installs else 2)
    asked = work.parent / "asked"
    assert asked.exists() == bool(installs)
    if installs:
        assert asked.read_text().split()[-1] == installs.format(root=ROOT)
    assert not list(work.parent.rglob("pwned"))


def test_inputs_reach_scripts_as_environment_only() -> None:
    assert len(RUNS) == 2
    for script in RUNS.values():
        assert "${{" not in script
        assert subprocess.run([BASH, "-n"], input=script, text=True, check=False).returncode == 0  # noqa: S603
    text = (ROOT / "action.yml").read_text()
    assert set(re.findall(r"inputs\.([a-z-]+)", text)) == set(ACTION["inputs"])


def test_other_actions_are_pinned_to_a_commit() -> None:
    used = [step["uses"] for step in STEPS if "uses" in step]
    assert len(used) == 2
    assert all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", one) for one in used)


# --- the others --------------------------------------------------------------------------------------------


def test_the_gitlab_job_writes_its_reports(work: Path) -> None:
    job = yaml.safe_load((ROOT / "integrations" / "gitlab.yml").read_text())["runaudit"]
    program(work.parent / "bin" / "python", 'echo "$@" > "$HOME/asked"')
    env = environment(work, **job["variables"])
    (work / "old log").mkdir()
    done = bash("\n".join(job["script"]), work, env | {"RUNAUDIT_PATHS": "logs old*"})
    assert done.returncode == 2, "a pattern is no path"
    done = bash("\n".join(job["script"]), work, env | {"RUNAUDIT_PATHS": "logs"})
    assert done.returncode == 1, done.stderr
    assert (work.parent / "asked").read_text().split()[-1] == "runaudit"
    assert "error[non-finite]" in done.stdout
    for path in (*job["artifacts"]["paths"], *job["artifacts"]["reports"].values()):
        assert (work / path).stat().st_size > 100, path
    bash("runaudit baseline write logs -o known.jsonl", work, env)
    known = env | {"RUNAUDIT_PATHS": "logs", "RUNAUDIT_BASELINE": "known.jsonl"}
    assert bash("\n".join(job["script"]), work, known).returncode == 0


def test_every_hook_runs(work: Path) -> None:
    found = {}
    for hook in HOOKS:
        assert hook["language"] == "python"
        assert {"id", "name", "entry", "description"} <= set(hook)
        arguments = " ".join([hook["entry"], *hook.get("args", [])])
        found[hook["id"]] = bash(arguments, work, environment(work)).returncode
    assert found == {"runaudit": 1, "runaudit-rules": 0, "runaudit-config": 0}


def test_slurm_keeps_the_reports_and_the_exit_code(work: Path) -> None:
    script = (ROOT / "integrations" / "slurm.sh").read_text()
    env = environment(work, SLURM_SUBMIT_DIR=str(work), SLURM_JOB_ID="7")
    done = bash(script, work, env, "logs", "--fail-on", "warning")
    assert done.returncode == 1, done.stderr
    assert "non-finite" in done.stdout
    assert {p.name for p in work.glob("runaudit-7.*")} == {"runaudit-7.html", "runaudit-7.json"}
    assert bash(script, work, env).returncode == 2


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_make_audits_and_takes_the_baseline_that_is_there(work: Path) -> None:
    make = f"make -f {ROOT / 'integrations' / 'Makefile'} --no-print-directory"
    assert bash(f"{make} audit", work, environment(work)).returncode == 2  # make's own code for a command that failed
    assert bash(f"{make} baseline LOGS=logs", work, environment(work)).returncode == 0
    assert bash(f"{make} audit AUDIT='--format concise'", work, environment(work)).returncode == 0


def test_the_image_is_small_has_no_rights_and_gets_what_the_build_needs() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    assert [line for line in lines if line.startswith("ARG PYTHON=")] == ["ARG PYTHON=python:3.13-slim"]
    stages = [i for i, line in enumerate(lines) if line.startswith("FROM ")]
    last = lines[stages[-1] :]
    assert last.index("USER 10001:10001") < last.index('ENTRYPOINT ["runaudit"]')
    assert not any("pip install" in line for line in last)
    build = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = {"pyproject.toml", "README.md", "LICENSE", *build["packages"], *build["force-include"]}
    needed |= {hook.get("path", "hatch_build.py") for hook in build.get("hooks", {}).values()}
    kept_out = set((ROOT / ".dockerignore").read_text().split())
    assert not {name.split("/")[0] for name in needed} & kept_out


# --- what the page says ------------------------------------------------------------------------------------

BLOCKS = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "ci.md").read_text("utf-8"), re.DOTALL)


def test_the_workflow_of_the_page_has_eight_lines_and_gives_inputs_there_are() -> None:
    first = BLOCKS[0]
    assert len(first.splitlines()) == 8
    job = yaml.safe_load(first)["runaudit"]
    assert set(job["steps"][-1]["with"]) <= set(ACTION["inputs"])
    assert job["permissions"]["security-events"] == "write"


def test_the_page_names_what_there_is() -> None:
    page = (ROOT / "docs" / "ci.md").read_text("utf-8")
    for block in BLOCKS:
        yaml.safe_load(block)
    for target in re.findall(r"\]\(([^)#]+)\)", page):
        assert (ROOT / "docs" / target).exists(), target
    hooks = next(yaml.safe_load(block) for block in BLOCKS if "hooks:" in block)
    assert {hook["id"] for hook in hooks["repos"][0]["hooks"]} == {hook["id"] for hook in HOOKS}
    for name in ACTION["outputs"]:
        assert f"`{name}`" in page
