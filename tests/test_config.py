"""Settings: which file holds, what is wrong in it, and what they do to an audit."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from runaudit import api
from runaudit.config import VARIABLES, Config, Override, Suppression, resolve
from runaudit.config.find import find
from runaudit.config.lines import read_toml, read_yaml
from runaudit.errors import UsageError
from runaudit.model import Confidence, Finding, Report, Severity
from runaudit.policy import by_profile, fits
from runaudit.policy_check import policy_of
from runaudit.ruleset import load_rules
from runaudit.schemas import schema
from runaudit.schemas.check import faults
from runaudit.tasks import TASKS
from tests.render import fixtures as fx

SAMPLES = Path(__file__).parent.parent / "sample_logs"
RULES = load_rules(examples=False)

WRONG = """\
selct: [a]
fail_on: eror
max_warnings: -1
ignore: throughputt
thresholds:
  lr-too-low.strait: 0.5
  overfitting.min_rise: 1e-3
  overfitting.min_evals: 5.5
  nosuch.x: 1
  overfitting: {min_share: -2}
  overfitting.most: .nan
  overfitting.large_rise:
  non-finite: 3
overrides:
  - ignore: [stability]
  - match: runs/*
  - match: []
    ignore: [noisy-bach]
    task: gann
suppressions:
  - {rule: loss-spike, match: runs/a}
  - {rule: stability, reason: " ", expires: 2026-13-45}
map: {a: "", " ": val/loss, 3: lr}
rules: [nofolder, ./]
measured: nofile.yaml
select: [stability]
select: [b]
"""
SAID = """\
1: selct: there is no such key; did you mean 'select'?
2: fail_on: 'eror' is none of error, warning, note, never; did you mean 'error'?
3: max_warnings: -1 is below 0
4: ignore: no rule or family is called 'throughputt'; did you mean 'throughput'?
6: thresholds: lr-too-low has no parameter 'strait'; did you mean 'straight'?
7: thresholds.overfitting.min_rise: '1e-3' is text and no number: write 0.001, without quotes
8: thresholds: overfitting.min_evals: 5.5 is not a whole number
9: thresholds: nosuch.x: no rule is called 'nosuch'
10: thresholds: overfitting.min_share: -2 is below 0.0, the least that is allowed
11: thresholds.overfitting.most: nan is not a finite number
12: thresholds.overfitting.large_rise: empty, not a number or a mapping
13: thresholds: non-finite names no parameter; non-finite has in_a_row
15: overrides[0].match: it is missing
16: overrides[1]: 'runs/*' has none of ignore, params, map, task
17: overrides[2].match: the list is empty
18: overrides[2].ignore: no rule or family is called 'noisy-bach'; did you mean 'noisy-batch'?
19: overrides[2].task: 'gann' is none of supervised, boosting, rl, gan; did you mean 'gan'?
21: suppressions[0].reason: it is missing
21: suppressions[0].rule: no rule or family is called 'loss-spike'; did you mean 'loss-spikes'?
22: suppressions[1].reason: it is blank
22: suppressions[1].expires: '2026-13-45' is no date, such as 2030-12-31
23: map.a: it is blank
23: map.3: the key is not text: put it in quotes
23: map.' ': the name of the column is blank
24: rules: nofolder: no such folder
24: rules: ./: it holds no rule (*.yaml)
25: measured: nofile.yaml: no such file or directory
27: select: the key is given twice
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder above which no settings are looked for, and without those of the environment."""
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    for variable in ("RUNAUDIT_CONFIG", *VARIABLES):
        monkeypatch.delenv(variable, raising=False)
    return tmp_path


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def problems(config: Config) -> tuple[str, ...]:
    with pytest.raises(UsageError) as caught:
        policy_of(config, Path.cwd())
    return caught.value.problems


# --- which file --------------------------------------------------------------------------------------------


def test_the_nearest_file_above_what_is_audited_holds(here: Path) -> None:
    runs = here / "a" / "b"
    runs.mkdir(parents=True)
    assert find([runs], here) is None
    far = write(here / "pyproject.toml", "[tool.runaudit]\nprofile = 'strict'\n")
    write(here / "a" / "pyproject.toml", "[tool.other]\nrunaudit = 1\n")
    assert find([runs], here) == far
    near = write(here / "a" / "runaudit.yml", "")
    assert find([runs / "log.csv"], here) == near
    assert find([runs, here / "c"], here) == far
    assert find([], here / "a") == near
    yaml = write(here / "runaudit.yaml", "")
    assert find([here], here) == yaml


def test_the_search_ends_at_the_top_of_the_repository_then_goes_on_where_one_works(here: Path) -> None:
    write(here / "runaudit.yaml", "")
    (here / "repository" / ".git").mkdir(parents=True)
    work = here / "work"
    work.mkdir()
    assert find([here / "repository" / "runs"], here / "repository") is None
    assert find([here / "repository" / "runs"], work) == here / "runaudit.yaml"


def test_a_broken_pyproject_counts_only_if_it_is_ours(here: Path) -> None:
    path = write(here / "pyproject.toml", "x = \n# runaudit\n")
    assert find([], here) is None
    write(path, "[tool.runaudit]\nx = \n")
    with pytest.raises(UsageError, match=r"^pyproject.toml:2: broken TOML: Invalid value$"):
        resolve()


def test_options_come_before_the_environment_and_that_before_the_file(here: Path) -> None:
    write(here / "runaudit.yaml", "fail_on: note\nprofile: strict\nignore: [stability]\n")
    found = resolve(environ={"RUNAUDIT_FAIL_ON": "never"}).given("--{}", profile="research", ignore=["updates"])
    assert (found.fail_on, found.profile, found.ignore, found.change.ignore) == (
        "never", "research", ("stability",), ("updates",),
    )  # fmt: skip
    assert found.origins == {
        "fail_on": "RUNAUDIT_FAIL_ON", "profile": "--profile", "ignore": "runaudit.yaml:3", "change.ignore": "--ignore",
    }  # fmt: skip
    assert resolve(isolated=True, environ={"RUNAUDIT_FAIL_ON": "never"}) == Config()


def test_a_file_is_named_by_option_or_environment(here: Path) -> None:
    write(here / "runaudit.yaml", "profile: strict")
    other = write(here / "other" / "mine.toml", "profile = 'research'")
    assert resolve(file=other).profile == resolve(environ={"RUNAUDIT_CONFIG": str(other)}).profile == "research"
    assert resolve(environ={"RUNAUDIT_CONFIG": ""}).profile == "strict"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"file": "no.yaml"}, "no.yaml: no such file or directory"),
        ({"file": "."}, ".: is a directory"),
        ({"file": "x", "isolated": True}, "--config and --isolated contradict each other"),
        ({"environ": {"RUNAUDIT_CONFIG": "z"}}, "z (RUNAUDIT_CONFIG): no such file or directory"),
        (
            {"environ": {"RUNAUDIT_FAIL_ON": "eror", "RUNAUDIT_PROFILE": "x"}},
            "RUNAUDIT_FAIL_ON: 'eror' is none of error, warning, note, never; did you mean 'error'?\n"
            "RUNAUDIT_PROFILE: 'x' is none of default, strict, research",
        ),
    ],
)
def test_what_cannot_be_resolved_is_said(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError) as caught:
        resolve(**{"environ": {}, **arguments})
    assert str(caught.value) == words


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"a: [1", "x.yaml:1: broken YAML: did not find expected ',' or ']'"),
        (b"a: 1\nb: !!python/object:os.system {}", "x.yaml:2: broken YAML: could not determine a constructor for"),
        (b"fail_on: \xff", "x.yaml:1: it is no UTF-8 text"),
        (b"a" * 1_000_001, "x.yaml: it is no configuration: larger than 1,000,000 bytes"),
        (b"[" * 5_000, "x.yaml"),
        (b"max_warnings: " + b"9" * 5_000, "x.yaml: broken YAML: Exceeds the limit"),
    ],
)
def test_a_broken_file_is_one_sentence(here: Path, content: bytes, words: str) -> None:
    (here / "x.yaml").write_bytes(content)
    with pytest.raises(UsageError) as caught:
        resolve(file="x.yaml")
    assert len(caught.value.problems) == 1
    assert str(caught.value).startswith(words)


def test_an_empty_file_says_nothing(here: Path) -> None:
    found = resolve(file=write(here / "x.yaml", "# nothing\n"))
    assert replace(found, path="", folder=None) == Config()
    assert problems(resolve(file=write(here / "x.yaml", "- a"))) == ("x.yaml:1: a list is not a mapping",)


# --- what is wrong in it -----------------------------------------------------------------------------------


def test_every_mistake_is_listed_at_once_with_its_line(here: Path) -> None:
    folder = here / "settings"
    found = problems(resolve(file=write(folder / "x.yml", WRONG)))
    assert [line.removeprefix("settings/x.yml:") for line in found] == SAID.splitlines()


def test_mistakes_in_a_pyproject_have_lines_too(here: Path) -> None:
    text = """\
[project]
name = "x"
[tool.runaudit]
ignore = ["updates",
  "nope"]
[tool.runaudit.thresholds]
"lr-too-low.straight" = 0.5
lr-too-low.strait = 0.5
[[tool.runaudit.suppressions]]
rule = "stability"
reason = "x"
expires = 2020-01-01
[[tool.runaudit.suppressions]]
rule = "stabilit"
expires = 2020-12-01T00:00:00
"""
    assert problems(resolve(file=write(here / "pyproject.toml", text))) == (
        "pyproject.toml:4: ignore: no rule or family is called 'nope'",
        "pyproject.toml:8: thresholds: lr-too-low has no parameter 'strait'; did you mean 'straight'?",
        "pyproject.toml:13: suppressions[1].reason: it is missing",
        "pyproject.toml:14: suppressions[1].rule: no rule or family is called 'stabilit'; did you mean 'stability'?",
        "pyproject.toml:15: suppressions[1].expires: '2020-12-01 00:00:00' is no date, such as 2030-12-31",
    )


def test_options_and_arguments_are_named_where_they_are_wrong(here: Path) -> None:
    write(here / "runaudit.yaml", "require: [overfiting]\nignore: [throughput]\n")
    found = resolve().given("--{}", ignore=["a1"], require=["b1"], extend_select=["c1"])
    assert sorted(problems(found)) == [
        "--extend-select: no rule or family is called 'c1'",
        "--ignore: no rule or family is called 'a1'",
        "runaudit.yaml:1: require: no rule or family is called 'b1'",
        "runaudit.yaml:1: require: no rule or family is called 'overfiting'; did you mean 'overfitting'?",
    ]
    assert problems(Config().given(select=["lr-zer"])) == (
        "select: no rule or family is called 'lr-zer'; did you mean 'lr-zero'?",
    )
    assert problems(Config().given("--{}", select=["stability"], require=["overfitting"])) == (
        "--require: overfitting is not among the selected rules",
    )


def test_broken_rules_and_numbers_of_the_user_are_told_with_the_rest(here: Path) -> None:
    write(here / "mine" / "a.yaml", "id: b\n")
    write(here / "m.yaml", "overfiting: {runs: 1}\noverfitting: {runs: many}\nlr-zero: 3\n")
    said = problems(resolve(file=write(here / "x.yaml", "rules: mine\nmeasured: m.yaml\nignore: x1\n")))
    assert said[0] == "x.yaml:3: ignore: no rule or family is called 'x1'"
    assert any(line.startswith(f"{here}/mine/a.yaml: title is missing") for line in said)
    assert said[-3:] == (
        f"{here}/m.yaml: no rule is called 'overfiting'; did you mean 'overfitting'?",
        f"{here}/m.yaml: overfitting: its numbers are no mapping of names to numbers",
        f"{here}/m.yaml: lr-zero: its numbers are no mapping of names to numbers",
    )
    write(here / "m.yaml", "a: [")
    assert problems(resolve(file="x.yaml"))[-1].startswith(f"{here}/m.yaml:1: broken YAML")


def test_lines_of_yaml_and_toml() -> None:
    yaml = read_yaml("a: 1\nb:\n  - c: 2\n  - d: 3\na: 4\n")
    assert yaml.lines["b", 1, "d"] == 4
    assert [fault.place for fault in yaml.twice] == [("a",)]
    toml = read_toml('[a.b]\nc.d = 1 # x\n"e.f" = 2\n[[g]]\nh = 1\n[[g]]\nh = [\n 1]\n[[g.k]]\nm = 1\n')
    assert toml.lines["a", "b", "c", "d"] == 2
    assert toml.lines["a", "b", "e.f"] == 3
    assert toml.lines["g", 1, "h"] == 7
    assert toml.lines["g", 1, "k", 0, "m"] == 10


# --- what they do ------------------------------------------------------------------------------------------


def selected(config: Config) -> set[str]:
    return {rule.id for rule in policy_of(config, Path.cwd()).rules}


def family(name: str) -> set[str]:
    return {rule.id for rule in RULES.values() if rule.family == name}


def test_a_rule_counts_more_than_its_family_and_an_option_more_than_the_file() -> None:
    stability = family("stability")
    assert selected(Config(ignore=("stability",))) == set(RULES) - stability
    assert selected(Config(ignore=("stability",), extend_select=("diverged",))) == set(RULES) - stability | {"diverged"}
    assert selected(Config(select=("stability",), ignore=("diverged",))) == stability - {"diverged"}
    assert selected(Config(select=("diverged",), extend_select=("lr-zero",))) == {"diverged", "lr-zero"}
    file = Config(select=("diverged", "lr-zero"), ignore=("updates",))
    assert selected(file.given("--{}", ignore=["stability"])) == {"lr-zero"}
    assert selected(file.given("--{}", extend_select=["updates"])) == {"diverged", "lr-zero"} | family("updates")
    assert selected(file.given("--{}", select=["updates"])) == family("updates")


@pytest.mark.parametrize(
    ("pattern", "name", "expected"),
    [
        ("runs/gan-*", "runs/gan-1", True),
        ("runs/gan-*", "runs/gan-1/seed/log.csv", True),
        ("runs/gan", "runs/gan/log.csv", True),
        ("runs/gan/", "runs/gan", True),
        ("./runs/gan", "runs/gan", True),
        ("runs\\gan", "runs/gan", True),
        ("gan", "runs/gan", False),
        ("**/gan", "runs/gan", True),
        ("**/gan", "gan/log.csv", True),
        ("runs/ga", "runs/gan", False),
        ("RUNS/gan", "runs/gan", False),
        ("*", ".", True),
        (".", "a", False),
        ("log.csv#2", "log.csv#2", True),
    ],
)
def test_a_pattern_means_a_run_or_a_folder_above_it(pattern: str, name: str, expected: bool) -> None:
    assert fits([pattern], (name,)) is expected


