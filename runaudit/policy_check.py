"""Settings -> ``Policy``: the words of a configuration compared with the rules there are, every mistake at once."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from runaudit.config import Config, Problem
from runaudit.errors import UsageError
from runaudit.policy import Policy, with_limits
from runaudit.ruleset import Rule, choose, load_rules
from runaudit.schemas.check import Place, nearest, spelled

LISTS = ("select", "extend_select", "ignore", "require")


@dataclass(frozen=True, slots=True)
class _Broken:
    """A problem of a file that the configuration names: it stands in that file."""

    text: str


def policy_of(config: Config, root: Path, today: date | None = None) -> Policy:
    """Return how the runs below ``root`` are judged; ``today`` is the day by which suppressions expire.

    Raises ``UsageError`` with every mistake in the settings, in the rules of the user and in the table of what was
    measured, each with its file and line.
    """
    problems: list[Problem | _Broken] = list(config.problems)
    folders: list[Path] = []
    for i, name in enumerate(config.rules):
        reason = _no_rules(place_of(config, name)) if name else ""
        if reason:
            problems.append(_at(config, f"{name}: {reason}", ("rules",), (i,)))
        elif name:
            folders.append(place_of(config, name))
    try:
        rules = load_rules(folders, examples=False)
    except UsageError as error:
        problems += [_Broken(text) for text in error.problems]
        rules = load_rules(examples=False)
    problems += _unknown_words(config, rules)
    problems += _wrong_limits(config, rules)
    measured: dict[str, Any] = {}
    if config.measured:
        measured = _measured(config, rules, problems)
    if problems:
        raise UsageError(*dict.fromkeys(_lines(config, problems)))
    by_id = {name: with_limits(rule, config.thresholds) for name, rule in rules.items()}
    by_id |= {name: replace(by_id[name], measured=numbers) for name, numbers in measured.items()}
    chosen = choose(by_id, config.select, config.ignore, config.extend_select)
    change = config.change
    if change.ignore or change.extend_select:
        chosen = choose(by_id, (), change.ignore, change.extend_select, [rule.id for rule in chosen])
    lost = sorted(set(config.require) - {word for rule in chosen for word in (rule.id, rule.family)})
    if lost:
        problems += [_at(config, f"{word} is not among the selected rules", ("require",)) for word in lost]
        raise UsageError(*_lines(config, problems))
    return Policy(config, tuple(chosen), by_id, root, today or date.today())


def place_of(config: Config, name: str) -> Path:
    """Return the path of a file or folder that the configuration names, seen from its own folder."""
    return Path(os.path.normpath((config.folder or Path()) / name))


def _no_rules(folder: Path) -> str:
    """Return why a folder gives no rules of the user, "" if it gives some."""
    if not folder.is_dir():
        return "no such folder"
    return "" if any(folder.rglob("*.yaml")) else "it holds no rule (*.yaml)"


# --- words and limits --------------------------------------------------------------------------------------


def _unknown_words(config: Config, rules: Mapping[str, Rule]) -> Iterator[Problem]:
    """Report every name of a rule or family that there is none of."""
    known = {*rules, *(rule.family for rule in rules.values())}
    given: list[tuple[str, Place, Place]] = []
    for key in LISTS:
        given += [(word, (key,), (i,)) for i, word in enumerate(getattr(config, key))]
    for key in ("ignore", "extend_select"):
        given += [(word, ("change", key), ()) for word in getattr(config.change, key)]
    for i, override in enumerate(config.overrides):
        given += [(word, ("overrides", i, "ignore"), (j,)) for j, word in enumerate(override.ignore)]
    given += [(one.rule, ("suppressions", i, "rule"), ()) for i, one in enumerate(config.suppressions)]
    for word, place, leaf in given:
        if word and word not in known:
            yield _at(config, f"no rule or family is called {word!r}{nearest(word, known)}", place, leaf)


def _wrong_limits(config: Config, rules: Mapping[str, Rule]) -> Iterator[Problem]:
    """Report every threshold that is none, or that its rule does not allow."""
    tables: list[tuple[Place, Mapping[str, float]]] = [(("thresholds",), config.thresholds)]
    tables += [(("overrides", i, "params"), one.params) for i, one in enumerate(config.overrides)]
    for place, limits in tables:
        for name, value in limits.items():
            words = _wrong_limit(name, value, rules)
            if words:
                yield _at(config, words, place, (name,) if (*place, name) in config.lines else _split(name))


def _split(name: str) -> tuple[str, str]:
    rule, _, parameter = name.partition(".")
    return rule, parameter


def _wrong_limit(name: str, value: float, rules: Mapping[str, Rule]) -> str:
    rule, parameter = _split(name)
    if rule not in rules:
        return f"{name}: no rule is called {rule!r}{nearest(rule, rules)}"
    params, kinds = rules[rule].params, rules[rule].detector.thresholds
    if not parameter:
        return f"{name} names no parameter; {rule} has {', '.join(params) or 'none'}"
    if parameter not in params:
        near = nearest(parameter, params) or f"; it has {', '.join(params) or 'none'}"
        return f"{rule} has no parameter {parameter!r}{near}"
    low, high = params[parameter].low, params[parameter].high
    if low is not None and value < low:
        return f"{name}: {value} is below {low}, the least that is allowed"
    if high is not None and value > high:
        return f"{name}: {value} is above {high}, the most that is allowed"
    if kinds[parameter] is int and value != int(value):
        return f"{name}: {value} is not a whole number"
    return ""


# --- what was measured -------------------------------------------------------------------------------------


def _measured(
    config: Config, rules: Mapping[str, Rule], problems: list[Problem | _Broken]
) -> dict[str, dict[str, float]]:
    """Return the numbers that ``runaudit calibrate --output`` wrote, by rule; what is wrong goes to ``problems``."""
    from runaudit.schemas.lines import BrokenError, read_yaml

    path = place_of(config, config.measured)
    try:
        data = read_yaml(path.read_text("utf-8-sig")).data
    except BrokenError as error:
        problems.append(_Broken(f"{path}{f':{error.line}' if error.line else ''}: {error.words}"))
        return {}
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", "") or "it is no UTF-8 text"
        problems.append(_at(config, f"{config.measured}: {reason.lower()}", ("measured",)))
        return {}
    if not isinstance(data, dict):
        problems.append(_at(config, f"{config.measured} is no table of runaudit calibrate --output", ("measured",)))
        return {}
    good = {}
    for rule, numbers in data.items():
        if rule not in rules:
            problems.append(_Broken(f"{path}: no rule is called {rule!r}{nearest(rule, rules)}"))
        elif not isinstance(numbers, dict) or not all(_number(value) for value in numbers.values()):
            problems.append(_Broken(f"{path}: {rule}: its numbers are no mapping of names to numbers"))
        else:
            good[rule] = numbers
    return good


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


# --- lines -------------------------------------------------------------------------------------------------


def _at(config: Config, words: str, place: Place, leaf: Place = ()) -> Problem:
    """Return a problem with the setting at ``place``, or with what is at ``leaf`` in it.

    It stands in the file, or in the option or variable that gave the setting instead.
    """
    origin = config.origins.get(spelled(place), config.path)
    if config.path and origin.startswith(config.path):
        return Problem(config.where(*place, *leaf), f"{spelled(place)}: {words}")
    return Problem(-1, f"{origin or spelled(place)}: {words}")


def _lines(config: Config, problems: Sequence[Problem | _Broken]) -> Iterator[str]:
    """Yield the problems as text: those of the configuration by line, then those of other files."""
    ours = [p for p in problems if isinstance(p, Problem)]
    yield from (_line(config, problem) for problem in sorted(ours, key=lambda p: p.line))
    yield from (p.text for p in problems if isinstance(p, _Broken))


def _line(config: Config, problem: Problem) -> str:
    if problem.line < 0:
        return problem.text
    return f"{config.path}:{problem.line}: {problem.text}" if problem.line else f"{config.path}: {problem.text}"
