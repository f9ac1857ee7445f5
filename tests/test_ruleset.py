"""Rule files that are wrong: every problem of every file is said, in words, and nothing is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from runaudit.errors import UsageError
from runaudit.ruleset import Rule, choose, load_rules, with_values

RULES = load_rules()
PARTS = {
    "id": "my-rule",
    "title": "The loss is high",
    "severity": "warning",
    "detector": "above",
    "inputs": "{series: train/loss}",
    "params": "{limit: {default: 2.0, min: 0.0, max: 9.0, why: it is}, min_points: {default: 1, why: one is enough}}",
    "message": "'{series} reached {peak:g}'",
    "why": "It should not.",
    "remedy": "[Lower it.]",
    "examples": "[]",
}  # fmt: skip


def write(folder: Path, name: str = "my-rule", parts: Mapping[str, str | None] | None = None) -> None:
    folder.mkdir(exist_ok=True)
    lines = [f"{key}: {value}\n" for key, value in {**PARTS, **(parts or {})}.items() if value is not None]
    (folder / f"{name}.yaml").write_text("".join(lines))


def problems(folder: Path) -> list[str]:
    with pytest.raises(UsageError) as caught:
        load_rules([folder])
    return [problem.removeprefix(f"{folder}/") for problem in caught.value.problems]


def test_a_rule_of_the_user_joins_the_shipped_ones(tmp_path: Path) -> None:
    write(tmp_path / "mine")
    rules = load_rules([tmp_path / "mine"])
    assert rules.keys() == {*RULES, "my-rule"}
    mine = rules["my-rule"]
    assert (mine.family, mine.values, mine.params["limit"].high) == ("mine", {"limit": 2.0, "min_points": 1}, 9.0)


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"title": None}, "title is missing"),
        ({"severty": "note"}, "unknown field 'severty'; did you mean 'severity'?"),
        ({"remedy": "Lower it."}, "remedy: 'Lower it.' is not a list"),
        ({"detector": "abov"}, "detector 'abov' is none of ["),
        ({"inputs": "{loss: train/loss}"}, "inputs ['loss'] differ from those of the detector, ['series']"),
        ({"params": "{limit: {default: 2.0, why: so}}"}, "params.min_points is missing: above needs it"),
        ({"params": PARTS["params"].replace("2.0", "99.0")}, "params.limit: 99.0 is outside [0.0, 9.0]"),
        ({"params": PARTS["params"].replace("2.0", "[2]")}, "params.limit: [2] is not a number"),
        ({"params": PARTS["params"].replace("default: 1", "default: 1.5")}, "min_points: 1.5 is not a whole number"),
        ({"params": PARTS["params"].replace(", why: one is enough", "")}, "params.min_points needs default and why"),
        ({"remedy": "[1]"}, "remedy: every item must be text"),
        ({"scope": "week"}, "scope 'week' is none of ['run', 'sweep']"),
        ({"weak": "{severity: bad}"}, "weak.severity 'bad' is none of"),
        ({"prescription": "{parameter: x}"}, "prescription has the keys ['parameter'], not parameter, op and value"),
        ({"prescription": "{parameter: x, op: cut, value: 1}"}, "prescription.op 'cut' is none of"),
        ({"citations": "[{url: x}]"}, "citations: {'url': 'x'} needs title and, if it has one, url"),
        ({"evidence": "['{trough}']"}, "evidence uses {trough}, which above does not give"),
        ({"explains": "[nothing]"}, "explains 'nothing', which is no rule"),
        ({"why": "It.\nwhy: Again."}, "key 'why' given twice"),
        ({"why": "!!python/name:os.system"}, "could not determine a constructor for the tag"),
        ({"why": "'"}, "while scanning a quoted scalar"),
    ],
)
def test_what_is_wrong_is_said(parts: dict[str, str | None], said: str, tmp_path: Path) -> None:
    write(tmp_path / "mine", parts=parts)
    (problem,) = problems(tmp_path / "mine")
    assert problem.startswith("my-rule.yaml: ")
    assert said in problem


@pytest.mark.parametrize("content", [b"", b"- a\n", b"\xff\xfe\xff", b"a: \x00"])
def test_what_is_no_rule_at_all_is_one_problem(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "my-rule.yaml").write_bytes(content)
    assert len(problems(tmp_path)) == 1


def test_an_id_that_is_taken_names_the_other_file(tmp_path: Path) -> None:
    write(tmp_path / "mine", "overfitting", {"id": "overfitting"})
    (problem,) = problems(tmp_path / "mine")
    assert problem == f"overfitting.yaml: the id 'overfitting' is taken by {RULES['overfitting'].path}"


def test_every_problem_of_every_file_is_told_at_once(tmp_path: Path) -> None:
    write(tmp_path / "mine", "a", {"id": "b", "severity": "bad", "message": "'{peek}'"})
    write(tmp_path / "mine", "c", {"id": "c", "detector": "none"})
    assert [problem.partition(":")[0] for problem in problems(tmp_path / "mine")] == ["a.yaml"] * 3 + ["c.yaml"]


def test_thresholds_of_the_user_are_checked(tmp_path: Path) -> None:
    write(tmp_path / "mine")
    rule = load_rules([tmp_path / "mine"])["my-rule"]
    changed = with_values(rule, {"limit": 5.0})
    assert isinstance(changed, Rule)
    assert (changed.values, rule.values["limit"]) == ({"limit": 5.0, "min_points": 1}, 2.0)
    assert with_values(rule, {"limmit": 3.0, "limit": 10.0}) == [
        "my-rule has no parameter 'limmit'; it has ['limit', 'min_points']",
        "my-rule.limit: 10.0 is outside [0.0, 9.0]",
    ]


def test_rules_are_chosen_by_id_and_family() -> None:
    family = RULES["overfitting"].family
    assert choose(RULES, [], []) == list(RULES.values())
    assert [r.id for r in choose(RULES, ["overfitting"], [])] == ["overfitting"]
    assert {r.family for r in choose(RULES, [family], [])} == {family}
    assert choose(RULES, [family], [family]) == []
    with pytest.raises(UsageError) as caught:
        choose(RULES, ["overfiting"], ["zzz"])
    assert caught.value.problems == (
        "no rule or family is called 'overfiting'; did you mean 'overfitting'?", "no rule or family is called 'zzz'",
    )  # fmt: skip
