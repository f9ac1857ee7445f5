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


def params(limit: str) -> dict[str, str | None]:
    """Return the parts of a rule whose parameter ``limit`` is as given."""
    return {"params": f"{{limit: {limit}, min_points: {{default: 1, why: one is enough}}}}"}


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
        ({"title": None}, "1: title: it is missing"),
        ({"severty": "note"}, "11: severty: there is no such key; did you mean 'severity'?"),
        ({"remedy": "Lower it."}, "9: remedy: 'Lower it.' is not a list"),
        ({"remedy": "[1]"}, "9: remedy[0]: 1 is not text"),
        ({"scope": "week"}, "11: scope: 'week' is none of run, sweep"),
        ({"weak": "{severity: bad}"}, "11: weak.severity: 'bad' is none of error, warning, note"),
        ({"weak": "{severty: note}"}, "11: weak.severty: there is no such key; did you mean 'severity'?"),
        ({"prescription": "{parameter: x, op: set}"}, "11: prescription.value: it is missing"),
        ({"prescription": "{parameter: x, op: ad, value: 1}"}, "prescription.op: 'ad' is none of multiply, set, add"),
        ({"citations": "[{titel: x, title: y}]"}, "11: citations[0].titel: there is no such key; did you mean 'title'"),
        ({"not_for": "[rll]"}, "11: not_for[0]: 'rll' is none of boosting, rl, gan, tiny-subset; did you mean 'rl'?"),
        ({"examples": "[3]"}, "10: examples[0]: 3 is not a mapping"),
        ({"id": "other"}, "1: id: 'other' differs from the name of the file, 'my-rule'"),
        ({"explains": "[overfiting]"}, "11: explains[0]: no rule is called 'overfiting'; did you mean 'overfitting'?"),
        # the detector and its parameters
        ({"detector": "abov"}, "4: detector: there is no detector 'abov'; did you mean 'above'?"),
        ({"detector": "zzz"}, "4: detector: there is no detector 'zzz'"),
        ({"inputs": "{series: x, serie: x}"}, "5: inputs.serie: above has no such input; did you mean 'series'?"),
        ({"inputs": "{}"}, "5: inputs.series: it is missing: above reads it"),
        ({"params": "{limit: {default: 2.0, why: so}}"}, "6: params.min_points: it is missing: above needs it"),
        (params("{default: 2.0, min: 0.0, max: 9.0, why: it is}, limmit: {default: 1, why: x}"),
         "6: params.limmit: above has no such parameter; did you mean 'limit'?"),
        (params("{default: 99.0, min: 0.0, max: 9.0, why: it is}"), "6: params.limit.default: 99.0 is above max, 9.0"),
        (params("{default: -1.0, min: 0.0, why: it is}"), "6: params.limit.default: -1.0 is below min, 0.0"),
        (params("{default: 5, min: 9.0, max: 0.0, why: it is}"),
         "6: params.limit.min: 9.0 is above max, 0.0: the bounds are the wrong way round"),
        (params("{default: [2], why: it is}"), "6: params.limit.default: a list is not a number"),
        (params("{default: true, why: it is}"), "6: params.limit.default: true is not a number"),
        (params("{default: .nan, why: it is}"), "6: params.limit.default: nan is not a finite number"),
        (params("{default: 1, max: .inf, why: it is}"), "6: params.limit.max: inf is not a finite number"),
        (params("{default: 1e-3, why: it is}"), "'1e-3' is text and no number: write 0.001, without quotes"),
        (params("{default: 2.0}"), "6: params.limit.why: it is missing: the reason of the default"),
        (params("{default: 2.0, why: ' '}"), "6: params.limit.why: it is blank"),
        (params("{default: 2.0, why: it is, mx: 3}"), "6: params.limit.mx: there is no such key; did you mean 'max'?"),
        ({"params": PARTS["params"].replace("default: 1", "default: 1.5")},
         "6: params.min_points.default: 1.5 is not a whole number"),
        # templates
        ({"message": "'{peek:g}'"}, "7: message: it uses {peek}, which above does not always give; did you mean"),
        ({"message": "'{peak:g'"}, "7: message: a { stands alone; {{ writes the sign itself"),
        ({"message": "'peak} {peak}'"}, "7: message: a } stands alone; }} writes the sign itself"),
        ({"message": "'{}'"}, "7: message: {} has no name"),
        ({"message": "'{peak.real}'"}, "7: message: it uses {peak.real}, which above does not always give"),
        ({"message": "'{peak:zz}'"}, "7: message: {peak:zz}: ':zz' is no way to write a number or a text"),
        ({"message": "'{peak!r}'"}, "7: message: {peak!r}: '!r' is no way to write a number or a text"),
        ({"evidence": "['{trough}']"}, "11: evidence[0]: it uses {trough}, which above does not give"),
        ({"evidence": "['{']"}, "11: evidence[0]: a { stands alone"),
        ({"remedy": "['Lower it below {limit}.']"}, "9: remedy[0]: {limit} would be shown as it is"),
        # YAML
        ({"why": "It.\nwhy: Again."}, "9: why: the key is given twice"),
        ({"why": "!!python/name:os.system"}, "8: broken YAML: could not determine a constructor for the tag"),
        ({"why": "'"}, "broken YAML: "),
        ({"why": "[1"}, "broken YAML: "),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_line(parts: dict[str, str | None], said: str, tmp_path: Path) -> None:
    write(tmp_path / "mine", parts=parts)
    (problem,) = problems(tmp_path / "mine")
    assert problem.startswith("my-rule.yaml:")
    assert said in problem


