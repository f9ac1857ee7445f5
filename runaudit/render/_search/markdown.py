"""A search in markdown: its best trials, and each setting with the objective along its range as one line."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from runaudit.model import RunReport
from runaudit.pen import Pen
from runaudit.plot import ASCII_LEVELS, BLOCKS
from runaudit.render._markup import code, inline
from runaudit.render._search.view import Setting, Trial, View, cell, view_of
from runaudit.text import count, shorten

MOST_TRIALS = 10
MOST_SETTINGS = 8  # columns of the table of trials
MOST_LINES = 20  # settings in the table of settings
COLUMNS = 16  # of the line along a setting
NAME, WORD = 60, 24
GAP = "\u00a0"  # a space that HTML does not swallow


def search_part(pen: Pen, report: RunReport) -> str:
    """Return the tables of a search."""
    view = view_of(report)
    states = f" ({view.told_states})" if view.told_states else ""
    lead = [f"{count(len(view.trials), 'trial')}{states}", f"looked for: {inline(shorten(view.goal, NAME))}"]
    lead += [f"best {code(pen.short(view.best.name, NAME))}: {view.best.result}"] if view.best is not None else []
    parts = [pen.dotted(*lead), _trials(pen, view)]
    if view.settings:
        parts.append(_settings(pen, view))
    return "\n\n".join(parts) + "\n\n"


def _trials(pen: Pen, view: View) -> str:
    settings, shown = view.settings[:MOST_SETTINGS], view.trials[:MOST_TRIALS]
    heads = ["trial", _word(view.objective), *(code(pen.short(s.name, WORD), cell=True) for s in settings), ""]
    lines = [_row(heads), "|---|--:|" + "--:|" * len(settings) + "---|"]
    lines += [_row(_cells(pen, trial, settings)) for trial in shown]
    if len(view.trials) > len(shown):
        lines += ["", f"and {count(len(view.trials) - len(shown), 'more trial')}"]
    return "\n".join(lines)


def _cells(pen: Pen, trial: Trial, settings: Sequence[Setting]) -> list[str]:
    state = "" if trial.state == "complete" else _word(trial.state.replace("-", " "))
    name = code(pen.short(trial.name, NAME), cell=True)
    return [name, trial.result, *(_word(cell(trial, s.name)) for s in settings), state]


def _word(text: str) -> str:
    return inline(shorten(text, WORD))


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _settings(pen: Pen, view: View) -> str:
    lines = [f"| setting | tried | {_word(view.objective)} along it | explains |", "|---|---|---|--:|"]
    for setting in view.settings[:MOST_LINES]:
        drawn = code(_line(pen, view, setting), cell=True).replace(" ", GAP)
        lines.append(_row([code(pen.short(setting.name, NAME), cell=True), _span(setting), drawn, setting.explains]))
    if len(view.settings) > MOST_LINES:
        lines += ["", f"and {count(len(view.settings) - MOST_LINES, 'more setting')}"]
    return "\n".join(lines)


def _span(setting: Setting) -> str:
    if setting.choices:
        return inline(shorten(", ".join(setting.choices), NAME))
    return f"{setting.low} to {setting.high}{', log' if setting.log else ''}"


def _line(pen: Pen, view: View, setting: Setting) -> str:
    """Return the median of the objective in each part of the range, a block as high as it; blank where no trial is."""
    levels = ASCII_LEVELS if pen.options.ascii else BLOCKS
    size = min(COLUMNS, len(setting.choices)) if setting.choices else COLUMNS
    counted = np.array([trial.state == "complete" for trial in view.trials], dtype=bool)
    heights = np.where(counted, view.heights, np.nan)
    known = np.isfinite(setting.places) & np.isfinite(heights)
    parts = np.minimum(setting.places[known] * size, size - 1).astype(np.int64)
    text = []
    for part in range(size):
        here = np.sort(heights[known][parts == part])
        text.append(levels[min(int(here[len(here) // 2] * len(levels)), len(levels) - 1)] if len(here) else " ")
    return "".join(text)
