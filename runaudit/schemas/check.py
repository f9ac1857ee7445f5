"""A document against one of our JSON Schemas: every fault, with its place and the nearest valid word."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from typing import Any

KINDS: Mapping[str, tuple[tuple[type, ...], str]] = {
    "string": ((str,), "text"),
    "integer": ((int,), "a whole number"),
    "number": ((int, float), "a number"),
    "boolean": ((bool,), "true or false"),
    "null": ((type(None),), "empty"),
    "array": ((list,), "a list"),
    "object": ((dict,), "a mapping"),
}
LONGEST = 60  # characters of a value that a message shows
MOST_NAMES = 25  # more names than this are not listed

Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong at one place of a document; ``place`` leads there by keys and positions."""

    place: Place
    words: str


def faults(value: object, schema: Mapping[str, Any], root: Mapping[str, Any], place: Place = ()) -> Iterator[Fault]:
    """Report every fault of a document of plain lists, mappings, text and numbers.

    Of JSON Schema this knows what our schemas use; a number must be finite. ``root`` is the whole schema, which holds
    what ``schema`` refers to.
    """
    while "$ref" in schema:
        schema = {
            **root["$defs"][schema["$ref"].rpartition("/")[2]],
            **{k: v for k, v in schema.items() if k != "$ref"},
        }
    words = _wrong(value, schema)
    if words:
        yield Fault(place, words)
    elif isinstance(value, dict):
        yield from _in_mapping(value, schema, root, place)
    elif isinstance(value, list):
        for i, item in enumerate(value):
            yield from faults(item, schema.get("items", {}), root, (*place, i))


def _wrong(value: object, schema: Mapping[str, Any]) -> str:
    """Return what is wrong with the value itself, "" if nothing is."""
    if "enum" in schema and value not in schema["enum"]:
        return f"{shown(value)} is none of {', '.join(map(str, schema['enum']))}{nearest(value, schema['enum'])}"
    if "const" in schema and value != schema["const"]:
        return f"{shown(value)} is not {schema['const']!r}"
    given = schema.get("type", [])
    kinds = [given] if isinstance(given, str) else list(given)
    if kinds and not any(_is(value, kind) for kind in kinds):
        wanted = " or ".join(KINDS[kind][1] for kind in kinds)
        return _slip(value, kinds) or (
            f"{shown(value)} is not {wanted}" if value is not None else f"empty, not {wanted}"
        )
    if _is(value, "number"):
        return _outside(value, schema)
    if isinstance(value, str) and len(value.strip()) < schema.get("minLength", 0):
        return "it is blank"
    if isinstance(value, str) and schema.get("format") == "date" and not _is_date(value):
        return f"{shown(value)} is no date, such as 2030-12-31"
    if isinstance(value, list) and len(value) < schema.get("minItems", 0):
        return "the list is empty"
    return ""


def _is(value: object, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, KINDS[kind][0])


def _outside(value: Any, schema: Mapping[str, Any]) -> str:  # noqa: ANN401  a number of either kind
    if isinstance(value, float) and not math.isfinite(value):
        return f"{value} is not a finite number"
    low, high = schema.get("minimum"), schema.get("maximum")
    if (low is not None and value < low) or (high is not None and value > high):
        return f"{shown(value)} is {f'below {low}' if low is not None and value < low else f'above {high}'}"
    return ""


def _slip(value: object, kinds: Collection[str]) -> str:
    """Return what is said of a text that stands for a number, as 1e-3 does for YAML; "" where it is no such text."""
    if not isinstance(value, str) or not {"number", "integer"} & set(kinds):
        return ""
    try:
        number = float(value)
    except ValueError:
        return ""
    return f"{shown(value)} is text and no number: write {number!r}, without quotes" if math.isfinite(number) else ""


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _in_mapping(
    value: Mapping[Any, object], schema: Mapping[str, Any], root: Mapping[str, Any], place: Place
) -> Iterator[Fault]:
    named = schema.get("properties", {})
    more = schema.get("additionalProperties", True)
    for key in schema.get("required", ()):
        if key not in value:
            yield Fault((*place, key), "it is missing")
    for key, item in value.items():
        if not isinstance(key, str):
            yield Fault((*place, str(key)), "the key is not text: put it in quotes")
        elif key in named:
            yield from faults(item, named[key], root, (*place, key))
        elif more is False:
            yield Fault((*place, key), f"there is no such key{nearest(key, named) or f'; there are {_listed(named)}'}")
        elif isinstance(more, dict):
            yield from faults(item, more, root, (*place, key))


def without(value: object, wrong: Collection[Place], place: Place = ()) -> object:
    """Return the document without what is wrong, so that the rest can be looked at; of a list, None in its place."""
    if isinstance(value, dict):
        kept = {k: v for k, v in value.items() if isinstance(k, str) and (*place, k) not in wrong}
        return {k: without(v, wrong, (*place, k)) for k, v in kept.items()}
    if isinstance(value, list):
        return [None if (*place, i) in wrong else without(v, wrong, (*place, i)) for i, v in enumerate(value)]
    return value


def nearest(word: object, known: Collection[object]) -> str:
    """Return the end of a sentence that names what was probably meant, "" where nothing is like it.

    >>> nearest("eror", ["error", "warning"]), nearest("x", ["error"])
    ("; did you mean 'error'?", '')
    """
    found = get_close_matches(str(word)[:LONGEST], sorted(map(str, known)), 1)
    return f"; did you mean {found[0]!r}?" if found else ""


def _listed(names: Collection[str]) -> str:
    shown_names = list(names)[:MOST_NAMES]
    return ", ".join(shown_names) + (" ..." if len(names) > len(shown_names) else "")


def shown(value: object) -> str:
    """Return a value as a message shows it: a mapping or a list by its kind, the rest as Python writes it, cut.

    >>> shown("a"), shown([1, 2]), shown({}), shown(True), shown(None)
    ("'a'", 'a list', 'a mapping', 'true', 'nothing')
    """
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    if value is None or isinstance(value, bool):
        return "nothing" if value is None else str(value).lower()
    try:
        text = repr(value)
    except ValueError:  # Python writes no whole number of more than a few thousand digits
        return "a number of very many digits"
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


def spelled(place: Place) -> str:
    """Return a place as people write it; a key that is not plain, in quotes.

    >>> spelled(("overrides", 0, "params", "lr-zero.floor"))
    'overrides[0].params.lr-zero.floor'
    """
    text = ""
    for key in place:
        part = repr(key) if isinstance(key, str) and (not key or " " in key or not key.isprintable()) else key
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text
