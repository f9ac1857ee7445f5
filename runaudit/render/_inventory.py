"""What was found and how it was understood: every run, every column and why, every note, every file that gave none."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

from runaudit import schedules
from runaudit.maps import guess
from runaudit.model import Report, Run, Understood, Unreadable
from runaudit.names import understand
from runaudit.pen import Options, Pen
from runaudit.render._footer import unreadable
from runaudit.render._words import extent, heading, locate, run_name, value
from runaudit.tasks import SUPERVISED, TASKS
from runaudit.text import cells, count, left, right, wrap


def inventory(runs: Sequence[Run], files: Sequence[Unreadable], ignored_files: int, root: str, options: Options) -> str:
    """Return the inventory in lines no wider than ``options.width``; text of logs is escaped."""
    pen = Pen(options)
    blocks = [_run(pen, run, root) for run in runs]
    everything = Options(options.width, options.color, options.ascii, 1)
    blocks.append(unreadable(Pen(everything), Report(root=root, runs=(), unreadable=tuple(files))))
    parts = [
        count(len(runs), "run"),
        count(len(files), "file not read", "files not read") if files else "",
        count(ignored_files, "other file ignored", "other files ignored") if ignored_files else "",
    ]
    blocks.append(wrap(pen.dotted(*parts), pen.width))
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _run(pen: Pen, run: Run, root: str) -> list[str]:
    series = [s for s in run.series.values() if len(s)]
    points = max(map(len, series), default=0)
    steps = (min(int(s.steps[0]) for s in series), max(int(s.steps[-1]) for s in series)) if series else (0, 0)
    facts = (run.format, *([extent(pen, *steps, run.step_unit)] if series else []), count(points, "point"))
    lines = heading(pen, "", run_name(root, run.id, run.paths), facts)
    for path in run.paths:
        lines += pen.hang("  file    ", pen.clean(locate(root, path)), indent=10)
    if run.task != SUPERVISED:
        lines += pen.hang("  task    ", TASKS[run.task].title, indent=10)
    if run.config:
        known = ", ".join(f"{name} {value(given)}" for name, given in run.config.items())
        lines += pen.hang("  config  ", pen.clean(known), indent=10)
    schedule = schedules.of_run(run.series, run.step_unit)
    lines += pen.hang("  schedule  ", pen.clean(schedule), indent=12) if schedule else []
    lines += ["", *_columns(pen, run.names)] if run.names else []
    if run.notes:
        lines.append("")
    for note in run.notes:
        where = f":{note.line}" if note.line is not None else ""
        head = f"  {pen.paint('note', 'note')}    "
        lines += pen.hang(head, pen.clean(f"{locate(root, note.path)}{where}: {note.message}"), indent=10)
    return lines


def _columns(pen: Pen, names: Sequence[Understood]) -> list[str]:
    """Return a table of what each column was taken for; what was left alone is dim."""
    heads = ("column", "taken for", "points")
    taken = {n.canonical: n.source_name for n in names if n.canonical}
    rows = [(pen.clean(n.source_name), pen.clean(n.canonical) or "-", count(n.points)) for n in names]
    most = pen.width // 4
    widths = [min(max(cells(head), *(cells(row[i]) for row in rows)), most) for i, head in enumerate(heads)]
    room = pen.width - sum(widths) - 8
    lines = [
        pen.paint(
            "dim", f"  {left(heads[0], widths[0])}  {left(heads[1], widths[1])}  {right(heads[2], widths[2])}  why"
        )
    ]
    for name, (source, canonical, points) in zip(names, rows, strict=True):
        reason = _reason(name, taken)
        why, *more = wrap(pen.clean(reason), room)
        source, canonical = pen.short(source, widths[0]), pen.short(canonical, widths[1])
        style = "bold" if name.canonical else "dim"
        line = (
            f"  {left(source, widths[0])}  {pen.paint(style, left(canonical, widths[1]))}  {right(points, widths[2])}"
        )
        lines.append(f"{line}  {pen.paint('dim', why)}")
        lines += [" " * (sum(widths) + 8) + pen.paint("dim", line) for line in more]
    return [line.rstrip() for line in lines]


def _reason(name: Understood, taken: Mapping[str, str]) -> str:
    """Return why a column is what it is; for an unknown one what it might be, and the option that says so."""
    reason = name.why.removeprefix(f"{name.source_name!r} ")  # the column stands at the left already
    if name.canonical or not name.points or understand(name.source_name).role != "unknown":
        return reason
    near = guess(name.source_name)
    if not near:
        return reason
    if near in taken:
        return f"{reason}; nearest: {near}, which {taken[near]!r} is"
    return f"{reason}; nearest: {near}; to use it: --map {shlex.quote(f'{name.source_name}={near}')}"
