"""A comparison as one page for the browser: a single file that loads nothing, without a script, light and dark."""

from __future__ import annotations

from runaudit import __version__
from runaudit.compare import Comparison
from runaudit.pen import GLYPHS, Options
from runaudit.render._compare import words
from runaudit.render._compare.figure import figure
from runaudit.render._html._assets import asset, digest, environment, smaller, tight


def render(comparison: Comparison, options: Options, fail_if: str) -> str:
    """Return the page; text of logs is escaped by the template."""
    from markupsafe import Markup

    del options  # a browser sees it: no width, no colour of ours
    kind, primary = words.KINDS[comparison.verdict], comparison.primary
    style = smaller(asset("style.css"))
    settings, more = words.settings(comparison)
    sides = (("run", comparison.runs), ("reference", comparison.references))
    text = (
        environment("_compare")
        .get_template("page.html.jinja")
        .render(
            c=comparison,
            primary=primary,
            kind=kind,
            mark=GLYPHS[kind][0],
            word=words.word(comparison),
            sides=words.sides(comparison),
            extent=words.extent(comparison, primary),
            ending=words.ending(comparison, fail_if),
            left=words.left(comparison, primary),
            way="higher is better" if primary.up_good else "lower is better",
            measures=[(r.label, r.runs, r.references, r.difference) for r in words.measures(comparison, primary)],
            statistic=words.statistic(comparison),
            others=[(r.label, r.runs, r.references, r.difference) for r in words.others(comparison)],
            figures=[figure(metric) for metric in comparison.metrics],
            settings=settings,
            more_settings=more,
            runs=[(m.id, label, words.member(m, comparison.unit)) for label, side in sides for m in side],
            version=__version__,
            style=Markup(style),  # noqa: S704  a file of our own
            style_hash=digest(style),
        )
    )
    return tight(text) + "\n"
