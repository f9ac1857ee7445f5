"""The reports of a comparison: their look (golden files), and that nothing of a log is obeyed in them."""

from __future__ import annotations

import json
import os
import re
from functools import cache
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from markdown_it import MarkdownIt

from runaudit.compare import Comparison, compare
from runaudit.model import Run
from runaudit.pen import Options
from runaudit.render._compare import SUFFIXES, renderer
from runaudit.schemas import schema
from runaudit.schemas.check import faults
from runaudit.text import cells
from tests.compare import make
from tests.render import hostile

GOLDEN = Path(__file__).parent / "golden"
FIVE = [0.50, 0.51, 0.49, 0.505, 0.495]
SHOWN = re.compile("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\u2028]")


@cache
def example(name: str) -> Comparison:
    old = make.group("runs/old", FIVE, config={"learning_rate": 0.1, "optimizer": "sgd"})
    if name == "better":
        levels = [v - 0.2 for v in FIVE]
        return compare(
            make.group("runs/new", levels, config={"learning_rate": 0.3, "optimizer": "sgd", "seed": 1}), old
        )
    if name == "unclear":
        return compare([make.run("runs/new", 0.47, seed=3)], [make.run("runs/old", 0.5, seed=4)])
    base = make.run("runs/new", seed=5)
    values = base.series["val/loss"].values.copy()
    values[25:] = float("nan")
    return compare([make.with_values(base, "val/loss", values)], old)


def show(name: str, form: str, **options: object) -> str:
    return renderer(form)(example(name), Options(**options), "worse")  # type: ignore[arg-type]


def check_golden(text: str, name: str) -> None:
    file = GOLDEN / name
    if os.environ.get("RUNAUDIT_UPDATE_GOLDEN"):
        file.write_text(text, "utf-8", newline="\n")
    assert text == file.read_text("utf-8"), "RUNAUDIT_UPDATE_GOLDEN=1 accepts the new bytes"


@pytest.mark.parametrize("form", SUFFIXES)
@pytest.mark.parametrize("name", ["better", "unclear", "worse"])
def test_look(name: str, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib

    module = importlib.import_module(f"runaudit.render._compare.{form}")
    if hasattr(module, "__version__"):
        monkeypatch.setattr(module, "__version__", "0")
    text = show(name, form)
    if form == "html":  # the style sheet is that of check, tested there
        text = re.sub(r"<style>.*?</style>", "<style></style>", text, flags=re.DOTALL)
        text = re.sub(r"style-src '[^']*'", "style-src ''", text)
    check_golden(text, f"{name}{SUFFIXES[form]}")


def test_look_in_ascii_and_in_colour() -> None:
    check_golden(show("better", "rich", ascii=True, width=70), "better-ascii.txt")
    check_golden(show("worse", "rich", color=True, width=120), "worse-colour.txt")
    check_golden(show("worse", "rich", verbosity=-1), "worse-quiet.txt")
    assert show("better", "rich", ascii=True).isascii()


@pytest.mark.parametrize("width", [60, 72, 80, 100, 120])
@pytest.mark.parametrize("name", ["better", "unclear", "worse"])
def test_no_line_is_wider_than_the_terminal(name: str, width: int) -> None:
    for ascii_only in (False, True):
        assert max(map(cells, show(name, "rich", width=width, ascii=ascii_only).splitlines())) <= width


def hostile_comparison(text: str) -> Comparison:
    name = text or "."
    metric = f"val/loss/{text}"

    def one(side: str, seed: int) -> Run:
        return make.run(
            f"{name}{side}", seed=seed, metric=metric, config={f"k{text}": f"{text}{side}", "dir": f"{side}{text}"}
        )

    cut = make.run(f"{name}cut", points=5, metric=metric, config={f"k{text}": "c"})
    found = compare([one("a", 1), one("b", 2)], [one("c", 3), one("d", 4), cut], metric=metric)
    assert found.notes
    return found


@given(text=hostile.ANY)
@settings(max_examples=60, deadline=None)
def test_nothing_of_a_log_is_obeyed(text: str) -> None:
    found = hostile_comparison(text)
    for form in SUFFIXES:
        shown = renderer(form)(found, Options(color=False), "worse")
        assert not SHOWN.search(shown), form
        shown.encode("utf-8")
    told = json.loads(renderer("json")(found, Options(), "worse"))
    assert told["verdict"] == str(found.verdict)
    wide = renderer("rich")(found, Options(width=80), "worse")
    assert max(map(cells, wide.splitlines())) <= 80


@pytest.mark.parametrize("text", hostile.TEXTS)
def test_the_page_holds_no_markup_of_a_log(text: str) -> None:
    page = renderer("html")(hostile_comparison(text), Options(), "worse")
    plain = renderer("html")(hostile_comparison("x"), Options(), "worse")
    assert sorted(set(re.findall(r"<(\w+)", page))) == sorted(set(re.findall(r"<(\w+)", plain)))
    assert page.count("<h2") == plain.count("<h2")
    assert "<script" not in page
    assert not re.search(r"(?:src|href)=\"(?!#)", page)


@pytest.mark.parametrize("text", hostile.TEXTS)
def test_markdown_holds_no_markup_of_a_log(text: str) -> None:
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])

    def kinds(of: str) -> dict[str, int]:
        tokens = parser.parse(renderer("markdown")(hostile_comparison(of), Options(), "worse"))
        every = [t for token in tokens for t in (token, *(token.children or []))]
        return {
            k: sum(t.type == k for t in every) for k in ("heading_open", "link_open", "image", "table_open", "tr_open")
        }

    assert kinds(text) == kinds("x")


def test_the_json_keeps_its_schema() -> None:
    definition = schema("comparison")
    reference = pytest.importorskip("jsonschema").Draft202012Validator
    reference.check_schema(definition)
    for name in ("better", "unclear", "worse"):
        told = json.loads(show(name, "json"))
        assert list(faults(told, definition, definition)) == []
        assert [error.message for error in reference(definition).iter_errors(told)] == []
    told["verdict"] = "good"
    assert len(list(faults(told, definition, definition))) == 1


def test_the_page_is_well_formed_where_it_draws() -> None:
    page = show("better", "html")
    drawings = re.findall(r"<figure>(<svg.*?</svg>)\n?<figcaption", page.replace("\n", ""))
    assert len(drawings) == 2
    for drawing in drawings:
        assert ET.fromstring(drawing).tag == "svg"  # noqa: S314  our own text
    assert 'class="b train"' in page
    assert page.count('class="val" d="M') == 10
    assert len(page) < 60_000
