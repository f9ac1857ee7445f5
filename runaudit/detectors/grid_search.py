"""A search over a product grid of three settings or more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np

from runaudit.detectors import Detector, Table
from runaudit.detectors._importance import importance
from runaudit.detectors._search import Parameter, Search, search_of
from runaudit.errors import NotJudged
from runaudit.model import Hit

LEAST_VALUES = 3


def grid_search(
    trials: Table | None,
    ranges: Table | None,
    search: Table | None,
    *,
    min_dims: int,
    cover: float,
    min_trials: int,
) -> Iterator[Hit]:
    """Report a search whose trials are the product of the values of ``min_dims`` settings or more.

    The different trials must cover the share ``cover`` of the product, each about as often as the others. Two settings
    at least must be numbers of three values or more, since a choice of two cannot be drawn more finely; weak if no
    third one is. Raises ``NotJudged`` under ``min_trials`` trials.
    """
    found = search_of(trials, ranges, search, min_trials)
    tried = Counter(found.configurations())
    dims = [p for p in found.parameters if len(p.distinct) > 1]
    cells = float(np.prod([float(len(p.distinct)) for p in dims]))
    finer = [p for p in dims if not p.choices and len(p.distinct) >= LEAST_VALUES]
    if len(dims) < min_dims or len(finer) < 2 or len(tried) < cover * cells or len(tried) < min_trials:
        return
    if max(tried.values()) > 2 * min(tried.values()) and len(tried) < len(found) / 2:
        return  # some trials are repeated often: drawn at random from lists
    main = _main(found, finer)
    shown = " x ".join(f"{len(p.distinct)} {p.name}" for p in dims)
    facts: dict[str, float | str] = {
        "tried": len(tried),
        "cells": cells,
        "dims": len(dims),
        "grid": shown,
        "values": len(main.distinct),
        "each": len(tried) / len(main.distinct),
    }
    path, line = found.place(0)
    weak = len(finer) < min_dims
    yield Hit(0, len(found) - 1, facts, weak=weak, series=main.name, path=path, line=line)


def _main(found: Search, finer: list[Parameter]) -> Parameter:
    """Return the number that matters most, as far as that is known, else the one of fewest values."""
    try:
        order = {one.parameter: i for i, one in enumerate(importance(found))}
    except NotJudged:
        order = {}
    return min(finer, key=lambda p: (order.get(p.name, len(order)), len(p.distinct)))


DETECTOR = Detector("grid-search", grid_search, frozenset({"tried", "cells", "dims", "grid", "values", "each"}))
