"""What is drawn of a run: curves of one metric together, the windows of its findings, and the same in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from runaudit import plot
from runaudit.model import Curve, Finding, RunReport
from runaudit.pen import Pen
from runaudit.render._html._svg import (
    SPLITS,
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
from runaudit.render._run import key_curves
from runaudit.render._words import steps_of
from runaudit.text import count, number

MOST_PLOTS = 8  # of a run, beside those of its findings


@dataclass(frozen=True, slots=True)
class Detail:
    """How much is drawn: points a curve, whether the range of values around it, whether a second axis to switch to."""

    points: int
    band: bool
    log: bool


FULL = Detail(points=160, band=True, log=True)
LEAN = Detail(points=56, band=True, log=True)
LEANEST = Detail(points=40, band=False, log=False)  # for healthy runs among many


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
    """One plot: the axis to show first and the one to switch to, its windows and legend; title and text for readers.

    ``shared`` says that another plot of the run holds the paths.
    """

    title: str
    text: str
    scales: tuple[Scale, ...]
    shared: bool
    steps: tuple[Mark, ...]
    unit: str
    windows: tuple[Window, ...]
    broken: tuple[Span, ...]
    legend: tuple[Key, ...]


@dataclass(frozen=True, slots=True)
class Spark:
    """A curve in a cell of the table: its path, the window of its worst finding if any, and the last value."""

    name: str
    text: str
    split: str
    path: str
    windows: tuple[Span, ...]
    last: str
    sort: float


class Artist:
    """Draws the plots of one run; the curves of all plots share one step axis, so that they can share their paths."""

    def __init__(self, pen: Pen, run: RunReport, number_of_run: int, detail: Detail) -> None:
        self.pen, self.run, self.detail = pen, run, detail
        self.curves = {c.name: c for c in run.curves if c.points}
        self.keys = {name: f"p{number_of_run}-{i}" for i, name in enumerate(self.curves)}
        self.written: set[str] = set()
        self.steps = plot.step_axis(list(self.curves.values()))

    def of_finding(self, finding: Finding, anchor: str) -> Figure | None:
        """Return the plot of the curve that the finding is about and of its other splits, None if it has none."""
        if finding.series not in self.curves:
            return None
        return self._figure(self._together(finding.series), {anchor: finding})

    def overview(self, findings: Mapping[str, Finding], *, again: bool) -> tuple[list[Figure], int]:
        """Return the plots of the curves that matter, with all windows, and how many are left out.

        ``again`` asks also for those that were drawn for a finding before.
        """
        wanted = key_curves(self.run, list(findings.values()))
        groups = list(dict.fromkeys(tuple(c.name for c in self._together(w.name)) for w in wanted))
        if not again:
            groups = [g for g in groups if self.keys[g[0]] not in self.written]
        shown = [self._figure([self.curves[n] for n in group], findings) for group in groups[:MOST_PLOTS]]
        return shown, len(groups) - len(shown)

    def _together(self, name: str) -> list[Curve]:
        """Return the curves of the same metric on every split, in the order train, val, test."""
        split, _, metric = name.partition("/")
        if split not in SPLITS:
            return [self.curves[name]]
        return [self.curves[n] for s in SPLITS if (n := f"{s}/{metric}") in self.curves]

    def _figure(self, curves: Sequence[Curve], findings: Mapping[str, Finding]) -> Figure:
        names = {c.name for c in curves}
        about = {anchor: f for anchor, f in findings.items() if f.series in names}
        key = self.keys[curves[0].name]
        shared = key in self.written  # the same curves are always together, so the axes are the same too
        self.written.add(key)
        points, log, band = self.detail.points, self.detail.log, self.detail.band
        drawn = scales(curves, key, self.steps, points, log=log, band=band)
        windows = tuple(
            Window(span(f.first_step, f.last_step, self.steps, str(f.severity)), f.rule, anchor)
            for anchor, f in about.items()
        )
        legend = tuple(_key(self.pen, c, ringed=ringed(c, curves)) for c in curves)
        told = [f"{k.name} {k.ends}{f', {k.best}' if k.best else ''}" for k in legend]
        told += [f"{f.rule} ({f.severity}): {steps_of(self.pen, f, self.run.step_unit)}" for f in about.values()]
        return Figure(
            title=", ".join(c.name for c in curves),
            text="; ".join(told),
            scales=drawn,
            shared=shared,
            steps=step_marks(self.steps),
            unit=self.run.step_unit,
            windows=windows,
            broken=broken(curves, self.steps),
            legend=legend,
        )


def _key(pen: Pen, curve: Curve, *, ringed: bool) -> Key:
    arrow = pen.glyph("arrow")
    ends = number(curve.first) if curve.points == 1 else f"{number(curve.first)} {arrow} {number(curve.last)}"
    found = best_of(curve) if ringed else None
    best = f"best {number(found[0])} @ {count(found[1])}" if found is not None else ""
    return Key(curve.name, split_of(curve.name), ends, best)


def sparks(pen: Pen, run: RunReport, findings: Sequence[Finding]) -> tuple[Spark | None, Spark | None]:
    """Return training loss (or the first other loss) and validation loss for the table of runs."""
    named = {c.name: c for c in run.curves if c.points}
    val = named.get("val/loss")
    loss = named.get("train/loss") or next((c for n, c in named.items() if "loss" in n and n != "val/loss"), None)
    return _spark(pen, loss, findings), _spark(pen, val, findings)


def _spark(pen: Pen, curve: Curve | None, findings: Sequence[Finding]) -> Spark | None:
    if curve is None:
        return None
    steps = plot.step_axis([curve])
    about = next((f for f in findings if f.series == curve.name), None)
    windows = () if about is None else (span(about.first_step, about.last_step, steps, str(about.severity)),)
    text = f"{number(curve.first)} {pen.glyph('arrow')} {number(curve.last)}"
    return Spark(curve.name, text, split_of(curve.name), spark(curve, steps), windows, number(curve.last), curve.last)
