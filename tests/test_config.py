"""Settings: which file holds, and every mistake in it with its line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runaudit.config import VARIABLES, Config, resolve
from runaudit.config.find import find
from runaudit.errors import UsageError
from runaudit.policy_check import policy_of
from runaudit.schemas.lines import read_toml, read_yaml

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
13: thresholds: non-finite names no parameter; non-finite has in_a_row, settled
15: overrides[0].match: it is missing
16: overrides[1]: 'runs/*' has none of ignore, params, map, task
17: overrides[2].match: the list is empty
18: overrides[2].ignore: no rule or family is called 'noisy-bach'; did you mean 'noisy-batch'?
19: overrides[2].task: 'gann' is none of supervised, boosting, rl, gan, tiny-subset; did you mean 'gan'?
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
    assert any(line.startswith(f"{here}/mine/a.yaml:1: title: it is missing") for line in said)
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
