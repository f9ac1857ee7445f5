"""A configuration file -> ``Config``, with everything that is wrong in it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from runaudit.config import Config, Override, Problem, Suppression
from runaudit.errors import UsageError
from runaudit.schemas import schema
from runaudit.schemas.check import Fault, Place, faults, shown, spelled, without
from runaudit.schemas.lines import BrokenError, Document, read_toml, read_yaml

MOST_BYTES = 1_000_000
TOOL = ("tool", "runaudit")


def read(path: Path, why: str = "") -> Config:
    """Return the settings of a file: YAML, or by its suffix TOML (our table, else the whole of it).

    ``why`` is said of a file that is not there. Raises ``UsageError`` where it cannot be read at all; what is wrong
    inside stands in ``problems``.
    """
    name = shown_path(path)
    top: Place = ()
    try:
        document = _document(path, f"{name}{why}")
        if path.suffix.lower() == ".toml":
            document, top = _table(document, path, name)
    except BrokenError as error:
        where = f"{name}:{error.line}" if error.line else name
        raise UsageError(f"{where}: {error.words}") from error
    definition = schema("config")
    lines = {place[len(top) :]: line for place, line in document.lines.items() if place[: len(top)] == top}
    wrong = [*document.twice, *faults(document.data, definition, definition)]
    data: Any = without(document.data, {fault.place for fault in wrong})
    settings = _settings(data if isinstance(data, dict) else {})
    folder = Path(os.path.abspath(path)).parent  # noqa: PTH100  keeps symlinks
    found = Config(**settings, path=name, folder=folder, lines=lines)
    origins = {key: f"{name}:{lines[key,]}" if (key,) in lines else name for key in settings}
    wrong += _idle(found, {fault.place[:2] for fault in wrong})
    problems = tuple(Problem(found.where(*f.place) or lines.get((), 0), _text(f)) for f in wrong)
    return Config(**settings, path=name, folder=folder, lines=lines, origins=origins, problems=problems)


def shown_path(path: Path) -> str:
    """Return a path as messages name it: relative to the working directory where it lies below it."""
    try:
        return Path(os.path.abspath(path)).relative_to(Path.cwd()).as_posix()  # noqa: PTH100  keeps symlinks
    except ValueError:
        return str(path)


def _document(path: Path, name: str) -> Document:
    try:
        with path.open("rb") as stream:
            raw = stream.read(MOST_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{name}: {(error.strerror or str(error)).lower()}") from error
    if len(raw) > MOST_BYTES:
        raise UsageError(f"{name}: it is no configuration: larger than {MOST_BYTES:,} bytes")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{name}:{raw[: error.start].count(10) + 1}: it is no UTF-8 text") from error
    return read_toml(text) if path.suffix.lower() == ".toml" else read_yaml(text)


def _table(document: Document, path: Path, name: str) -> tuple[Document, Place]:
    """Return the table of ours in a TOML file, and where it stands; a file of our own needs none."""
    tool = document.data.get("tool")
    if isinstance(tool, dict) and "runaudit" in tool:
        return Document(tool["runaudit"], document.lines), TOOL
    if path.name == "pyproject.toml":
        raise UsageError(f"{name}: it has no table [tool.runaudit]")
    return document, ()


def _text(fault: Fault) -> str:
    return f"{spelled(fault.place)}: {fault.words}" if fault.place else f"{fault.words}"


def _settings(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a ``Config`` that the data gives; what is wrong was taken out before."""
    made: dict[str, Any] = {}
    for key, value in data.items():
        if key in {"require", "select", "ignore", "extend_select", "rules"}:
            made[key] = _words(value)
        elif key == "thresholds":
            made[key] = _flat(value)
        elif key == "overrides":
            made[key] = tuple(_override(item) for item in value)
        elif key == "suppressions":
            made[key] = tuple(_suppression(item) for item in value)
        else:
            made[key] = value
    return made


def _words(value: str | list[str | None]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(word or "" for word in value)


def _flat(value: Mapping[str, Any]) -> dict[str, float]:
    """Return thresholds as ``rule.parameter``: nested ones too, which TOML makes of a dotted key without quotes."""
    flat: dict[str, float] = {}
    for key, item in value.items():
        flat |= {f"{key}.{name}": v for name, v in item.items()} if isinstance(item, dict) else {key: item}
    return flat


def _override(item: Mapping[str, Any] | None) -> Override:
    given = item or {}
    return Override(
        match=_words(given.get("match", [])),
        ignore=_words(given.get("ignore", [])),
        params=_flat(given.get("params", {})),
        map=given.get("map", {}),
        task=given.get("task", ""),
    )


def _suppression(item: Mapping[str, Any] | None) -> Suppression:
    given = item or {}
    expires = given.get("expires")
    return Suppression(
        rule=given.get("rule", ""),
        reason=given.get("reason", ""),
        match=_words(given.get("match", [])),
        expires=date.fromisoformat(expires) if expires is not None else None,
    )


def _idle(found: Config, wrong: set[Place]) -> Iterator[Fault]:
    """Report overrides that say nothing, unless they are wrong already, and maps whose names are blank."""
    for i, one in enumerate(found.overrides):
        if ("overrides", i) not in wrong and not (one.ignore or one.params or one.map or one.task):
            yield Fault(("overrides", i), f"{shown(one.match[0])} has none of ignore, params, map, task")
    maps: list[tuple[Place, Mapping[str, str]]] = [(("map",), found.map)]
    maps += [(("overrides", i, "map"), one.map) for i, one in enumerate(found.overrides)]
    for place, pairs in maps:
        yield from (
            Fault((*place, column), "the name of the column is blank") for column in pairs if not column.strip()
        )
