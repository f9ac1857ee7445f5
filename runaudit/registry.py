"""Find the plug-ins of a kind: one module each in a package, and the entry points of other packages."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint


class Named(Protocol):
    """Anything that the registry can hold: it has a unique name."""

    @property
    def name(self) -> str:
        """The unique name."""
        ...


T = TypeVar("T", bound=Named)


_broken: dict[str, list[tuple[str, str]]] = {}
"""By group, the package and what is wrong with its entry point, of the last look at the group."""


def broken() -> dict[str, str]:
    """Return why entry points could not be used, by the package that has them, of all groups that were looked at.

    What is said begins behind the name of the package and has no full stop.
    """
    found: dict[str, list[str]] = {}
    for package, words in sorted(pair for pairs in _broken.values() for pair in pairs):
        found.setdefault(package, []).append(words)
    return {package: "; ".join(words) for package, words in found.items()}


def collect(
    package: str, attribute: str, kind: type[T], probe: Callable[[T], object] = lambda item: item
) -> dict[str, T]:
    """Return the plug-ins of ``package`` by name, in alphabetical order of their modules.

    Every public module of the package must hold ``attribute``, an instance of ``kind``; modules whose name starts
    with an underscore are shared pieces and are passed over. Then come the entry points of the group named like the
    package, such as ``runaudit.readers``; one that cannot be loaded, is of a wrong type, takes a name or makes
    ``probe`` raise is left out, and said by ``broken``. Raises ``TypeError`` for a module of ours with a wrong type.
    """
    found: dict[str, T] = {}
    home = importlib.import_module(package)
    for module in sorted(pkgutil.iter_modules(home.__path__), key=lambda m: m.name):
        if not module.name.startswith("_"):
            item = getattr(importlib.import_module(f"{package}.{module.name}"), attribute, None)
            if not isinstance(item, kind):
                raise TypeError(f"{module.name}: {_no(kind, item)}")
            found[item.name] = item
    for point, item in entries(package):
        if not isinstance(item, kind):
            blame(point, _no(kind, item))
        elif item.name in found:
            blame(point, f"the name {item.name!r} is taken")
        elif _works(point, partial(probe, item)):
            found[item.name] = item
    return found


def _works(point: EntryPoint, attempt: Callable[[], object]) -> bool:
    """Say whether what an entry point brings can be used; it is blamed if not."""
    try:
        attempt()
    except (Exception, SystemExit) as error:  # noqa: BLE001  the code of others may raise anything; it is reported
        words = " ".join(str(error).split())
        blame(point, f"{type(error).__name__}: {words}" if words else type(error).__name__)
        return False
    return True


def entries(group: str) -> Iterator[tuple[EntryPoint, object]]:
    """Yield what the entry points of a group name, by their names; one that cannot be loaded is blamed instead."""
    _broken.pop(group, None)
    if group not in _announced():
        return
    from importlib.metadata import entry_points

    for point in sorted(entry_points(group=group), key=lambda p: p.name):
        if _works(point, point.load):
            yield point, point.load()


def blame(point: EntryPoint, reason: str) -> None:
    """Note that an entry point cannot be used."""
    package = point.dist.name if point.dist is not None else "of unknown origin"
    words = f"its entry point {point.group} {point.name} ({point.value}) cannot be used: {reason}"
    _broken.setdefault(point.group, []).append((package, words))


@lru_cache(maxsize=1)
def _announced() -> str:
    """Return what the installed packages announce as entry points, joined.

    importlib.metadata takes longer to import than a small log takes to audit; most machines have no plug-in of ours.
    """
    files = [f for place in sys.path if place for f in Path(place).glob("*.dist-info/entry_points.txt")]
    return "\n".join(f.read_text("utf-8", errors="replace") for f in files)


def _no(kind: type, item: object) -> str:
    return f"expected a {kind.__name__}, found {type(item).__name__}"
