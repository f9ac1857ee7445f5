"""What settings do to an audit: rules, limits, severities, suppressions, requirements."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from runaudit import api
from runaudit.config import VARIABLES, Config, Override, Suppression, resolve
from runaudit.model import Confidence, Finding, Report, Severity
from runaudit.policy import by_profile, fits
from runaudit.policy_check import policy_of
from runaudit.ruleset import load_rules
from tests.render import fixtures as fx

SAMPLES = Path(__file__).parent.parent / "sample_logs"
RULES = load_rules(examples=False)


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
    assert selected(file.given("--{}", ignore=["updates"]).given(select=["updates"])) == family("updates")


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
    assert {f.reason for f in report.suppressed} == {"known shards (until 2999-01-01)"}
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
