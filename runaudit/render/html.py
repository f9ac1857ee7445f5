"""One page for the browser: a single file that loads nothing, says everything without its script, and prints well."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from hashlib import sha256
from importlib import resources
from typing import TYPE_CHECKING

from runaudit import __version__
from runaudit.model import Report
from runaudit.pen import Options
from runaudit.render import Renderer
from runaudit.render._budget import Budget, fitting, octets
from runaudit.render._html._view import Page, Shown, Viewer
from runaudit.render._verdict import pen_of
from runaudit.text import clean, count

if TYPE_CHECKING:
    from jinja2 import Environment

LIMIT = 300_000  # octets of a page of up to ``RUNS`` runs, and as much for every so many more
RUNS = 50
RESERVE = 1_000  # for the sentence that says what was left out
FEW = 20  # more runs than this do not fit in full, and it need not be tried
LEFT_OUT = "tables of values, facts, the names of passed rules, reasons told before"  # of a lean page


@dataclass(frozen=True, slots=True)
class Kept:
    """The runs, by anchor, whose plots are shown: those of their findings, and those of their other curves."""

    findings: Collection[str]
    curves: Collection[str]


def render(report: Report, options: Options) -> str:
    """Return the page; beyond 300 kB it is drawn leaner, then without the plots of healthy runs, and says so."""
    viewer = _Writer(report, options)
    if len(report.runs) <= FEW:
        text = viewer.write(lean=False)
        if octets(text) <= viewer.limit:
            return text
    text = viewer.write(lean=True)
    return text if octets(text) <= viewer.limit else viewer.fitted()


class _Writer:
    """Writes one report at several sizes."""

    def __init__(self, report: Report, options: Options) -> None:
        self.report, self.pen = report, pen_of(options)
        self.limit = LIMIT * max(-(-len(report.runs) // RUNS), 1)
        self.env = _environment()

    def write(self, *, lean: bool) -> str:
        """Return the page with every plot."""
        page = Viewer(self.pen, self.report, lean=lean).page()
        every = {run.anchor for run in page.runs}
        return self._text(page, Kept(every, every), LEFT_OUT if lean else "")

    def fitted(self) -> str:
        """Return the lean page with as many plots as there is room for; those of findings come first."""
        page = Viewer(self.pen, self.report, lean=True).page()
        faulty = [r for r in page.runs if r.findings]
        healthy = [r for r in page.runs if not r.findings]
        groups = {
            "findings": map(self._of_findings, faulty),
            "other curves of runs with findings": map(self._of_run, faulty),
            "runs without findings": map(self._of_run, healthy),
        }
        bare = self._text(page, Kept((), ()))
        fit = fitting(groups, Budget("a page", self.limit, octets), octets(bare) + RESERVE)
        many = {name: len(pieces) for name, pieces in fit.items()}
        told, other, well = many.values()
        kept = Kept(_anchors(faulty[:told]), _anchors(faulty[:other]) | _anchors(healthy[:well]))
        every = dict(zip(groups, (len(faulty), len(faulty), len(healthy)), strict=True))
        short = [f"{name} ({count(every[name] - n, 'run')})" for name, n in many.items() if n < every[name]]
        return self._text(page, kept, f"{LEFT_OUT}; plots of {', '.join(short)}" if short else LEFT_OUT)

    def _of_findings(self, run: Shown) -> str:
        return "".join(self._macro("plot", "plot", told.figure) for told in run.findings if told.figure is not None)

    def _of_run(self, run: Shown) -> str:
        return self._macro("run", "plots", run)

    def _macro(self, template: str, name: str, given: object) -> str:
        return str(getattr(self.env.get_template(f"{template}.html.jinja").module, name)(given))

    def _text(self, page: Page, kept: Kept, left_out: str = "") -> str:
        from markupsafe import Markup

        style, script = _asset("style.css"), _asset("script.js")
        text = self.env.get_template("page.html.jinja").render(
            page=page,
            kept=kept,
            left_out=left_out,
            limit=self.limit // 1000,
            version=__version__,
            style=Markup(style),  # noqa: S704  a file of our own
            script=Markup(script),  # noqa: S704  a file of our own
            style_hash=_digest(style),
            script_hash=_digest(script),
        )
        return _tight(text) + "\n"


def _anchors(runs: Iterable[Shown]) -> set[str]:
    return {run.anchor for run in runs}


def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    def harmless(value: object) -> object:
        """Return what a template writes without control and bidi characters; autoescape does the rest."""
        return clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value

    env = Environment(
        loader=PackageLoader("runaudit.render", "_html"),
        autoescape=True,
        finalize=harmless,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters["count"] = count
    return env


def _asset(name: str) -> str:
    return _tight(resources.files("runaudit.render._html").joinpath(name).read_text("utf-8"))


def _tight(text: str) -> str:
    """Return the text without indents and empty lines; no text of a log holds a line break."""
    return re.sub(r"\s*\n\s*", "\n", text).strip()


def _digest(text: str) -> str:
    """Return what a content security policy calls the text, so that the browser runs it and nothing else."""
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


RENDERER = Renderer("html", ".html", render)
