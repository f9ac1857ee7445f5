"""One finding in the shape that compilers made familiar: headline, place, picture, evidence, why, what to try."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from runaudit import plot
from runaudit.model import Curve, Finding, Heatmap, RunReport
from runaudit.pen import Pen
from runaudit.plot import Axis
from runaudit.render._heat import heat_lines
from runaudit.render._panel import Window, panel
from runaudit.render._words import change, pairs, place, sure, when
from runaudit.text import cells, wrap

ROWS = 4
ZOOM_BELOW = 0.15  # a window smaller than this part of the run is drawn with its surroundings only
ZOOM_POINTS = 8  # at least so many points on either side of it
INDENT = 11  # where the text after "= why:" begins
MOST_SIBLINGS = 5


@dataclass(frozen=True, slots=True)
class Story:
    """A root cause and what is told with it.

    ``siblings`` are findings of the same rule in the same run on other series; ``told`` is the run above, "" if none,
    where the reasons of this rule were given already. ``drawn`` says that the same picture stands above in this run.
    ``heats`` are the maps of the layers that it or a consequence is about, without those that stand above.
    """

    finding: Finding
    run: RunReport | None
    root: str
    consequences: Sequence[Finding] = ()
    siblings: Sequence[Finding] = ()
    told: str = ""
    drawn: bool = False
    heats: Sequence[Heatmap] = ()


def headline(pen: Pen, finding: Finding) -> list[str]:
    """Return severity, rule and message, wrapped."""
    known = " (known)" if finding.status == "known" else ""
    tag = f"{finding.severity}[{finding.rule}]"
    return pen.lead(finding.severity, tag, f"{known}: {pen.clean(finding.message)}", then="bold", indent=4)


def finding_lines(pen: Pen, story: Story) -> list[str]:
    """Return everything that there is to say of one finding."""
    finding, run = story.finding, story.run
    bar = pen.paint("gutter", f"   {pen.glyph('bar')}")
    lines = [*headline(pen, finding), *_arrow(pen, story)]
    picture = [] if story.drawn else _picture(pen, finding, run)
    heats = [heat_lines(pen, one, pen.width - 6, _series(story)) for one in story.heats]
    for block in (picture, *heats, _evidence(pen, finding)):
        if block:
            lines += [bar, *(f"{bar}  {line}" for line in block)]
    lines.append(bar)
    if story.told:
        lines += _field(pen, "try", [f"as in {story.told}, above"])
    else:
        lines += _field(pen, "why", [finding.why])
        lines += _field(pen, "try", finding.remedy, numbered=len(finding.remedy) > 1)
    if finding.prescription is not None:
        lines += _field(pen, "set", [change(pen, finding.prescription, run)])
    lines += _field(pen, "sure", [sure(finding)])
    lines += _siblings(pen, story)
    lines += _consequences(pen, finding, story.consequences)
    if pen.options.verbosity > 0:
        lines += _field(pen, "limits", [pairs(finding.limit)] if finding.limit else [])
        lines += _field(pen, "facts", [pairs(finding.facts)] if finding.facts else [])
        lines += _field(pen, "read", finding.citations)
    return lines


def _series(story: Story) -> list[str]:
    return [f.series for f in (story.finding, *story.siblings, *story.consequences)]


def _arrow(pen: Pen, story: Story) -> list[str]:
    """Return the place and the steps, on one line if they fit."""
    where = pen.clean(place(story.root, story.finding))
    lines = pen.hang(pen.paint("gutter", "  --> "), where, indent=6)
    steps = when(pen, story.finding, story.run)
    used = cells(wrap(where, pen.width - 6)[-1])
    if steps and 6 + used + 3 + len(steps) <= pen.width:
        lines[-1] += f" {pen.glyph('dot')} {steps}"
    elif steps:
        lines.append(f"      {steps}")
    return lines


def _evidence(pen: Pen, finding: Finding) -> list[str]:
    lines = []
    for item in finding.evidence:
        first, *rest = wrap(pen.prose(item), pen.width - 8)
        lines += [first, *(f"  {line}" for line in rest)]
    return lines


def _field(pen: Pen, name: str, items: Sequence[str], *, numbered: bool = False) -> list[str]:
    """Return ``= name: items``, further lines and items below the first one."""
    label = f"   = {name}: ".ljust(INDENT)
    painted = f"   {pen.paint('gutter', '=')} {pen.paint('bold', f'{name}:')}" + " " * (len(label) - len(name) - 6)
    lines = []
    for i, item in enumerate(items):
        mark = f"{i + 1}. " if numbered else ""
        head = " " * len(label) if i else painted
        lines += pen.hang(head + mark, pen.prose(item), indent=len(label) + len(mark))
    return lines


def _picture(pen: Pen, finding: Finding, run: RunReport | None) -> list[str]:
    curves = _curves_of(finding, run)
    if not curves:
        return []
    steps = _zoom(finding, plot.step_axis(curves), curves[-1])
    return panel(pen, curves, pen.width - 6, ROWS, steps=steps, window=Window.of(finding))


def _curves_of(finding: Finding, run: RunReport | None) -> list[Curve]:
    """Return the curve of the finding last, before it the curve of the other split that it is read against."""
    named = {c.name: c for c in run.curves if c.points} if run is not None else {}
    curve = named.get(finding.series)
    if curve is None:
        return []
    kind, _, metric = curve.name.partition("/")
    other = named.get({"val": f"train/{metric}", "train": f"val/{metric}"}.get(kind, ""))
    if other is None or (kind == "train" and finding.family != "generalization"):
        return [curve]
    return [other, curve]


def _zoom(finding: Finding, whole: Axis, curve: Curve) -> Axis:
    """Return the steps to draw: the whole run, or a short window with logged steps on either side of it."""
    window = finding.last_step - finding.first_step
    size = whole.high - whole.low
    if window >= ZOOM_BELOW * size:
        return whole
    around = max(2 * window, ZOOM_BELOW / 2 * size, ZOOM_POINTS * size / curve.points)
    low, high = finding.first_step - around, finding.last_step + around
    inside = curve.steps[(curve.steps >= low) & (curve.steps <= high)]
    if len(inside) < 2:
        return whole
    return Axis(min(float(inside[0]), finding.first_step), max(float(inside[-1]), finding.last_step))


def _siblings(pen: Pen, story: Story) -> list[str]:
    named = [f"{f.series} ({when(pen, f, story.run)})" for f in story.siblings[:MOST_SIBLINGS]]
    more = len(story.siblings) - MOST_SIBLINGS
    return _field(pen, "also in", [", ".join([*named, *([f"{more} more"] if more > 0 else [])])] if named else [])


def _consequences(pen: Pen, cause: Finding, consequences: Sequence[Finding]) -> list[str]:
    """Return the rules that the cause explains; with the severity of those that are worse than it."""
    if pen.options.verbosity > 0:
        return _field(pen, "also explains", [f"{f.severity}[{f.rule}] {f.message}" for f in consequences])
    worse = (f for f in consequences if f.severity.rank < cause.severity.rank)
    named = {f.rule: f.rule for f in consequences} | {f.rule: f"{f.severity}[{f.rule}]" for f in worse}
    rules = list(named.values())
    return _field(pen, "also explains", [", ".join(rules)] if rules else [])
