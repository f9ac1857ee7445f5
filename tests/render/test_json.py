"""The JSON report: its schema, its bytes, and strictness on numbers and texts that JSON does not know."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from runaudit.model import Report
from runaudit.render import Options, renderer
from runaudit.render import json as json_format
from tests.render import fixtures as fx

GOLDEN = Path(__file__).parent / "golden"
SCHEMA = json.loads(resources.files("runaudit.render").joinpath("report.schema.json").read_text("utf-8"))
KINDS: dict[str, tuple[type, ...]] = {
    "string": (str,), "integer": (int,), "number": (int, float), "boolean": (bool,), "null": (type(None),),
    "object": (dict,), "array": (list,),
}  # fmt: skip


def parse(report: Report) -> Any:  # noqa: ANN401  JSON
    def refuse(token: str) -> None:
        raise AssertionError(f"{token} is not JSON")

    return json.loads(renderer("json").render(report, Options()), parse_constant=refuse)


def problems(value: Any, schema: dict[str, Any], where: str = "$") -> Iterator[str]:  # noqa: ANN401  JSON
    """Report how a document differs from a schema, as far as our schema goes."""
    if "$ref" in schema:
        schema = SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]]
    if "const" in schema and value != schema["const"]:
        yield f"{where}: {value!r} is not {schema['const']!r}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{where}: {value!r} is none of {schema['enum']}"
    if "anyOf" in schema and all(list(problems(value, s, where)) for s in schema["anyOf"]):
        yield f"{where}: {value!r} fits no alternative"
    kinds = schema.get("type", [])
    allowed = [k for kind in ([kinds] if isinstance(kinds, str) else kinds) for k in KINDS[kind]]
    if allowed and (not isinstance(value, tuple(allowed)) or (isinstance(value, bool) and bool not in allowed)):
        yield f"{where}: {value!r} is not {kinds}"
        return
    if "minimum" in schema and isinstance(value, int) and value < schema["minimum"]:
        yield f"{where}: {value} is below {schema['minimum']}"
    if isinstance(value, list):
        for i, item in enumerate(value):
            yield from problems(item, schema.get("items", {}), f"{where}[{i}]")
    if isinstance(value, dict):
        yield from _keys(value, schema, where)


def _keys(value: dict[str, Any], schema: dict[str, Any], where: str) -> Iterator[str]:
    named = schema.get("properties", {})
    yield from (f"{where}.{key} is missing" for key in schema.get("required", []) if key not in value)
    for key, item in value.items():
        more = schema.get("additionalProperties", {})
        if key not in named and more is False:
            yield f"{where}.{key} is not in the schema"
        else:
            yield from problems(item, named.get(key, more if isinstance(more, dict) else {}), f"{where}.{key}")


@pytest.mark.parametrize("name", fx.REPORTS)
def test_a_report_keeps_the_schema(name: str) -> None:
    assert list(problems(parse(fx.REPORTS[name]()), SCHEMA)) == []


def test_the_check_of_the_schema_can_fail() -> None:
    document = parse(fx.one_run())
    document["findings"][0]["severity"] = "fatal"
    document["findings"][0]["first_step"] = True
    document["findings"][0]["facts"]["rise"] = None
    del document["summary"]["errors"]
    document["extra"] = 1
    assert len(list(problems(document, SCHEMA))) == 5


@pytest.mark.parametrize("name", ["one", "nasty", "search", "empty"])
def test_bytes(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_format, "__version__", "0")
    text = renderer("json").render(fx.REPORTS[name](), Options())
    file = GOLDEN / f"{name}.json"
    if os.environ.get("RUNAUDIT_UPDATE_GOLDEN"):
        file.write_text(text, "utf-8")
    assert text == file.read_text("utf-8"), "RUNAUDIT_UPDATE_GOLDEN=1 accepts the new bytes"
    assert text.isascii()


def test_numbers_that_json_does_not_know_are_text() -> None:
    found = parse(fx.nasty())["findings"][0]
    assert found["facts"]["peak"] == "Infinity"
    assert found["facts"]["low"] == "-Infinity"
    assert found["facts"]["mean"] == "NaN"
    assert found["limit"] == {"limit": 3.0}
    assert parse(fx.nasty())["runs"][0]["config"]["learning_rate"] == "NaN"


def test_undecodable_file_names_stay_readable() -> None:
    path = parse(fx.nasty())["unreadable"][0]["path"]
    assert path.endswith("end \\ud800")
    path.encode("utf-8")


def test_the_order_of_what_came_in_any_order_is_fixed() -> None:
    report = fx.many_runs()
    shuffled = replace(
        report, runs=report.runs[::-1], skips=report.skips[::-1], unreadable=report.unreadable[::-1]
    )  # fmt: skip
    assert renderer("json").render(shuffled, Options()) == renderer("json").render(report, Options())


def test_summary_counts() -> None:
    summary = parse(fx.many_runs())["summary"]
    assert summary == {
        "runs": 5, "sweeps": 0, "errors": 2, "warnings": 1, "notes": 0, "skipped": 15, "unreadable": 2, "exit_code": 1,
    }  # fmt: skip


def test_lines_of_unreadable_files_are_in_the_reason() -> None:
    reasons = [u["reason"] for u in parse(fx.many_runs())["unreadable"]]
    assert reasons[0].startswith("line 1: no training metric")
