"""Rule files (``rules/<family>/<id>.yaml``) -> rules, with every problem of every file named at once."""

from __future__ import annotations

import re
import string
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from runaudit.detectors import Detector, detectors
from runaudit.errors import UsageError
from runaudit.model import Confidence, Severity
from runaudit.plugrules import plug_in_folders
from runaudit.shipped import shipped_rules, strict
from runaudit.tasks import problems as task_problems

FIELDS = {
    "id": str, "title": str, "severity": str, "confidence": str, "scope": str, "detector": str, "inputs": dict,
    "params": dict, "message": str, "evidence": list, "why": str, "remedy": list, "prescription": dict, "needs": list,
    "weak": dict, "explains": list, "citations": list, "examples": list, "measured": dict,
    "not_for": list,
}  # fmt: skip
REQUIRED = ("id", "title", "severity", "detector", "inputs", "message", "why", "remedy", "examples")
OPS = ("multiply", "set", "add", "enable")
_EXAMPLES = re.compile(r"^examples:\s*\n(?:[ #].*\n?|\n)+", re.MULTILINE)
ALWAYS = ("series", "first_step", "last_step")  # what a message may use besides facts and limits


@dataclass(frozen=True, slots=True)
class Param:
    """One threshold of a rule: its default, its bounds (None: open), and the reason of the default."""

    default: float
    low: float | None
    high: float | None
    why: str


@dataclass(frozen=True, slots=True)
class Citation:
    """A source that a rule rests on."""

    title: str
    url: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """A rule as its file gives it, with the user's thresholds applied in ``values``."""

    id: str
    title: str
    family: str
    severity: Severity
    confidence: Confidence
    weak_severity: Severity
    weak_confidence: Confidence
    detector: Detector
    inputs: Mapping[str, tuple[str, ...]]
    params: Mapping[str, Param]
    values: Mapping[str, float]
    message: str
    evidence: tuple[str, ...]
    why: str
    remedy: tuple[str, ...]
    examples: tuple[Mapping[str, Any], ...]
    path: str
    scope: str = "run"
    needs: tuple[str, ...] = ()
    prescription: Mapping[str, Any] = field(default_factory=dict)
    explains: tuple[str, ...] = ()
    citations: tuple[Citation, ...] = ()
    measured: Mapping[str, float] = field(default_factory=dict)
    not_for: tuple[str, ...] = ()


def rules_folder() -> Path:
    """Return the folder of the shipped rules: inside the wheel, else the repository's."""
    inside = Path(__file__).parent / "_rules"
    return inside if inside.is_dir() else Path(__file__).parent.parent / "rules"


def load_rules(folders: Sequence[Path] = (), *, examples: bool = True) -> dict[str, Rule]:
    """Return the rules that are shipped, of plug-ins and of ``folders``, by id, in order of folder, family and id.

    Without ``examples`` those of the shipped rules are not parsed, for an audit needs none: they are half of the text.
    Raises ``UsageError`` with every problem of every file.
    """
    found = detectors()
    rules: dict[str, Rule] = {}
    problems: list[str] = []
    home = rules_folder()
    compiled = {} if examples else {home / name: data for name, data in shipped_rules().items()}
    for folder in (home, *plug_in_folders(), *folders):
        for path in sorted(compiled) if compiled and folder == home else sorted(folder.rglob("*.yaml")):
            if path in compiled:
                rule = _read(compiled[path], path, found)
            else:
                rule = read_rule(path, found, examples=examples or folder != home)
            if isinstance(rule, Rule) and rule.id in rules:
                problems.append(f"{path}: the id {rule.id!r} is taken by {rules[rule.id].path}")
            elif isinstance(rule, Rule):
                rules[rule.id] = rule
            else:
                problems.extend(f"{path}: {p}" for p in rule)
    for rule in rules.values():
        problems.extend(
            f"{rule.path}: explains {other!r}, which is no rule" for other in rule.explains if other not in rules
        )
    if problems:
        raise UsageError(*problems)
    return rules


