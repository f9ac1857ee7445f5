"""What people and editors see of the settings: JSON Schemas, a commented configuration, the settings that hold."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import yaml

from runaudit.config import Config, Override, Suppression
from runaudit.ruleset import Rule
from runaudit.schemas import schema

WIDTH = 100
COMMENT = 40  # columns before an origin
SCHEMA_FILE = ".runaudit.schema.json"


def schema_text(name: str, rules: Mapping[str, Rule]) -> str:
    """Return a schema as JSON; that of the configuration knows the rules and their limits, which an editor offers."""
    found = schema(name)
    if name == "config":
        found["$defs"]["thresholds"]["properties"] = {
            f"{rule.id}.{parameter}": {
                "type": "number",
                "default": param.default,
                "description": param.why,
                **({"minimum": param.low} if param.low is not None else {}),
                **({"maximum": param.high} if param.high is not None else {}),
            }
            for rule in rules.values()
            for parameter, param in rule.params.items()
        }
        words = sorted({*rules, *(rule.family for rule in rules.values())})
        offered = {"anyOf": [{"enum": words}, {"type": "string", "minLength": 1}]}
        for key in ("select", "ignore", "extend_select", "require"):
            found["properties"][key]["items"] = offered
        found["properties"]["overrides"]["items"]["properties"]["ignore"]["items"] = offered
        found["properties"]["suppressions"]["items"]["properties"]["rule"] |= offered
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"


def template() -> str:
    """Return a configuration with every setting explained, each commented out with an example."""
    parts = [
        f"# yaml-language-server: $schema={SCHEMA_FILE}",
        "# Settings of runaudit. Take away the # before a setting to use it; every one may be left out.",
    ]
    for key, spec in schema("config")["properties"].items():
        value = spec["examples"][0] if "examples" in spec else spec["default"]
        parts += ["", *_comment(spec["description"]), *_example(key, value)]
    return "\n".join(parts) + "\n"


def _comment(text: str) -> Iterator[str]:
    yield from (f"# {line}" for line in textwrap.wrap(text, WIDTH, break_on_hyphens=False, break_long_words=False))


def _example(key: str, value: object) -> Iterator[str]:
    yield from (f"#{line}" for line in entry(key, value).splitlines())


class _Dumper(yaml.SafeDumper):
    """YAML as people write it: lists of words on one line, items of a list indented."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Indent the items of a list too."""
        del indentless
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ANN401  as the parent has it
        """Write everything in full."""
        del data
        return True


def _list(dumper: yaml.SafeDumper, items: list[Any]) -> yaml.Node:
    plain = all(isinstance(item, str | int | float) for item in items)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", items, flow_style=plain)


_Dumper.add_representer(list, _list)


def entry(key: str, value: object) -> str:
    """Return one setting as YAML.

    >>> entry("thresholds", {"overfitting.min_rise": 0.2}).splitlines()
    ['thresholds:', '  overfitting.min_rise: 0.2']
    """
    dumped: str = yaml.dump({key: value}, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10_000)
    return dumped


def settings_text(config: Config, *, origin: bool) -> str:
    """Return the settings as a file of settings that says the same; with ``origin``, where each comes from."""
    lines = [f"# {config.path or 'no file of settings'}"]
    for field in schema("config")["properties"]:
        value = _plain(getattr(config, field))
        text = f"# {field}: none" if value is None else entry(field, value)
        first, *rest = text.splitlines()
        lines += _with_origins(config, field, first, rest) if origin else [first, *rest]
    return "\n".join(lines) + "\n"


def _with_origins(config: Config, field: str, first: str, rest: Sequence[str]) -> Iterator[str]:
    yield _commented(first, config.origins.get(field) or "default")
    parts = iter(_lines_of(config, field))
    for line in rest:
        begins = line.startswith("  - ") or (line.startswith("  ") and line[2:3] not in {" ", "-"})
        where = next(parts, 0) if begins else 0
        yield _commented(line, f"{config.path}:{where}") if where else line


def _lines_of(config: Config, field: str) -> Iterator[int]:
    """Yield the line of each item of a list or mapping, in order."""
    value = getattr(config, field)
    if isinstance(value, Mapping):
        for name in value:
            rule, _, parameter = name.partition(".")
            yield config.where(field, name) if (field, name) in config.lines else config.where(field, rule, parameter)
    elif isinstance(value, tuple):
        yield from (config.where(field, i) for i in range(len(value)))


def _commented(line: str, words: str) -> str:
    return f"{line.ljust(COMMENT)}  # {words}"


def _plain(value: object) -> object:
    """Return a setting as plain data, what is not set left out."""
    if isinstance(value, Override | Suppression):
        given = {name: _plain(getattr(value, name)) for name in value.__slots__}
        return {name: said for name, said in given.items() if said not in (None, "", [], {})}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return dict(value)
    return value.isoformat() if isinstance(value, date) else value or (None if value == "" else value)