@pytest.mark.parametrize(
    ("profile", "severity", "confidence", "expected"),
    [
        ("strict", "note", "high", "warning"),
        ("strict", "note", "medium", "warning"),
        ("strict", "note", "low", "note"),
        ("strict", "warning", "low", "warning"),
        ("research", "warning", "high", "warning"),
        ("research", "warning", "medium", "note"),
        ("research", "error", "low", "error"),
        ("default", "note", "high", "note"),
        ("default", "warning", "low", "warning"),
    ],
)
def test_profiles_change_severities(profile: str, severity: str, confidence: str, expected: str) -> None:
    found = replace(fx.one_run().findings[0], severity=Severity(severity), confidence=Confidence(confidence))
    assert by_profile(found, profile).severity == expected


@pytest.fixture
def runs(here: Path) -> Path:
    """Copy two runs, one with spikes, to ``runs/a`` and ``runs/b``."""
    for name, sample in (("a", "loss-spikes"), ("b", "healthy-cosine")):
        write(here / "runs" / name / "log.csv", (SAMPLES / "csv" / sample / "log.csv").read_text("utf-8"))
    return here / "runs"


def audit(text: str, runs: Path, name: str = "runaudit.yaml") -> Report:
    return api.audit(runs, config=write(runs.parent / name, text))


