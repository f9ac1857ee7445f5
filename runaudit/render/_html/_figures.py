"""What is drawn of a run: curves of one metric together, with the windows of its findings.

What else is drawn, heat maps and pictures, stands behind the plots.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from runaudit import plot
from runaudit.model import Curve, Finding, RunReport
from runaudit.pen import Pen
from runaudit.render._html._paths import Box
from runaudit.render._html._svg import (
    SPLITS,
    Detail,
    Mark,
    Scale,
    Span,
    best_of,
    broken,
    ringed,
    scales,
    span,
    spark,
    split_of,
    step_marks,
)
from runaudit.render._html.heatmap import HeatFigure, heat_figure
from runaudit.render._html.picture import PictureFigure, picture_figure
from runaudit.render._html.search import ParallelFigure, ScatterFigure
from runaudit.render._run import key_curves
from runaudit.text import count, number

HEADED = ("train/loss", "val/loss")  # columns of the table of runs
MOST_PLOTS = 8  # of a run, beside those of its findings
FULL = Detail(points=160, box=Box(800, 320), axes=2, bands=2)
LEAN = (  # from the finest to what leaves room for the most
    Detail(points=40, box=Box(240, 120), axes=2, bands=1),
    Detail(points=30, box=Box(180, 100), axes=2, bands=0),
    Detail(points=14, box=Box(160, 90), axes=1, bands=0, grid=False),
)
HEALTHY = Detail(points=30, box=Box(180, 90), axes=1, bands=0)  # for a run without findings in a lean page


@dataclass(frozen=True, slots=True)
class Key:
    """A line of the legend: which curve, its first and last value, and its best one in words ("" if unknown)."""

    name: str
    split: str
    ends: str
    best: str


@dataclass(frozen=True, slots=True)
class Window:
    """The window of a finding on a plot, with its rule and where in the page it is told."""

    span: Span
    rule: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Figure:
    """One plot: the axis to show first and the one to switch to, its windows and legend.

    ``name`` is its own. ``key`` names its paths in the page, "" where no other plot needs them; ``shared`` says that
    another plot of the run holds them. ``axis`` names the labels of the steps, which the first plot of the run holds,
    and that one has them in ``steps``. ``linked`` says that its windows link to what is told of them.
    """

    template: ClassVar[str] = "plot"
    name: str
    scales: tuple[Scale, ...]
    box: Box
    key: str
    shared: bool
    axis: str
    steps: tuple[Mark, ...]
    windows: tuple[Window, ...]
    linked: bool
    broken: tuple[Span, ...]
    legend: tuple[Key, ...]


Drawn = Figure | HeatFigure | PictureFigure | ScatterFigure | ParallelFigure


@dataclass(frozen=True, slots=True)
class Spark:
    """A curve in a cell of a table: its path, the window of its worst finding if any, and the last value.

    ``title`` is its name where the table does not say it.
    """

    title: str
    split: str
    path: str
    windows: tuple[Span, ...]
    last: str


class Artist:
    """Draws one run; all its plots have one step axis, so that they can share their paths and its labels.

    With ``again`` each finding has a plot of its own, and so has the run. Else one plot serves all findings about its
    curves. What is drawn first holds what later plots share: it must stay in the page as long as these do.
    """

    def __init__(self, pen: Pen, run: RunReport, number_of_run: int, detail: Detail, *, again: bool) -> None:
        self.pen, self.run, self.detail, self.again = pen, run, detail, again
        self.prefix = f"p{number_of_run}"
        self.curves = {c.name: c for c in run.curves if c.points}
        self.keys = {name: f"{self.prefix}-{i}" for i, name in enumerate(self.curves)}
        self.written: dict[str, tuple[Scale, ...]] = {}
        self.heats = {h.quantity: h for h in run.heatmaps} if again else {}
        self.drawn = 0
        self.steps = plot.step_axis(list(self.curves.values()))

    def of_finding(self, anchor: str, findings: Mapping[str, Finding]) -> list[Figure]:
        """Return what shows one of the findings: the curve that it is about with its other splits, if there is one."""
        finding = findings[anchor]
        if finding.series not in self.curves:
            return []
        curves = self._together(finding.series)
        if self.again:
            return [self._figure(curves, {anchor: finding}, linked=False)]
        return [] if self.keys[curves[0].name] in self.written else [self._figure(curves, findings)]

    def overview(self, findings: Mapping[str, Finding]) -> list[Figure]:
        """Return what shows the run: a few curves that matter; without ``again`` only those not drawn before."""
        wanted = key_curves(self.run, list(findings.values()))
        groups = list(dict.fromkeys(tuple(c.name for c in self._together(w.name)) for w in wanted))
        if not self.again:
            groups = [g for g in groups if self.keys[g[0]] not in self.written]
        return [self._figure([self.curves[n] for n in group], findings) for group in groups[:MOST_PLOTS]]

    def heats_of(self, series: Sequence[str]) -> list[HeatFigure]:
        """Return the heat maps of all layers of what the series tell of one (``grad_norm/fc1``), once a run."""
        quantities = dict.fromkeys(name.partition("/")[0] for name in series)
        maps = [self.heats.pop(quantity) for quantity in quantities if quantity in self.heats]
        return [heat_figure(f"{self.prefix}h-{one.quantity}", one) for one in maps]

    def pictures(self) -> list[PictureFigure]:
        """Return the pictures of the run; none in a page that must be small."""
        shown = self.run.pictures if self.again else ()
        return [picture_figure(f"{self.prefix}i{i}", one) for i, one in enumerate(shown)]

    def hidden(self) -> int:
        """Return how many curves of the run are in no plot so far."""
        return sum(self.keys[self._together(name)[0].name] not in self.written for name in self.curves)

    def _together(self, name: str) -> list[Curve]:
        """Return the curves of the same metric on every split, in the order train, val, test."""
        split, _, metric = name.partition("/")
        if split not in SPLITS:
            return [self.curves[name]]
        return [self.curves[n] for s in SPLITS if (n := f"{s}/{metric}") in self.curves]

    def _figure(self, curves: Sequence[Curve], findings: Mapping[str, Finding], *, linked: bool = True) -> Figure:
        names = {c.name for c in curves}
        about = {anchor: f for anchor, f in findings.items() if f.series in names}
        key = self.keys[curves[0].name]
        shared = key in self.written  # the same curves are always together, so the axes are the same too
        if not shared:
            self.written[key] = scales(curves, self.steps, self.detail)
        self.drawn += 1
        return Figure(
            name=f"{self.prefix}f{self.drawn}",
            scales=self.written[key],
            box=self.detail.box,
            key=key if self.again else "",
            shared=shared,
            axis=f"{self.prefix}x",
            steps=step_marks(self.steps) if self.drawn == 1 else (),
            windows=tuple(
                Window(span(f.first_step, f.last_step, self.steps, str(f.severity)), f.rule, anchor)
                for anchor, f in about.items()
            ),
            linked=linked and (self.again or len(about) > 1),
            broken=broken(curves, self.steps),
            legend=tuple(_key(self.pen, c, ringed=ringed(c, curves)) for c in curves),
        )


def _key(pen: Pen, curve: Curve, *, ringed: bool) -> Key:
    arrow = pen.glyph("arrow")
    ends = number(curve.first) if curve.points == 1 else f"{number(curve.first)} {arrow} {number(curve.last)}"
    found = best_of(curve) if ringed else None
    best = f"best {number(found[0])} @ {count(found[1])}" if found is not None else ""
    return Key(curve.name, split_of(curve.name), ends, best)


def sparks(run: RunReport, findings: Sequence[Finding]) -> list[Spark | None]:
    """Return training loss (or the first other loss) and validation loss for the table of runs."""
    named = {c.name: c for c in run.curves if c.points}
    val = named.get("val/loss")
    loss = named.get("train/loss") or next((c for n, c in named.items() if "loss" in n and n != "val/loss"), None)
    return [None if c is None else curve_spark(c, findings) for c in (loss, val)]


def curve_spark(curve: Curve, findings: Sequence[Finding] = ()) -> Spark:
    """Return a curve for the cell of a table, with the window of the first finding about it."""
    steps = plot.step_axis([curve])
    about = next((f for f in findings if f.series == curve.name), None)
    windows = () if about is None else (span(about.first_step, about.last_step, steps, str(about.severity)),)
    title = "" if curve.name in HEADED else curve.name
    return Spark(title, split_of(curve.name), spark(curve, steps), windows, number(curve.last))
