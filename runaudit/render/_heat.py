"""Heat maps of layers by steps: what each value is called on a scale of five, and the map in shades for a terminal."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

import numpy as np

from runaudit.heatmaps import thinned
from runaudit.model import FloatArray, Heatmap, IntArray
from runaudit.pen import Pen
from runaudit.text import cells, count, left, number, wrap

HEALTHY_RATIO = -3.0  # decades: 1e-3
SHARES = (0.1, 0.3, 0.6, 0.9)
FRACTIONS = frozenset({"zero_frac", "dead_frac", "saturated_frac"})
TITLES = {
    "update_ratio": "size of an update against the weights",
    "zero_frac": "share of outputs that are zero",
    "dead_frac": "share of dead units",
    "saturated_frac": "share of saturated outputs",
    "act_std": "standard deviation of the outputs",
}
NOTHING = -1
ROWS, MOST_ROWS = 12, 40
LABEL = 24
WIDEST = 2  # columns of the terminal for one of the map


@dataclass(frozen=True, slots=True, eq=False)
class Heat:
    """A heat map in five levels: 0 to 4, -1 where nothing finite was logged.

    ``edges`` are the four values between the levels. ``healthy`` is the level that is well: the middle one where values
    can be too low and too high, 0 where they can only be too high.
    """

    map: Heatmap
    levels: IntArray
    edges: tuple[float, ...]
    healthy: int

    @property
    def title(self) -> str:
        """Return what is shown, in words."""
        words = TITLES.get(self.map.quantity, "")
        return f"{self.map.quantity} by layer" + (f": {words}" if words else "")

    def legend(self) -> list[tuple[int, str]]:
        """Return the levels that occur, each with its range in words."""
        edges = [number(edge) for edge in self.edges]
        words = [f"under {edges[0]}", *(f"{low} to {high}" for low, high in pairwise(edges))]
        words.append(f"{edges[-1]} and more")
        told = {-1: "nothing finite", **dict(enumerate(words))}
        return [(level, told[level]) for level in (*range(5), -1) if (self.levels == level).any()]


def heat_of(heatmap: Heatmap) -> Heat:
    """Return the map in levels.

    An update ratio is healthy within half a decade around 1e-3 and a level is a decade; a fraction is healthy below a
    tenth. For the others no value is healthy by itself: they are taken against their median, and a level is as many
    decades as the values need.
    """
    values = heatmap.values
    if heatmap.quantity in FRACTIONS:
        return Heat(heatmap, _levels(values, SHARES), SHARES, 0)
    middle, decades = HEALTHY_RATIO, 1.0
    if heatmap.quantity != "update_ratio":
        size = np.log10(values[values > 0])
        middle = float(np.median(size)) if len(size) else 0.0
        spread = float(np.max(np.abs(size - middle))) if len(size) else 1.0
        decades = max(1.0, float(np.ceil(spread / 2.5)))
    edges = tuple(_round(10.0 ** np.clip(middle + k * decades, -300, 300)) for k in (-1.5, -0.5, 0.5, 1.5))
    return Heat(heatmap, _levels(values, edges), edges, 2)


def _round(value: float) -> float:
    """Return the value in two digits, as the legend writes it."""
    return float(f"{value:.1e}")


def _levels(values: FloatArray, edges: Sequence[float]) -> IntArray:
    levels = np.searchsorted(np.array(edges), values, side="right")
    return np.where(np.isfinite(values), levels, NOTHING).astype(np.int64)


# --- in a terminal -----------------------------------------------------------------------------------------


def heat_lines(pen: Pen, heatmap: Heatmap, width: int, wanted: Collection[str] = ()) -> list[str]:
    """Return the map in lines no wider than ``width``: a layer a row, the input first, steps from left to right.

    Of many layers some are left out, but none of those that ``wanted`` names (``grad_norm/fc1``).
    """
    heat = heat_of(heatmap)
    most = MOST_ROWS if pen.options.verbosity > 0 else ROWS
    kept = thinned(heatmap.layers, most, {name.partition("/")[2] for name in wanted})
    rows = [i for i, layer in enumerate(heatmap.layers) if layer in kept]
    names = [pen.short(heatmap.layers[i], min(LABEL, width // 3)) for i in rows]
    gutter = max(map(cells, names))
    columns = _columns(heat, width - gutter - 2)
    columns = np.repeat(columns, max(min((width - gutter - 2) // columns.shape[1], WIDEST), 1), axis=1)
    lines = [pen.paint("dim", line) for line in wrap(heat.title, width)]
    for i, name in zip(rows, names, strict=True):
        lines.append(f"{left(name, gutter)} {pen.paint('dim', pen.glyph('bar'))}{_row(pen, heat, columns[i].tolist())}")
    lines.append(" " * (gutter + 2) + pen.paint("dim", _steps(heatmap, columns.shape[1])))
    hidden = len(heatmap.layers) - len(rows)
    if hidden:
        words = f"{count(hidden, 'layer')} between them left out: --verbose shows more"
        lines += [pen.paint("dim", line) for line in wrap(words, width)]
    return [*lines, *_legend(pen, heat, width)]


def _columns(heat: Heat, width: int) -> IntArray:
    """Return the levels in at most ``width`` columns: of several, the median of the values."""
    values = heat.map.values
    if values.shape[1] <= width:
        return heat.levels
    parts = np.array_split(np.arange(values.shape[1]), width)
    middle = [[_middle(row[part]) for part in parts] for row in values]
    return _levels(np.array(middle), heat.edges)


def _middle(values: FloatArray) -> float:
    good = np.sort(values[np.isfinite(values)])
    return float(good[len(good) // 2]) if len(good) else np.nan


def _row(pen: Pen, heat: Heat, levels: Sequence[int]) -> str:
    return "".join(pen.paint(_style(heat, k), _glyph(pen, k) * len(list(group))) for k, group in groupby(levels))


def _glyph(pen: Pen, level: int) -> str:
    return pen.glyph("broken") if level == NOTHING else pen.glyph(f"heat {level}")


def _style(heat: Heat, level: int) -> str:
    """Return the style of a level: blue below what is healthy, red above it."""
    if level == NOTHING:
        return "dim"
    return f"heat {level if heat.healthy else 2 + (level + 1) // 2}"


def _steps(heatmap: Heatmap, width: int) -> str:
    """Return the first and the last step under the map; only the first where they do not fit."""
    first, last = count(int(heatmap.steps[0])), count(int(heatmap.steps[-1]))
    gap = width - len(first) - len(last)
    return first + " " * gap + last if gap > 0 else first


def _legend(pen: Pen, heat: Heat, width: int) -> list[str]:
    lines = [""]
    used = 0
    for level, words in heat.legend():
        shown = f"{_glyph(pen, level)} {words}"
        if used and used + 3 + cells(shown) > width:
            lines.append("")
            used = 0
        mark = pen.paint(_style(heat, level), _glyph(pen, level))
        lines[-1] += ("   " if used else "") + mark + pen.paint("dim", f" {words}")
        used += (3 if used else 0) + cells(shown)
    return lines
