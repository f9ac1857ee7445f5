"""The tests and the beginnings of a user's own rules: every way in which an example fails is said."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from runaudit.__main__ import main
from runaudit.detectors import detectors
from runaudit.ruleset import Rule, read_rule
from runaudit.ruletests import Failure, run_examples
from runaudit.skeletons import names, skeleton

FIRES = "{series: {grad_norm: [1, 20, 30, 40, 1]}, hits: [[1, 3]]}"
SILENT = "{series: {grad_norm: [1, 2, 3]}, hits: []}"


def rule_file(folder: Path, *examples: str, detector: str = "above") -> Path:
    text = skeleton("mine", detector)
    path = folder / "own" / "mine.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text[: text.index("examples:")] + "examples:\n" + "".join(f"  - {e}\n" for e in examples))
    return path


def failures(folder: Path, *examples: str, detector: str = "above") -> list[Failure]:
    rule = read_rule(rule_file(folder, *examples, detector=detector), detectors())
    assert isinstance(rule, Rule), rule
    return list(run_examples(rule))


def test_examples_that_hold_are_no_failure(tmp_path: Path) -> None:
    assert failures(tmp_path, FIRES, SILENT) == []


@pytest.mark.parametrize(
    ("example", "said"),
    [
        (
            "{series: {grad_norm: [1, 20, 30, 40, 1]}, hits: [[1, 2]]}",
            ["expected  [1, 2]", "found     [1, 3] (peak 40, points 3)"],
        ),
        ("{series: {grad_norm: [1, 2]}, hits: [[0, 1]]}", ["expected  [0, 1]", "found     silent"]),
        (FIRES.replace("[[1, 3]]", "[]"), ["expected  silent", "found     [1, 3] (peak 40, points 3)"]),
        ("{series: {lr: [1, 2]}, hits: []}", ["expected  silent", "found     skipped: not in this log: grad_norm"]),
        (SILENT.replace("hits: []", "skips: no"), ["skips: False is no text"]),
        (SILENT.replace("hits: []", "skips: needed"), ["expected  skipped: needed", "found     silent"]),
        (
            "{series: {lr: [1, 2]}, skips: too short}",
            ["expected  skipped: too short", "found     skipped: not in this log: grad_norm"],
        ),
        (
            FIRES.replace("hits", "weak: true, hits"),
            ["expected  weak: true, a single sign", "found     [1, 3] (peak 40, points 3)"],
        ),
        (FIRES.replace("hits", "facts: {peak: 39}, hits"), ["expected  peak 39", "found     peak 40.0"]),
        (FIRES.replace("hits", "facts: {top: 39}, hits"), ["facts: above gives no 'top'"]),
        (FIRES.replace("hits", "facts: {peek: 40}, hits"), ["facts: above gives no 'peek'; did you mean 'peak'?"]),
        (FIRES.replace("hits", "facts: [40], hits"), ["facts: [40] is no mapping"]),
        (
            FIRES.replace("hits", "noise: {gradnorm: 1}, every: {grad_norm: 1}, hits"),
            ["noise: the example has no series 'gradnorm'; did you mean 'grad_norm'?"],
        ),
        (FIRES.replace("hits", "facts: {peak: 40.1}, hits"), []),
        (FIRES.replace("hits", "hit"), ["unknown field 'hit'; did you mean 'hits'?", "it needs hits"]),
        (FIRES.replace("hits", "skips: x, hits"), ["it needs hits"]),
        (FIRES.replace("[[1, 3]]", "[1, 3]"), ["hits: [1, 3] is no list of [first step, last step]"]),
        (FIRES.replace("[[1, 3]]", "1"), ["hits: 1 is no list of [first step, last step]"]),
        ("{hits: []}", ["series is missing"]),
        ("{series: {grad_norm: [{lime: [0, 1, 2]}]}, hits: []}", ["it cannot be run: ValueError: {'lime'"]),
        ("{series: {grad_norm: 3}, hits: []}", ["it cannot be run: TypeError"]),
    ],
)
def test_what_fails_is_said(tmp_path: Path, example: str, said: list[str]) -> None:
    found = failures(tmp_path, FIRES, SILENT, example)
    assert len(found) == bool(said)
    for failure in found:
        assert failure.number == 3
        assert Path(failure.path).read_text().splitlines()[failure.line - 1] == f"  - {example}"
        assert len(failure.problems) == len(said)
        for problem, start in zip(failure.problems, said, strict=True):
            assert problem.startswith(start)


def test_a_rule_needs_one_example_that_fires_and_one_that_is_silent(tmp_path: Path) -> None:
    assert [f.problems for f in failures(tmp_path, SILENT)] == [("no example fires: nothing shows that the rule can",)]
    (found,) = failures(tmp_path, FIRES)
    assert found.problems == ("no example is silent: nothing shows that the rule can be",)
    assert (found.number, found.line) == (0, 0)
    (found,) = failures(tmp_path, "{series: {lr: [1]}, skips: grad_norm}")
    assert len(found.problems) == 2


# --- skeletons ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("detector", names())
def test_a_skeleton_holds_and_explains_its_fields(tmp_path: Path, detector: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(skeleton("mine", detector))
    rule = read_rule(path, detectors())
    assert isinstance(rule, Rule), rule
    assert list(run_examples(rule)) == []
    assert len(rule.examples) >= 3
    assert path.read_text().count("#") > 10
    assert all(len(line) <= 120 for line in path.read_text().splitlines())


def test_there_is_a_skeleton_of_every_generic_detector() -> None:
    generic = {n for n, d in detectors().items() if (_module(d.run.__module__) or "").startswith("Generic")}
    assert set(names()) == generic | {"non-finite"}


def _module(name: str) -> str | None:
    import importlib

    return importlib.import_module(name).__doc__


# --- the commands ------------------------------------------------------------------------------------------


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_new_writes_a_rule_that_passes(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "new", "slow-start", "--detector", "gap"]) == 0
    path = here / "runaudit-rules" / "own" / "slow-start.yaml"
    assert yaml.safe_load(path.read_text())["id"] == "slow-start"
    assert "runaudit rules test runaudit-rules" in capsys.readouterr().err
    assert main(["rules", "test", "runaudit-rules"]) == 0
    assert "(1 of your own)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["overfitting"], "the id 'overfitting' is taken by"),
        (["Slow Start"], "'Slow Start' is no id of a rule"),
        (["../x"], "'../x' is no id of a rule"),
        (["x", "--detector", "abov"], "did you mean 'above'?"),
        (["x", "--detector", "zzz"], "there are above, below"),
        (["x", "--family", "../y"], "is no name of a folder"),
        (["x", "--folder", "file"], "file/own cannot be made"),
    ],
)
def test_new_refuses(here: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str) -> None:
    (here / "file").write_text("")
    assert main(["rules", "new", *arguments]) == 2
    assert said in capsys.readouterr().err
    assert [p.name for p in here.rglob("*")] == ["file"]


def test_new_overwrites_nothing(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "new", "x"]) == 0
    path = here / "runaudit-rules" / "own" / "x.yaml"
    path.write_text(path.read_text().replace("Say in", "SAY IN"))
    assert main(["rules", "new", "x", "--detector", "flat"]) == 2
    assert main(["rules", "new", "x", "--family", "other"]) == 2
    assert "SAY IN" in path.read_text()
    assert "is taken by runaudit-rules/own/x.yaml" in capsys.readouterr().err


def test_a_failure_is_shown_with_its_place_and_fails(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = rule_file(here / "rules", FIRES.replace("3]]", "4]]"), SILENT)
    line = path.read_text().splitlines().index("examples:") + 2
    assert main(["rules", "test", "rules"]) == 1
    out = capsys.readouterr().out
    assert out.startswith(
        f"rules/own/mine.yaml:{line}: mine, example 1\n  expected  [1, 4]\n  found     [1, 3] (peak 40, points 3)\n"
    )
    assert out.endswith(": 1 failure\n")


def test_folders_without_rules_and_broken_rules_are_wrong_usage(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "empty").mkdir()
    assert main(["rules", "test", "none", "empty"]) == 2
    err = capsys.readouterr().err
    assert "none: no such folder" in err
    assert "empty: it holds no rule" in err
    (here / "empty" / "x.yaml").write_text("id: x\n")
    assert main(["rules", "test", "empty"]) == 2
    assert "empty/x.yaml:1: title: it is missing" in capsys.readouterr().err


def settings(here: Path, text: str = "rules: [team/rules]\n") -> None:
    (here / "runaudit.yaml").write_text(text)


def test_the_folders_of_the_settings_are_tested_too(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings(here)
    rule_file(here / "team" / "rules", FIRES, SILENT)
    path = rule_file(here / "more", FIRES.replace("3]]", "4]]"), SILENT)
    path.write_text(path.read_text().replace("id: mine", "id: other"))
    path.rename(path.with_name("other.yaml"))
    assert main(["rules", "test"]) == 0
    assert "(1 of your own)" in capsys.readouterr().out
    assert main(["rules", "test", "more"]) == 1
    out = capsys.readouterr().out
    assert "(2 of your own)" in out
    assert "more/own/other.yaml:" in out
    assert main(["rules", "test", "more", "--isolated"]) == 1
    assert "(1 of your own)" in capsys.readouterr().out
    assert main(["rules", "test", "team/rules"]) == 0  # named twice, read once
    assert "(1 of your own)" in capsys.readouterr().out


def test_new_writes_where_the_settings_say(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings(here)
    assert main(["rules", "new", "slow-start"]) == 0
    said = capsys.readouterr().err
    assert said == "team/rules/own/slow-start.yaml: change it, then runaudit rules test\n"
    assert main(["rules", "test"]) == 0
    assert main(["rules", "new", "slow-start"]) == 2
    assert main(["rules", "new", "slow-start", "--folder", "elsewhere"]) == 2
    assert "is taken by team/rules/own/slow-start.yaml" in capsys.readouterr().err
    assert main(["rules", "new", "slow-end", "--folder", "elsewhere"]) == 0
    said = capsys.readouterr().err
    assert "check judges by it once the settings name it (rules: elsewhere)" in said
    assert main(["rules", "new", "slow-start", "--isolated"]) == 0
    assert (here / "runaudit-rules" / "own" / "slow-start.yaml").is_file()


def test_new_says_what_is_wrong_in_the_settings(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings(here, "rulse: x\n")
    assert main(["rules", "new", "slow-start"]) == 2
    assert "runaudit.yaml:1: rulse: there is no such key; did you mean 'rules'?" in capsys.readouterr().err


def test_the_shipped_rules_pass(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "test"]) == 0
    assert capsys.readouterr().out.endswith("all hold\n")
