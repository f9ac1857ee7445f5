"""The command line: what it asks of the API, what it prints where, and every exit code."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import runaudit
from runaudit.__main__ import main
from runaudit.cli import demo as demo_module
from runaudit.config import Config
from runaudit.errors import RunauditError, UsageError
from runaudit.model import Crash, Report
from runaudit.ruleset import load_rules
from tests.render import fixtures as fx

ENVIRONMENT = (
    "CI", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "TERM", "GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY",
    "RUNAUDIT_DEBUG", "RUNAUDIT_CONFIG", "RUNAUDIT_FAIL_ON", "RUNAUDIT_PROFILE",
)  # fmt: skip


@dataclass
class Api:
    """Stands for ``runaudit.api``: answers with a report, or raises, and remembers what it was asked."""

    report: Report = field(default_factory=fx.one_run)
    error: BaseException | None = None
    asked: dict[str, Any] = field(default_factory=dict)

    def audit(self, paths: Sequence[str | Path], **options: Any) -> Report:  # noqa: ANN401  whatever is asked
        self.asked = {"paths": paths, **options}
        if self.error is not None:
            raise self.error
        return self.report

    def load_all(self, paths: Sequence[str | Path], **options: Any) -> SimpleNamespace:  # noqa: ANN401  as above
        self.asked = {"paths": paths, **options}
        report = self.report
        return SimpleNamespace(
            runs=(), unreadable=report.unreadable, ignored_files=report.ignored_files, root=report.root
        )


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Api:
    stub = Api()
    monkeypatch.setitem(sys.modules, "runaudit.api", stub)
    monkeypatch.setattr(runaudit, "api", stub, raising=False)
    for name in ENVIRONMENT:
        monkeypatch.delenv(name, raising=False)
    return stub


def test_check_prints_the_report_and_returns_its_code(api: Api, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "a", "b"]) == 1
    out, err = capsys.readouterr()
    assert out.startswith("✗ resnet50-a")
    assert out.splitlines()[-1] == "✗ FAIL  1 error, 2 warnings  exit 1  runaudit explain overfitting"
    assert err == ""
    assert api.asked["paths"] == ["a", "b"]
    assert api.asked["config"] == Config()


def test_check_passes_its_options_on(api: Api, capsys: pytest.CaptureFixture[str]) -> None:
    main(
        ["check", "a", "--select", "overfitting, stability", "--select", "lr-zero", "--ignore=a,b", "--fail-on", "note"]
    )
    settings = api.asked["config"]
    assert settings.select == ("overfitting", "stability", "lr-zero")
    assert settings.ignore == ("a", "b")
    assert settings.fail_on == "note"
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("report", "code"),
    [
        (fx.healthy(), 0),
        (fx.one_run(), 1),
        (fx.empty(), 3),
        (Report(root="x", runs=fx.healthy().runs, crashes=(Crash("a", ".", "e"),)), 4),
    ],
)
def test_exit_codes(api: Api, report: Report, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    api.report = report
    assert main(["check", "a"]) == code
    assert f"exit {code}" in capsys.readouterr().out


def test_width_ascii_and_quiet(api: Api, capsys: pytest.CaptureFixture[str]) -> None:
    main(["check", "a", "--width", "100", "--ascii", "-q"])
    out = capsys.readouterr().out
    assert out.isascii()
    assert out.startswith("error[overfitting]: ")
    assert 80 < max(map(len, out.splitlines())) <= 100


def test_width_of_the_environment(
    api: Api, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for columns, widest in (("100", 100), ("500", 120), ("20", 60), ("many", 80)):
        monkeypatch.setenv("COLUMNS", columns)
        main(["check", "a"])
        assert len(capsys.readouterr().out.splitlines()[0]) == widest


def test_colour_on_demand(api: Api, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    main(["check", "a"])
    assert "\x1b[1;31m" in capsys.readouterr().out
    monkeypatch.setenv("NO_COLOR", "1")
    main(["check", "a"])
    assert "\x1b" not in capsys.readouterr().out


def test_a_dumb_terminal_gets_ascii(
    api: Api, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "dumb")
    main(["check", "a"])
    assert capsys.readouterr().out.isascii()


def test_json_to_standard_output(api: Api, capsys: pytest.CaptureFixture[str]) -> None:
    main(["check", "a", "--format", "json"])
    assert capsys.readouterr().out.startswith('{\n  "schema_version": 1')


def test_output_goes_to_the_file_in_the_format_of_its_suffix(
    api: Api, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")
    assert main(["check", "a", "--output", str(tmp_path / "r.json")]) == 1
    assert main(["check", "a", "--output", str(tmp_path / "r.log")]) == 1
    assert main(["check", "a", "--output", str(tmp_path / "x.log"), "--format", "json"]) == 1
    assert (tmp_path / "r.json").read_text("utf-8").startswith("{")
    text = (tmp_path / "r.log").read_text("utf-8")
    assert text.startswith("✗ resnet50-a")
    assert "\x1b" not in text
    assert (tmp_path / "x.log").read_text("utf-8").startswith("{")
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines()[0] == f"{tmp_path / 'r.json'}: 3 findings, exit 1"


def test_a_file_that_cannot_be_written_is_one_sentence(
    api: Api, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["check", "a", "--output", str(tmp_path / "no" / "r.json")]) == 2
    assert (
        capsys.readouterr().err
        == f"runaudit: {tmp_path / 'no' / 'r.json'} cannot be written: No such file or directory\n"
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ["check"],
        ["check", "a", "--fail-on", "fatal"],
        ["check", "a", "--width", "59"],
        ["check", "a", "--bogus"],
        ["bogus"],
        ["explain"],
        ["explain", "a", "b"],
        ["check", "a", "-q", "-v"],
        ["check", "a", "--format", "yaml"],
    ],
)
def test_wrong_usage_is_2_and_audits_nothing(
    api: Api, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err
    assert "Traceback" not in err
    assert api.asked == {}


def test_every_problem_of_a_user_is_a_line(api: Api, capsys: pytest.CaptureFixture[str]) -> None:
    api.error = UsageError("no rule or family is called 'x'", "no rule or family is called '\x1b[31m'")
    assert main(["check", "a"]) == 2
    assert capsys.readouterr().err == (
        "runaudit: no rule or family is called 'x'\nrunaudit: no rule or family is called '\\x1b[31m'\n"
    )


def test_any_error_of_ours_is_one_sentence(api: Api, capsys: pytest.CaptureFixture[str]) -> None:
    api.error = RunauditError("that went wrong")
    assert main(["check", "a"]) == 2
    assert capsys.readouterr().err == "runaudit: that went wrong\n"


def test_a_defect_is_a_short_report(api: Api, capsys: pytest.CaptureFixture[str]) -> None:
    api.error = ZeroDivisionError("by \x1b[0m zero")
    assert main(["check", "a"]) == 70
    err = capsys.readouterr().err
    assert err.startswith("runaudit: internal error: ZeroDivisionError: by \\x1b[0m zero\n  at runaudit/cli/_audit.py:")
    assert "report these lines" in err
    assert "Traceback" not in err
    assert len(err.splitlines()) == 4


def test_a_defect_shows_its_traceback_on_demand(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    api.error = ZeroDivisionError("by zero")
    monkeypatch.setenv("RUNAUDIT_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        main(["check", "a"])


def test_an_interrupt_is_130(api: Api) -> None:
    api.error = KeyboardInterrupt()
    assert main(["check", "a"]) == 130


def test_runs_prints_the_inventory(api: Api, capsys: pytest.CaptureFixture[str]) -> None:
    api.report = fx.many_runs()
    assert main(["runs", "a"]) == 4
    out = capsys.readouterr().out
    assert "the record at byte 812 is cut off" in out
    assert "0 runs · 2 files not read · 1,204 other files ignored" in out
    api.report = fx.empty()
    assert main(["runs", "a"]) == 3


def test_rules_lists_every_rule(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "--width", "80"]) == 0
    out = capsys.readouterr().out
    for rule in load_rules().values():
        assert f"  {rule.id} " in out
    assert all(len(line) <= 80 for line in out.splitlines())


def test_explain_prints_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "overfitting"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("overfitting  generalization")
    assert "what to try, likeliest first" in out


def test_explain_names_the_rules_that_are_related(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "overfitting"]) == 0
    related = capsys.readouterr().out.partition("\nrelated\n")[2]
    assert "  accuracy-gap           named under this finding and not told again\n" in related
    assert "  underfitting " in related


def test_explain_takes_a_format_that_is_read_or_written(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "keras_csv"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("keras_csv  log format\nKeras CSVLogger\n\nwhat is read\n  Keras CSVLogger: one row an epoch")
    assert "\nwriter tested\n  Tested against keras " in out
    assert main(["explain", "sarif"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("sarif  output format · files end in .sarif\nSARIF 2.1.0 ")
    assert "\n  runaudit check logs --output report.sarif\n" in out


def test_explain_suggests_what_was_meant(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "over-fitting"]) == 2
    assert capsys.readouterr().err.endswith(" is called 'over-fitting'; did you mean 'overfitting'?\n")
    assert main(["explain", "tensorboard"]) == 2
    assert "'tfevents'" in capsys.readouterr().err.partition("did you mean ")[2]  # by its title
    assert main(["explain", "zzz"]) == 2
    assert "see runaudit rules" in capsys.readouterr().err


def test_demo_audits_a_copy_and_succeeds(
    api: Api, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = tmp_path / "samples" / "csv" / "case"
    samples.mkdir(parents=True)
    (samples / "log.csv").write_text("step,loss\n")
    (samples / "expected.yaml").write_text("findings: []\n")
    monkeypatch.setattr(demo_module, "samples", lambda: tmp_path / "samples")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    assert main(["demo"]) == 0
    (folder,) = api.asked["paths"]
    assert api.asked["fail_on"] == "never"
    assert [p.name for p in folder.rglob("*") if p.is_file()] == ["log.csv"]
    assert capsys.readouterr().out.rstrip().endswith(f"runaudit check {folder}")


def test_demo_tells_of_a_crash(api: Api, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(demo_module, "samples", lambda: tmp_path)
    api.report = fx.many_runs()
    assert main(["demo"]) == 4


@pytest.mark.parametrize("arguments", [["--version"], ["-V"], ["--version", "check"]])
def test_version(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 0
    assert capsys.readouterr().out == f"runaudit {runaudit.__version__}\n"


def test_help_names_every_command_and_format(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    for command in ("check", "runs", "rules", "explain", "demo"):
        assert f"\n  {command} " in out
    assert main(["check", "-h"]) == 0
    assert "json, " in " ".join(capsys.readouterr().out.split())
