"""What the names of one log mean together: each by itself, settled by its siblings and by what the user says."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Iterable, Mapping
from dataclasses import replace

from runaudit.grammar import Meaning, quantity_of, understand
from runaudit.maps import mapped
from runaudit.model import Reduction
from runaudit.wordbook import Role, book, spelling

__all__ = ["Meaning", "understand", "understand_all"]

_RIVAL = re.compile(r"(?:^|[/_])(?:gan|adv|adversarial)(?:_|$)")  # of one player of two: never the whole loss
_NUMBER = re.compile(r"^(.*acc\D?)(\d)$")
_SCORE = re.compile(r"(?:(?:total|episode|ep|avg|average|mean)_)?scores?(?:_(?:avg|mean))?")
_NEVER_ALL = frozenset({"loss/kl", "loss/entropy"})  # an agent logs them beside what it maximises
_TWIN = re.compile(r"_(?:epoch|step|eval)$")


def understand_all(
    names: Iterable[str], points: Mapping[str, int] | None = None, maps: Mapping[str, str] | None = None
) -> dict[str, Meaning]:
    """Return the meaning of every name of one log, each canonical metric given to one name only.

    ``points`` counts the values under each name: where two names mean the same, one with less than half of
    the points of the other gives way, then the spelling that stands first in ``names.yaml`` is taken. ``maps`` is what
    the user says of names or patterns of them: it wins over everything.
    """
    meant = {name: understand(name) for name in names}
    said = {name: found for name, m in meant.items() if (found := mapped(m, name, maps))} if maps else {}
    meant |= said
    _monitor(meant)
    _agent(meant)
    _numbered(meant)
    _siblings(meant)
    _promote(meant)
    meant |= said
    _collide(meant, points or {}, said)
    return meant


def _monitor(meant: dict[str, Meaning]) -> None:
    """Understand the three letters of a gym monitor file, which mean nothing alone."""
    if {"r", "l", "t"} <= meant.keys():
        why = "r, l and t together are a monitor file"
        meant["r"] = Meaning("reward", "metric", why)
        meant["l"] = Meaning("episode_length", "metric", why)
        meant["t"] = Meaning("time", "axis", why)


def _agent(meant: dict[str, Meaning]) -> None:
    """Understand what counts and what is won where episodes are played: ``total/steps``, and a score as the reward."""
    if "total/steps" in meant and any(name.startswith("rollout/") for name in meant):
        meant["total/steps"] = Meaning("step", "axis", "'total/steps' counts the steps beside those of the rollouts")
    episodic = any(m.role == "axis" and "episode" in name.lower() for name, m in meant.items())
    if episodic and not any(m.canonical == "reward" for m in meant.values()):
        for name, m in meant.items():
            if _SCORE.fullmatch(spelling(name)) and m.role == "unknown":
                meant[name] = Meaning(
                    "reward", "metric", f"'{name}' is what an episode gave", rank="_" in spelling(name)
                )


def _numbered(meant: dict[str, Meaning]) -> None:
    """Understand acc_1 and acc_5 beside acc_0 or acc_2 as numbered, not as the top one and the top five."""
    matches = [_NUMBER.match(name) for name in meant]
    heads = {found[1] for found in matches if found and found[2] not in {"1", "5"}}
    for name, m in meant.items():
        found = _NUMBER.match(name)
        if found and found[1] in heads and m.role == "metric":
            split = m.canonical.partition("/")[0]
            meant[name] = replace(
                m, canonical=f"{split}/accuracy_{found[2]}", why=f"'{name}' is one of several numbered"
            )


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
                canonical=f"val/{dataset}/{quantity_of(quantity)}",
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
    rewards = [n for n, m in meant.items() if m.canonical.startswith("reward/")]
    if "reward" not in have and len(rewards) == 1:
        _rename(meant, have, rewards[0], "reward", "no other column is")


def _promote_partial_losses(meant: dict[str, Meaning], have: Counter[str]) -> None:
    """Take the only part of a loss, or the only data set, for the loss; validation only as training, part by part."""
    total = "train/loss" in have
    partial = {s: _partial_losses(meant, s) for s in ("train", "val", "test")}
    trained = [meant[n].canonical.removeprefix("train/") for n in partial["train"]]
    for split, close in partial.items():
        if f"{split}/loss" in have or len(close) != 1:
            continue
        part = meant[close[0]].canonical.removeprefix(f"{split}/")
        if part in _NEVER_ALL and "reward" in have:
            continue
        if _RIVAL.search(part):
            continue
        if part.endswith("/loss") or (not total and trained in ([], [part])):
            _rename(meant, have, close[0], f"{split}/loss", "it is the only loss of its kind, so it is")
            for name in [n for n, m in meant.items() if _TWIN.sub("", m.canonical) == f"{split}/{part}"]:
                twin = meant[name].canonical.removeprefix(f"{split}/{part}")
                _rename(
                    meant, have, name, f"{split}/loss{twin}", "it stands beside the only loss of its kind, so it is"
                )


def _partial_losses(meant: Mapping[str, Meaning], split: str) -> list[str]:
    """Return the names of the parts of a loss, one for a part that is there both by step and by epoch."""
    names = [n for n, m in meant.items() if _is_partial_loss(m, split)]
    have = {meant[n].canonical for n in names}
    return [n for n in names if (base := _TWIN.sub("", meant[n].canonical)) == meant[n].canonical or base not in have]


def _is_partial_loss(meaning: Meaning, split: str) -> bool:
    where = meaning.canonical.split("/")
    return meaning.role == "metric" and where[0] == split and len(where) == 3 and "loss" in where[1:]


def _rename(meant: dict[str, Meaning], have: Counter[str], name: str, canonical: str, reason: str) -> None:
    meant[name] = replace(meant[name], canonical=canonical, why=f"{meant[name].why}; {reason} {canonical}")
    have[canonical] += 1


def _collide(meant: dict[str, Meaning], points: Mapping[str, int], said: Container[str]) -> None:
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
                n not in said,
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
