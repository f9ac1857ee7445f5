"""The file ``names.yaml``, read once and turned round: from spellings to what they stand for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from runaudit.shipped import shipped

Role = Literal["axis", "metric", "ignore", "unknown"]

CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z][a-z])")
SEPARATORS = re.compile(r"[\s/.\-:|,@=()\[\]]+")
UNDERSCORES = re.compile(r"__+")


@dataclass(frozen=True, slots=True)
class Spelling:
    """What a whole name stands for, and its place among the spellings of that (0 is the best)."""

    canonical: str
    role: Role
    rank: int


@dataclass(frozen=True, slots=True)
class Pattern:
    """A form of names: ``to`` is filled with the groups of ``match``, unless one of them fits ``unless``."""

    match: re.Pattern[str]
    to: str
    unless: re.Pattern[str] | None


@dataclass(frozen=True, slots=True, eq=False)
class Book:
    """The word lists of ``names.yaml`` by word; ``data`` is the rest of the file as it stands."""

    exact: Mapping[str, Spelling]
    splits: Mapping[str, str]
    hints: Mapping[str, str]
    quantities: Mapping[str, tuple[str, int]]
    canonical_quantities: frozenset[str]
    bare_train: frozenset[str]
    loss_parts: frozenset[str]
    part_words: frozenset[str]
    data: Mapping[str, Any]


@cache
def book() -> Book:
    """Return the word lists."""
    data = shipped("names.yaml")
    exact: dict[str, Spelling] = {}
    roles: tuple[tuple[Role, str], ...] = (("axis", "axes"), ("metric", "metrics"))
    for role, section in roles:
        for canonical, names in data[section].items():
            exact |= {name: Spelling(canonical, role, rank) for rank, name in enumerate(names)}
    timed = [name for names in data["timing"]["names"].values() for name in names]
    exact |= {name: Spelling("", "ignore", 0) for name in (*data["ignore"]["names"], *timed) if name not in exact}
    return Book(
        exact=exact,
        splits=_turned(data["splits"]),
        hints=_turned(data["hints"]),
        quantities={n: (q, rank) for q, names in data["quantities"].items() for rank, n in enumerate(names)},
        canonical_quantities=frozenset(data["quantities"]),
        bare_train=frozenset(data["bare_train"]),
        loss_parts=frozenset(data["loss_parts"]),
        part_words=frozenset(data["part_words"]),
        data=data,
    )


def _turned(lists: Mapping[str, list[str]]) -> dict[str, str]:
    return {word: key for key, words in lists.items() for word in words}


@cache
def patterns() -> tuple[Pattern, ...]:
    """Return the patterns, compiled when the first name needs them: plain logs never do."""
    return tuple(_pattern(**row) for row in book().data["patterns"])


def _pattern(match: str, to: str, unless: str = "") -> Pattern:
    flags = re.IGNORECASE
    return Pattern(re.compile(match, flags), to, re.compile(unless, flags) if unless else None)


@cache
def ignored() -> re.Pattern[str]:
    """Return the pattern of the names that are no metric of the training."""
    return re.compile("|".join(book().data["ignore"]["patterns"]), re.IGNORECASE)


@cache
def timing() -> tuple[Mapping[str, str], tuple[Pattern, ...]]:
    """Return what the timing and system columns measure, by spelling, and the patterns for the others."""
    spec = book().data["timing"]
    return _turned(spec["names"]), tuple(_pattern(**row) for row in spec["patterns"])


@cache
def summed_parts() -> frozenset[str]:
    """Return the parts of a loss whose sum is the loss, in programs that log no total (YOLO)."""
    return frozenset(book().data["summed_parts"])


@cache
def config_words() -> tuple[Mapping[str, tuple[str, int]], frozenset[str]]:
    """Return the canonical key and rank of every known spelling of a configuration key, and the words for sections."""
    config = book().data["config"]
    keys = {name: (key, rank) for key, names in config["keys"].items() for rank, name in enumerate(names)}
    return keys, frozenset(config["sections"])


def spelling(name: str) -> str:
    """Return the name as words joined by ``_``: case, camelCase and separators make no difference.

    >>> spelling(" Train/Loss"), spelling("GradNorm"), spelling("val-acc.top 1"), spelling("_step")
    ('train_loss', 'grad_norm', 'val_acc_top_1', '_step')
    """
    text = CAMEL.sub("_", name.strip().strip("\"'").strip())
    text = UNDERSCORES.sub("_", SEPARATORS.sub("_", text)).lower().rstrip("_")
    return text if text.count("_") == 1 and text.startswith("_") else text.lstrip("_")
