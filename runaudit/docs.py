"""Rule -> its page, as markdown and for the terminal; the only place where the text of a page is made."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runaudit import plot
from runaudit.curves import reduce_curve
from runaudit.examples import example_run
from runaudit.pen import Options, Pen
from runaudit.ruleset import Param, Rule
from runaudit.tasks import TASKS
from runaudit.text import count, left, number, one_line, wrap

SPARK = 32
NAMES = 40  # columns beside a shape for name and values of its series
FIELD = re.compile(r"{(\w+)[^}]*}")


@dataclass(frozen=True, slots=True)
class Section:
    """One part of a page; ``kind`` is ``text``, ``list``, ``steps`` in order, ``terms`` (name, text) or ``shapes``."""

    title: str
    kind: str
    items: Sequence[tuple[str, str]]


def page(rule: Rule, options: Options) -> tuple[Section, ...]:
    """Return the parts of the page of a rule that have anything to say, in reading order."""
    sections = (
        Section("what it says", "text", [("", _template(rule.message))]),
        Section("why it matters", "text", [("", rule.why)]),
        Section("what to try, likeliest first", "steps", [("", r) for r in rule.remedy]),
        Section("what to log", "list", [("", n) for n in rule.needs]),
        Section("how it judges", "text", [("", d) for d in _docstring(rule)]),
        Section("limits", "terms", [(name, _limit(p, rule.values[name])) for name, p in rule.params.items()]),
        Section("not for", "terms", [(TASKS[t].title, f"{TASKS[t].why}; {TASKS[t].instead}") for t in rule.not_for]),
        Section("evidence it shows", "list", [("", _template(e)) for e in rule.evidence]),
        Section("examples", "shapes", [s for e in rule.examples for s in _example(e, options)]),
        Section("how sure", "text", [("", _sure(rule))]),
        Section("explains", "text", [("", _explains(rule))] if rule.explains else []),
        Section("read on", "terms", [(c.title, c.url) for c in rule.citations]),
    )
    return tuple(s for s in sections if s.items)


def _template(text: str) -> str:
    return FIELD.sub(r"<\1>", one_line(text))


def _docstring(rule: Rule) -> list[str]:
    paragraphs = (
        inspect.cleandoc(rule.detector.run.__doc__ or "")
        .replace("``", "")
        .replace("raise NotJudged", "are not judged")
        .split("\n\n")
    )
    return [one_line(p) for p in paragraphs if p.strip()]


def _limit(param: Param, value: float) -> str:
    bounds = ""
    if param.low is not None and param.high is not None:
        bounds = f" ({number(param.low)} to {number(param.high)})"
    elif param.low is not None:
        bounds = f" (at least {number(param.low)})"
    elif param.high is not None:
        bounds = f" (at most {number(param.high)})"
    changed = f", set to {number(value)} here" if value != param.default else ""
    return f"{number(param.default)}{bounds}{changed}: {one_line(param.why)}"


def _sure(rule: Rule) -> str:
    words = f"{rule.severity}, confidence {rule.confidence}"
    if any(example.get("weak") for example in rule.examples):
        words += f"; on a single sign {rule.weak_severity}, {rule.weak_confidence}"
    words += "."
    if not rule.measured:
        return f"{words} Not measured yet."
    shares = [
        f"{name.replace('_', ' ')} {number(float(value))}"
        for name, value in rule.measured.items()
        if name not in {"runs", "labelled"}
    ]
    return f"{words} Measured{_basis(rule.measured)}: {', '.join(shares)}."


def _basis(measured: Mapping[str, float]) -> str:
    """Return on how many runs a rule was measured, and how many of them have what it looks for."""
    if "runs" not in measured:
        return ""
    among = f", {count(int(measured['labelled']))} of them with this fault" if "labelled" in measured else ""
    return f" on {count(int(measured['runs']), 'labelled run')}{among}"


def _explains(rule: Rule) -> str:
    return f"{', '.join(rule.explains)}: named under this finding and not told again."


def _example(example: Mapping[str, Any], options: Options) -> Iterator[tuple[str, str]]:
    """Report the shapes of the series of an example, the first one after what the rule says of it."""
    run = example_run(example)
    yield _outcome(example), ""
    curves = [reduce_curve(s) for s in run.series.values()]
    steps = plot.step_axis(curves)
    for curve in curves:
        width = min(SPARK, max(curve.points, 8), options.width - NAMES)
        shape = plot.sparkline(curve, steps, width, ascii_only=options.ascii)
        arrow = "->" if options.ascii else "→"
        yield "", f"{shape}  {curve.name} {number(curve.first)} {arrow} {number(curve.last)}"
    if run.config:
        yield "", ", ".join(f"{name} {value}" for name, value in run.config.items())


def _outcome(example: Mapping[str, Any]) -> str:
    if "skips" in example:
        return f"skipped: {example['skips']}"
    if not example["hits"]:
        return "silent"
    windows = ", ".join(f"{count(a)} to {count(b)}" if a != b else count(a) for a, b in example["hits"])
    unit = example.get("step_unit", "step") + ("s" if "to" in windows or "," in windows else "")
    return f"fires{' as a single sign' if example.get('weak') else ''} at {unit} {windows}"


def markdown(rule: Rule) -> str:
    """Return the page of a rule as GitHub markdown."""
    lines = [f"# {rule.id}", "", f"**{rule.title}** - {rule.family}, {rule.severity}, confidence {rule.confidence}", ""]
    for section in page(rule, Options(120)):
        lines += [f"## {section.title.capitalize()}", "", *_markdown_items(section), ""]
    return "\n".join(lines).rstrip() + "\n"


def _markdown_items(section: Section) -> list[str]:
    if section.kind == "shapes":
        return ["```text", *(term if term else f"  {text}" for term, text in section.items), "```"]
    lines: list[str] = []
    for i, (term, text) in enumerate(section.items):
        safe = one_line(text).replace("<", "&lt;")
        if section.kind == "text":
            lines += ["", safe] if i else [safe]
        elif section.kind == "steps":
            lines.append(f"{i + 1}. {safe}")
        elif section.kind == "list":
            lines.append(f"- {safe}")
        elif section.title == "limits":
            lines.append(f"- `{term}` = {safe}")
        else:
            lines.append(f"- [{term}]({text})" if text else f"- {term}")
    return lines


def terminal(rule: Rule, options: Options) -> str:
    """Return the page of a rule in lines no wider than ``options.width``."""
    pen = Pen(options)
    facts = pen.dotted(rule.family, str(rule.severity), f"confidence {rule.confidence}")
    lines = [*pen.lead("bold", rule.id, f"  {facts}", then="dim", indent=2), *wrap(pen.prose(rule.title), pen.width)]
    for section in page(rule, options):
        lines += ["", pen.paint("code", section.title)]
        for i, item in enumerate(section.items):
            lines += _terminal_item(pen, section, i, item)
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _terminal_item(pen: Pen, section: Section, i: int, item: tuple[str, str]) -> list[str]:
    term, text = item
    if section.kind == "shapes":
        return pen.hang("  ", pen.clean(term), indent=4) if term else [f"    {pen.short(text, pen.width - 4)}"]
    if section.kind == "steps":
        return pen.hang(f"  {i + 1}. ", pen.prose(text), indent=5)
    if section.kind == "list":
        return pen.hang(f"  {pen.glyph('dot')} ", pen.prose(text), indent=4)
    if section.title == "limits":
        column = max(len(name) for name, _ in section.items)
        return pen.hang(f"  {pen.paint('bold', left(term, column))}  ", pen.prose(text), indent=column + 4)
    if section.kind == "terms":
        return [
            *pen.hang("  ", pen.prose(term), indent=2),
            *(pen.hang("  ", pen.paint("dim", text), indent=2) if text else []),
        ]
    return pen.hang("  ", pen.prose(text), indent=2)


def listing(rules: Sequence[Rule], options: Options) -> str:
    """Return the rules by family, one a line: severity, id, title, and what was measured of it."""
    pen = Pen(options)
    column = max((len(r.id) for r in rules), default=0)
    marks = {"error": "fail", "warning": "warn", "note": "dot"}
    lines: list[str] = []
    for family in dict.fromkeys(r.family for r in rules):
        lines += ["", pen.paint("bold", family)]
        for rule in (r for r in rules if r.family == family):
            mark = pen.paint(str(rule.severity), left(f"{pen.glyph(marks[str(rule.severity)])} {rule.severity}", 9))
            measured = f" (precision {rule.measured['precision']:.2f})" if "precision" in rule.measured else ""
            lines += pen.hang(
                f"  {mark}  {left(rule.id, column)}  ", pen.prose(rule.title + measured), indent=column + 15
            )
    lines += ["", pen.paint("dim", f"{count(len(rules), 'rule')}; the page of one: runaudit explain RULE")]
    return "\n".join(lines[1:]) + "\n"
