"""One page for the browser: a single file that loads nothing, says everything without its script, and prints well."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from runaudit import __version__
from runaudit.model import Report, Severity
from runaudit.pen import GLYPHS, WORDS, Options
from runaudit.render import Renderer
from runaudit.render._budget import Budget, fitting, octets
from runaudit.render._html._assets import asset, digest, environment, smaller, tight
from runaudit.render._html._figures import FULL, LEAN, Drawn
from runaudit.render._html._page import Page, Shown, Told
from runaudit.render._html._svg import Detail
from runaudit.render._html._view import Viewer
from runaudit.render._verdict import pen_of

if TYPE_CHECKING:
    from markupsafe import Markup

LIMIT, RUNS = 300_000, 50  # octets of a page of up to so many runs, and as much for each so many more
GRID = '<h4 class="sr">Other curves</h4><div class="grid"></div>'  # around the curves of a run

FEW = 20  # more runs than this do not fit in full, and it need not be tried
ALWAYS = ("details of errors", "plots of errors", "details of warnings", "plots of warnings")
LEFT_OUT = "series in numbers, facts, the names of passed rules, the reasons of skips"  # of a lean page


def render(report: Report, options: Options) -> str:
    """Return the page; beyond 300 kB it is drawn leaner, then without the plots of healthy runs, and says so."""
    writer = _Writer(report, options)
    if len(report.runs) <= FEW:
        text = writer.full()
        if octets(text) <= writer.limit:
            return text
    return writer.fitted()


@dataclass(frozen=True, slots=True)
class _Piece:
    """Something that can be left out: the keys under which the page looks it up, and its text."""

    keys: Sequence[str]
    text: str


class _Writer:
    """Writes one report at several sizes."""

    def __init__(self, report: Report, options: Options) -> None:
        self.report, self.pen = report, pen_of(options)
        self.limit = LIMIT * max(len(report.runs), RUNS) // RUNS
        self.env = environment()
        self.drawn: dict[str, Markup] = {}

    def full(self) -> str:
        """Return the page with everything."""
        page = self._page(FULL)
        return self._text(page, {key for _, pieces in self._pieces(page) for piece in pieces for key in piece.keys})

    def fitted(self) -> str:
        """Return a lean page, with as much of what can be left out as there is room for: the worst findings first.

        The plots are as fine as errors and warnings allow, told and drawn in full.
        """
        for detail in LEAN:
            page = self._page(detail)
            groups = {name: list(pieces) for name, pieces in self._pieces(page)}
            texts = {name: [piece.text for piece in pieces] for name, pieces in groups.items()}
            used = octets(self._text(page, (), self._left_out(detail, groups, dict.fromkeys(groups, 0))))
            fit = {n: len(kept) for n, kept in fitting(texts, Budget("a page", self.limit, octets), used).items()}
            if all(fit[name] == len(groups[name]) for name in ALWAYS):
                break
        kept = {key for name, pieces in groups.items() for piece in pieces[: fit[name]] for key in piece.keys}
        return self._text(page, kept, self._left_out(detail, groups, fit))

    def _left_out(self, detail: Detail, groups: Mapping[str, Sequence[_Piece]], fit: Mapping[str, int]) -> str:
        """Return in words what a lean page leaves out; ``fit`` is how many pieces of each group it holds."""
        maps = ["heat maps and pictures"] if any(run.heatmaps or run.pictures for run in self.report.runs) else []
        axes = ["a second axis for each plot"] if detail.axes == 1 else []
        short = [f"{name} ({len(p) - fit[name]:,} of {len(p):,})" for name, p in groups.items() if len(p) > fit[name]]
        return ", ".join([LEFT_OUT, *maps, *axes, *short])

    def _pieces(self, page: Page) -> Iterator[tuple[str, Iterator[_Piece]]]:
        """Yield by name what can be left out, the most important first."""
        lists = [*(r.findings for r in (*page.searches, *page.runs)), *(found for _, found in page.orphans)]
        told = list(chain.from_iterable(lists))
        by_rank = {s.rank: [t for t in told if t.worst == s.rank] for s in Severity}
        errors, warnings, notes = by_rank.values()
        minor = [t for root in told for t in (*root.below, *root.also)]
        faulty, healthy = [r for r in page.runs if r.findings], [r for r in page.runs if not r.findings]
        always = self._told(errors), self._plots(errors), self._told(warnings), self._plots(warnings)
        yield from zip(ALWAYS, always, strict=True)
        yield "pictures of searches", self._plots(page.searches)
        yield "details of notes", self._told(notes)
        yield "details of consequences", self._minor(minor)
        rest = [*page.searches, *faulty]
        yield "settings, skipped rules and notes on the logs of runs with findings", self._rest(rest, page)
        yield "plots of notes", self._plots(notes)
        yield "other curves of runs with findings", self._plots(faulty, GRID)
        yield "plots of runs without findings", self._plots(healthy, GRID)
        yield "settings, skipped rules and notes on the logs of runs without findings", self._rest(healthy, page)

    def _plots(self, of: Iterable[Told | Shown], around: str = "") -> Iterator[_Piece]:
        for drawn in of:
            names = [f.name for f in drawn.figures]
            if names:
                yield _Piece(names, self._draw(drawn.figures, names) + around)

    def _told(self, told: Iterable[Told]) -> Iterator[_Piece]:
        return (_Piece([t.anchor], self._macro("finding", "told", t)) for t in told)

    def _minor(self, told: Iterable[Told]) -> Iterator[_Piece]:
        return (_Piece([t.anchor], self._macro("finding", "folded", t)) for t in told)

    def _rest(self, runs: Iterable[Shown], page: Page) -> Iterator[_Piece]:
        return (_Piece([run.anchor], self._macro("run", "rest", run, page.lean)) for run in runs)

    def _macro(self, template: str, name: str, *given: object) -> str:
        return str(getattr(self.env.get_template(f"{template}.html.jinja").module, name)(*given))

    def _draw(self, figures: Sequence[Drawn], kept: Collection[str]) -> Markup:
        """Return those figures that are kept; each is drawn once a page."""
        from markupsafe import Markup

        for figure in figures:
            if figure.name in kept and figure.name not in self.drawn:
                text = tight(self._macro(figure.template, figure.template, figure)).replace("\n", "")
                self.drawn[figure.name] = Markup(text)  # noqa: S704  the template has escaped it
        return Markup("\n").join(self.drawn[f.name] for f in figures if f.name in kept)

    def _page(self, detail: Detail) -> Page:
        self.drawn.clear()
        return Viewer(self.pen, self.report, detail).page()

    def _text(self, page: Page, kept: Collection[str], left_out: str = "") -> str:
        from markupsafe import Markup

        style, script = smaller(asset("style.css")), asset("script.js")
        text = self.env.get_template("page.html.jinja").render(
            page=page,
            kept=kept,
            draw=self._draw,
            left_out=left_out,
            verbose=f"runaudit check {shlex.quote(page.root)} --verbose",
            marks={kind: GLYPHS[kind][0] for kind in WORDS},
            version=__version__,
            style=Markup(style),  # noqa: S704  a file of our own
            script=Markup(script),  # noqa: S704  a file of our own
            style_hash=digest(style),
            script_hash=digest(script),
        )
        return tight(text) + "\n"


RENDERER = Renderer("html", ".html", render)
