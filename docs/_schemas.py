"""The references of the settings, the JSON report and rule files, from their JSON Schemas."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from docs._examples import report
from runaudit.docs import cell, fence, table
from runaudit.published import entry
from runaudit.render.json import document
from runaudit.schemas import schema

WORDS = {"object": "mapping", "array": "list", "string": "text", "integer": "whole number", "null": "nothing"}
SHORT = 60  # characters of an example of a value
SETTINGS = """# Settings

They stand in `runaudit.yaml`, or in `pyproject.toml` under `[tool.runaudit]`. The nearest file holds: it is looked
for in the folder that holds all audited paths and above it, then in the working directory and above it, up to the
folder with `.git`. `runaudit init` writes one with everything commented out, and a schema by which an editor
completes it; `runaudit config show --origin` says what holds and why. Options of the command line win over the
environment (`RUNAUDIT_CONFIG`, `RUNAUDIT_FAIL_ON`, `RUNAUDIT_PROFILE`), which wins over the file. Every mistake is
told at once, with its line; then nothing is audited. `runaudit schema config` prints the schema that this page is
made from.
"""
JSON = """# The JSON report

What `runaudit check --format json` and `--output report.json` write. It is the contract for programs: strict JSON (no
bare NaN), the same bytes for the same input, `schema_version` 1. A change that could break a reader gets a new
version; new keys may come. `runaudit schema report` prints the JSON Schema that this page is made from. `[]` stands
for every item of a list.
"""
RULE_FILE = """# Rule files

A rule is one YAML file, `FAMILY/ID.yaml`: `runaudit rules new ID` begins one, `runaudit rules test` runs its
examples; the way there is told in [rules of your own](recipes/own-rules.md). `runaudit schema rule` prints the JSON
Schema that this page is made from, by which an editor completes and checks it.
"""


def settings() -> str:
    """Return the page of the settings: each with its meaning, its default and an example."""
    whole = schema("config")
    lines = [SETTINGS]
    for name, spec in whole["properties"].items():
        default = f"default `{spec['default']}`" if "default" in spec else "not set by default"
        value = spec["examples"][0] if "examples" in spec else spec["default"]
        lines += [f"## {name}", "", cell(spec["description"]), "", f"{_kind(spec, whole).capitalize()}; {default}.", ""]
        lines += [*fence("yaml", entry(name, value)), ""]
        nested = _resolved(spec, whole).get("items", {})
        if "properties" in nested:
            lines += [*_fields(nested, whole, None), ""]
    return "\n".join(lines)


def rule_file() -> str:
    """Return the page of the fields of a rule file."""
    whole = schema("rule")
    return "\n".join((RULE_FILE, *_fields(whole, whole, None)))


def json_report() -> str:
    """Return the page of the JSON report: every key, with the value that it has in the report on a sample run."""
    whole, example = schema("report"), document(report())
    tables = {name: found for name, spec in whole["properties"].items() if (found := _inside(spec, whole))}
    plain = {**whole, "properties": {k: v for k, v in whole["properties"].items() if k not in tables}}
    lines = [JSON, "## The whole", "", *_fields(plain, whole, example)]
    told: dict[str, str] = {}
    for name, inner in tables.items():
        said = whole["properties"][name].get("description", "")
        lines += ["", f"## {name}", "", *([cell(said), ""] if said else [])]
        same = told.setdefault(json.dumps(inner), name)
        if same != name:
            lines.append(f"A list of the same as [{same}](#{same}).")
            continue
        value = example.get(name)
        lines += _fields(inner, whole, value[0] if isinstance(value, list) and value else value)
    return "\n".join(lines)


def _inside(spec: Mapping[str, Any], whole: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the mapping that a value is or that its items are, None if it is neither."""
    found = _resolved(spec, whole)
    found = _resolved(found["items"], whole) if "items" in found else found
    return found if "properties" in found else None


def _fields(spec: Mapping[str, Any], whole: Mapping[str, Any], example: object) -> list[str]:
    """Return the table of the keys of a mapping and of those inside of it, with an example of each if there is one."""
    rows = list(_rows(spec, whole, example, ""))
    if not example:
        return table(("key", "holds", "meaning"), [(key, kind, told) for key, kind, _, told in rows])
    return table(("key", "holds", "such as", "meaning"), rows)


def _rows(
    spec: Mapping[str, Any], whole: Mapping[str, Any], example: object, place: str
) -> Iterator[tuple[str, str, str, str]]:
    wanted = set(spec.get("required", ()))
    every = wanted == set(spec.get("properties", {}))
    for name, raw in spec.get("properties", {}).items():
        inner = _resolved(raw, whole)
        value = example.get(name) if isinstance(example, dict) else None
        must = "" if every or name not in wanted else " (required)"
        told = raw.get("description") or inner.get("description", "")
        yield f"`{place}{name}`{must}", cell(_kind(raw, whole)), _such(value), cell(told)
        items = _resolved(inner.get("items", {}), whole)
        more = inner.get("additionalProperties")
        if items.get("properties"):
            yield from _rows(items, whole, value[0] if isinstance(value, list) and value else None, f"{place}{name}[].")
        elif inner.get("properties"):
            yield from _rows(inner, whole, value, f"{place}{name}.")
        elif isinstance(more, dict) and more.get("properties"):
            yield from _rows(more, whole, None, f"{place}{name}.NAME.")


def _resolved(spec: Mapping[str, Any], whole: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**whole["$defs"][spec["$ref"].rpartition("/")[2]], **spec} if "$ref" in spec else spec


def _kind(spec: Mapping[str, Any], whole: Mapping[str, Any]) -> str:
    """Return what a value may be, in words."""
    found = _resolved(spec, whole)
    if "const" in found:
        return f"`{json.dumps(found['const'])}`"
    if "enum" in found:
        return " or ".join(f"`{value}`" for value in found["enum"])
    kinds = found.get("type") or [kind for one in found.get("anyOf", ()) for kind in _types(_resolved(one, whole))]
    named = [WORDS.get(k, k) for k in ([kinds] if isinstance(kinds, str) else kinds)]
    return " or ".join(dict.fromkeys(named)) or "anything"


def _types(spec: Mapping[str, Any]) -> list[str]:
    given = spec.get("type", [])
    return [given] if isinstance(given, str) else list(given)


def _such(value: object) -> str:
    """Return a value as JSON, where it is short."""
    text = json.dumps(value, ensure_ascii=False)
    return cell(f"`{text}`") if value not in (None, [], {}, "") and len(text) <= SHORT else ""
