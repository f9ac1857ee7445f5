"""What the detectors that judge layers share: fractions of units, order in depth, one norm over all layers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from runaudit.detectors._rows import first_half, typical
from runaudit.errors import NotJudged
from runaudit.model import FloatArray, IntArray, Series
from runaudit.numerics import formed

NUMBER = re.compile(r"\d{1,9}")


@dataclass(frozen=True, slots=True, eq=False)
class Share:
    """The share of units of one layer in some state: at the first row, over the first half, and at the end."""

    layer: str
    series: Series
    first: float
    early: float
    late: float
    steps: IntArray
    values: FloatArray

    @property
    def from_start(self) -> bool:
        """Say whether the first row was logged within the first tenth of what the log covers."""
        return bool(self.steps[0] <= max(1.0, 0.1 * float(self.steps[-1])))

    def since(self, limit: float) -> int:
        """Return the step from which on the share never left ``limit`` or more (the first of all if it never did)."""
        below = np.flatnonzero(self.values < limit)
        return int(self.steps[min(below[-1] + 1, len(self.steps) - 1)]) if len(below) else int(self.steps[0])


def shares(layers: Mapping[str, Series], min_rows: int) -> list[Share]:
    """Return the shares of every layer with ``min_rows`` finite values, in the order of depth that the names tell.

    The end is the median of the last quarter. Raises ``NotJudged`` where no layer is left, and where values outside
    0 to 1 show that the log holds no fractions.
    """
    found = []
    for layer in sorted(layers, key=natural):
        series = layers[layer]
        good = np.isfinite(series.values)
        steps, values = series.steps[good], series.values[good]
        if len(values) < min_rows:
            continue
        if values.min() < 0.0 or values.max() > 1.0:
            raise NotJudged(f"{series.name} holds values outside 0 to 1, which are no fractions")
        last = min(len(values) - 3, int(np.searchsorted(steps, steps[0] + 0.75 * (steps[-1] - steps[0]))))
        half = max(1, first_half(steps))
        late, early = float(np.median(values[max(0, last) :])), typical(steps[:half], values[:half])
        found.append(Share(layer, series, float(values[0]), early, late, steps, values))
    if not found:
        raise NotJudged(f"no layer has {min_rows} values")
    return found


def listed(found: Mapping[str, tuple[float, int]], form: str, most: int = 3) -> str:
    """Return the worst layers with their value and the step since when, those given first.

    >>> listed({"fc2": (0.97, 23), "fc1": (0.92, 40)}, ".0%")
    'fc2 97% (from 23 on), fc1 92% (from 40 on)'
    """
    parts = [f"{name} {formed(value, form)} (from {first:,} on)" for name, (value, first) in list(found.items())[:most]]
    more = len(found) - most
    return ", ".join(parts) + (f" and {more} more" if more > 0 else "")


def natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """Return a key that sorts numbers inside names by value.

    >>> sorted(["fc10", "fc2", "fc1"], key=natural)
    ['fc1', 'fc2', 'fc10']
    """
    parts = re.split(r"(\d{1,9})", name)
    return tuple((0, int(p), "") if p.isdecimal() else (1, 0, p) for p in parts if p)


def in_depth(names: list[str]) -> tuple[list[list[str]], list[str]]:
    """Return the numbered blocks of a network in the order of their first number, and all other names.

    Layers whose names agree up to the first number are one family; the largest family gives the blocks, each with all
    layers of its number. A name that is the family without a number comes first, as in Keras. Fewer than two numbers
    make no blocks.

    >>> in_depth(["h.0.fc", "h.0.qkv", "h.1.fc", "head"])
    ([['h.0.fc', 'h.0.qkv'], ['h.1.fc']], ['head'])
    >>> in_depth(["dense", "dense_1", "out"])
    ([['dense'], ['dense_1']], ['out'])
    """
    families: dict[str, dict[int, list[str]]] = {}
    for name in sorted(names, key=natural):
        found = NUMBER.search(name)
        family = (name[: found.start()] if found else name).rstrip("._-/")
        families.setdefault(family, {}).setdefault(int(found.group()) if found else -1, []).append(name)
    largest = max(families.values(), key=len, default={})
    if len(largest) < 2:
        return [], sorted(names, key=natural)
    blocks = [largest[number] for number in sorted(largest)]
    inside = {name for block in blocks for name in block}
    return blocks, [name for name in sorted(names, key=natural) if name not in inside]


def total_norm(layers: Mapping[str, Series]) -> tuple[IntArray, FloatArray]:
    """Return the steps that all layers share and the norm over all layers there; empty where they share none.

    A NaN or an infinity of one layer goes into the whole.
    """
    several = list(layers.values())
    steps = several[0].steps
    for series in several[1:]:
        steps = np.intersect1d(steps, series.steps)
    norms = np.stack([s.values[np.searchsorted(s.steps, steps)] for s in several])
    top = np.max(np.abs(norms), axis=0, initial=0.0)  # scaled, so that the square of 1e200 does not overflow
    scale = np.where(np.isfinite(top) & (top > 0), top, 1.0)
    return steps, np.asarray(scale * np.sqrt(np.sum((norms / scale) ** 2, axis=0)))
