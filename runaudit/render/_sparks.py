"""Curves of a run as one line each, on one step axis: name, shape, first and last value, best value."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import numpy as np

from runaudit import plot
from runaudit.model import Curve, Finding
from runaudit.pen import Pen
from runaudit.plot import Axis
from runaudit.render._panel import Frame, Window, underline
from runaudit.text import cells, count, left, number, right

LEAST_SPARK = 20  # columns that a sparkline keeps; the best value gives way
LOWER_IS_BETTER = ("loss", "perplexity", "ppl", "wer", "cer", "mae", "mse", "rmse", "error", "bpb")
HIGHER_IS_BETTER = ("accuracy", "f1", "auc", "map", "precision", "recall", "iou", "miou", "bleu", "reward", "r2")


def frame_of(pen: Pen, curves: Sequence[Curve], after: int = 0) -> Frame:
    """Return the columns that names, shapes and values (at least ``after``) of the curves take."""
    gutter = 2 + max([9, *(cells(_name(pen, c)) for c in curves)])
    room = pen.width - gutter - 4 - LEAST_SPARK
    after = max([after, *(cells(v) for v in _values(pen, curves, room))])
    return Frame(gutter, pen.width - gutter - after - 4, after)


def sparklines(pen: Pen, curves: Sequence[Curve], roots: Sequence[Finding], steps: Axis, frame: Frame) -> list[str]:
    """Return a line a curve, and below it the windows of the findings about it."""
    lines = []
    for curve, value in zip(curves, _values(pen, curves, frame.names), strict=True):
        about = [f for f in roots if f.series == curve.name]
        peaks = curve.name.startswith("grad_norm")
        spark = plot.sparkline(curve, steps, frame.plot, peaks=peaks, ascii_only=pen.options.ascii)
        shape = _painted(pen, curve, spark, [Window.of(f) for f in about], steps)
        lines.append(f"{right(_name(pen, curve), frame.scale)}  {shape}  {pen.paint('dim', value)}")
        for finding in about:
            mark = underline(pen, Window.of(finding), steps, frame.plot, finding.rule, frame.plot + frame.names)
            lines.append(" " * (frame.scale + 2) + mark)
    return [line.rstrip() for line in lines]


def _name(pen: Pen, curve: Curve) -> str:
    return pen.short(curve.name, pen.width // 4)


def _painted(pen: Pen, curve: Curve, spark: str, marks: Sequence[Window], steps: Axis) -> str:
    styles = ["val" if curve.name.startswith("val/") else "train"] * len(spark)
    for mark in reversed(marks):  # the worst comes first, and its colour wins
        first, last = mark.span(steps, len(spark))
        styles[first : last + 1] = [mark.style] * (last + 1 - first)
    groups = groupby(zip(styles, spark, strict=True), key=lambda pair: pair[0])
    return "".join(pen.paint(style, "".join(c for _, c in group)) for style, group in groups)


def _values(pen: Pen, curves: Sequence[Curve], room: int) -> list[str]:
    """Return first and last value of each curve and, where there is room, the best or highest one."""
    ends = [_ends(pen, c) for c in curves]
    column = max(map(cells, ends), default=0)
    both = [f"{left(e, column)}  {_extreme(c)}".rstrip() for e, c in zip(ends, curves, strict=True)]
    return both if max(map(cells, both), default=0) <= room else ends


def _ends(pen: Pen, curve: Curve) -> str:
    if np.isfinite(curve.low).all() and curve.low.min() == curve.high.max():
        return number(curve.first)
    return f"{number(curve.first)} {pen.glyph('arrow')} {number(curve.last)}"


def _extreme(curve: Curve) -> str:
    """Return the best value of a loss or a quality, the highest one of anything else; "" at an end of the curve."""
    metric = curve.name.rpartition("/")[2].lower()
    if metric.startswith(LOWER_IS_BETTER) or "/loss/" in curve.name:
        known = curve.best == curve.best and curve.best_step not in {curve.first_step, curve.last_step}
        return f"best {number(curve.best)} @ {count(curve.best_step)}" if known else ""
    if not np.isfinite(curve.high).any():
        return ""
    at = int(np.nanargmax(curve.high))
    value = float(curve.high[at])
    if value in {curve.first, curve.last}:
        return ""
    word = "best" if metric.startswith(HIGHER_IS_BETTER) else "max"
    exact = curve.points == len(curve.steps)  # else the block is known, and not the step
    return f"{word} {number(value)}" + (f" @ {count(int(curve.steps[at]))}" if exact else "")
