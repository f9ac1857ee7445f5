"""The report for a coding agent: about two kilobytes of JSON Lines, the worst first, and what to log next.

Under ``--verbose`` it says everything of every root cause, however long that is.
"""

from __future__ import annotations

import json
import shlex
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runaudit.model import Finding, Report, Severity
from runaudit.pen import Options
from runaudit.render import Renderer
from runaudit.render._places import repo_path
from runaudit.render._verdict import crashed, judge, unread, worst_first
from runaudit.render._words import locate
from runaudit.render.json import document as plain_document
from runaudit.render.json import plain

BUDGET = 2_048  # bytes
MOST = 40  # causes: more would not fit, however short
LONGEST = 240  # bytes of one text
SHORT = 120  # bytes of a name or a path
LEAST = 3  # causes that are told before others are named
FEW = 3  # files, crashes and things to log that are named; the rest is counted
DIGITS = 4
BRIEF = ("rule", "severity", "confidence", "status", "message", "at")  # what is left of a cause that was shortened

Line = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Cause:
    """A root cause in a run: the findings of its rule there, and the rules that it explains with their severities."""

    findings: tuple[Finding, ...]
    explains: Mapping[str, Severity]

    @property
    def first(self) -> Finding:
        """Return the worst of its findings."""
        return self.findings[0]

    @property
    def rank(self) -> tuple[int, bool, int]:
        """Return what orders causes: the worst that they bring about, new ones first, the surest first."""
        worst = min(f.rank for f in (self.first.severity, *self.explains.values()))
        return worst, self.first.status == "known", self.first.confidence.rank


def render(report: Report, options: Options) -> str:
    """Return a line with the verdict, one a run with its root causes, what was left out if anything, what to log next.

    The causes are ranked, and so are the runs by their worst. What does not fit in the budget is told in brief, then
    named in the line ``also``, then counted, the mildest first; the line ``left_out`` says how to get it.
    """
    cut = options.verbosity <= 0
    causes = sorted(_causes(report), key=lambda cause: cause.rank)
    items = _items(report, causes[:MOST] if cut else causes, cut=cut)
    head, tail = _verdict(report, causes, cut=cut), _asks(report)
    for size in _sizes(len(items)):
        body = [*_runs(causes, items, size, cut=cut), *_also(causes, size), *_left_out(report, causes, size)]
        text = _text([head, *body, tail])
        if len(text) <= BUDGET or not cut:
            break
    return text


@dataclass(frozen=True, slots=True)
class Size:
    """How much is said: the first ``full`` causes in full, up to ``told`` in brief, up to ``named`` by name."""

    full: int
    told: int
    named: int


def _sizes(causes: int) -> Iterator[Size]:
    """Yield how much to say of so many causes, from everything to the worst in brief."""
    yield Size(causes, causes, causes)
    yield from (Size(full, causes, causes) for full in range(causes - 1, 0, -1))
    yield from (Size(1, told, causes) for told in range(causes - 1, LEAST, -1))
    yield from (Size(1, min(causes, LEAST), named) for named in range(causes, LEAST, -1))
    yield from (Size(1, told, told) for told in range(min(causes, LEAST), 1, -1))
    yield from (Size(full, min(causes, 1), min(causes, 1)) for full in (1, 0))


def _text(lines: Sequence[Line]) -> str:
    return "".join(json.dumps(line, separators=(",", ":"), allow_nan=False) + "\n" for line in lines)


def _causes(report: Report) -> list[Cause]:
    """Return a cause for every rule that found one in a run; a consequence without its cause is one itself."""
    ranked = worst_first(report.findings)
    below: dict[tuple[str, str | None], dict[str, Severity]] = {}
    for finding in ranked:
        below.setdefault((finding.run, finding.consequence_of), {}).setdefault(finding.rule, finding.severity)
    roots = {(f.run, f.rule) for f in report.findings if f.consequence_of is None}
    found: dict[tuple[str, str], list[Finding]] = {}
    for finding in ranked:
        if (finding.run, finding.consequence_of) not in roots:
            found.setdefault((finding.run, finding.rule), []).append(finding)
    return [Cause(tuple(findings), below.get(key, {})) for key, findings in found.items()]


# --- lines -------------------------------------------------------------------------------------------------


