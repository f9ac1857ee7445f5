"""A search on the page: the objective against each setting, all trials as lines through all settings, and tables."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from runaudit.detectors._importance import HOW
from runaudit.model import RunReport
from runaudit.plot import HUGE, Axis
from runaudit.render._html._paths import Box, path
from runaudit.render._html._svg import Mark, Ring, percent, value_ticks
from runaudit.render._search.view import Setting, Trial, View, cell, view_of
from runaudit.text import count, number, shorten

SCATTER, PARALLEL = Box(400, 200), Box(1000, 400)
MOST_SETTINGS = 12  # that have a plot of their own
MOST_AXES = 8  # of the picture with all trials, beside that of the objective
MOST_DOTS, MOST_DOTS_LEAN = 500, 100  # trials that are drawn, the best first
MOST_LINES, MOST_LINES_LEAN = 150, 50
MOST_ROWS, MOST_ROWS_LEAN = 500, 40  # trials in the table
FIRST_ROWS = 10  # of them, without opening anything
MOST_CHOICES = 6  # that are named under an axis
LABEL, LONGEST = 12, 60  # letters of a label, and of a name or value in a table
COLOURS = 5  # of the lines, by the rank of the objective
ABSENT = 1.12  # where a line passes an axis, from its top, if the trial has no such setting
CLOSE = 9.0  # percent of a plot that two labels under it must lie apart


@dataclass(frozen=True, slots=True)
class ScatterFigure:
    """The objective against one setting: paths of dots by state, the best trial, and the trials that diverged."""

    template: ClassVar[str] = "scatter"
    name: str
    title: str
    scale: str
    explains: str
    box: Box
    dots: tuple[tuple[str, str], ...]
    best: Ring | None
    lost: tuple[float, ...]
    up: bool
    xs: tuple[Mark, ...]
    ys: tuple[Mark, ...]
    grid: str


@dataclass(frozen=True, slots=True)
class Upright:
    """An axis of the picture with all trials: where it stands, its setting, and its labels from the top."""

    at: float
    name: str
    label: str
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Thread:
    """A trial as a line through all axes; ``style`` says how good it was, ``title`` what it was."""

    style: str
    path: str
    title: str


@dataclass(frozen=True, slots=True)
class ParallelFigure:
    """All trials as lines through all settings, the best ones on top. ``legend`` has a style and words each."""

    template: ClassVar[str] = "parallel"
    name: str
    title: str
    box: Box
    axes: tuple[Upright, ...]
    lines: tuple[Thread, ...]
    legend: tuple[tuple[str, str], ...]
    more: int

    @property
    def wide(self) -> bool:
        """Say whether it needs more room than a narrow screen has."""
        return len(self.axes) > 4


@dataclass(frozen=True, slots=True)
class SettingRow:
    """A setting in the table: its range and scale, and in percent how much it explains, None where unknown."""

    name: str
    span: str
    scale: str
    share: float | None
    sure: str


@dataclass(frozen=True, slots=True)
class Searched:
    """What the page says of a search besides its findings; ``rows`` are trials: name, state, cells."""

    objective: str
    best: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, str, tuple[str, ...]], ...]
    more: int
    settings: tuple[SettingRow, ...]
    how: str


Pictured = ScatterFigure | ParallelFigure


def searched(report: RunReport, *, lean: bool) -> Searched:
    """Return the tables of a search; fewer trials for a lean page."""
    view = view_of(report)
    most = MOST_ROWS_LEAN if lean else MOST_ROWS
    shown = view.settings[: MOST_AXES if lean else None]
    rows = tuple((shorten(t.name, LONGEST), t.state, _cells(t, shown)) for t in view.trials[:most])
    best = f"best {shorten(view.best.name, LONGEST)}: {view.best.result}" if view.best is not None else ""
    return Searched(
        objective=shorten(view.objective, LONGEST),
        best=best,
        heads=tuple(shorten(s.name, LONGEST) for s in shown),
        rows=rows,
        more=len(view.trials) - len(rows),
        settings=tuple(_setting_row(s) for s in shown),
        how=HOW if any(s.importance is not None for s in shown) else "",
    )


def facts(report: RunReport) -> list[str]:
    """Return number of trials and what was looked for, in words."""
    view = view_of(report)
    source = {"": [], "runs": ["of sibling runs"]}.get(view.source, [f"of {view.source}"])
    ranges = "ranges as declared" if view.declared else "ranges as tried"
    states = f" ({view.told_states})" if view.told_states else ""
    return ["search", *source, count(len(view.trials), "trial") + states, view.goal, ranges]


def _cells(trial: Trial, settings: Sequence[Setting]) -> tuple[str, ...]:
    return (trial.result, *(shorten(cell(trial, s.name), LONGEST) for s in settings))


def _setting_row(setting: Setting) -> SettingRow:
    known = setting.importance
    named = ", ".join(setting.choices[:MOST_CHOICES]) + " ..." * (len(setting.choices) > MOST_CHOICES)
    span = shorten(named, LONGEST) if setting.choices else f"{setting.low} to {setting.high}"
    share, sure = (round(100 * known.share), known.sure) if known is not None else (None, "")
    return SettingRow(shorten(setting.name, LONGEST), span, setting.scale, share, sure)


def pictures(report: RunReport, prefix: str, *, lean: bool) -> list[Pictured]:
    """Return what is drawn of a search; ``prefix`` begins the names of its drawings in the page."""
    view = view_of(report)
    shown = view.settings[:MOST_SETTINGS]
    dots = MOST_DOTS_LEAN if lean else MOST_DOTS
    lines = MOST_LINES_LEAN if lean else MOST_LINES
    drawn: list[Pictured] = [_parallel(view, f"{prefix}a", lines)] if len(shown) > 1 else []
    return [*drawn, *(_scatter(view, s, f"{prefix}s{i}", dots) for i, s in enumerate(shown))]


# --- one setting -------------------------------------------------------------------------------------------


def _scatter(view: View, setting: Setting, name: str, most: int) -> ScatterFigure:
    points: dict[str, list[tuple[int, int]]] = {}
    lost: list[float] = []
    best = None
    heights = view.heights.tolist()
    for trial, place, height in list(zip(view.trials, setting.places.tolist(), heights, strict=True))[:most]:
        if place != place:
            continue
        if trial.state == "diverged":
            lost.append(percent(place))
        elif height == height:
            if trial is view.best:
                best = Ring(percent(place), percent(1 - height), "best")
            at = round(place * SCATTER.width), round((1 - height) * SCATTER.height)
            points.setdefault(trial.state, []).append(at)
    ys = _ticks(view.axis)
    return ScatterFigure(
        name=name,
        title=shorten(setting.name, LONGEST),
        scale="" if setting.choices else f"{setting.scale} axis",
        explains=setting.explains,
        box=SCATTER,
        dots=tuple((state, "".join(path([p]) for p in dict.fromkeys(points[state]))) for state in points),
        best=best,
        lost=tuple(dict.fromkeys(lost)),
        up=view.direction == "max",
        xs=_spread(_along(setting)),
        ys=tuple(Mark(percent(1 - at), words) for at, words in ys),
        grid="".join(f"M0 {round((1 - at) * SCATTER.height)}h{SCATTER.width}" for at, _ in ys),
    )


def _along(setting: Setting) -> list[tuple[float, str]]:
    """Return the labels of the axis of a setting and where they stand, from 0 to 1."""
    if setting.choices:
        size = len(setting.choices)
        return [((i + 0.5) / size, shorten(c, LABEL)) for i, c in enumerate(setting.choices[:MOST_CHOICES])]
    low, high = setting.ends or (0.0, 1.0)
    low, high = max(low, -HUGE), min(high, HUGE)
    return _ticks(Axis(low, high, log=setting.log)) if high > low else [(0.0, number(low))]


def _ticks(axis: Axis) -> list[tuple[float, str]]:
    low, high = (math.log(axis.low), math.log(axis.high)) if axis.log else (axis.low, axis.high)
    marks = value_ticks(axis)
    return [(((math.log(v) if axis.log else v) - low) / (high - low), number(v)) for v in marks]


def _spread(labels: Sequence[tuple[float, str]]) -> tuple[Mark, ...]:
    """Return the labels that do not touch the one before."""
    shown: list[Mark] = []
    for at, words in labels:
        here = percent(at)
        if not shown or here - shown[-1].at >= CLOSE + 1.2 * (len(words) - 4):
            shown.append(Mark(here, words))
    return tuple(shown)


# --- all settings ------------------------------------------------------------------------------------------


def _parallel(view: View, name: str, most: int) -> ParallelFigure:
    settings = view.settings[:MOST_AXES]
    columns = [s.places.tolist() for s in settings]
    heights = view.heights.tolist()
    worst = float(view.direction != "max")
    complete = max(len(view.of_state("complete")), 1)
    shown = [i for i, t in enumerate(view.trials) if t.state == "diverged" or heights[i] == heights[i]]
    lines = []
    for i in shown[:most][::-1]:
        trial = view.trials[i]
        end = worst if trial.state == "diverged" else heights[i]
        drawn = _thread([*(column[i] for column in columns), end])
        style = f"q{i * COLOURS // complete}" if trial.state == "complete" and view.direction else trial.state
        lines.append(Thread("best" if trial is view.best else style, drawn, _told(view, trial)))
    uprights = [(s.name, _upright(s)) for s in settings] + [(view.objective, _ticks(view.axis))]
    axes = tuple(
        Upright(percent(i / len(settings)), shorten(n, LONGEST), shorten(n, LABEL + 4), _down(marks))
        for i, (n, marks) in enumerate(uprights)
    )
    styles = {line.style for line in lines}
    words = {"best": "best", "q0": "best fifth", "q4": "worst fifth", "diverged": "diverged", "cut-short": "cut short"}
    legend = tuple((style, said) for style, said in words.items() if style in styles)
    title = f"{count(len(lines), 'trial')} through all settings" if len(settings) == len(view.settings) else (
        f"{count(len(lines), 'trial')} through the {len(settings)} settings that explain most"
    )  # fmt: skip
    return ParallelFigure(name, title, PARALLEL, axes, tuple(lines), legend, len(shown) - len(lines))


def _thread(places: Sequence[float]) -> str:
    """Return the path through the axes; it passes below an axis where the trial has no such setting."""
    xs = (round(i * PARALLEL.width / (len(places) - 1)) for i in range(len(places)))
    ys = (round((1 - place if place == place else ABSENT) * PARALLEL.height) for place in places)
    return path(list(zip(xs, ys, strict=True)))


def _upright(setting: Setting) -> list[tuple[float, str]]:
    absent = [(1 - ABSENT, "none")] if any(place != place for place in setting.places.tolist()) else []
    return [*absent, *(_along(setting) if setting.choices else [(0.0, setting.low), (1.0, setting.high)])]


def _down(labels: Sequence[tuple[float, str]]) -> tuple[Mark, ...]:
    return tuple(Mark(percent(1 - at), words) for at, words in labels)


def _told(view: View, trial: Trial) -> str:
    state = "" if trial.state == "complete" else f", {trial.state.replace('-', ' ')}"
    given = "; ".join(f"{s.name} {cell(trial, s.name)}" for s in view.settings[:MOST_AXES] if cell(trial, s.name))
    return shorten(f"{trial.name}: {trial.result or 'no result'}{state}. {given}", 4 * LONGEST)
