"""What fits: of pieces in order of importance, as many as a place with a limit takes, and what was left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Budget:
    """How much a place takes: ``room`` as ``measure`` counts it, and its name for people."""

    name: str
    room: int
    measure: Callable[[str], int]


def octets(text: str) -> int:
    """Return the length in UTF-8."""
    return len(text.encode("utf-8"))


SUMMARY = Budget("a job summary", 1_000_000, octets)  # GitHub: 1 MiB for each step; beyond it nothing is shown
COMMENT = Budget("a comment", 64_000, len)  # GitHub: 65,536 characters


def fitting(groups: Mapping[str, Iterable[str]], budget: Budget, used: int) -> dict[str, list[str]]:
    """Return the pieces of each group that fit into what is left after ``used``.

    Groups and the pieces in them come in order of importance: nothing follows a piece that does not fit, and no more is
    written.

    >>> fitting({"a": ["xxxx", "x"], "b": ["xx", "x"], "c": ["y"]}, Budget("seven", 7, len), 1)
    {'a': ['xxxx', 'x'], 'b': [], 'c': []}
    """
    room = budget.room - used
    kept: dict[str, list[str]] = {name: [] for name in groups}
    for name, pieces in groups.items():
        for piece in pieces:
            room -= budget.measure(piece)
            if room < 0:
                return kept
            kept[name].append(piece)
    return kept
