"""A comparison as text: one format per file, each a pure function of the comparison and of how the reader sees it."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from runaudit.compare import Comparison
from runaudit.pen import Options

Render = Callable[[Comparison, Options, str], str]  # the last is the condition under which the program fails

SUFFIXES = {"rich": ".txt", "markdown": ".md", "json": ".json", "html": ".html"}


def renderer(name: str) -> Render:
    """Return the function that writes a comparison in a format of ``SUFFIXES``; only its module is imported."""
    found: Render = import_module(f"runaudit.render._compare.{name}").render
    return found
