"""One run: its heading, its curves on one step axis, its notes, and what passed."""

from __future__ import annotations

from collections.abc import Sequence

from runaudit import plot
from runaudit.model import Curve, Finding, RunReport
from runaudit.pen import Pen
from runaudit.render._heat import heat_lines
from runaudit.render._panel import panel
from runaudit.render._picture import picture_lines
from runaudit.render._sparks import frame_of, sparklines
from runaudit.render._words import extent, heading, locate, run_name
from runaudit.text import count

PANEL_ROWS = 6
LABEL = 20  # columns for the name and last value of a loss beside its plot
MOST_CURVES = 6  # shown unless verbose; those that findings are about are always shown
FIRST = ("train/loss", "val/loss", "test/loss", "train/accuracy", "val/accuracy", "reward", "lr", "grad_norm")


def title(pen: Pen, run: RunReport, root: str) -> list[str]:
    """Return the heading of a run: verdict, name, format, its steps and number of points."""
    curves = [c for c in run.curves if c.points]
    points = max((c.points for c in curves), default=0)
    steps = (min(c.first_step for c in curves), max(c.last_step for c in curves)) if curves else (0, 0)
    facts = (run.format, *([extent(pen, *steps, run.step_unit)] if curves else []), count(points, "point"))
    return heading(pen, run.verdict, run_name(root, run.id, run.paths), facts)


def key_curves(run: RunReport, findings: Sequence[Finding], *, every: bool = False) -> list[Curve]:
    """Return the curves to show: losses, quality, learning rate and gradient norm first, and those with findings."""
    order = {name: i for i, name in enumerate(FIRST)}
    anchors = {f.series for f in findings if f.consequence_of is None}
    ranked = sorted(run.curves, key=lambda c: (order.get(c.name, len(order)), "/" in c.name, c.name))
    ranked = [c for c in ranked if c.points]
    if every or len(ranked) <= MOST_CURVES:
        return ranked
    known = [c for c in ranked if c.name in order] or ranked
    return [c for c in ranked if c in known[:MOST_CURVES] or c.name in anchors]


def run_lines(pen: Pen, run: RunReport, findings: Sequence[Finding], root: str) -> list[str]:
    """Return heading, curves and notes of a run."""
    lines = title(pen, run, root)
    curves = key_curves(run, findings, every=pen.options.verbosity > 0)
    if curves:
        lines += ["", *_curves(pen, curves, findings)]
    if run.schedule and pen.options.verbosity >= 0:
        lines += pen.hang(f"  {pen.paint('dim', 'schedule')}  ", pen.clean(run.schedule), indent=12)
    hidden = len([c for c in run.curves if c.points]) - len(curves)
    if hidden:
        lines.append(pen.paint("dim", f"  {count(hidden, 'more series', 'more series')}: --verbose shows them"))
    if pen.options.verbosity > 0:
        lines += [line for block in _pictures(pen, run, findings) for line in ("", *(f"  {row}" for row in block))]
    return lines + details(pen, run, root)


def _curves(pen: Pen, curves: Sequence[Curve], findings: Sequence[Finding]) -> list[str]:
    """Return the curves on one step axis: the losses as a plot where no finding will draw them, else as sparklines."""
    roots = [f for f in findings if f.consequence_of is None]
    losses = [] if roots else [c for c in curves if c.name in {"train/loss", "val/loss"}]
    others = [c for c in curves if c not in losses]
    steps = plot.step_axis(curves)
    frame = frame_of(pen, others, min(LABEL, pen.width // 3) if losses else 0)
    lines = panel(pen, losses, frame, PANEL_ROWS, steps=steps) if losses else []
    lines += [""] if losses and others else []
    return lines + sparklines(pen, others, roots, steps, frame)


def _pictures(pen: Pen, run: RunReport, findings: Sequence[Finding]) -> list[list[str]]:
    """Return the heat maps that no finding will show, and the pictures."""
    told = {f.series.partition("/")[0] for f in findings}
    maps = [heat_lines(pen, one, pen.width - 2) for one in run.heatmaps if one.quantity not in told]
    return [*maps, *(picture_lines(pen, one, pen.width - 2) for one in run.pictures)]


def details(pen: Pen, run: RunReport, root: str) -> list[str]:
    """Return the notes on how a log was read, and what passed; without ``--verbose`` how many notes there are."""
    if pen.options.verbosity <= 0:
        if not run.notes:
            return []
        return [pen.paint("dim", f"  {count(len(run.notes), 'note')} on how the log was read: --verbose shows them")]
    lines = [""] if run.notes or run.passed else []
    for note in run.notes:
        where = locate(root, note.path) + (f":{note.line}" if note.line is not None else "")
        lines += pen.hang(f"  {pen.paint('note', 'note')}    ", pen.clean(f"{where}: {note.message}"), indent=10)
    if run.passed:
        lines += pen.hang(f"  {pen.paint('ok', 'passed')}  ", ", ".join(run.passed), indent=10)
    return lines