def of(findings: tuple[Finding, ...], rule: str) -> list[Finding]:
    return [f for f in findings if f.rule == rule]


def test_without_settings_nothing_changes(runs: Path) -> None:
    plain = api.audit(runs)
    assert (plain.config, plain.notes, plain.failures, plain.suppressed) == ("", (), (), ())
    write(runs.parent / "runaudit.yaml", "select: [updates]")
    assert len(api.audit(runs).findings) == len(plain.findings) > 0  # the API looks for no file by itself


def test_a_threshold_in_one_line(runs: Path) -> None:
    (before,) = of(api.audit(runs).findings, "loss-spikes")
    assert before.limit["max_count"] == RULES["loss-spikes"].values["max_count"]
    for text in ("thresholds: {loss-spikes.max_count: 7.0}", "thresholds:\n  loss-spikes: {max_count: 7}"):
        (after,) = of(audit(text, runs).findings, "loss-spikes")
        assert after.limit["max_count"] == 7
        assert isinstance(after.limit["max_count"], int)
    assert not of(audit("thresholds: {loss-spikes.stand_out: 1.0e+5}", runs).findings, "loss-spikes")


@pytest.mark.parametrize("pattern", ["runs/a", "a", "runs/*/log.csv", "a/log.csv", "*a"])
def test_an_override_holds_for_what_it_matches(runs: Path, pattern: str) -> None:
    text = f"overrides: [{{match: '{pattern}', ignore: loss-spikes, params: {{grad-norm-spikes.min_points: 41}}}}]"
    report = audit(text, runs)
    assert not of(report.findings, "loss-spikes")
    assert report.notes == ()
    assert {f.limit["min_points"] for f in of(report.findings, "grad-norm-spikes")} == {41}
    other = audit(text.replace(f"'{pattern}'", "runs/b"), runs)
    assert of(other.findings, "loss-spikes")


