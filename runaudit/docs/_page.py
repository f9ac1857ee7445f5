"""What a page is made of, whatever it is about and wherever it is shown."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import ModuleType

from runaudit.text import one_line

SENTENCE = re.compile(r"(?<=[.;!?])\s+(?=[A-Z`])")


@dataclass(frozen=True, slots=True)
class Section:
    """One part of a page.

    ``kind`` says what the texts of an item are: ``text`` and ``list`` (one), ``steps`` in order (one), ``terms`` (name,
    then text or address), ``rules`` (id, text), ``limits`` (name, value, bounds, reason), ``shapes`` (what is said of
    the shapes, or else a line of them), ``code`` (language, lines).
    """

    title: str
    kind: str
    items: Sequence[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Page:
    """A page: the name that ``runaudit explain`` knows it by, its title, what it is, and its parts in reading order.

    ``heading`` is what stands above it in the docs: the id of a rule, the title of everything else.
    """

    name: str
    title: str
    facts: tuple[str, ...]
    sections: tuple[Section, ...]
    heading: str


def filled(*sections: Section) -> tuple[Section, ...]:
    """Return the sections that have anything to say."""
    return tuple(s for s in sections if s.items)


def paragraphs(of: Callable[..., object] | ModuleType | None) -> list[str]:
    """Return the docstring of a function or module by paragraphs, each on one line, code in single backticks."""
    text = inspect.cleandoc((of.__doc__ if of is not None else "") or "").replace("``", "`")
    return [one_line(part) for part in text.split("\n\n") if part.strip()]


def sentences(text: str) -> list[str]:
    """Return a paragraph by sentences.

    >>> sentences("Tested against 1.2.10, with `a.b` too. `x` is read.")
    ['Tested against 1.2.10, with `a.b` too.', '`x` is read.']
    """
    return SENTENCE.split(text)
