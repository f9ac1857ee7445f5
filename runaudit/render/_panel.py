"""A plot of one or two curves over a step axis, with the window of a finding marked under it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from runaudit import plot
from runaudit.model import BoolArray, Curve, Finding, IntArray
from runaudit.pen import Pen, window_style
from runaudit.plot import Axis
from runaudit.text import cells, count, left, number, right

ASCII_MARKS = (".", "o")  # of two curves over each other; a single one is drawn as high as its dots are


@dataclass(frozen=True, slots=True)
class Window:
    """The steps that a finding is about, and the style that marks them."""

    first: int
    last: int
    style: str
    curve: str

    @classmethod
    def of(cls, finding: Finding) -> Window:
        """Return the window of a finding."""
        return cls(finding.first_step, finding.last_step, window_style(finding.severity), finding.series)

    def span(self, steps: Axis, width: int) -> tuple[int, int]:
        """Return the first and the last column of the window on a plot."""
        first, last = plot.columns(np.array([self.first, self.last], dtype=np.float64), steps, width).tolist()
        return first, last


@dataclass(frozen=True, slots=True)
class Frame:
    """Where a plot stands: columns for the scale at its left, for the curves, and for their names at its right."""

    scale: int
    plot: int
    names: int


def panel(
    pen: Pen, curves: Sequence[Curve], frame: Frame | int, rows: int, *, steps: Axis, window: Window | None = None
) -> list[str]:
    """Return the lines of a plot of the curves, the last one on top.

    ``frame`` is given where other lines stand in the same columns, else the width that no line may exceed.
    """
    if len(curves) > 1:
        about = window.curve if window is not None else ""
        curves = [c if c.name == about else plot.thinned(c) for c in curves]
    values = plot.value_axis(curves, steps)
    ends = _ends(curves, steps)
    scale = _scale(values, rows)
    marks = ASCII_MARKS if pen.options.ascii and len(curves) > 1 else ("", "")
    room = frame.names if isinstance(frame, Frame) else frame * 2 // 5
    names = [
        _label(pen, c, e, m, room, covered=c.last_step <= steps.high)
        for c, e, m in zip(curves, ends, marks, strict=False)
    ]
    if not isinstance(frame, Frame):
        gutter, after = max(map(cells, scale)), max(map(cells, names))
        frame = Frame(gutter, frame - gutter - 3 - after, after)
    gutter, wide = frame.scale, frame.plot
    drawn = [plot.dots(c, steps, values, wide, rows) for c in curves]
    styles = _styles(curves)
    labels = _place_labels(names, ends, values, rows)
    painted = _rows(pen, [grid for grid, _ in drawn], styles, _window_columns(curves, steps, wide, window))
    lines = []
    for row in range(rows):
        which = labels.get(row)
        label = "" if which is None else " " + pen.paint(styles[which], names[which])
        edge = pen.glyph("tick" if scale[row] else "bar")
        lines.append(pen.paint("dim", f"{right(scale[row], gutter)} {edge}") + painted[row] + label)
    broken = np.logical_or.reduce([b for _, b in drawn])
    lines.append(" " * (gutter + 1) + _floor(pen, broken, steps, window))
    lines.append(" " * (gutter + 2) + _step_labels(pen, steps, wide, window))
    return [line.rstrip() for line in lines]


def _scale(values: Axis, rows: int) -> list[str]:
    middle = "log" if values.log and rows > 2 else ""
    return [number(values.high), middle, *[""] * (rows - 3), number(values.low)][:rows]


def _ends(curves: Sequence[Curve], steps: Axis) -> list[float]:
    ends = []
    for curve in curves:
        seen = curve.mid[(curve.steps <= steps.high) & np.isfinite(curve.mid)]
        ends.append(float(seen[-1]) if len(seen) else np.nan)
    return ends


def _label(pen: Pen, curve: Curve, end: float, mark: str, room: int, *, covered: bool) -> str:
    """Return the name and the last value, that of the log where the plot reaches it."""
    value = number(curve.last if covered or not np.isfinite(curve.last) else end)
    before = f"{mark} " if mark else ""
    return f"{before}{pen.short(curve.name, room - len(value) - len(before) - 1)} {value}"


def _styles(curves: Sequence[Curve]) -> list[str]:
    return ["val" if c.name.startswith("val/") else "train" for c in curves]


def _place_labels(names: Sequence[str], ends: Sequence[float], values: Axis, rows: int) -> dict[int, int]:
    """Return which label stands in which row: next to where its curve ends, and never two in one row."""
    depths = [0.0 if end != end else float(1 - values.place(np.array([end]))[0]) for end in ends]
    placed: dict[int, int] = {}
    free = 0
    for n, i in enumerate(sorted(range(len(names)), key=lambda i: depths[i])):
        row = min(max(int(depths[i] * (rows - 1) + 0.5), free), rows - len(names) + n)
        placed[row] = i
        free = row + 1
    return placed


def _window_columns(
    curves: Sequence[Curve], steps: Axis, width: int, window: Window | None
) -> list[tuple[IntArray, str]]:
    """Return for each curve the columns that the window marks and their style."""
    found = []
    for curve in curves:
        if window is not None and curve.name == window.curve:
            first, last = window.span(steps, width)
            around = int(first == last)  # a single step is a needle: colour what stands beside it too
            found.append((np.arange(max(first - around, 0), min(last + around + 1, width)), window.style))
        else:
            found.append((np.empty(0, dtype=np.int64), ""))
    return found


def _rows(
    pen: Pen, grids: Sequence[BoolArray], styles: Sequence[str], marked: Sequence[tuple[IntArray, str]]
) -> list[str]:
    shape = plot.covered(grids[0]).shape
    paint = np.zeros(shape, dtype=np.int64)
    palette = [""]
    for grid, style, (columns, window) in zip(grids, styles, marked, strict=True):
        here = plot.covered(grid)
        paint[here] = len(palette)
        inside = np.zeros(shape, dtype=bool)
        inside[:, columns] = True
        paint[here & inside] = len(palette) + 1
        palette += [style, window]
    letters = _letters(pen, grids)
    return [_painted(pen, letters[r], paint[r].tolist(), palette) for r in range(shape[0])]


def _letters(pen: Pen, grids: Sequence[BoolArray]) -> list[str]:
    if not pen.options.ascii:
        return plot.braille(grids)
    if len(grids) == 1:
        return plot.ascii_rows(grids[0])
    letters = np.full(plot.covered(grids[0]).shape, " ")
    for grid, mark in zip(grids, ASCII_MARKS, strict=False):
        letters[plot.covered(grid)] = mark
    return ["".join(row) for row in letters.tolist()]


def _painted(pen: Pen, letters: str, paint: Sequence[int], palette: Sequence[str]) -> str:
    parts = []
    for key, group in groupby(range(len(letters)), key=lambda i: paint[i]):
        parts.append(pen.paint(palette[key], "".join(letters[i] for i in group)))
    return "".join(parts)


def _floor(pen: Pen, broken: BoolArray, steps: Axis, window: Window | None) -> str:
    kinds = [2 if b else 0 for b in broken.tolist()]
    mark = "mark"
    if window is not None:
        first, last = window.span(steps, len(kinds))
        mark = "mark" if last > first else "point"
        kinds[first : last + 1] = [k or 1 for k in kinds[first : last + 1]]
    glyphs = (pen.glyph("floor"), pen.glyph(mark), pen.glyph("broken"))
    palette = ("dim", window.style if window else "", "error window")
    letters = "".join(glyphs[k] for k in kinds)
    return pen.paint("dim", pen.glyph("corner")) + _painted(pen, letters, kinds, palette)


def _step_labels(pen: Pen, steps: Axis, width: int, window: Window | None) -> str:
    """Return the steps under the axis: first the ends of the window, then those of the axis or round steps."""
    low, high = int(steps.low), int(steps.high)
    if window is None:
        wanted = [(s, "dim") for s in plot.ticks(steps, width, len(count(high)) + 4)]
    else:
        wanted = [(window.first, window.style), (window.last, window.style), (low, "dim"), (high, "dim")]
    taken: list[tuple[int, str, str]] = []
    for step, style in wanted:
        label = count(step)
        column = int(plot.columns(np.array([float(step)]), steps, width)[0])
        start = min(max(column - len(label) // 2, 0), width - len(label))
        if all(start + len(label) < s or s + len(other) < start for s, other, _ in taken):
            taken.append((start, label, style))
    line, end = "", 0
    for start, label, style in sorted(taken):
        line += " " * (start - end) + pen.paint(style, label)
        end = start + len(label)
    return line


def underline(pen: Pen, window: Window, steps: Axis, width: int, label: str, room: int) -> str:
    """Return a bracket under the columns of the window and its label behind it, or before it where that is too wide."""
    first, last = window.span(steps, width)
    bracket = pen.glyph("from") + pen.glyph("span") * (last - first - 1) + pen.glyph("until")
    if first == last:
        bracket = pen.glyph("point")
    if last + 2 + cells(label) <= room:
        return " " * first + pen.paint(window.style, f"{bracket} {label}")
    if cells(label) + 1 <= first:
        return pen.paint(window.style, left("", first - cells(label) - 1) + f"{label} {bracket}")
    return " " * first + pen.paint(window.style, bracket)