def test_later_overrides_win_and_all_ignore(runs: Path) -> None:
    config = Config(
        overrides=(
            Override(("*",), ignore=("lr-zero",), params={"loss-spikes.max_count": 5}, map={"loss": "a"}, task="gan"),
            Override(("a",), ignore=("diverged",), params={"loss-spikes.max_count": 6}, map={"loss": "b"}, task="rl"),
        ),
        map={"loss": "c", "x": "d"},
    )
    policy = policy_of(config, runs)
    rules = {rule.id: rule for rule in policy.rules_of(("a",))}
    assert rules["loss-spikes"].values["max_count"] == 6
    assert not {"lr-zero", "diverged"} & set(rules)
    assert policy.told(("a",)).maps == {"loss": "b", "x": "d"}
    assert (policy.told(("a",)).task, policy.told(("b",)).task) == ("rl", "gan")
    assert {rule.id for rule in policy.rules_of(("b",))} == set(RULES) - {"lr-zero"}


def test_maps_and_tasks_reach_the_run(runs: Path) -> None:
    path = write(runs.parent / "x.yaml", "overrides: [{match: runs/a, task: gan, map: {grad_norm: my/norm}}]\n")
    a, b = api.load_all(runs, config=path).runs
    assert (a.task, b.task) == ("gan", "supervised")
    assert "my/norm" in a.series
    assert "grad_norm" in b.series
    assert any("because of what the configuration says" in note.message for note in a.notes)
    skipped = {s.rule for s in api.audit(runs, config=path).skips if s.run == "a" and "GAN" in s.reason}
    assert "overfitting" in skipped
    said = api.load_all(runs, config=path, maps={"grad_norm": "ignore"}).runs[0]
    assert not {"my/norm", "grad_norm"} & set(said.series)  # what is said with the call wins


