"""One output format per file: a report becomes text. A renderer never prints, opens or exits.

To add a format, add one module here with a ``RENDERER``; the module is named like the format. Shared pieces live in
modules that begin with an underscore.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass

from runaudit.errors import UsageError
from runaudit.model import Report
from runaudit.pen import Options
from runaudit.registry import collect

__all__ = ["Options", "Renderer", "for_file", "renderer", "renderers"]


@dataclass(frozen=True, slots=True)
class Renderer:
    """An output format: its name, the suffix of its files, and the pure function that writes it."""

    name: str
    suffix: str
    render: Callable[[Report, Options], str]


def renderers() -> dict[str, Renderer]:
    """Return every output format by name."""
    return collect("runaudit.render", "RENDERER", Renderer)


def renderer(name: str) -> Renderer:
    """Return the output format of that name; raises ``UsageError`` naming the formats there are.

    A format of our own is imported alone, without a look at the others and at other packages.
    """
    ours = {m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_")}
    if name in ours:
        found = importlib.import_module(f"runaudit.render.{name}").RENDERER
        if isinstance(found, Renderer):
            return found
    every = renderers()
    if name not in every:
        raise UsageError(f"there is no format {name!r}; the formats are {', '.join(sorted(every))}")
    return every[name]


def for_file(name: str) -> Renderer | None:
    """Return the output format whose files end like that name, by the longest suffix; None if none or several do."""
    ending = [r for r in renderers().values() if name.lower().endswith(r.suffix)]
    longest = max((len(r.suffix) for r in ending), default=0)
    found = [r for r in ending if len(r.suffix) == longest]
    return found[0] if len(found) == 1 else None
