"""A search in the terminal: its best trials, and the objective against each setting on the scale that suits it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

import numpy as np

from runaudit import plot
from runaudit.detectors._importance import HOW
from runaudit.model import BoolArray, RunReport
from runaudit.pen import Pen
from runaudit.render._run import details
from runaudit.render._search.view import Setting, View, cell, view_of
from runaudit.render._words import heading, run_name
from runaudit.text import cells, count, left, number, right

MOST_TRIALS = 10  # listed; the others are counted
MOST_PLOTS = 6  # settings that are drawn unless verbose
MOST_NAMES = 5  # trials named of those that gave no result
ROWS = 5
BESIDE = ((100, 3), (60, 2))  # so many plots in a line of so many columns
NAME, CELL = 28, 14  # columns of the name of a trial, and of a setting
NUMBERS = "0123456789-."
BETWEEN = 3  # columns from one plot to the next
LEAST_CHOICE = 4  # columns of the name of a choice
SIGNS = {"diverged": "broken", "cut-short": "short"}
STYLES = {"best": "ok", "broken": "error window", "short": "warning window"}
BRIEF = "how much of the order of the trials the setting alone explains, less chance, and how sure; --verbose says how"


def search_lines(pen: Pen, report: RunReport, root: str) -> list[str]:
    """Return heading, trials, plots and notes of a search."""
    view = view_of(report)
    facts = ("search", count(len(view.trials), "trial"), view.goal)
    lines = heading(pen, report.verdict, run_name(root, report.id, report.paths), facts)
    lines += ["", *_table(pen, view)]
    if view.settings:
        lines += ["", *_plots(pen, view)]
    return [*lines, *details(pen, report, root)]


# --- trials ------------------------------------------------------------------------------------------------


def _table(pen: Pen, view: View) -> list[str]:
    shown = view.trials[:MOST_TRIALS]
    heads = ["trial", pen.short(view.objective, CELL + 4)]
    rows = [[pen.short(t.name, min(NAME, pen.width // 3)), t.result or "-"] for t in shown]
    last = ["" if t.state == "complete" else t.state.replace("-", " ") for t in shown]
    after = max(map(cells, last)) + 2 if any(last) else 0
    room = pen.width - 2 - _wide(heads, rows) - after
    away = []
    for setting in view.settings:
        head = pen.short(setting.name, CELL)
        column = [pen.short(cell(t, setting.name), CELL) or "-" for t in shown]
        size = max(map(cells, (head, *column))) + 2
        if size > room:
            away.append(setting.name)
            continue
        room -= size
        heads.append(head)
        for row, words in zip(rows, column, strict=True):
            row.append(words)
    lines = _columns(pen, heads, rows, last)
    if len(view.trials) > len(shown):
        rest = len(view.trials) - len(shown)
        lines.append(pen.paint("dim", f"  and {count(rest, 'more trial')}"))
    if away:
        lines += _dim(pen, f"{count(len(away), 'setting')} without room: {pen.clean(', '.join(away))}")
    return [*lines, *_lost(pen, view, len(shown))]


def _wide(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> int:
    return sum(max(map(cells, column)) for column in zip(heads, *rows, strict=True)) + 2 * (len(heads) - 1)


def _columns(pen: Pen, heads: Sequence[str], rows: Sequence[Sequence[str]], last: Sequence[str]) -> list[str]:
    widths = [max(map(cells, column)) for column in zip(heads, *rows, strict=True)]
    numeric = [bool(i) and all(row[i][0] in NUMBERS for row in rows) for i in range(len(heads))]
    lines = [pen.paint("dim", "  " + _line(heads, widths, numeric).rstrip())]
    for i, row in enumerate(rows):
        state = pen.paint("warning", last[i]) if last[i] else ""
        text = _line(row, widths, numeric)
        lines.append(f"  {pen.paint('bold', text) if not i and not state else text}  {state}".rstrip())
    return lines


def _line(row: Sequence[str], widths: Sequence[int], numeric: Sequence[bool]) -> str:
    parts = zip(row, widths, numeric, strict=True)
    return "  ".join(right(words, width) if is_number else left(words, width) for words, width, is_number in parts)


def _lost(pen: Pen, view: View, shown: int) -> list[str]:
    """Return how many trials there are of each state, with the names of those that the table does not show."""
    lines = []
    if view.told_states:
        lines.append(pen.paint("dim", "  in all ") + view.told_states)
    for state in view.states:
        names = [view.trials[i].name for i in view.of_state(state) if i >= shown]
        if state != "complete" and names:
            more = f" and {count(len(names) - MOST_NAMES, 'more', 'more')}" if len(names) > MOST_NAMES else ""
            listed = ", ".join(pen.short(n, NAME) for n in names[:MOST_NAMES])
            lines += pen.hang(f"  {pen.paint('warning', state.replace('-', ' '))}: ", listed + more, indent=14)
    return lines


def _dim(pen: Pen, words: str) -> list[str]:
    return [pen.paint("dim", line) for line in pen.hang("  ", words, indent=2)]


# --- plots -------------------------------------------------------------------------------------------------


def _plots(pen: Pen, view: View) -> list[str]:
    shown = view.settings if pen.options.verbosity > 0 else view.settings[:MOST_PLOTS]
    beside = next(n for least, n in BESIDE if pen.width >= least)
    scale = [number(view.axis.high), "log" if view.axis.log else "", *[""] * (ROWS - 3), number(view.axis.low)]
    gutter = max(map(cells, scale))
    wide = (pen.width - gutter - 2 - BETWEEN * (beside - 1)) // beside
    lines = _dim(pen, f"{pen.clean(view.objective)} against each setting: {_legend(pen, view)}")
    for start in range(0, len(shown), beside):
        panels = [_panel(pen, view, setting, wide) for setting in shown[start : start + beside]]
        for i, parts in enumerate(zip(*panels, strict=True)):
            lines.append(_across(pen, parts, scale[i - 1] if 0 < i <= ROWS else "", i, gutter))
    if len(view.settings) > len(shown):
        more = count(len(view.settings) - len(shown), "more setting")
        lines += _dim(pen, f"{more}: --verbose draws them")
    if any(s.importance is not None for s in shown):
        lines += _dim(pen, f"%: {HOW if pen.options.verbosity > 0 else BRIEF}")
    return lines


def _across(pen: Pen, parts: Sequence[str], label: str, line: int, gutter: int) -> str:
    """Return one line of plots side by side, with the left edge of each and the scale of all before the first."""
    edge = "bar" if 0 < line <= ROWS else "corner" if line == ROWS + 1 else ""
    between = pen.paint("dim", right(pen.glyph(edge) if edge else "", BETWEEN))
    first = pen.glyph("tick" if label else edge) if edge else " "
    return (pen.paint("dim", f"{right(label, gutter)} {first}") + between.join(parts)).rstrip()


def _legend(pen: Pen, view: View) -> str:
    states = view.states
    signs = [f"{pen.glyph('best')} the best"] if view.best is not None else []
    signs += [f"{pen.glyph('broken')} diverged"] if "diverged" in states else []
    signs += [f"{pen.glyph('short')} cut short"] if "cut-short" in states else []
    return ", ".join(["a dot a trial", *signs])


def _panel(pen: Pen, view: View, setting: Setting, wide: int) -> list[str]:
    """Return the lines of one plot, each ``wide`` columns: title, rows, floor, and the ends of the axis."""
    name = pen.short(setting.name, wide - cells(setting.explains) - 1)
    gap = " " * (wide - cells(name) - cells(setting.explains))
    title = pen.paint("bold", name) + gap + setting.explains
    floor = pen.paint("dim", pen.glyph("floor") * wide)
    return [title, *_dots(pen, view, setting, wide), floor, pen.paint("dim", _ends(pen, setting, wide))]


def _dots(pen: Pen, view: View, setting: Setting, wide: int) -> list[str]:
    """Return the rows of the plot: a dot a trial, and a sign over it where there is more to say of the trial."""
    grid = np.zeros((4 * ROWS, 2 * wide), dtype=bool)
    signs: dict[tuple[int, int], str] = {}
    for trial, place, height in zip(view.trials, setting.places.tolist(), view.heights.tolist(), strict=True):
        lost = trial.state == "diverged"
        up = float(view.direction == "max") - 1.0 if lost else height
        if place != place or (not lost and height != height):
            continue
        column, row = round(place * (2 * wide - 1)), round((1 - abs(up)) * (4 * ROWS - 1))
        sign = "best" if trial is view.best else SIGNS.get(trial.state, "")
        if not sign:
            grid[row, column] = True
        elif sign == "best" or signs.get((row // 4, column // 2)) != "best":
            signs[row // 4, column // 2] = sign
    letters = _ascii(grid) if pen.options.ascii else plot.braille([grid])
    return [_painted(pen, letters[row], {c: sign for (r, c), sign in signs.items() if r == row}) for row in range(ROWS)]


def _ascii(grid: BoolArray) -> list[str]:
    return ["".join("o" if dot else " " for dot in row) for row in plot.covered(grid).tolist()]


def _painted(pen: Pen, letters: str, signs: Mapping[int, str]) -> str:
    parts = []
    for sign, group in groupby(range(len(letters)), key=lambda i: signs.get(i, "")):
        places = list(group)
        text = pen.glyph(sign) * len(places) if sign else "".join(letters[i] for i in places)
        parts.append(pen.paint(STYLES.get(sign, "train"), text))
    return "".join(parts)


def _ends(pen: Pen, setting: Setting, wide: int) -> str:
    """Return the line under a plot: the ends of the range and its scale, or the choices where each has room."""
    if not setting.choices:
        return setting.low + _centred(setting.scale, wide - cells(setting.low) - cells(setting.high)) + setting.high
    size = wide // len(setting.choices)
    if size < LEAST_CHOICE:
        return left(pen.short(f"{count(len(setting.choices))} choices", wide), wide)
    names = [pen.short(choice, size - 1) for choice in setting.choices]
    return left("".join(_centred(name, size) for name in names), wide)


def _centred(words: str, size: int) -> str:
    return left(" " * ((size - cells(words)) // 2) + words, size)