def test_a_task_can_be_taken_back(here: Path) -> None:
    write(here / "r" / "log.csv", "step,loss,reward\n" + "".join(f"{i},{2 - i / 40},{i}\n" for i in range(40)))
    assert api.load(here / "r")[0].task == "rl"
    path = write(here / "x.yaml", "overrides: [{match: '*', task: supervised}]")
    (run,) = api.load_all(here / "r", config=path).runs
    assert run.task == "supervised"
    assert not any("taken for" in note.message for note in run.notes)


def test_a_suppressed_finding_counts_no_more_and_says_why(runs: Path) -> None:
    text = "suppressions: [{rule: stability, match: runs/a, reason: known shards, expires: 2999-01-01}]"
    report = audit(text, runs)
    assert {f.family for f in report.suppressed} == {"stability"}
    assert {f.reason for f in report.suppressed} == {"known shards"}
    assert "stability" not in {f.family for f in report.findings}
    assert {run.id: run.verdict for run in report.runs}["a"] == "ok"
    assert report.notes == ()
    assert report.config == "runaudit.yaml"


def test_what_does_not_hold_any_more_is_noted_with_its_line(runs: Path) -> None:
    text = """\
suppressions:
  - {rule: overfitting, reason: x}
  - {rule: diverged, match: [z, y], reason: x}
  - {rule: loss-spikes, reason: x, expires: 2020-01-01}
  - {rule: update-ratio-high, reason: x}
ignore: update-ratio-high
overrides:
  - {match: nowhere, ignore: lr-zero}
map: {foo: val/los}
"""
    report = audit(text, runs)
    assert [f"{note.path}:{note.line}: {note.message}" for note in report.notes] == [
        "runaudit.yaml:2: the suppression of overfitting is unused: nothing is found that it could suppress",
        "runaudit.yaml:3: the suppression of diverged fits no run here: 'z', 'y'",
        "runaudit.yaml:4: the suppression of loss-spikes has expired on 2020-01-01: it counts no more",
        "runaudit.yaml:8: the override fits no run here: 'nowhere'",
        "runaudit.yaml:9: map of foo: no rule reads a 'val/los'; did you mean 'val/loss'?",
    ]
    assert of(report.findings, "loss-spikes")


