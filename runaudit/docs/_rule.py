"""Rule -> its page."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from runaudit import plot
from runaudit.curves import reduce_curve
from runaudit.docs._page import Page, Section, filled, paragraphs
from runaudit.examples import example_run
from runaudit.pen import Options
from runaudit.ruleset import Param, Rule
from runaudit.tasks import TASKS
from runaudit.text import count, number, one_line

SPARK = 32
NAMES = 40  # columns beside a shape for name and values of its series
FIELD = re.compile(r"{(\w+)[^}]*}")
SILENCE = """\
suppressions:
  - rule: {rule}
    match: runs/old-*  # left out: every run
    reason: why it is accepted here"""


def rule_page(rule: Rule, options: Options, rules: Collection[Rule] = ()) -> Page:
    """Return the page of a rule; ``rules`` are all there are, among which it names those that are related."""
    sections = filled(
        Section("what it says", "text", [(_template(rule.message),)]),
        Section("why it matters", "text", [(rule.why,)]),
        Section("what to try, likeliest first", "steps", [(r,) for r in rule.remedy]),
        Section("what to log", "list", [(n,) for n in rule.needs]),
        Section("how it judges", "text", [(_judging(d),) for d in paragraphs(rule.detector.run)]),
        Section("limits", "limits", [_limit(name, p, rule.values[name]) for name, p in rule.params.items()]),
        Section("to change a limit", "code", [("yaml", t) for t in _tuned(rule)]),
        Section("to silence it", "code", _silenced(rule)),
        Section("not for", "terms", [(TASKS[t].title, f"{TASKS[t].why}; {TASKS[t].instead}") for t in rule.not_for]),
        Section("evidence it shows", "list", [(_template(e),) for e in rule.evidence]),
        Section("examples", "shapes", [s for e in rule.examples for s in _example(e, options)]),
        Section("how sure", "text", [(_sure(rule),)]),
        Section("related", "rules", list(_related(rule, rules))),
        Section("read on", "terms", [(c.title, c.url) for c in rule.citations]),
    )
    facts = (rule.family, str(rule.severity), f"confidence {rule.confidence}")
    return Page(rule.id, rule.title, facts, sections, rule.id)


def _template(text: str) -> str:
    """Return a template with its fields in angle brackets, but ``{step}``: that is the word for a step of the run."""
    return FIELD.sub(r"<\1>", one_line(text.replace("{step}", "step")))


def _judging(text: str) -> str:
    return text.replace("raise `NotJudged`", "are not judged").replace("raise NotJudged", "are not judged")


def _limit(name: str, param: Param, value: float) -> tuple[str, str, str, str]:
    bounds = ""
    if param.low is not None and param.high is not None:
        bounds = f"{number(param.low)} to {number(param.high)}"
    elif param.low is not None:
        bounds = f"at least {number(param.low)}"
    elif param.high is not None:
        bounds = f"at most {number(param.high)}"
    changed = f", set to {number(value)} here" if value != param.default else ""
    return name, number(param.default) + changed, bounds, one_line(param.why)


def _tuned(rule: Rule) -> Iterator[str]:
    """Yield the line of a configuration that changes the first limit, with the value that holds."""
    for name in list(rule.params)[:1]:
        yield f"thresholds:\n  {rule.id}.{name}: {_yaml(rule.values[name])}"


def _yaml(value: float) -> str:
    """Return a number as YAML reads it: for YAML 1e-10 is text and 1.0e-10 is not."""
    text = repr(value)
    return text if "e" not in text or "." in text else text.replace("e", ".0e")


def _silenced(rule: Rule) -> list[tuple[str, str]]:
    return [("yaml", SILENCE.format(rule=rule.id)), ("sh", f"runaudit check logs --ignore {rule.id}")]


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


def _related(rule: Rule, rules: Collection[Rule]) -> Iterator[tuple[str, str]]:
    """Report the rules that this one explains, those that explain it, and the others of the family."""
    causes = [other.id for other in rules if rule.id in other.explains]
    yield from ((other, "named under this finding and not told again") for other in rule.explains)
    yield from ((other, "where both are found, this one is named under it") for other in causes)
    told = {rule.id, *rule.explains, *causes}
    yield from ((r.id, one_line(r.title)) for r in rules if r.family == rule.family and r.id not in told)


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
