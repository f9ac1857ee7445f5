"""The histograms that ``wandb.watch`` and ``wandb.Histogram`` log, of which wandb-core keeps each part by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from runaudit.model import FloatArray
from runaudit.readers._summary import Histogram

PARTS = ("_type", "values", "bins")
MOST = 50_000  # some hundred megabytes

Table = dict[str, list[tuple[int, Histogram]]]


@dataclass(slots=True)
class Histograms:
    """The histograms of a run by name, and how many were left out because there are too many or they are broken."""

    found: Table = field(default_factory=dict)
    count: int = 0
    broken: int = 0
    left_out: int = 0

    def take(self, row: Mapping[str, Mapping[str, Any]], step: int) -> None:
        """Take the histograms of one row: their parts by name."""
        for name, parts in row.items():
            if parts.get("_type") != "histogram":
                continue
            if self.count >= MOST:
                self.left_out += 1
                continue
            try:
                one = _histogram(parts)
            except (KeyError, TypeError, ValueError, OverflowError):
                self.broken += 1
                continue
            self.found.setdefault(name, []).append((step, one))
            self.count += 1


def part_of(name: str) -> tuple[str, str] | None:
    """Return the name of a value and which part of it this is, None if it is none.

    >>> part_of("gradients/fc1.weight.values"), part_of("loss")
    (('gradients/fc1.weight', 'values'), None)
    """
    head, dot, part = name.rpartition(".")
    return (head, part) if dot and head and part in PARTS else None


def _histogram(parts: Mapping[str, Any]) -> Histogram:
    """Return a histogram without sums; raises ``ValueError`` and its kin where edges and counts do not fit."""
    counts = np.array(parts["values"], dtype=np.float64)
    edges = _edges(parts, len(counts))
    if counts.ndim != 1 or edges.shape != (len(counts) + 1,) or not np.isfinite(edges).all() or not counts.sum() > 0:
        raise ValueError("edges and counts do not belong together")
    if np.any(np.diff(edges) < 0):
        raise ValueError("the edges do not increase")
    nothing = float("nan")
    total = float(counts.sum())
    return Histogram(float(edges[0]), float(edges[-1]), total, nothing, nothing, edges[:-1], edges[1:], counts)


def _edges(parts: Mapping[str, Any], bins: int) -> FloatArray:
    if "bins" in parts:
        return np.array(parts["bins"], dtype=np.float64)
    packed = parts["packedBins"]
    with np.errstate(over="ignore", invalid="ignore"):  # edges that are not finite are refused
        return np.asarray(float(packed["min"]) + float(packed["size"]) * np.arange(bins + 1))