def test_a_suppression_holds_through_its_last_day() -> None:
    one = Suppression("lr-zero", "x", expires=date(2026, 5, 1))
    policy = policy_of(Config(suppressions=(one,)), Path.cwd(), date(2026, 5, 1))
    assert not policy.expired(one)
    assert replace(policy, today=date(2026, 5, 2)).expired(one)


def test_a_required_rule_must_judge_every_run(runs: Path) -> None:
    report = audit("require: [update-ratio-high, overfitting]\nfail_on: never", runs)
    (words,) = report.failures
    assert words.startswith("update-ratio-high is required and could not judge a: not in this log: update_ratio/*")
    assert report.exit_code == 1
    assert audit("require: overfitting\nfail_on: never", runs).exit_code == 0


def test_too_many_warnings_fail(runs: Path) -> None:
    assert audit("max_warnings: 1", runs).exit_code == 0
    report = audit("max_warnings: 0", runs)
    assert report.failures == ("1 warning, where at most 0 may be",)
    assert report.exit_code == 1
    known = replace(report, findings=tuple(replace(f, status="known") for f in report.findings))
    assert known.failures == ()


def test_arguments_of_audit_win_over_its_settings(runs: Path) -> None:
    path = write(runs.parent / "x.yaml", "select: [updates]\nfail_on: warning\n")
    assert api.audit(runs, config=path).exit_code == 0
    report = api.audit(runs, config=path, select=["loss-spikes"])
    assert {f.rule for f in report.findings} == {"loss-spikes"}
    assert report.exit_code == 1
    assert api.audit(runs, config=path, select=["loss-spikes"], fail_on="error").exit_code == 0


