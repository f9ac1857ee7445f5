"""Runs over the band of their references, drawn with characters."""

from __future__ import annotations

from itertools import groupby

import numpy as np

from runaudit import plot
from runaudit.compare import Metric
from runaudit.model import Curve, FloatArray
from runaudit.pen import Pen
from runaudit.plot import Axis
from runaudit.text import cells, count, number, right

ROWS = 8
MOST_LINES = 5  # of more runs, only the median is drawn
RUN, BAND = "val", "gutter"  # styles
SHADES = ("░", ":")
MARKS = "o"  # of the runs, in ASCII
NAMES = ("runs", "references")


def picture(pen: Pen, metric: Metric, width: int) -> list[str]:
    """Return the lines of a plot no wider than ``width``: the band shaded, the runs as lines, marks and scale."""
    lines = metric.lines if len(metric.lines) <= MOST_LINES else (metric.mid,)
    band = metric.band
    curves = [_curve(band.x, line, line, line) for line in lines]
    shade = _curve(band.x, band.low, band.mid, band.high)
    steps = Axis(metric.low, metric.high)
    values = plot.value_axis([*curves, shade], steps)
    scale = [number(values.high), "log" if values.log else "", *[""] * (ROWS - 3), number(values.low)]
    ends = [_last(metric.mid), _last(band.mid)]
    labels = [f" {name} {number(end)}" for name, end in zip(_names(metric), metric.middle("final"), strict=True)]
    gutter = max(map(cells, scale))
    wide = width - gutter - 2 - max(map(cells, labels))
    rows = _rows(pen, curves, shade, (steps, values), wide)
    placed = _placed(ends, values)
    out = []
    for row in range(ROWS):
        which = placed.get(row)
        label = "" if which is None else pen.paint((RUN, BAND)[which], labels[which])
        edge = pen.glyph("tick" if scale[row] else "bar")
        out.append(pen.paint("dim", f"{right(scale[row], gutter)} {edge}") + rows[row] + label)
    out.append(" " * (gutter + 1) + _floor(pen, metric, steps, wide))
    out.append(" " * (gutter + 2) + pen.paint("dim", _labels(steps, wide)))
    return [line.rstrip() for line in out]


def _names(metric: Metric) -> tuple[str, str]:
    return "run" if len(metric.runs) == 1 else NAMES[0], "reference" if len(metric.references) == 1 else NAMES[1]


def _curve(x: FloatArray, low: FloatArray, mid: FloatArray, high: FloatArray) -> Curve:
    first, last = int(np.floor(x[0])), int(np.ceil(x[-1]))
    return Curve("", "", len(x), first, last, np.nan, np.nan, np.nan, first, x, low, mid, high)


def _last(values: FloatArray) -> float:
    known = values[np.isfinite(values)]
    return float(known[-1]) if len(known) else float("nan")


def _rows(pen: Pen, curves: list[Curve], shade: Curve, axes: tuple[Axis, Axis], width: int) -> list[str]:
    """Return the painted cells: the runs on top, the band where no run is."""
    grids = [plot.dots(curve, *axes, width, ROWS)[0] for curve in curves]
    runs = np.logical_or.reduce([plot.covered(grid) for grid in grids])
    band = plot.covered(plot.dots(shade, *axes, width, ROWS)[0])
    letters = [MARKS * width] * ROWS if pen.options.ascii else plot.braille(grids)
    fill = SHADES[pen.options.ascii]
    out = []
    for row in range(ROWS):
        kinds = np.where(runs[row], 1, np.where(band[row], 2, 0)).tolist()
        parts = []
        for kind, group in groupby(range(width), key=kinds.__getitem__):
            places = list(group)
            text = (" " * len(places), "".join(letters[row][i] for i in places), fill * len(places))[kind]
            parts.append(pen.paint(("", RUN, BAND)[kind], text))
        out.append("".join(parts))
    return out


def _placed(ends: list[float], values: Axis) -> dict[int, int]:
    """Return which label stands in which row: beside the end of its curve, never two in one row."""
    depths = [0.0 if end != end else float(1 - values.place(np.array([end]))[0]) for end in ends]
    order = sorted((0, 1), key=lambda i: depths[i])
    upper = min(round(depths[order[0]] * (ROWS - 1)), ROWS - 2)
    lower = max(round(depths[order[1]] * (ROWS - 1)), upper + 1)
    return {upper: order[0], lower: order[1]}


def _floor(pen: Pen, metric: Metric, steps: Axis, width: int) -> str:
    floor = [pen.glyph("floor")] * width
    if np.isfinite(metric.left_at):
        at = int(plot.columns(np.array([metric.left_at]), steps, width)[0])
        mark = pen.paint("bold", pen.glyph("point"))
        rest = (pen.paint("dim", "".join(part)) for part in (floor[:at], floor[at + 1 :]))
        return pen.paint("dim", pen.glyph("corner")) + mark.join(rest)
    return pen.paint("dim", pen.glyph("corner") + "".join(floor))


def _labels(steps: Axis, width: int) -> str:
    line = ""
    for step in plot.ticks(steps, width, len(count(int(steps.high))) + 4):
        label = count(step)
        at = int(plot.columns(np.array([float(step)]), steps, width)[0])
        start = min(max(at - len(label) // 2, 0), width - len(label))
        if start > len(line) or not line:
            line += " " * (start - len(line)) + label
    return line