def _verdict(report: Report, causes: Sequence[Cause], *, cut: bool) -> Line:
    most = FEW if cut else len(report.unreadable) + len(report.crashes) + len(report.failures)
    line: Line = {
        "verdict": judge(report)[1].lower().replace(" ", "-"),
        "exit_code": report.exit_code,
        "runs": {"total": len(report.runs), **dict(sorted(Counter(r.verdict for r in report.runs).items()))},
        **_searches(report, cut=cut),
        "root_causes": len(causes),
        "consequences": sum(len(cause.explains) for cause in causes),
    }
    if report.baseline:
        known = sum(f.status == "known" for f in report.findings)
        fixed = sum(one.count for one in report.fixed)
        line["baseline"] = {"new": len(report.findings) - known, "known": known, "fixed": fixed}
    corrupt = [u for u in unread(report) if u.kind == "corrupt"]
    said = {
        "corrupt": [f"{_short(repo_path(report.root, u.path), SHORT, cut=cut)}: {u.reason}" for u in corrupt],
        "crashes": [f"{c.rule}{f' on {c.run}' if c.run else ''}: {c.error}" for c in crashed(report)],
        "failures": list(report.failures),
    }
    for name, texts in said.items():
        if texts:
            line[name] = [_short(text, LONGEST, cut=cut) for text in texts[:most]]
            line |= {f"more_{name}": len(texts) - most} if len(texts) > most else {}
    return line


def _runs(causes: Sequence[Cause], items: Sequence[Line], size: Size, *, cut: bool) -> list[Line]:
    """Return a line a run with the causes that are told, in the order of their worst."""
    lines: dict[str, Line] = {}
    for i, cause in enumerate(causes[: size.told]):
        run = cause.first.run
        line = lines.setdefault(run, {"run": _short(run, SHORT, cut=cut), "findings": []})
        item = items[i]
        line["findings"].append(item if i < size.full else {key: item[key] for key in BRIEF if key in item})
    return list(lines.values())


def _also(causes: Sequence[Cause], size: Size) -> list[Line]:
    """Return a line with the rules of the causes that are only named, by run."""
    rules: dict[str, list[str]] = {}
    for cause in causes[size.told : size.named]:
        rules.setdefault(_short(cause.first.run, SHORT, cut=True), []).append(cause.first.rule)
    return [{"also": rules}] if rules else []


def _items(report: Report, causes: Sequence[Cause], *, cut: bool) -> list[Line]:
    """Return what there is to say of each cause."""
    plain = plain_document(report)
    told = dict(zip(map(id, report.findings), plain["findings"], strict=True))
    configs = {run["id"]: run["config"] for run in plain["runs"]}
    units = {run.id: run.step_unit for run in report.judged}
    items = []
    for cause in causes:
        one = told[id(cause.first)]
        item = _cause(report.root, cause, one, units.get(cause.first.run, "step"), cut=cut)
        change = _change(one["prescription"], configs.get(one["run"], {}))
        items.append(item | ({"set": change} if change is not None else {}))
    return items


def _cause(root: str, cause: Cause, told: Line, unit: str, *, cut: bool) -> Line:
    first, tries = cause.first, told["remedy"]
    where = _short(repo_path(root, first.path or first.run), SHORT, cut=cut)
    item: Line = {
        "rule": first.rule,
        "severity": told["severity"],
        "confidence": told["confidence"],
        **({"status": "known"} if first.status == "known" else {}),
        "message": _short(first.message, LONGEST, cut=cut),
        "at": where if first.line is None else f"{where}:{first.line}",
        "series": _short(first.series, SHORT, cut=cut),
        "window": [first.first_step, first.last_step, unit],
        "evidence": _rounded(told["facts"], cut=cut),
        "try": [_short(words, LONGEST, cut=cut) for words in (tries[:1] if cut else tries)],
    }
    others = [_short(f.series, SHORT, cut=cut) for f in cause.findings[1:]]
    item |= {"also_in": others[: FEW if cut else len(others)]} if others else {}
    item |= {"explains": list(cause.explains)} if cause.explains else {}
    return item if cut else {**item, "limit": told["limit"], "source": told["source"]}


def _left_out(report: Report, causes: Sequence[Cause], size: Size) -> list[Line]:
    """Return a line that counts what was left out or shortened, and says how to get it; none if nothing was."""
    if size.full == len(causes):
        return []
    away = causes[size.named :]
    runs = {cause.first.run for cause in away} - {cause.first.run for cause in causes[: size.named]}
    line: Line = {"root_causes": len(away), **Counter(str(cause.first.severity) for cause in away)} if away else {}
    line |= {"runs": len(runs)} if runs else {}
    line |= {"only_named": size.named - size.told} if size.named > size.told else {}
    line |= {"in_brief": size.told - size.full, "all": f"runaudit check {_quoted(report.root or '.')} --format json"}
    if len(report.judged) > 1:
        line["one_run"] = _one(report, causes[size.full].first)
    return [{"left_out": line}]


