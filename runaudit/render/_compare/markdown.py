"""A comparison in GitHub markdown, for a job summary or a comment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from runaudit import __version__
from runaudit.compare import Comparison
from runaudit.pen import Options
from runaudit.render._compare import words
from runaudit.render._compare.plotting import picture
from runaudit.render._markup import block, code, inline
from runaudit.render._verdict import pen_of
from runaudit.text import count, shorten

MARKER = "<!-- runaudit compare -->"  # by which a comment is found again, to be replaced
ALERTS = {"ok": "TIP", "fail": "CAUTION", "unknown": "NOTE"}
WIDTH = 72  # columns of the plot
MOST_RUNS = 20
NAME, TEXT = 100, 2_000


def render(comparison: Comparison, options: Options, fail_if: str) -> str:
    """Return the comparison: an alert with the verdict, the plot, tables, and the runs folded."""
    pen = pen_of(options)
    kind = words.KINDS[comparison.verdict]
    primary = comparison.primary
    head = f"## {pen.glyph(kind)} {words.word(comparison)}: {code(shorten(primary.name, NAME))}"
    facts = pen.dotted(words.sides(comparison), words.extent(comparison, primary), words.ending(comparison, fail_if))
    lines = [MARKER, head, "", f"> [!{ALERTS[kind]}]", f"> {_text(comparison.reason)}"]
    lines += [">", f"> **Try:** {_text(comparison.advice)}"] if comparison.advice else []
    lines += ["", facts, "", *block(picture(pen, primary, WIDTH)), "", _text(words.left(comparison, primary)), ""]
    way = "higher is better" if primary.up_good else "lower is better"
    rows = [(inline(r.label), r.runs, r.references, r.difference) for r in words.measures(comparison, primary)]
    lines += _table((f"{code(shorten(primary.name, NAME), cell=True)}, {way}", *SIDES, "difference"), rows)
    lines += _table(("statistic", "value"), [(inline(k), inline(v)) for k, v in words.statistic(comparison)])
    others = [(_code(r.label), r.runs, r.references, r.difference) for r in words.others(comparison)]
    lines += _table(("final value of, not tested", *SIDES, "difference"), others)
    settings, rest = words.settings(comparison)
    lines += _table(("setting that differs", *SIDES), [(_code(k), _code(a), _code(b)) for k, a, b in settings])
    lines += [_text(rest), ""] if rest else []
    lines += [*(f"- {_text(note)}" for note in comparison.notes), ""] if comparison.notes else []
    return "\n".join([*lines, *_runs(comparison), f"<sub>runaudit {__version__}</sub>"]) + "\n"


SIDES = ("runs", "references")


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    body = [f"| {' | '.join(row)} |" for row in rows]
    if not body:
        return []
    rule = "|".join(["---", *["--:"] * (len(heads) - 1)])
    return [f"| {' | '.join(heads)} |", f"|{rule}|", *body, ""]


def _runs(comparison: Comparison) -> list[str]:
    every = [("run", m) for m in comparison.runs] + [("reference", m) for m in comparison.references]
    lines = [f"<details><summary>{words.sides(comparison)}</summary>", ""]
    for label, one in every[:MOST_RUNS]:
        told = _text(words.member(one, comparison.unit))
        lines.append(f"- {label} {code(shorten(one.id, NAME))}: {told}")
    if len(every) > MOST_RUNS:
        lines.append(f"- and {count(len(every) - MOST_RUNS, 'more run')}")
    return [*lines, "", "</details>", ""]


def _code(text: str) -> str:
    return code(shorten(text, NAME), cell=True)


def _text(text: str) -> str:
    return inline(shorten(text, TEXT))
