"""One detector per file: arithmetic on series, no files, no text, no thresholds.

A detector is a generator of hits. Its positional parameters are its inputs (``Series``, ``Series | None``,
``Mapping[str, Series]`` for one series a layer, ``Table`` for rows that are no curve, numbers, text, lists of numbers
(``Sequence[float]``) or of names (``Sequence[str]``) from the configuration); its keyword-only parameters are the
thresholds. None has a default: they live in the rule file, which names the table ``x`` of a run as ``table:x``. A
detector that finds the log too thin to judge raises ``NotJudged`` with the reason. To add one, add one module here with
a ``DETECTOR``.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from runaudit.model import Hit
from runaudit.registry import collect

Table = Sequence[Mapping[str, Any]]  # rows of a table of the run that is no curve, such as its crashes


@dataclass(frozen=True, slots=True)
class Input:
    """One input of a detector: its name, what it takes, and whether it may be absent."""

    name: str
    kind: str
    """``series``, ``layers`` (one series a layer), ``table``, ``numbers``, ``names``, ``number`` or ``text``."""
    optional: bool


THRESHOLDS: Mapping[str, type] = {"float": float, "int": int, "bool": bool}
KINDS = {
    "Series": "series",
    "Mapping[str, Series]": "layers",
    "Table": "table",
    "Sequence[float]": "numbers",
    "Sequence[str]": "names",
    "float": "number",
    "str": "text",
}


@dataclass(frozen=True, slots=True)
class Detector:
    """A detector: its name, its function, the facts that every hit has, and those that a hit may have."""

    name: str
    run: Callable[..., Iterator[Hit]]
    facts: frozenset[str]
    more_facts: frozenset[str] = field(default_factory=frozenset)

    @property
    def inputs(self) -> tuple[Input, ...]:
        """Return the positional parameters of the function, in order."""
        return _signature(self.run)[0]

    @property
    def thresholds(self) -> Mapping[str, type]:
        """Return the keyword-only parameters of the function and their types."""
        return _signature(self.run)[1]


@cache
def _signature(run: Callable[..., Iterator[Hit]]) -> tuple[tuple[Input, ...], Mapping[str, type]]:
    """Return the inputs and the thresholds of a detector; asked for every run, so kept."""
    inputs, thresholds = [], {}
    for p in inspect.signature(run).parameters.values():
        text = str(p.annotation)
        if p.kind is p.KEYWORD_ONLY:
            thresholds[p.name] = THRESHOLDS[text]
        else:
            inputs.append(Input(p.name, KINDS[text.removesuffix(" | None")], text.endswith(" | None")))
    return tuple(inputs), thresholds


def detectors() -> dict[str, Detector]:
    """Return every detector by name."""
    return collect("runaudit.detectors", "DETECTOR", Detector, lambda detector: detector.inputs)