def read_rule(path: Path, found: Mapping[str, Detector], *, examples: bool = True) -> Rule | list[str]:
    """Return the rule of the file, or everything that is wrong with it; without ``examples``, it has none."""
    try:
        text = path.read_text("utf-8")
        if not examples:
            text = _EXAMPLES.sub("examples: []\n", text)
        data = strict(text)
    except (ValueError, OSError) as error:  # a UnicodeDecodeError is a ValueError
        return [" ".join(str(error).split())]
    return _read(data, path, found)


def _read(data: object, path: Path, found: Mapping[str, Detector]) -> Rule | list[str]:
    """Return the rule of the parsed file, or everything that is wrong with it."""
    if not isinstance(data, dict):
        return ["the file holds no mapping"]
    problems = list(_shape_problems(data))
    if problems:
        return problems
    detector = found.get(data["detector"])
    if detector is None:
        return [f"detector {data['detector']!r} is none of {sorted(found)}"]
    problems = [*_head_problems(data, path), *_detector_problems(data, detector)]
    return problems or _build(data, path, detector)


def with_values(rule: Rule, values: Mapping[str, float]) -> Rule | list[str]:
    """Return the rule with the user's thresholds, or what is wrong with them."""
    problems = []
    for name, value in values.items():
        if name not in rule.params:
            problems.append(f"{rule.id} has no parameter {name!r}; it has {sorted(rule.params)}")
        else:
            problems.extend(_bound_problems(f"{rule.id}.{name}", value, rule.params[name]))
    if problems:
        return problems
    from dataclasses import replace

    return replace(rule, values={**rule.values, **values})


