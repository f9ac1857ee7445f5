"""The examples of rules as their tests: every one is run, and said where it differs from what it promises."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from runaudit import engine
from runaudit.errors import NotJudged
from runaudit.examples import example_run
from runaudit.model import Hit
from runaudit.ruleset import Rule
from runaudit.schemas.check import nearest
from runaudit.text import number

FIELDS = (
    "series", "hits", "skips", "weak", "facts", "noise", "every", "reduction", "config", "tables", "step_unit",
)  # fmt: skip
BY_SERIES = ("noise", "every", "reduction")  # may be one for all, or one by name
TOLERANCE = 0.02  # of a fact, relative: the examples are written by people


@dataclass(frozen=True, slots=True)
class Failure:
    """An example that does not do what it says: its rule, its place in the file, and the lines that tell why.

    ``number`` counts from 1, 0 stands for all examples of the rule; ``line`` is 1-based, 0 if it is not known.
    """

    rule: str
    path: str
    number: int
    line: int
    problems: tuple[str, ...]


def run_examples(rule: Rule) -> Iterator[Failure]:
    """Report the examples of a rule that fail, and if there is none that fires or none that is silent."""
    lines = _lines(Path(rule.path))
    for i, example in enumerate(rule.examples):
        problems = tuple(check(rule, example))
        if problems:
            yield Failure(rule.id, rule.path, i + 1, lines[i] if i < len(lines) else 0, problems)
    told = [e for e in rule.examples if "hits" in e]
    missing = [] if any(e["hits"] for e in told) else ["no example fires: nothing shows that the rule can"]
    missing += [] if any(not e["hits"] for e in told) else ["no example is silent: nothing shows that the rule can be"]
    if missing:
        yield Failure(rule.id, rule.path, 0, 0, tuple(missing))


def check(rule: Rule, example: Mapping[str, Any]) -> Iterator[str]:
    """Report how an example differs from what it promises: its form, its hits, whether they are weak, its facts."""
    problems = [*_form(example), *_unknown(rule, example)]
    if problems:
        yield from problems
        return
    found: list[Hit] | str
    try:
        found = engine.hits(rule, example_run(example))
    except NotJudged as answer:
        found = answer.reason
    except Exception as error:  # noqa: BLE001  the file and the detector may be a user's: any defect is a failure
        yield f"it cannot be run: {type(error).__name__}: {error}"
        return
    yield from _differences(example, found)


def _form(example: Mapping[str, Any]) -> Iterator[str]:
    for key in example:
        if key not in FIELDS:
            yield f"unknown field {key!r}{nearest(key, FIELDS) or f'; there are {FIELDS}'}"
    if not isinstance(example.get("series"), Mapping):
        yield "series is missing: the values by series, such as series: {train/loss: [3, 2, 1]}"
    if ("hits" in example) == ("skips" in example):
        yield "it needs hits ([[first step, last step]], or [] if silent) or skips (a part of the reason)"
    if not isinstance(example.get("skips", ""), str):
        yield f"skips: {example['skips']!r} is no text"
    windows = example.get("hits", [])
    if not isinstance(windows, list) or not all(isinstance(w, list) and len(w) == 2 for w in windows):
        yield f"hits: {windows!r} is no list of [first step, last step]"


def _unknown(rule: Rule, example: Mapping[str, Any]) -> Iterator[str]:
    """Report facts that the detector does not give, and settings of series that the example does not have."""
    facts, series = example.get("facts", {}), example.get("series", {})
    known = rule.detector.facts | rule.detector.more_facts
    if not isinstance(facts, Mapping):
        yield f"facts: {facts!r} is no mapping of names to values"
    else:
        unknown = [name for name in facts if name not in known]
        yield from (f"facts: {rule.detector.name} gives no {name!r}{nearest(name, known)}" for name in unknown)
    for key in BY_SERIES:
        given = example.get(key)
        if isinstance(given, Mapping) and isinstance(series, Mapping):
            unknown = [name for name in given if name not in series]
            yield from (f"{key}: the example has no series {name!r}{nearest(name, series)}" for name in unknown)


def _differences(example: Mapping[str, Any], found: Sequence[Hit] | str) -> Iterator[str]:
    if "skips" in example:
        if not isinstance(found, str):
            yield f"expected  skipped: {example['skips']}"
            yield f"found     {_windows(found)}"
        elif example["skips"] not in found:
            yield f"expected  skipped: {example['skips']}"
            yield f"found     skipped: {found}"
        return
    if isinstance(found, str):
        yield f"expected  {_said(example['hits'])}"
        yield f"found     skipped: {found}"
        return
    if [[hit.first_step, hit.last_step] for hit in found] != example["hits"]:
        yield f"expected  {_said(example['hits'])}"
        yield f"found     {_windows(found)}"
        return
    weak = bool(example.get("weak", False))
    if any(hit.weak != weak for hit in found):
        yield f"expected  {'weak: true, a single sign' if weak else 'a full finding; a single sign has weak: true'}"
        yield f"found     {_windows(found)}"
    for name, value in example.get("facts", {}).items():
        actual = found[0].facts.get(name) if found else None
        if not _equal(actual, value):
            yield f"expected  {name} {value}"
            yield f"found     {name} {actual if actual is not None else 'is no fact of the hit'}"


def _equal(actual: float | str | None, value: object) -> bool:
    if isinstance(actual, str) or not isinstance(value, int | float):
        return actual == value
    return actual is not None and math.isclose(actual, value, rel_tol=TOLERANCE)


def _said(windows: Sequence[Sequence[int]]) -> str:
    return ", ".join(f"[{a}, {b}]" for a, b in windows) or "silent"


def _windows(found: Sequence[Hit]) -> str:
    """Return hits with their facts in words."""
    return ", ".join(f"[{h.first_step}, {h.last_step}]{' weak' * h.weak} ({_facts(h)})" for h in found) or "silent"


def _facts(hit: Hit) -> str:
    return ", ".join(f"{n} {v if isinstance(v, str) else number(float(v))}" for n, v in sorted(hit.facts.items()))


def _lines(path: Path) -> list[int]:
    """Return the line of every example in the file of a rule; none where it cannot be told."""
    root = yaml.compose(path.read_text("utf-8"), Loader=yaml.SafeLoader)
    pairs = root.value if isinstance(root, yaml.MappingNode) else []
    node = next((value for key, value in pairs if key.value == "examples"), None)
    return [item.start_mark.line + 1 for item in node.value] if isinstance(node, yaml.SequenceNode) else []
