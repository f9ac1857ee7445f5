"""What a logged name means: canonical names from the spellings, patterns and word lists of ``names.yaml``."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from runaudit.model import Reduction
from runaudit.wordbook import UNDERSCORES, Pattern, Role, book, ignored, patterns, spelling

LONGEST = 300

_WEIGHT = re.compile(r"[._/]weight$")
_PERCENT = re.compile(r"\s*(?:\(\s*%\s*\)|\[\s*%\s*\]|%|[_ /.](?:percent|pct))\s*$", re.IGNORECASE)
_HEAD = re.compile(r"\((\w)\)$")


@dataclass(frozen=True, slots=True)
class Meaning:
    """How a name was understood.

    ``canonical`` is the canonical name (the axis for a column of steps, "" for what is ignored, the name itself
    for what is unknown). ``scale`` turns the logged number into the canonical unit: 0.01 for percents.
    ``reduction`` is what one value stands for where the name says so. ``rank`` orders the spellings of one
    canonical name, the best first.
    """

    canonical: str
    role: Role
    why: str
    scale: float = 1.0
    reduction: Reduction | None = None
    rank: int = 0


@lru_cache(maxsize=4096)
def understand(name: str) -> Meaning:
    """Return what the name means by itself; the other names of the log may add to it (``understand_all``).

    >>> understand("Loss/val").canonical, understand("fc1.weight/update_to_weight").canonical
    ('val/loss', 'update_ratio/fc1')
    """
    if len(name) > LONGEST:
        return Meaning(name, "unknown", "a name of that length is no name of a metric")
    plain = _PERCENT.sub("", name)
    scale = 1.0 if plain == name else 0.01
    key = spelling(plain)
    known = book().exact.get(key)
    if known is not None:
        what = f"a spelling of {known.canonical}" if known.canonical else "a timing or progress column"
        return Meaning(known.canonical, known.role, f"'{name}' is {what}", rank=known.rank)
    meant = _in_folder(plain) or _by_words(plain, key)
    if meant.role == "unknown":
        return Meaning(name, "unknown", f"nothing is known about '{name}'")
    return replace(meant, scale=scale if meant.role == "metric" else 1.0)


def _in_folder(name: str) -> Meaning | None:
    """Return the meaning of a tag below the folder of another split: in train/val_loss the tag knows better."""
    outer, _, inner = name.partition("/")
    split = book().splits.get(spelling(outer))
    if not inner or not split or _split(inner, spelling(inner).split("_"))[0] in {"", None, split}:
        return None
    return understand(inner)


def _by_words(name: str, key: str) -> Meaning:
    words = key.strip("_").split("_")
    in_training = book().splits.get(spelling(name.partition("/")[0])) == "train"
    inner = name.partition("/")[2] if in_training else ""
    return _plain(name, words) or _formed(inner or name) or _loss_or_split(name, words)


def _formed(name: str) -> Meaning | None:
    """Return the meaning of a name that fits one of the patterns."""
    text = UNDERSCORES.sub("_", name.strip().strip("\"'").strip().replace(" ", "_"))
    if ignored().fullmatch(text):
        return Meaning("", "ignore", f"'{name}' is a timing, progress or system column")
    for pattern in patterns():
        found = pattern.match.match(text)
        if found and not _excluded(pattern, found):
            groups = {k: _group(k, v) for k, v in found.groupdict().items()}
            return Meaning(pattern.to.format(**groups), "metric", f"'{name}' has the form of {pattern.to}")
    return None


def _excluded(pattern: Pattern, found: re.Match[str]) -> bool:
    return pattern.unless is not None and any(pattern.unless.match(g) for g in found.groups() if g)


def _group(kind: str, text: str) -> str:
    if kind == "layer":
        return _WEIGHT.sub("", text)
    if kind == "metric":
        return _quantity(text)
    return text


def _quantity(text: str) -> str:
    """Return the canonical quantity of a text such as ``mAP50(B)``, or the text in lower case."""
    head = _HEAD.search(text)
    suffix = f"_{head[1].lower()}" if head and head[1].lower() != "b" else ""
    key = spelling(_HEAD.sub("", text))
    known = book().quantities.get(key)
    return (known[0] if known else key) + suffix


def _split(name: str, words: list[str]) -> tuple[str | None, list[str], list[str], str | None]:
    """Take a name apart: its split (None where two contradict), the rest, the rest without hints, the hint."""
    inner = next((i for i, w in enumerate(words) if w not in book().hints), 0)
    ends = [words[inner], words[-1], *(spelling(part) for part in name.split("/")[:-1])]
    splits = {book().splits[w] for w in ends if w in book().splits}
    split = None if len(splits) > 1 else next(iter(splits), "")
    rest = [w for w in words if not split or book().splits.get(w) != split]
    hint = next((book().hints[w] for w in rest if book().hints.get(w, "none") != "none"), None)
    return split, rest, [w for w in rest if w not in book().hints] or rest, hint


def _plain(name: str, words: list[str]) -> Meaning | None:
    """Return the meaning of a split, hints and one known quantity, in any order."""
    split, rest, core, hint = _split(name, words)
    if split is None or (words[0] == "metrics" and not split):
        return None
    for candidate in ("_".join(rest), "_".join(core)):
        if candidate in book().quantities:
            quantity, rank = book().quantities[candidate]
            return _of_quantity(name, split, quantity, hint, rank + len(rest) - len(core))
    return None


def _loss_or_split(name: str, words: list[str]) -> Meaning:
    """Return the meaning of a part of a loss, or of an unknown quantity of a known split."""
    unknown = Meaning(name, "unknown", f"nothing is known about '{name}'")
    split, rest, core, hint = _split(name, words)
    if split is None:
        return unknown
    if "_".join(core) in book().loss_parts:
        return _of_part(name, split, "_".join(core), hint)
    if len(core) > 1 and core[0] in {"loss", "losses"}:
        return _of_part(name, split, "_".join(core[1:]), hint)
    if len(core) > 1 and core[-1] in {"loss", "losses"}:
        part = "_".join(core[:-1])
        if words[0] == "eval" and not book().part_words.intersection(core[:-1]):
            return Meaning(f"val/{part}/loss", "metric", f"'{name}' is the loss on the data set {part}")
        return _of_part(name, split, part, hint)
    if split and rest and (words[0] in book().splits or "/" in name) and words[0] not in {"tr", "learn"}:
        quantity = _quantity("_".join(rest))
        return Meaning(f"{split}/{quantity}", "metric", f"'{name}' names the split {split}")
    return unknown


def _of_quantity(name: str, split: str, quantity: str, hint: str | None, rank: int) -> Meaning:
    home = split or ("train" if quantity in book().bare_train else "")
    canonical = f"{home}/{quantity}" if home else quantity
    reduction = Reduction(hint) if hint else None
    why = f"'{name}' is {quantity}" + (f" of {split}" if split else ", and no word says of which data")
    if home == "train" and reduction is Reduction.EPOCH_MEAN:
        canonical += "_epoch"
    elif home in {"val", "test"} and reduction is Reduction.STEP:
        canonical += "_step"
    return Meaning(canonical, "metric", why, reduction=reduction, rank=rank + (0 if split else 10))


def _of_part(name: str, split: str, part: str, hint: str | None) -> Meaning:
    canonical = f"{split or 'train'}/loss/{part}"
    if hint == "epoch-mean":
        canonical += "_epoch"
    reduction = Reduction(hint) if hint else None
    return Meaning(canonical, "metric", f"'{name}' is the part {part} of a loss", reduction=reduction)


# --- the names of one log together -------------------------------------------------------------------------


def understand_all(names: Iterable[str], points: Mapping[str, int] | None = None) -> dict[str, Meaning]:
    """Return the meaning of every name of one log, each canonical metric given to one name only.

    ``points`` counts the values under each name: where two names mean the same, one with less than half of
    the points of the other gives way, then the spelling that stands first in ``names.yaml`` is taken.
    """
    meant = {name: understand(name) for name in names}
    _monitor(meant)
    _siblings(meant)
    _promote(meant)
    _collide(meant, points or {})
    return meant


def _monitor(meant: dict[str, Meaning]) -> None:
    """Understand the three letters of a gym monitor file, which mean nothing alone."""
    if {"r", "l", "t"} <= meant.keys():
        why = "r, l and t together are a monitor file"
        meant["r"] = Meaning("reward", "metric", why)
        meant["l"] = Meaning("episode_length", "metric", why)
        meant["t"] = Meaning("time", "axis", why)


def _siblings(meant: dict[str, Meaning]) -> None:
    """Settle by its siblings what is a part of the loss, and whose a quantity without a split is."""
    have = {m.canonical for m in meant.values() if m.role == "metric"}
    quantities = book().canonical_quantities
    datasets = {c.split("/")[1] for c in have if c.startswith("val/") and c.endswith("/loss")}
    for name, m in meant.items():
        where = m.canonical.split("/")
        dataset, _, quantity = where[-1].partition("_")
        if where[0] == "val" and len(where) == 2 and dataset in datasets and quantity:
            meant[name] = replace(
                m,
                canonical=f"val/{dataset}/{_quantity(quantity)}",
                why=f"'{name}' is measured on the data set {dataset}",
            )
            continue
        if len(where) == 3 and where[2] == "loss" and f"train/loss/{where[1]}" in have:
            meant[name] = replace(
                m, canonical=f"{where[0]}/loss/{where[1]}", why=f"'{name}' is a part of the loss, as in training"
            )
        elif m.canonical in quantities and f"val/{m.canonical}" in have and f"train/{m.canonical}" not in have:
            meant[name] = replace(
                m, canonical=f"train/{m.canonical}", why=f"'{name}' stands beside {m.canonical} of val"
            )


def _promote(meant: dict[str, Meaning]) -> None:
    """Give a canonical name that no column has to the only column that comes close to it."""
    have = Counter(m.canonical for m in meant.values() if m.role == "metric")
    for name, m in meant.items():
        base, _, suffix = m.canonical.rpartition("_")
        if m.role == "metric" and suffix in {"epoch", "eval", "step"} and base not in have and "/" in base:
            _rename(meant, have, name, base, "no other column is")
    _promote_partial_losses(meant, have)
    groups = [n for n, m in meant.items() if m.canonical.startswith("lr/")]
    if "lr" not in have and groups:
        _rename(meant, have, groups[0], "lr", "the first group stands for")


def _promote_partial_losses(meant: dict[str, Meaning], have: Counter[str]) -> None:
    """Take the only part of a loss, or the only data set, for the loss; validation only as training, part by part."""
    total = "train/loss" in have
    partial = {s: [n for n, m in meant.items() if _is_partial_loss(m, s)] for s in ("train", "val", "test")}
    trained = [meant[n].canonical.removeprefix("train/") for n in partial["train"]]
    for split, close in partial.items():
        if f"{split}/loss" in have or len(close) != 1:
            continue
        part = meant[close[0]].canonical.removeprefix(f"{split}/")
        if part.endswith("/loss") or (not total and trained in ([], [part])):
            _rename(meant, have, close[0], f"{split}/loss", "it is the only loss of its kind, so it is")


def _is_partial_loss(meaning: Meaning, split: str) -> bool:
    where = meaning.canonical.split("/")
    return meaning.role == "metric" and where[0] == split and len(where) == 3 and "loss" in where[1:]


def _rename(meant: dict[str, Meaning], have: Counter[str], name: str, canonical: str, reason: str) -> None:
    meant[name] = replace(meant[name], canonical=canonical, why=f"{meant[name].why}; {reason} {canonical}")
    have[canonical] += 1


def _collide(meant: dict[str, Meaning], points: Mapping[str, int]) -> None:
    claims: dict[str, list[str]] = {}
    for name, m in meant.items():
        if m.role == "metric":
            claims.setdefault(m.canonical, []).append(name)
    taken = set(claims)
    for canonical, names in claims.items():
        if len(names) == 1:
            continue
        most = max(points.get(n, 0) for n in names)
        order = {n: i for i, n in enumerate(names)}
        names.sort(
            key=lambda n: (
                2 * points.get(n, 0) < most,
                not _per_step(meant[n]),
                meant[n].rank,
                -points.get(n, 0),
                order[n],
            )
        )
        winner, *losers = names
        for loser in losers:
            new = next(c for c in _alternatives(canonical, loser, winner) if c not in taken)
            taken.add(new)
            role: Role = "metric" if new.startswith(canonical + "_") else "unknown"
            meant[loser] = replace(meant[loser], canonical=new, role=role, why=f"'{winner}' is already {canonical}")


def _per_step(meaning: Meaning) -> bool:
    return meaning.reduction is Reduction.STEP


def _alternatives(canonical: str, loser: str, winner: str) -> Iterable[str]:
    """Yield the names that a column may take whose canonical name is taken."""
    if canonical == "train/loss" and spelling(winner).endswith(("step_loss", "loss_step", "batch_loss")):
        yield "train/loss_eval"
    yield loser
    number = 2
    while True:
        yield f"{loser} ({number})"
        number += 1
