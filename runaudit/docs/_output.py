"""Output format -> its page, from what its module says of itself."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Protocol

from runaudit.docs._page import Page, Section, filled, paragraphs


class Output(Protocol):
    """What a page needs of a renderer: its name, the suffix of its files, and the function that writes it."""

    @property
    def name(self) -> str:
        """The name that ``--format`` takes."""
        ...

    @property
    def suffix(self) -> str:
        """The end of the names of its files."""
        ...

    @property
    def render(self) -> Callable[..., str]:
        """The function that writes it."""
        ...


def output_page(output: Output) -> Page:
    """Return the page of an output format."""
    title, *more = paragraphs(inspect.getmodule(output.render)) or [output.name]
    calls = f"runaudit check logs --format {output.name}\nrunaudit check logs --output report{output.suffix}"
    sections = filled(
        Section("what it writes", "text", [(_written(p),) for p in (*more, *paragraphs(output.render))]),
        Section("to get it", "code", [("sh", calls)]),
    )
    facts = ("output format", f"files end in {output.suffix}")
    return Page(output.name, title.rstrip("."), facts, sections, output.name)


def _written(text: str) -> str:
    """Return what a docstring says that a function returns, as a sentence on what is written."""
    said = text.removeprefix("Return ")
    return said[:1].upper() + said[1:]
