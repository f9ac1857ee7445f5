"""A parsed rule file against the schema, its detector and its name: everything that is wrong, each with its place."""

from __future__ import annotations

import string
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from typing import Any

from runaudit.detectors import Detector
from runaudit.ruleset.rule import ALWAYS
from runaudit.schemas import schema
from runaudit.schemas.check import Fault, Place, faults, nearest, shown, without

SAMPLES: tuple[object, ...] = (1.0, 1, "x")  # what a fact or a limit may be; a format must fit one of them


def problems(data: object, name: str, found: Mapping[str, Detector]) -> Iterator[Fault]:
    """Report everything that is wrong with the parsed file of the rule ``name``, which names one of the detectors."""
    definition = _definition()
    shape = [_reworded(fault) for fault in faults(data, definition, definition)]
    yield from shape
    good = without(data, {fault.place for fault in shape})
    if not isinstance(good, dict):
        return
    if good.get("id", name) != name:
        yield Fault(("id",), f"{good['id']!r} differs from the name of the file, {name!r}")
    detector = found.get(good.get("detector", ""))
    if detector is not None:
        yield from _inputs(good, detector)
        yield from _params(good.get("params", {}), detector)
        yield from _templates(good, detector)
    elif "detector" in good:
        words = f"there is no detector {shown(good['detector'])}{nearest(good['detector'], found)}"
        yield Fault(("detector",), words)


@cache
def _definition() -> Mapping[str, Any]:
    return schema("rule")


def _reworded(fault: Fault) -> Fault:
    """Return a fault of a parameter without its reason with what that is."""
    if fault.place[0:1] == ("params",) and fault.place[2:] == ("why",) and fault.words == "it is missing":
        return Fault(fault.place, "it is missing: the reason of the default, for whoever wants to change it")
    return fault


def _inputs(data: Mapping[str, Any], detector: Detector) -> Iterator[Fault]:
    if "inputs" in data:
        known = [i.name for i in detector.inputs]
        yield from _names("inputs", data["inputs"], known, f"{detector.name} has no such input")
        missing = [name for name in known if name not in data["inputs"]]
        yield from (Fault(("inputs", name), f"it is missing: {detector.name} reads it") for name in missing)


def _names(key: str, given: Collection[str], known: Collection[str], words: str) -> Iterator[Fault]:
    there = f"; it has {', '.join(sorted(known)) or 'none'}"
    yield from (Fault((key, name), f"{words}{nearest(name, known) or there}") for name in given if name not in known)


def _params(params: Mapping[str, Any], detector: Detector) -> Iterator[Fault]:
    kinds = detector.thresholds
    yield from _names("params", params, kinds, f"{detector.name} has no such parameter")
    missing = [name for name in kinds if name not in params]
    yield from (Fault(("params", name), f"it is missing: {detector.name} needs it") for name in missing)
    for name, spec in params.items():
        if name in kinds:
            yield from _param(("params", name), spec, kinds[name])
        if name in detector.facts | detector.more_facts | {*ALWAYS}:
            yield Fault(("params", name), "a fact has that name; a message could not tell them apart")


def _param(place: Place, spec: Mapping[str, Any], kind: type) -> Iterator[Fault]:
    """Report a default of the wrong kind or outside of its bounds, and bounds the wrong way round."""
    value, low, high = spec.get("default"), spec.get("min"), spec.get("max")
    if value is not None and isinstance(value, bool) is not (kind is bool):
        wanted = "true or false" if kind is bool else "a number"
        yield Fault((*place, "default"), f"{shown(value)} is not {wanted}")
        return
    if low is not None and high is not None and low > high:
        yield Fault((*place, "min"), f"{shown(low)} is above max, {shown(high)}: the bounds are the wrong way round")
    elif value is not None and low is not None and value < low:
        yield Fault((*place, "default"), f"{shown(value)} is below min, {shown(low)}")
    elif value is not None and high is not None and value > high:
        yield Fault((*place, "default"), f"{shown(value)} is above max, {shown(high)}")
    if kind is int and value is not None and not isinstance(value, int):
        yield Fault((*place, "default"), f"{shown(value)} is not a whole number")


# --- templates ---------------------------------------------------------------------------------------------


def _templates(data: Mapping[str, Any], detector: Detector) -> Iterator[Fault]:
    known = {*ALWAYS, *detector.facts, *data.get("params", {})}
    if "message" in data:
        yield from _template(("message",), data["message"], known, f"{detector.name} does not always give")
    for i, line in enumerate(data.get("evidence", [])):
        if line is not None:
            yield from _template(("evidence", i), line, known | detector.more_facts, f"{detector.name} does not give")
    for i, line in enumerate(data.get("remedy", [])):
        for name in sorted(known | detector.more_facts):
            if line is not None and f"{{{name}" in line:
                yield Fault(("remedy", i), f"{{{name}}} would be shown as it is: only message and evidence have fields")


def _template(place: Place, template: str, known: Collection[str], words: str) -> Iterator[Fault]:
    try:
        fields = list(string.Formatter().parse(template))
    except ValueError as error:
        sign = "}" if "}" in str(error) and "expected" not in str(error) else "{"
        yield Fault(place, f"a {sign} stands alone; {sign * 2} writes the sign itself")
        return
    for _, name, form, change in fields:
        if name is None:
            continue
        if name not in known:
            used = f"it uses {{{name}}}, which {words}" if name else "{} has no name"
            yield Fault(place, f"{used}{nearest(name, known)}")
        elif change or not _fits(form or ""):
            given = f"{f'!{change}' if change else ''}{f':{form}' if form else ''}"
            yield Fault(place, f"{{{name}{given}}}: {given!r} is no way to write a number or a text")


def _fits(form: str) -> bool:
    """Say whether a number or a text can be written in that form; one with a field in it cannot be told."""
    for sample in SAMPLES:
        try:
            format(sample, form)
        except ValueError:
            continue
        return True
    return False
