"""The docs: generated pages are current, what is written by hand is true, and the site builds without a network."""

from __future__ import annotations

import os
import re
import runpy
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml

from docs import _nav
from docs.make_pages import COMMAND, HERE, MARK, drift, pages, write
from runaudit.cli.app import COMMANDS, command
from runaudit.config import resolve
from runaudit.detectors import detectors
from runaudit.ruleset import Rule, read_rule
from runaudit.ruletests import run_examples
from runaudit.schemas import schema

ROOT = HERE.parent
FENCE = re.compile(r"^(`{3,})(\w+)\n(.*?)^\1$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#:]+)(?:#[\w-]+)?\)")
HAND = sorted(path for path in HERE.rglob("*.md") if MARK not in path.read_text("utf-8"))


def blocks(language: str) -> Iterator[tuple[str, str]]:
    """Yield the blocks of a language in the pages written by hand and in the README, with the name of the page."""
    for path in (*HAND, ROOT / "README.md"):
        for _, name, text in FENCE.findall(path.read_text("utf-8")):
            if name == language:
                yield path.name, text


def test_the_generated_pages_are_current() -> None:
    problems = drift(HERE, pages())
    assert not problems, f"run {COMMAND}: {', '.join(problems)}"


def test_drift_is_seen_and_corrected(tmp_path: Path) -> None:
    wanted = {"rules/a.md": "a", "json.md": f"j\n\n{MARK}\n", "rules/b.md": "b"}
    for name in ("rules/b.md", "rules/gone.md", "mine.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("old")
    (tmp_path / "was.md").write_text(f"x\n{MARK}\n")
    assert drift(tmp_path, wanted) == [
        "rules/a.md is missing",
        "json.md is missing",
        "rules/b.md is stale",
        "rules/gone.md is left over",
        "was.md is left over",
    ]
    write(tmp_path, wanted)
    assert drift(tmp_path, wanted) == []
    assert (tmp_path / "mine.md").read_text() == "old"


def test_every_page_is_in_the_navigation() -> None:
    def leaves(entry: Any) -> Iterator[str]:  # noqa: ANN401  a page, or a list or mapping of entries
        if isinstance(entry, str):
            yield entry
        else:
            for inner in entry.values() if isinstance(entry, dict) else entry:
                yield from leaves(inner)

    class Config:
        nav: Any = yaml.safe_load((ROOT / "mkdocs.yml").read_text("utf-8"))["nav"]

    listed = list(leaves(_nav.on_config(Config()).nav))
    there = [path.relative_to(HERE).as_posix() for path in HERE.rglob("*.md")]
    assert sorted(listed) == sorted(there)


@pytest.mark.parametrize("page", [*HAND, ROOT / "README.md"], ids=lambda path: path.stem)
def test_links_lead_somewhere(page: Path) -> None:
    for target in LINK.findall(FENCE.sub("", page.read_text("utf-8"))):
        assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_commands_in_the_docs_exist_with_their_options() -> None:
    said = [
        (page, line)
        for page, text in blocks("sh")
        for line in re.split(r"\n|&&|\|\|", text)
        if line.strip().startswith("runaudit ")
    ]
    assert len(said) > 20
    for page, line in said:
        words = shlex.split(line, comments=True)[1:]
        assert words[0] in COMMANDS, f"{page}: {line}"
        found = command(words.pop(0))
        if getattr(found, "commands", None) and words and not words[0].startswith("-"):
            assert words[0] in found.commands, f"{page}: {line}"
            found = found.commands[words.pop(0)]
        known = {option for parameter in found.params for option in parameter.opts}
        assert {word for word in words if word.startswith("-")} <= known, f"{page}: {line}"


def test_settings_and_rules_in_the_docs_are_valid(tmp_path: Path) -> None:
    settings = set(schema("config")["properties"])
    seen = set()
    for page, text in blocks("yaml"):
        data = yaml.safe_load(text)
        if isinstance(data, dict) and "detector" in data:
            path = tmp_path / "own" / f"{data['id']}.yaml"
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
            rule = read_rule(path, detectors())
            assert isinstance(rule, Rule), f"{page}: {rule}"
            assert [*run_examples(rule)] == [], page
            seen.add("rule")
        elif isinstance(data, dict) and set(data) <= settings:
            (tmp_path / "runaudit.yaml").write_text(text)
            assert resolve(file=tmp_path / "runaudit.yaml", environ={}).problems == (), page
            seen.update(data)
    assert {"rule", "map", "suppressions", "rules"} <= seen


def test_python_in_the_docs_compiles() -> None:
    texts = [*blocks("python")]
    assert len(texts) > 5
    for page, text in texts:
        compile(text, page, "exec")


def test_the_example_in_python_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(ROOT / "sample_logs" / "keras_csv" / "overfitting", tmp_path / "logs")
    monkeypatch.chdir(tmp_path)
    Path("example.py").write_text(FENCE.findall((HERE / "python.md").read_text("utf-8"))[0][2])
    found = runpy.run_path("example.py")
    assert len(found["frame"]) == 2
    assert "val/loss" in found["curves"]


def test_the_reader_of_the_recipe_reads(tmp_path: Path) -> None:
    text = next(text for page, text in blocks("python") if page == "plugin-reader.md")
    (tmp_path / "reader.py").write_text(text)
    (tmp_path / "a.log").write_text("# tally 1\n0 loss=2.31 lr=0.1\n10 loss=2.05\n")
    reader = runpy.run_path(str(tmp_path / "reader.py"))["READER"]
    (log,) = reader.read(tmp_path / "a.log")
    assert {series.name: series.values.tolist() for series in log.series} == {
        "step": [0.0, 10.0],
        "loss": [2.31, 2.05],
        "lr": [0.1],
    }
    assert log.series[1].lines.tolist() == [2, 3]


@pytest.mark.skipif(find_spec("mkdocs") is None or find_spec("material") is None, reason="needs the extra docs")
def test_the_site_builds_and_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    done = subprocess.run(  # noqa: S603  our own site
        [
            sys.executable,
            "-m",
            "mkdocs",
            "build",
            "--strict",
            "-q",
            "-f",
            str(ROOT / "mkdocs.yml"),
            "-d",
            str(tmp_path),
        ],
        capture_output=True,
        text=True,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    loaded = re.compile(r"<(?:script|img|iframe|source)[^>]*\ssrc=\"?https?:|<link[^>]*\shref=\"?https?:")
    built = sorted(tmp_path.rglob("*.html"))
    assert len(built) > len(HAND)
    assert [path.name for path in built if loaded.search(path.read_text("utf-8"))] == []
    assert not [*tmp_path.rglob("*.py")]
