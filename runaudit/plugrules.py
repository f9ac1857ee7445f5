"""The folders of rules that other packages bring."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

from runaudit.errors import UsageError
from runaudit.registry import _announced

GROUP = "runaudit.rules"


def plug_in_folders() -> tuple[Path, ...]:
    """Return the folder of every package that an entry point of the group ``runaudit.rules`` names, by its name.

    Raises ``UsageError`` for what is no package.
    """
    if GROUP not in _announced():
        return ()
    from importlib.metadata import entry_points

    found = sorted(entry_points(group=GROUP), key=lambda point: point.name)
    return tuple(_folder(point.load(), point.value) for point in found)


def _folder(package: object, where: str) -> Path:
    if not isinstance(package, ModuleType) or package.__file__ is None or not hasattr(package, "__path__"):
        raise UsageError(f"{where}: the entry point {GROUP} names no package with an __init__.py")
    return Path(package.__file__).parent
