"""What the user says a column is: mappings from source names, or patterns of them, to canonical names."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from fnmatch import fnmatchcase
from functools import cache

from runaudit.errors import UsageError
from runaudit.grammar import Meaning, understand
from runaudit.wordbook import Role, book, spelling

IGNORE = "ignore"
CLOSE = 0.8
LONGEST = 100  # a longer name has no nearest one worth the search

_FREE = re.compile(
    r"(?:train|val|test)/loss/.+|val/.+/.+|lr/.+|reward/.+|"
    r"(?:grad_norm|update_ratio|weight_norm|act_mean|act_std|zero_frac|dead_frac|saturated_frac)/.+"
)


@dataclass(frozen=True, slots=True)
class Told:
    """What the user says of one run: what its columns are, and its task, "" where the log is to tell."""

    maps: Mapping[str, str]
    task: str = ""


def parse(texts: Iterable[str]) -> dict[str, str]:
    """Return the mapping that options such as ``my_loss=train/loss`` spell; raises ``UsageError`` for all that do not.

    >>> parse(["my_loss=train/loss", "a=b=lr"])
    {'my_loss': 'train/loss', 'a=b': 'lr'}
    """
    maps: dict[str, str] = {}
    problems = []
    for text in texts:
        source, sign, canonical = (part.strip() for part in text.rpartition("="))
        if not sign or not source or not canonical:
            problems.append(f"--map {text!r} is not of the form COLUMN=NAME, such as my_loss=train/loss")
        elif maps.setdefault(source, canonical) != canonical:
            problems.append(f"--map gives {source!r} two names, {maps[source]!r} and {canonical!r}")
    if problems:
        raise UsageError(*problems)
    return maps


def checked(maps: Mapping[str, str] | None) -> Mapping[str, str]:
    """Return the maps as they are, empty for None; raises ``UsageError`` where one is no pair of names."""
    for source, canonical in (maps or {}).items():
        if not (str(source).strip() and str(canonical).strip()):
            raise UsageError(f"maps: {source!r} -> {canonical!r} is no pair of names, such as 'my_loss': 'train/loss'")
    return maps or {}


def target(name: str, maps: Mapping[str, str]) -> tuple[str, str] | None:
    """Return the map that holds for a column: the one with its very name, else the first pattern that fits."""
    if name in maps:
        return name, maps[name]
    return next(((source, to) for source, to in maps.items() if fnmatchcase(name, source)), None)


def mapped(meaning: Meaning, name: str, maps: Mapping[str, str]) -> Meaning | None:
    """Return what the user says of a column, None where no map fits; ``meaning`` is what its name says by itself."""
    found = target(name, maps)
    if found is None:
        return None
    source, canonical = found
    why = f"--map '{source}={canonical}'"
    if canonical == IGNORE:
        return replace(meaning, canonical="", role="ignore", why=why, scale=1.0, rank=-1)
    near = near_miss(canonical)
    why += f"; no rule reads a {canonical!r}, did you mean {near!r}?" if near else ""
    role: Role = "axis" if canonical in book().data["axes"] else "metric"
    return replace(meaning, canonical=canonical, role=role, why=why, rank=-1)


def unused(maps: Mapping[str, str], names: Iterable[str]) -> list[str]:
    """Return a sentence for every map that holds for none of the columns, with the column spelled most alike."""
    left = dict(maps)
    seen: dict[str, None] = {}
    for name in names:
        seen.setdefault(name)
    for name in seen:
        found = target(name, maps)
        if found is not None:
            left.pop(found[0], None)
    return [f"--map '{source}={to}' fits no column{_alike(source, list(seen))}" for source, to in left.items()]


def _alike(source: str, names: Sequence[str]) -> str:
    near = get_close_matches(source, names, 1, 0.6)
    return f"; did you mean {near[0]!r}?" if near else ""


@cache
def canonical_names() -> tuple[str, ...]:
    """Return the canonical names that are no pattern: axes, losses, quality by split, the rate, the gradient norm."""
    data = book().data
    plain = [f"{split}/{quantity}" for split in ("train", "val", "test") for quantity in data["quantities"]]
    return (*data["axes"], *data["metrics"], *plain, "train/loss_epoch", IGNORE)


def near_miss(canonical: str) -> str:
    """Return the canonical name that was probably meant, "" where the name is one or is like none.

    >>> near_miss("val/los"), near_miss("val/acc"), near_miss("val/loss"), near_miss("val/my_score")
    ('val/loss', 'val/accuracy', '', '')
    """
    if canonical in canonical_names() or _FREE.fullmatch(canonical) or len(canonical) > LONGEST:
        return ""
    spelled = understand(canonical)
    if spelled.role == "metric" and spelled.canonical != canonical:
        return spelled.canonical
    return next(iter(get_close_matches(canonical, canonical_names(), 1, 0.85)), "")


# --- what an unknown name might be -------------------------------------------------------------------------


def guess(name: str) -> str:
    """Return the canonical name that an unknown name comes closest to, "" where it resembles none.

    A word for a quantity inside the name counts first, then a slip of the pen in one of its words.

    >>> guess("my_val_los"), guess("stage2 train loss value"), guess("obs_rms_mean")
    ('val/loss', 'train/loss', '')
    """
    if len(name) > LONGEST:
        return ""
    words = [w for w in spelling(name).strip("_").split("_") if w]
    split = next((book().splits[w] for w in words if w in book().splits), "")
    quantity = _quantity_in(words) or next((q for w in words if (q := _slip(w))), "")
    if not quantity:
        near = get_close_matches("_".join(words), _whole(), 1, 0.85)
        return book().exact[near[0]].canonical if near else ""
    if quantity in _RATES:
        return quantity
    return f"{split or 'train'}/{quantity}"


_RATES = ("lr", "grad_norm", "reward")


def _quantity_in(words: Sequence[str]) -> str:
    """Return the quantity that the longest run of words spells, "" where none does."""
    for size in range(len(words), 0, -1):
        for start in range(len(words) - size + 1):
            text = "_".join(words[start : start + size])
            if text in book().quantities and len(text) > 1:
                return book().quantities[text][0]
            known = book().exact.get(text)
            if known is not None and known.canonical in _RATES and len(text) > 1 and text not in _VAGUE:
                return known.canonical
    return ""


_VAGUE: Container[str] = frozenset({"norm", "return"})  # words that alone say too little inside another name


def _slip(word: str) -> str:
    """Return the quantity that a word misspells: one letter wrong in four or more, or ``loss`` without one."""
    if len(word) < 4:
        return "loss" if word in {"los", "lss"} else ""
    near = get_close_matches(word, [q for q in _spelled() if q[:1] == word[:1]], 1, CLOSE)
    return book().quantities[near[0]][0] if near else ""


@cache
def _spelled() -> tuple[str, ...]:
    return tuple(q for q in book().quantities if len(q) > 3 and "_" not in q)


@cache
def _whole() -> tuple[str, ...]:
    return tuple(name for name, known in book().exact.items() if known.role == "metric" and len(name) > 5)
