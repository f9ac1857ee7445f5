"""Settings and outputs from the command line: every message as it is printed, every file as it is written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from runaudit.__main__ import main
from runaudit.config import VARIABLES, resolve
from runaudit.policy_check import policy_of
from runaudit.schemas import schema

SAMPLES = Path(__file__).parent.parent.parent / "sample_logs" / "csv"
Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with two runs, ``a`` with spikes and ``b`` without, and no other settings around."""
    (tmp_path / ".git").mkdir()
    for name, sample in (("a", "loss-spikes"), ("b", "healthy-cosine")):
        (tmp_path / "runs" / name).mkdir(parents=True)
        (tmp_path / "runs" / name / "log.csv").write_bytes((SAMPLES / sample / "log.csv").read_bytes())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    for variable in ("RUNAUDIT_CONFIG", *VARIABLES, "GITHUB_STEP_SUMMARY", "FORCE_COLOR", "NO_COLOR"):
        monkeypatch.delenv(variable, raising=False)
    return tmp_path


def settings(text: str, name: str = "runaudit.yaml") -> None:
    Path(name).write_text(text, "utf-8")


# --- settings ----------------------------------------------------------------------------------------------


def test_check_finds_the_settings_and_says_so(capsys: Capture) -> None:
    assert main(["check", "runs", "--fail-on", "warning"]) == 1
    assert "settings of" not in capsys.readouterr().out
    settings("suppressions: [{rule: stability, reason: known}]\nfail_on: warning\n")
    assert main(["check", "runs"]) == 0
    out, err = capsys.readouterr()
    assert "2 suppressed" in out
    assert "settings of runaudit.yaml" in out
    assert err == ""
    assert main(["check", "runs", "--isolated", "--fail-on", "warning"]) == 1
    capsys.readouterr()
    assert main(["check", "runs", "-v"]) == 0
    out = capsys.readouterr().out
    assert "\nsuppressed 2 findings\n" in out
    assert "\n  warning[loss-spikes] in a: spikes in train/loss: 3" in out
    assert "is usual (known)\n" in out


def test_a_mistake_in_the_settings_audits_nothing(capsys: Capture) -> None:
    settings("fail_on: eror\nignore: [overfiting]\n")
    for command in (["check", "runs"], ["runs", "runs"], ["config", "show"]):
        assert main(command) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert err == (
            "runaudit: runaudit.yaml:1: fail_on: 'eror' is none of error, warning, note, never; did you mean 'error'?\n"
            "runaudit: runaudit.yaml:2: ignore: no rule or family is called 'overfiting'; did you mean 'overfitting'?\n"
        )
    assert main(["check", "runs", "--isolated"]) == 0


