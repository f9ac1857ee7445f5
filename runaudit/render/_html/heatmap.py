"""A heat map of layers by steps for the page: one path a level, one label a layer, and the numbers behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from runaudit.model import FloatArray, Heatmap
from runaudit.numerics import runs_of_true
from runaudit.render._heat import NOTHING, Heat, heat_of
from runaudit.text import count, number, shorten

ROW = 15  # pixels
LABEL = 18  # letters


@dataclass(frozen=True, slots=True)
class Layer:
    """A row of the map: the layer, its short name, where it lies (pixels from the top), and its values in words."""

    layer: str
    label: str
    top: int
    numbers: tuple[str, ...]

    @property
    def title(self) -> str:
        """Return what a pointer that rests on the row is told."""
        low, middle, high = self.numbers[1:4]
        return f"{self.layer}: median {middle}, {low} to {high}"


@dataclass(frozen=True, slots=True)
class HeatFigure:
    """A heat map: ``levels`` has a style and a path each, ``legend`` a style and words."""

    template: ClassVar[str] = "heat"
    name: str
    title: str
    columns: int
    height: int
    layers: tuple[Layer, ...]
    levels: tuple[tuple[str, str], ...]
    legend: tuple[tuple[str, str], ...]
    first: str
    last: str


def heat_figure(name: str, heatmap: Heatmap) -> HeatFigure:
    """Return the drawing of a heat map; ``name`` is its own in the page."""
    heat = heat_of(heatmap)
    occur = heat.legend()
    return HeatFigure(
        name=name,
        title=heat.title,
        columns=len(heatmap.steps),
        height=ROW * len(heatmap.layers),
        layers=tuple(_layer(i, layer, heatmap.values[i]) for i, layer in enumerate(heatmap.layers)),
        levels=tuple((style_of(heat, level), _path(heat, level)) for level, _ in occur),
        legend=tuple((style_of(heat, level), words) for level, words in occur),
        first=count(int(heatmap.steps[0])),
        last=count(int(heatmap.steps[-1])),
    )


def style_of(heat: Heat, level: int) -> str:
    """Return the style of a level: cold below what is healthy, hot above it."""
    if level == NOTHING:
        return "hx"
    return f"h{level}" if heat.healthy else f"h{(2, 5, 3, 6, 4)[level]}"


def _layer(index: int, layer: str, values: FloatArray) -> Layer:
    good = values[np.isfinite(values)]
    nothing = ("-",) * 5
    told = nothing if not len(good) else _told(good)
    return Layer(layer, shorten(layer, LABEL), ROW * index, told)


def _told(values: FloatArray) -> tuple[str, ...]:
    """Return the first, lowest, median, highest and last value in words."""
    middle = np.sort(values)[len(values) // 2]
    return tuple(number(float(v)) for v in (values[0], values.min(), middle, values.max(), values[-1]))


def _path(heat: Heat, level: int) -> str:
    """Return the cells of one level, a column wide and a row high, in a path."""
    return "".join(_cells(row, runs_of_true(cells).tolist()) for row, cells in enumerate(heat.levels == level))


def _cells(row: int, runs: Sequence[Sequence[int]]) -> str:
    return "".join(f"M{start} {row}h{stop - start}v1H{start}z" for start, stop in runs)
