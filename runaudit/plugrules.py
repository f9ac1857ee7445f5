"""The folders of rules that other packages bring."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from runaudit.registry import blame, entries

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "runaudit.rules"


def plug_in_folders() -> dict[Path, EntryPoint]:
    """Return the folder of every package that an entry point of the group ``runaudit.rules`` names, by its name.

    One that names no package is left out, and said by ``registry.broken``.
    """
    found: dict[Path, EntryPoint] = {}
    for point, package in entries(GROUP):
        if isinstance(package, ModuleType) and package.__file__ is not None and hasattr(package, "__path__"):
            found[Path(package.__file__).parent] = point
        else:
            blame(point, "it names no package with an __init__.py")
    return found
