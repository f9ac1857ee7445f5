"""Rule files (``rules/<family>/<id>.yaml``) -> rules, with every problem of every file named at once."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from runaudit.detectors import Detector, detectors
from runaudit.errors import UsageError
from runaudit.plugrules import plug_in_folders
from runaudit.registry import blame
from runaudit.ruleset.check import problems
from runaudit.ruleset.fill import filled
from runaudit.ruleset.rule import Citation, Param, Rule, build, template_fields
from runaudit.schemas.check import Fault, nearest, spelled
from runaudit.shipped import shipped_rules, strict

__all__ = [
    "Citation", "Param", "Rule", "choose", "filled", "load_rules", "read_rule", "rules_folder", "template_fields",
    "with_values",
]  # fmt: skip

_EXAMPLES = re.compile(r"^examples:\s*\n(?:[ #].*\n?|\n)+", re.MULTILINE)


def rules_folder() -> Path:
    """Return the folder of the shipped rules: inside the wheel, else the repository's."""
    package = Path(__file__).parent.parent
    inside = package / "_rules"
    return inside if inside.is_dir() else package.parent / "rules"


def load_rules(folders: Sequence[Path] = (), *, examples: bool = True) -> dict[str, Rule]:
    """Return the rules that are shipped, of plug-ins and of ``folders``, by id, in order of folder, family and id.

    Without ``examples`` those of the shipped rules are not parsed, for an audit needs none: they are half of the text.
    Rules of a plug-in that are broken are left out, and said by ``registry.broken``. Raises ``UsageError`` with every
    problem of every other file.
    """
    found = detectors()
    rules: dict[str, Rule] = {}
    names: set[str] = set()  # of broken ones too: that others explain them is no further mistake
    wrong = _join(rules, names, _shipped(rules_folder(), found, examples=examples))
    plug_ins = plug_in_folders()
    of_plug_ins = {point: _join(rules, names, _in_folder(folder, found)) for folder, point in plug_ins.items()}
    for folder in folders:
        wrong += _join(rules, names, _in_folder(folder, found))
    for rule in rules.values():
        lost = _lost(rule, names)
        if lost:
            owner = next((point for home, point in plug_ins.items() if Path(rule.path).is_relative_to(home)), None)
            (wrong if owner is None else of_plug_ins[owner]).extend(lost)
    for point, faults in of_plug_ins.items():
        if faults:
            blame(point, "; ".join(faults))
    if wrong:
        raise UsageError(*wrong)
    return rules


Read = Iterator[tuple[Path, Rule | list[str]]]


def _shipped(home: Path, found: Mapping[str, Detector], *, examples: bool) -> Read:
    """Yield the shipped rules; those that the build compiled as they are, for the tests looked at them."""
    compiled = {} if examples else shipped_rules()
    for name in sorted(compiled):
        yield home / name, _built(compiled[name], home / name, found)
    if not compiled:
        yield from _in_folder(home, found, examples=examples)


def _in_folder(folder: Path, found: Mapping[str, Detector], *, examples: bool = True) -> Read:
    """Yield every rule file below a folder, and the rule in it or what is wrong with it."""
    for path in sorted(folder.rglob("*.yaml")):
        yield path, read_rule(path, found, examples=examples)


def _join(rules: dict[str, Rule], names: set[str], read: Read) -> list[str]:
    """Add the rules that were read, and the names of all, and return what is wrong with the others."""
    wrong: list[str] = []
    for path, rule in read:
        names.add(path.stem)
        if not isinstance(rule, Rule):
            wrong += rule
        elif rule.id in rules:
            wrong += _said_of(path, [Fault(("id",), f"{rule.id!r} is taken by {rules[rule.id].path}")])
        else:
            rules[rule.id] = rule
    return wrong


def _lost(rule: Rule, names: Collection[str]) -> list[str]:
    """Return what is said of rules that a rule explains, and that there are none of."""
    lost = [(i, other) for i, other in enumerate(rule.explains) if other not in names]
    faults = [Fault(("explains", i), f"no rule is called {other!r}{nearest(other, names)}") for i, other in lost]
    return _said_of(Path(rule.path), faults) if faults else []


def read_rule(path: Path, found: Mapping[str, Detector], *, examples: bool = True) -> Rule | list[str]:
    """Return the rule of the file, or everything that is wrong with it; without ``examples``, it has none."""
    try:
        text = path.read_text("utf-8")
    except (UnicodeDecodeError, OSError) as error:
        return [f"{path}: {getattr(error, 'strerror', '') or 'it is no text in UTF-8'}"]
    try:
        data = strict(text if examples else _EXAMPLES.sub("examples: []\n", text))
    except (ValueError, TypeError, RecursionError):
        return _read_with_lines(path, text, found)
    faults = list(problems(data, path.stem, found))
    return _said_of(path, faults) if faults else _built(data, path, found)


def _read_with_lines(path: Path, text: str, found: Mapping[str, Detector]) -> Rule | list[str]:
    """Return what ``read_rule`` does, by the parser that knows lines and is slower."""
    from runaudit.schemas.lines import BrokenError, read_yaml

    try:
        document = read_yaml(text)
    except BrokenError as error:
        return [f"{path}:{error.line}: {error.words}" if error.line else f"{path}: {error.words}"]
    faults = [*document.twice, *problems(document.data, path.stem, found)]
    return _said_of(path, faults) if faults else _built(document.data, path, found)


def _said_of(path: Path, faults: Iterable[Fault]) -> list[str]:
    """Return the faults of a file as lines of text, by their lines in the file, which is read for that."""
    from runaudit.schemas.lines import read_yaml

    document = read_yaml(path.read_text("utf-8"))
    placed = sorted(((document.where(fault.place), fault) for fault in faults), key=lambda pair: pair[0])
    places = [(f"{path}:{line}" if line else f"{path}", fault) for line, fault in placed]
    return [f"{at}: {f'{spelled(fault.place)}: ' if fault.place else ''}{fault.words}" for at, fault in places]


def _built(data: Mapping[str, Any], path: Path, found: Mapping[str, Detector]) -> Rule:
    return build(data, path.parent.name, str(path), found[data["detector"]])


def with_values(rule: Rule, values: Mapping[str, float]) -> Rule | list[str]:
    """Return the rule with other thresholds, or what is wrong with them."""
    wrong = []
    for name, value in values.items():
        param = rule.params.get(name)
        if param is None:
            wrong.append(f"{rule.id} has no parameter {name!r}; it has {sorted(rule.params)}")
        elif not (param.low is None or value >= param.low) or not (param.high is None or value <= param.high):
            wrong.append(f"{rule.id}.{name}: {value} is outside [{param.low}, {param.high}]")
    return wrong or replace(rule, values={**rule.values, **values})


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
    unknown = [word for word in (*select, *ignore, *extend) if word not in known]
    if unknown:
        raise UsageError(*(f"no rule or family is called {word!r}{nearest(word, known)}" for word in unknown))

    def said(rule: Rule, words: Sequence[str]) -> int:
        return 2 if rule.id in words else int(rule.family in words)

    start = () if select else rules if base is None else base
    found = []
    for rule in rules.values():
        against = said(rule, ignore)
        if max(said(rule, select), said(rule, extend)) > against or (rule.id in start and not against):
            found.append(rule)
    return found