def choose(
    rules: Mapping[str, Rule],
    select: Sequence[str],
    ignore: Sequence[str],
    extend: Sequence[str] = (),
    base: Collection[str] | None = None,
) -> list[Rule]:
    """Return the rules named by ``select`` (if empty, those of ``base``: all if None) or ``extend`` less ``ignore``.

    All three take ids and families; what is said of a rule by its id counts more than what is said of its family.
    Raises ``UsageError`` naming every unknown word with its nearest match.
    """
    known = {*rules, *(r.family for r in rules.values())}
    problems = []
    for word in (*select, *ignore, *extend):
        if word not in known:
            near = get_close_matches(word, sorted(known), 1)
            problems.append(f"no rule or family is called {word!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
    if problems:
        raise UsageError(*problems)

    def said(rule: Rule, words: Sequence[str]) -> int:
        return 2 if rule.id in words else int(rule.family in words)

    start = () if select else rules if base is None else base
    found = []
    for rule in rules.values():
        against = said(rule, ignore)
        if max(said(rule, select), said(rule, extend)) > against or (rule.id in start and not against):
            found.append(rule)
    return found


def _shape_problems(data: Mapping[str, Any]) -> Iterator[str]:
    for key, value in data.items():
        if key not in FIELDS:
            near = get_close_matches(str(key), list(FIELDS), 1)
            yield f"unknown field {key!r}" + (f"; did you mean {near[0]!r}?" if near else "")
        elif not isinstance(value, FIELDS[key]):
            yield f"{key}: {value!r} is not a {FIELDS[key].__name__}"
    for key in REQUIRED:
        if key not in data:
            yield f"{key} is missing"


def _head_problems(data: Mapping[str, Any], path: Path) -> Iterator[str]:
    if data["id"] != path.stem:
        yield f"id {data['id']!r} differs from the file name {path.stem!r}"
    weak = data.get("weak", {})
    yield from _choice("severity", data["severity"], list(Severity))
    yield from _choice("confidence", data.get("confidence", "medium"), list(Confidence))
    yield from _choice("weak.severity", weak.get("severity", "note"), list(Severity))
    yield from _choice("weak.confidence", weak.get("confidence", "low"), list(Confidence))
    yield from _choice("scope", data.get("scope", "run"), ["run", "sweep"])
    for key in ("remedy", "evidence", "needs", "explains"):
        if not all(isinstance(item, str) for item in data.get(key, [])):
            yield f"{key}: every item must be text"
    yield from task_problems(data.get("not_for", []))
    prescription = data.get("prescription")
    if prescription is not None:
        if set(prescription) != {"parameter", "op", "value"}:
            yield f"prescription has the keys {sorted(prescription)}, not parameter, op and value"
        else:
            yield from _choice("prescription.op", prescription["op"], list(OPS))
    for citation in data.get("citations", []):
        if not isinstance(citation, dict) or not {"title"} <= set(citation) <= {"title", "url"}:
            yield f"citations: {citation!r} needs title and, if it has one, url"


def _choice(key: str, value: object, among: Sequence[str]) -> Iterator[str]:
    if value not in among:
        yield f"{key} {value!r} is none of {[str(a) for a in among]}"


def _detector_problems(data: Mapping[str, Any], detector: Detector) -> Iterator[str]:
    inputs = {i.name for i in detector.inputs}
    if set(data["inputs"]) != inputs:
        yield f"inputs {sorted(data['inputs'])} differ from those of the detector, {sorted(inputs)}"
    thresholds = detector.thresholds
    params = data.get("params", {})
    for name in thresholds.keys() - params.keys():
        yield f"params.{name} is missing: {detector.name} needs it"
    for name, spec in params.items():
        if name not in thresholds:
            yield f"params.{name}: {detector.name} has no such parameter; it has {sorted(thresholds)}"
        elif not isinstance(spec, dict) or not {"default", "why"} <= set(spec) <= {
            "default",
            "min",
            "max",
            "why",
        }:
            yield f"params.{name} needs default and why, and may have min and max"
        else:
            yield from _bound_problems(f"params.{name}", spec["default"], _param(spec))
            if thresholds[name] is int and not isinstance(spec["default"], int):
                yield f"params.{name}: {spec['default']!r} is not a whole number"
    for name in sorted(params.keys() & (detector.facts | detector.more_facts)):
        yield f"params.{name}: {detector.name} has a fact of that name; a message could not tell them apart"
    known = {*ALWAYS, *detector.facts, *params}
    for name in template_fields(data["message"]) - known:
        yield f"message uses {{{name}}}, which {detector.name} does not always give"
    for line in data.get("evidence", []):
        for name in template_fields(line) - known - detector.more_facts:
            yield f"evidence uses {{{name}}}, which {detector.name} does not give"


def _bound_problems(where: str, value: object, param: Param) -> Iterator[str]:
    if isinstance(value, str):
        yield f"{where}: {value!r} is text, not a number (write 1.0e-3: YAML reads 1e-3 as text)"
    elif not isinstance(value, int | float):
        yield f"{where}: {value!r} is not a number"
    elif not (param.low is None or value >= param.low) or not (param.high is None or value <= param.high):
        yield f"{where}: {value} is outside [{param.low}, {param.high}]"


def template_fields(template: str) -> set[str]:
    """Return the names that a message or evidence template uses."""
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def _param(spec: Mapping[str, Any]) -> Param:
    return Param(spec["default"], spec.get("min"), spec.get("max"), spec["why"])


def _alternatives(spec: str | list[str]) -> tuple[str, ...]:
    return (spec,) if isinstance(spec, str) else tuple(spec)


def _build(data: Mapping[str, Any], path: Path, detector: Detector) -> Rule:
    params = {name: _param(spec) for name, spec in data.get("params", {}).items()}
    weak = data.get("weak", {})
    return Rule(
        id=data["id"],
        title=data["title"],
        family=path.parent.name,
        severity=Severity(data["severity"]),
        confidence=Confidence(data.get("confidence", "medium")),
        weak_severity=Severity(weak.get("severity", "note")),
        weak_confidence=Confidence(weak.get("confidence", "low")),
        detector=detector,
        inputs={name: _alternatives(spec) for name, spec in data["inputs"].items()},
        params=params,
        values={name: p.default for name, p in params.items()},
        message=data["message"],
        evidence=tuple(data.get("evidence", [])),
        why=data["why"],
        remedy=tuple(data["remedy"]),
        examples=tuple(data["examples"]),
        path=str(path),
        scope=data.get("scope", "run"),
        needs=tuple(data.get("needs", [])),
        prescription=data.get("prescription", {}),
        explains=tuple(data.get("explains", [])),
        citations=tuple(Citation(c["title"], c.get("url", "")) for c in data.get("citations", [])),
        measured=data.get("measured", {}),
        not_for=tuple(data.get("not_for", [])),
    )