def test_rules_and_numbers_of_the_user_are_seen_from_the_file(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from runaudit.skeletons import skeleton

    folder = runs.parent / "settings"
    write(folder / "mine" / "own" / "my-rule.yaml", skeleton("my-rule", "above"))
    write(folder / "m.yaml", "# measured on 3 runs\nloss-spikes: {precision: 0.75, runs: 3}\n")
    path = write(folder / "x.yaml", "rules: [mine]\nmeasured: m.yaml\n")
    monkeypatch.chdir(runs)
    policy = policy_of(resolve(file=path), runs)
    assert "my-rule" in {rule.id for rule in policy.rules}
    (found,) = of(api.audit(runs, config=path).findings, "loss-spikes")
    assert found.measured == {"precision": 0.75, "runs": 3}


# --- schemas -----------------------------------------------------------------------------------------------


def test_the_schema_knows_what_the_code_knows() -> None:
    definition = schema("config")["properties"]
    fields = {"change", "path", "folder", "origins", "lines", "problems"}
    assert set(definition) == set(Config.__slots__) - fields
    assert set(definition["overrides"]["items"]["properties"]) == set(Override.__slots__)
    assert set(definition["suppressions"]["items"]["properties"]) == set(Suppression.__slots__)
    assert set(definition["overrides"]["items"]["properties"]["task"]["enum"]) == {"supervised", *TASKS}
    assert definition["profile"]["default"] == Config().profile
    assert definition["fail_on"]["default"] == Config().fail_on


def test_a_real_report_keeps_the_schema_and_ours_agrees_with_the_reference(runs: Path) -> None:
    from runaudit.render.json import document

    text = "require: update-ratio-high\nsuppressions: [{rule: loss-spikes, reason: x}, {rule: diverged, reason: y}]"
    told = json.loads(json.dumps(document(audit(text, runs))))
    definition = schema("report")
    assert list(faults({}, schema("config"), schema("config"))) == []
    reference = pytest.importorskip("jsonschema").Draft202012Validator
    for name in ("config", "report", "rule"):
        reference.check_schema(schema(name))
    assert [error.message for error in reference(definition).iter_errors(told)] == []
    told["failures"] = [1]
    assert len(list(reference(definition).iter_errors(told))) == 1


def test_every_rule_keeps_the_schema_of_rules() -> None:
    from runaudit.ruleset import FIELDS, REQUIRED

    definition = schema("rule")
    assert set(definition["properties"]) == set(FIELDS)
    assert set(definition["required"]) == set(REQUIRED)
    for rule in RULES.values():
        data = read_yaml(Path(rule.path).read_text("utf-8")).data
        assert [f"{rule.id}: {fault}" for fault in faults(data, definition, definition)] == []


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("ignore: a", True), ("ignore: [a]", True), ("ignore: 3", False), ("ignore: [3]", False), ("x: 1", False),
        ("max_warnings: 1.5", False), ("max_warnings: true", False), ("max_warnings: 0", True),
        ("thresholds: {a.b: 1}", True), ("thresholds: {a: {b: 1}}", True), ("thresholds: {a.b: x}", False),
        ("overrides: [{match: []}]", False), ("overrides: [{ignore: a}]", False), ("measured: ''", False),
        ("suppressions: [{rule: a, reason: b, expires: 2020-02-30}]", False), ("profile: strict", True),
    ],
)  # fmt: skip
def test_our_check_agrees_with_the_reference(text: str, good: bool) -> None:
    data, definition = read_yaml(text).data, schema("config")
    assert (not list(faults(data, definition, definition))) is good
    jsonschema = pytest.importorskip("jsonschema")
    checker = jsonschema.FormatChecker(formats=["date"])
    validator = jsonschema.Draft202012Validator(definition, format_checker=checker)
    assert validator.is_valid(data) is good