@pytest.mark.parametrize("text", ["Lower it to {0.1, 0.2}.", "Use {a: b} as it is."])
def test_braces_in_a_remedy_are_text(text: str, tmp_path: Path) -> None:
    write(tmp_path / "mine", parts={"remedy": f'["{text}"]'})
    assert load_rules([tmp_path / "mine"])["my-rule"].remedy == (text,)


@pytest.mark.parametrize("message", ["'{{x}} {series:>9} {step}s {first_step:,}, {peak:+.1%}'"])
def test_a_template_may_use_whatever_writes_a_number_or_a_text(message: str, tmp_path: Path) -> None:
    write(tmp_path / "mine", parts={"message": message})
    assert load_rules([tmp_path / "mine"])["my-rule"].message.startswith("{{x}}")


@pytest.mark.parametrize("content", [b"", b"- a\n", b"\xff\xfe\xff", b"a: \x00"])
def test_what_is_no_rule_at_all_is_one_problem(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "my-rule.yaml").write_bytes(content)
    assert len(problems(tmp_path)) == 1


def test_an_id_that_is_taken_names_the_other_file(tmp_path: Path) -> None:
    write(tmp_path / "mine", "overfitting", {"id": "overfitting"})
    (problem,) = problems(tmp_path / "mine")
    assert problem == f"overfitting.yaml:1: id: 'overfitting' is taken by {RULES['overfitting'].path}"


def test_every_problem_of_every_file_is_told_at_once(tmp_path: Path) -> None:
    write(tmp_path / "mine", "a", {"id": "b", "severity": "bad", "message": "'{peek}'"})
    write(tmp_path / "mine", "c", {"id": "c", "detector": "none", "title": "3"})
    assert [problem.partition(":")[0] for problem in problems(tmp_path / "mine")] == ["a.yaml"] * 3 + ["c.yaml"] * 2


def test_a_broken_rule_that_another_explains_is_told_once(tmp_path: Path) -> None:
    write(tmp_path / "mine", "a", {"id": "a", "severity": "bad"})
    write(tmp_path / "mine", "b", {"id": "b", "explains": "[a]"})
    assert [problem.partition(":")[0] for problem in problems(tmp_path / "mine")] == ["a.yaml"]


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