def test_options_win_over_the_environment_and_that_over_the_file(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    settings("fail_on: never\nprofile: research\n")
    assert main(["check", "runs", "-q"]) == 0
    monkeypatch.setenv("RUNAUDIT_FAIL_ON", "warning")
    assert main(["check", "runs", "-q"]) == 1
    assert main(["check", "runs", "-q", "--fail-on", "error"]) == 0
    capsys.readouterr()


def test_the_profile_decides_how_much_is_said(capsys: Capture) -> None:
    severities = {}
    for profile in ("default", "strict", "research"):
        main(["check", "runs", "--format", "json", "--profile", profile])
        found = json.loads(capsys.readouterr().out)["findings"]
        severities[profile] = {f["rule"]: f["severity"] for f in found}
    assert severities["default"] == severities["research"] == {"loss-spikes": "warning", "grad-norm-spikes": "note"}
    assert severities["strict"] == {"loss-spikes": "warning", "grad-norm-spikes": "warning"}


def test_a_required_rule_that_could_not_judge_is_said_clearly(capsys: Capture) -> None:
    arguments = ["check", "runs", "--require", "update-ratio-high,overfitting", "--max-warnings", "0"]
    assert main(arguments) == 1
    out, err = capsys.readouterr()
    first, more, second, blank = out.splitlines()[-6:-2]
    assert " ".join((first + more).split()) == (
        "update-ratio-high is required and could not judge a: not in this log: update_ratio/* "
        "(log update_ratio/<layer>, 5 rows or more)"
    )
    assert (second, blank) == ("  1 warning, where at most 0 may be", "")
    assert "✗ FAIL  1 warning, 1 note, 2 failed requirements  exit 1" in out.splitlines()[-1]
    assert err == ""
    assert main([*arguments, "--format", "concise"]) == 1
    out, err = capsys.readouterr()
    assert "2 failed requirements" in out.splitlines()[-1]
    assert len(err.splitlines()) == 2
    assert main([*arguments, "--format", "github"]) == 1
    assert "::error title=runaudit (required)::1 warning, where at most 0 may be\n" in capsys.readouterr().out
    assert main([*arguments, "--format", "markdown"]) == 1
    assert "\n- 1 warning, where at most 0 may be\n" in capsys.readouterr().out
    assert main([*arguments, "--format", "json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert len(document["failures"]) == 2
    assert document["summary"]["exit_code"] == 1


def test_wrong_requirements_are_wrong_usage(capsys: Capture) -> None:
    for more in (["--max-warnings", "-1"], ["--require", "bogus"], ["--profile", "loud"], ["--config", "no.yaml"]):
        assert main(["check", "runs", *more]) == 2
    assert main(["check", "runs", "--select", "stability", "--require", "overfitting"]) == 2
    assert capsys.readouterr().err.endswith("runaudit: --require: overfitting is not among the selected rules\n")


def test_notes_on_the_settings_are_told_on_every_format(capsys: Capture) -> None:
    settings("suppressions: [{rule: overfitting, reason: x}]")
    words = "runaudit.yaml:1: the suppression of overfitting is unused: nothing is found that it could suppress\n"
    main(["check", "runs"])
    out, err = capsys.readouterr()
    assert f"settings: 1 note\n  {words}" in out.replace("\n    ", " ")
    assert err == ""
    main(["check", "runs", "--format", "concise"])
    assert capsys.readouterr().err == words


def test_runs_knows_the_maps_of_the_settings(capsys: Capture) -> None:
    settings("map: {grad_norm: my/norm}")
    assert main(["runs", "runs/a"]) == 0
    assert "my/norm" in capsys.readouterr().out
    assert main(["runs", "runs/a", "--isolated"]) == 0
    assert "my/norm" not in capsys.readouterr().out


# --- outputs -----------------------------------------------------------------------------------------------


def test_one_check_writes_every_report(capsys: Capture) -> None:
    names = ["r.json", "r.md", "r.sarif", "r.xml", "r.codequality.json", "r.jsonl", "r.txt"]
    assert main(["check", "runs", *(f"--output={name}" for name in names)]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [f"{name}: 2 findings, exit 0" for name in names]
    assert json.loads(Path("r.json").read_text("utf-8"))["schema_version"] == 1
    assert json.loads(Path("r.sarif").read_text("utf-8"))["version"] == "2.1.0"
    assert isinstance(json.loads(Path("r.codequality.json").read_text("utf-8")), list)
    assert Path("r.xml").read_text("utf-8").startswith("<?xml")
    assert "## " in Path("r.md").read_text("utf-8")


def test_the_format_is_printed_where_no_file_takes_it(capsys: Capture) -> None:
    assert main(["check", "runs", "--format", "concise", "-o", "r.json", "-o", "r.sarif"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("runs/a/log.csv:")
    assert len(err.splitlines()) == 2
    assert main(["check", "runs", "--format", "gitlab", "-o", "quality.json", "-o", "r.md"]) == 0
    assert capsys.readouterr().out == ""
    assert isinstance(json.loads(Path("quality.json").read_text("utf-8")), list)


def test_outputs_that_cannot_be_are_listed_before_anything_is_read(capsys: Capture) -> None:
    wrong = ["no/r.json", "runs", "r.md", "r.md", "r.htmll"]
    assert main(["check", "nowhere", *(f"-o{name}" for name in wrong)]) == 2
    err = capsys.readouterr().err.splitlines()
    assert err[:3] == [
        "runaudit: no/r.json cannot be written: No such file or directory",
        "runaudit: runs cannot be written: it is a folder",
        "runaudit: --output r.md is given twice",
    ]
    assert err[3].startswith("runaudit: r.htmll: no format has files that end with .htmll; there are .codequality.json")
    assert len(err) == 4
    assert main(["check", "runs", "--format", "sarif", "-o", "r.json"]) == 2
    assert capsys.readouterr().err == (
        "runaudit: --format sarif: no FILE takes it (r.json); one that ends with .sarif would\n"
    )


def test_a_file_that_fails_does_not_stop_the_others(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    from runaudit.cli import _targets
    from runaudit.errors import UsageError

    def save(text: str, path: Path) -> None:
        if path.suffix == ".md":
            raise UsageError(f"{path} cannot be written: No space left on device")
        path.write_text(text, "utf-8")

    monkeypatch.setattr(_targets, "save", save)
    assert main(["check", "runs", "-o", "r.md", "-o", "r.json"]) == 2
    assert capsys.readouterr().err == (
        "r.json: 2 findings, exit 0\nrunaudit: r.md cannot be written: No space left on device\n"
    )


def test_the_summary_of_a_github_job_is_added_to(here: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    summary = here / "summary.md"
    summary.write_text("before\n", "utf-8")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    main(["check", "runs", "--format", "concise"])
    assert summary.read_text("utf-8") == "before\n"
    main(["check", "runs", "--format", "github"])
    assert summary.read_text("utf-8").startswith("before\n<!-- runaudit -->\n## ")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(here / "no" / "x.md"))
    capsys.readouterr()
    assert main(["check", "runs", "--format", "github"]) == 0
    assert (
        capsys.readouterr().err == f"GITHUB_STEP_SUMMARY: {here}/no/x.md cannot be written: No such file or directory\n"
    )


# --- init, config show, schema -----------------------------------------------------------------------------


def uncommented(text: str) -> str:
    """Return the examples of the template, as if each were wanted."""
    lines = [line[1:] for line in text.splitlines() if line[:1] == "#" and (line[1:2] != " " or line[2:3] == " ")]
    return "\n".join(lines)


def test_init_writes_settings_that_change_nothing_and_examples_that_hold(here: Path, capsys: Capture) -> None:
    assert main(["init"]) == 0
    assert capsys.readouterr().err == (
        "runaudit.yaml: change it, then runaudit config show (.runaudit.schema.json helps your editor)\n"
    )
    text = Path("runaudit.yaml").read_text("utf-8")
    assert text.startswith("# yaml-language-server: $schema=.runaudit.schema.json\n")
    assert yaml.safe_load(text) is None
    assert (
        json.loads(Path(".runaudit.schema.json").read_text("utf-8"))["properties"].keys()
        == schema("config")["properties"].keys()
    )
    assert max(map(len, text.splitlines())) <= 102
    settings(uncommented(text))
    assert set(yaml.safe_load(Path("runaudit.yaml").read_text("utf-8"))) == set(schema("config")["properties"])
    Path("runaudit-measured.yaml").write_text("overfitting: {precision: 0.9}\n", "utf-8")
    assert main(["rules", "new", "my-rule", "--folder", "runaudit-rules"]) == 0
    assert len(policy_of(resolve(), here).rules) > 5


def test_init_overwrites_nothing(capsys: Capture) -> None:
    settings("ignore: updates\n", "runaudit.yml")
    assert main(["init"]) == 2
    assert capsys.readouterr().err == "runaudit: runaudit.yml is there already: it is left as it is\n"
    Path("sub").mkdir()
    settings("[tool.runaudit]\n", "sub/pyproject.toml")
    assert main(["init", "sub"]) == 2
    assert capsys.readouterr().err == (
        "runaudit: sub/pyproject.toml has a table [tool.runaudit], which a runaudit.yaml beside it would hide\n"
    )
    Path("other").mkdir()
    settings("{}", "other/.runaudit.schema.json")
    assert main(["init", "other"]) == 0
    assert Path("other/.runaudit.schema.json").read_text("utf-8") == "{}"
    assert main(["init", "nowhere"]) == 2


def test_config_show_says_where_each_setting_comes_from(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    settings("""\
ignore: [throughput,
  updates]
thresholds:
  overfitting.min_rise: 0.2
  loss-spikes: {max_count: 9}
suppressions:
  - {rule: lr-zero, reason: "a: b", expires: 2030-01-02}
  - {rule: diverged, reason: x, match: a*}
""")
    monkeypatch.setenv("RUNAUDIT_FAIL_ON", "note")
    assert main(["config", "show", "runs", "--origin"]) == 0
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert lines[:-1] == [
        "# runaudit.yaml",
        "profile: default # default",
        "fail_on: note # RUNAUDIT_FAIL_ON",
        "# max_warnings: none # default",
        "require: [] # default",
        "select: [] # default",
        "ignore: [throughput, updates] # runaudit.yaml:1",
        "extend_select: [] # default",
        "thresholds: # runaudit.yaml:3",
        "overfitting.min_rise: 0.2 # runaudit.yaml:4",
        "loss-spikes.max_count: 9 # runaudit.yaml:5",
        "overrides: [] # default",
        "suppressions: # runaudit.yaml:6",
        "- rule: lr-zero # runaudit.yaml:7",
        "reason: 'a: b'",
        "expires: '2030-01-02'",
        "- rule: diverged # runaudit.yaml:8",
        "reason: x",
        "match: [a*]",
        "map: {} # default",
        "rules: [] # default",
        "# measured: none # default",
    ]
    assert main(["config", "show", "runs"]) == 0
    shown = capsys.readouterr().out
    settings(shown, "again.yaml")
    assert main(["config", "show", "--config", "again.yaml"]) == 0
    assert capsys.readouterr().out.replace("again", "runaudit") == shown
    assert main(["config", "show", "--isolated"]) == 0
    assert capsys.readouterr().out.startswith("# no file of settings\nprofile: default\nfail_on: error\n")


def test_schema_prints_what_ships_and_knows_the_limits(capsys: Capture) -> None:
    for name in ("report", "rule"):
        assert main(["schema", name]) == 0
        assert json.loads(capsys.readouterr().out) == schema(name)
    assert main(["schema"]) == 0
    found = json.loads(capsys.readouterr().out)
    limit = found["$defs"]["thresholds"]["properties"]["overfitting.min_rise"]
    assert limit["default"] == 0.1
    assert limit["minimum"] == 0.0
    assert "overfitting" in found["properties"]["select"]["items"]["anyOf"][0]["enum"]
    validator = pytest.importorskip("jsonschema").Draft202012Validator
    validator.check_schema(found)
    assert validator(found).is_valid({"select": ["own-rule"], "thresholds": {"own.limit": 3, "a": {"b": 1}}})
    assert not validator(found).is_valid({"thresholds": {"overfitting.min_rise": -1}})
    assert main(["schema", "bogus"]) == 2
