"""YAML and TOML as plain data, with the line of every key: what a message about a file points at."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from runaudit.schemas.check import Fault, Place

_HEAD = re.compile(r"^\s*(\[\[?)\s*(.+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"""^\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*=""")
_PART = re.compile(r"""[A-Za-z0-9_-]+|"[^"]*"|'[^']*'""")
_AT = re.compile(r" ?\(at line (\d+), column \d+\)| ?\(at end of document\)")


class BrokenError(Exception):
    """A file that is no YAML or no TOML; ``line`` is 1-based, None where the parser does not say."""

    def __init__(self, words: str, line: int | None = None) -> None:
        super().__init__(words)
        self.words = words
        self.line = line


@dataclass(frozen=True, slots=True)
class Document:
    """The data of a file, the line of each place in it, and the keys that are given twice."""

    data: Any
    lines: Mapping[Place, int] = field(default_factory=dict)
    twice: tuple[Fault, ...] = ()

    def where(self, place: Place) -> int:
        """Return the line of a place, that of what holds it where it has none itself, 0 if none has."""
        return next((self.lines[place[:n]] for n in range(len(place), -1, -1) if place[:n] in self.lines), 0)


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Safe YAML in which a date stays text, as in the schema, and one that does not exist is no error of the parser."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in known if tag != "tag:yaml.org,2002:timestamp"]
    for first, known in _Loader.yaml_implicit_resolvers.items()
}


def read_yaml(text: str) -> Document:
    """Return the document of a YAML text; raises ``BrokenError``."""
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return Document({})
        lines: dict[Place, int] = {}
        twice = tuple(_walk(node, (), lines, set()))
        return Document(loader.construct_document(node), lines, twice)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        last = len(text.splitlines())  # the parser may mean the line behind it
        line = min(mark.line + 1, last) if mark else None
        raise BrokenError(f"broken YAML: {error.problem or error.context}", line) from error
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        raise BrokenError(f"broken YAML: {' '.join(str(error).split())}") from error
    finally:
        loader.dispose()


def _walk(node: yaml.Node, place: Place, lines: dict[Place, int], seen: set[int]) -> Iterator[Fault]:
    """Note the line of every key and item below a node, and report keys given twice; an alias is looked at once."""
    lines.setdefault(place, node.start_mark.line + 1)
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        names: set[str] = set()
        for key, value in node.value:
            below = (*place, str(key.value))
            lines[below] = key.start_mark.line + 1
            if str(key.value) in names:
                yield Fault(below, "the key is given twice")
            names.add(str(key.value))
            yield from _walk(value, below, lines, seen)
    elif isinstance(node, yaml.SequenceNode):
        for i, item in enumerate(node.value):
            yield from _walk(item, (*place, i), lines, seen)


def read_toml(text: str) -> Document:
    """Return the document of a TOML text, dates as text; raises ``BrokenError``.

    The parser gives no lines: they are those where a header or a key stands at the beginning of a line.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = _AT.search(str(error))
        words = f"broken TOML: {_AT.sub('', str(error))}"
        raise BrokenError(words, int(found[1]) if found and found[1] else None) from error
    except (ValueError, RecursionError) as error:
        raise BrokenError(f"broken TOML: {error}") from error
    return Document(_plain(data), dict(_toml_lines(text)))


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value if isinstance(value, str | int | float) else str(value)  # a date, as ISO writes it


def _toml_lines(text: str) -> Iterator[tuple[Place, int]]:
    """Yield the places that begin a line, in order; of an array of tables each table has its number."""
    tables: dict[Place, int] = {}
    home: Place = ()
    for number, line in enumerate(text.splitlines(), start=1):
        head, key = _HEAD.match(line), _KEY.match(line)
        if key:
            yield (*home, *_parts(key[1])), number
        elif head:
            home = _numbered(_parts(head[2]), tables)
            if head[1] == "[[":
                tables[home] = tables.get(home, -1) + 1
                home = (*home, tables[home])
            yield home, number


def _parts(text: str) -> Place:
    return tuple(part.strip("\"'") for part in _PART.findall(text))


def _numbered(place: Place, tables: Mapping[Place, int]) -> Place:
    """Return a place with the number of the last table of every array of tables above it."""
    found: Place = ()
    for part in place[:-1]:
        found = (*found, part)
        if found in tables:
            found = (*found, tables[found])
    return (*found, *place[-1:])
