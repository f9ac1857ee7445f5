"""Find the plug-ins of a kind: one module each in a package, and the entry points of other packages."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from functools import lru_cache
from pathlib import Path
from typing import Protocol, TypeVar


class Named(Protocol):
    """Anything that the registry can hold: it has a unique name."""

    @property
    def name(self) -> str:
        """The unique name."""
        ...


T = TypeVar("T", bound=Named)


def collect(package: str, attribute: str, kind: type[T]) -> dict[str, T]:
    """Return the plug-ins of ``package`` by name, in alphabetical order of their modules.

    Every public module of the package must hold ``attribute``, an instance of ``kind``; modules whose name starts
    with an underscore are shared pieces and are passed over. Then come the entry points of the group named
    like the package, such as ``runaudit.readers``. Raises ``TypeError`` for a wrong type and ``ValueError``
    for a name given twice.
    """
    found: dict[str, T] = {}
    home = importlib.import_module(package)
    for module in sorted(pkgutil.iter_modules(home.__path__), key=lambda m: m.name):
        if not module.name.startswith("_"):
            _add(
                found,
                getattr(importlib.import_module(f"{package}.{module.name}"), attribute, None),
                kind,
                module.name,
            )
    if package in _announced():
        from importlib.metadata import entry_points

        for point in sorted(entry_points(group=package), key=lambda p: p.name):
            _add(found, point.load(), kind, point.value)
    return found


@lru_cache(maxsize=1)
def _announced() -> str:
    """Return what the installed packages announce as entry points, joined.

    importlib.metadata takes longer to import than a small log takes to audit; most machines have no plug-in of ours.
    """
    files = [f for place in sys.path if place for f in Path(place).glob("*.dist-info/entry_points.txt")]
    return "\n".join(f.read_text("utf-8", errors="replace") for f in files)


def _add(found: dict[str, T], item: object, kind: type[T], where: str) -> None:
    if not isinstance(item, kind):
        raise TypeError(f"{where}: expected a {kind.__name__}, found {type(item).__name__}")
    if item.name in found:
        raise ValueError(f"{where}: the name {item.name!r} is taken")
    found[item.name] = item