def _one(report: Report, finding: Finding) -> str:
    """Return the command that audits only the run, or only the search, of a finding."""
    search = next((s for s in report.sweeps if s.id == finding.run), None)
    if search is None:
        return f"runaudit check {_quoted(locate(report.root, finding.run))} --format agent"
    name = search.id.rpartition("#")[0] or search.id
    folder = name.removesuffix("*").rstrip("/") or "."
    return f"runaudit sweep {_quoted(locate(report.root, folder))} --format agent"


def _searches(report: Report, *, cut: bool) -> Line:
    """Return how many searches there are of each verdict, and of the first few what they reached."""
    if not report.sweeps:
        return {}
    from runaudit.render._search.view import view_of  # most audits have none

    told: list[Line] = []
    for search in report.sweeps[:FEW] if cut else report.sweeps:
        view = view_of(search)
        line: Line = {"search": _short(search.id, SHORT, cut=cut), "trials": view.states}
        line["objective"] = _short(view.goal, SHORT, cut=cut)
        if view.best is not None:
            names = [s.name for s in view.settings][:FEW]
            params = {_short(n, SHORT // 4, cut=cut): view.best.params[n] for n in names if n in view.best.params}
            line["best"] = {"trial": _short(view.best.name, SHORT // 2, cut=cut), "value": _digits(view.best.value)}
            line["best"]["settings"] = {n: plain(_digits(v)) for n, v in params.items()}
        told.append(line)
    verdicts = dict(sorted(Counter(r.verdict for r in report.sweeps).items()))
    return {"searches": {"total": len(report.sweeps), **verdicts, "told": told}}


def _quoted(path: str) -> str:
    return shlex.quote(_short(path, SHORT, cut=True))


def _asks(report: Report) -> Line:
    """Return what to log so that more rules can judge: what opens most rules first."""
    logged = {run.id: {c.name for c in run.curves} for run in report.judged}
    asks: dict[str, set[str]] = {}
    for skip in report.skips:
        for need in skip.needs:
            if need.replace(",", " ").split(" ")[0] not in logged.get(skip.run, set()):
                asks.setdefault(need, set()).add(skip.rule)
    ranked = sorted(asks.items(), key=lambda ask: (-len(ask[1]), ask[0]))
    line: Line = {"next_to_log": [_ask(need, sorted(rules)) for need, rules in ranked[:FEW]]}
    return {**line, "more_to_log": len(ranked) - FEW} if len(ranked) > FEW else line


def _ask(need: str, rules: Sequence[str]) -> Line:
    line: Line = {"log": _short(need, SHORT, cut=True), "rules": list(rules[:FEW])}
    return {**line, "more_rules": len(rules) - FEW} if len(rules) > FEW else line


# --- values ------------------------------------------------------------------------------------------------


def _change(prescription: Line | None, config: Mapping[str, Any]) -> Line | None:
    """Return the prescription, with what the run's own configuration says now where it says anything."""
    if prescription is None or prescription["parameter"] not in config:
        return prescription
    return {**prescription, "now": config[prescription["parameter"]]}


def _rounded(facts: Mapping[str, Any], *, cut: bool) -> Line:
    """Return facts with their numbers in a few digits, which is what a reader takes from them."""
    return {name: _digits(value) if cut else value for name, value in facts.items()}


def _digits(value: object) -> object:
    if isinstance(value, float):
        short = float(f"{value:.{DIGITS}g}")
        return int(short) if short.is_integer() and abs(short) < 1e15 else short
    return _short(value, SHORT, cut=True) if isinstance(value, str) else value


def _short(text: str, most: int, *, cut: bool) -> str:
    """Return the text without lone surrogates, and without its middle where JSON needs more bytes for it."""
    text = text.encode("utf-8", "backslashreplace").decode("utf-8")
    size = len(json.dumps(text)) - 2
    if size <= most or not cut:
        return text
    half = max((most - 3) * len(text) // size // 2, 1)
    return f"{text[:half]}...{text[-half:]}"


RENDERER = Renderer("agent", ".jsonl", render)
