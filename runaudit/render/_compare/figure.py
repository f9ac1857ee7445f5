"""Runs over the band of their references as SVG: paths, and the labels of the axes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from runaudit import plot
from runaudit.compare import Metric
from runaudit.model import Curve, FloatArray
from runaudit.plot import Axis
from runaudit.render._html._paths import Box, Thin, line, outline
from runaudit.render._html._svg import Mark, step_marks, value_ticks
from runaudit.render._html._svg import span as marked
from runaudit.text import number

BOX = Box(400, 190)
POINTS = 80  # of a path
MOST_LINES = 8  # of more runs, only the median is drawn


@dataclass(frozen=True, slots=True)
class Figure:
    """One metric: the path around the band, of its median, and of each run; the labels; where the runs left it."""

    name: str
    box: Box
    band: str
    mid: str
    runs: tuple[str, ...]
    grid: str
    ticks: tuple[Mark, ...]
    steps: tuple[Mark, ...]
    left: float | None
    new: str
    old: str


def figure(metric: Metric) -> Figure:
    """Return the drawing of a metric."""
    band = metric.band
    lines = metric.lines if len(metric.lines) <= MOST_LINES else (metric.mid,)
    steps = Axis(metric.low, metric.high)
    values = plot.value_axis([_curve(band.x, band.low, band.mid, band.high), *(_curve(band.x, v, v, v) for v in lines)])
    around = Thin(band.x, band.low, band.mid, band.high)
    ticks = [(float(1 - values.place(np.array([v]))[0]), number(v)) for v in value_ticks(values)]
    left = None if np.isnan(metric.left_at) else marked(round(metric.left_at), round(metric.left_at), steps, "").start
    new, old = metric.middle("final")
    return Figure(
        name=metric.name,
        box=BOX,
        band=outline(around, steps, values, BOX),
        mid=line(_curve(band.x, band.mid, band.mid, band.mid), POINTS, steps, values, BOX, needles=False),
        runs=tuple(line(_curve(band.x, v, v, v), POINTS, steps, values, BOX, needles=False) for v in lines),
        grid="".join(f"M0 {round(at * BOX.height)}h{BOX.width}" for at, _ in ticks),
        ticks=tuple(Mark(round(100 * at, 1), label) for at, label in ticks),
        steps=step_marks(steps),
        left=left,
        new=number(new),
        old=number(old),
    )


def _curve(x: FloatArray, low: FloatArray, mid: FloatArray, high: FloatArray) -> Curve:
    nan = float("nan")
    return Curve("", "", len(x), 0, 1, nan, nan, nan, 0, x, low, mid, high)
