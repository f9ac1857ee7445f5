"""JUnit XML in the xunit2 shape: a test suite a run, a test case a rule; skipped rules are skipped, not passed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from runaudit.model import Crash, Finding, Report, RunReport, Severity, Skip
from runaudit.pen import Options, Pen
from runaudit.render import Renderer
from runaudit.render._verdict import by_id, crashed, pen_of, unread, worst_first
from runaudit.render._words import change, locate, place, run_name, sure, when
from runaudit.text import clean

FILES = "files that were not read"
PLUG_INS = "plug-ins"


@dataclass(frozen=True, slots=True)
class Case:
    """One test case; ``outcome`` is ``failure``, ``error``, ``skipped``, ``system-out`` or "" for one that passed."""

    name: str
    outcome: str = ""
    kind: str = ""
    message: str = ""
    lines: Sequence[str] = ()


def render(report: Report, options: Options) -> str:
    """Return the report as XML without times; characters that XML forbids become visible escapes."""
    suites = [(name, cases) for name, cases in _suites(report, pen_of(options)) if cases]
    total = _counts([case for _, cases in suites for case in cases])
    counts = " ".join(f'{key}="{total[key]}"' for key in ("tests", "failures", "errors"))  # xunit2 has no more here
    lines = ['<?xml version="1.0" encoding="utf-8"?>', f'<testsuites name="runaudit" {counts}>']
    for name, cases in suites:
        lines += _suite(name, cases)
    return "\n".join([*lines, "</testsuites>"]) + "\n"


def _suites(report: Report, pen: Pen) -> Iterator[tuple[str, list[Case]]]:
    """Report the cases of every run, of what names no run of the report, and of the files that gave none."""
    runs = by_id(report)
    named = {f.run for f in (*report.findings, *report.suppressed)}
    named |= {s.run for s in report.skips} | {c.run for c in report.crashes}
    for name in [*runs, *sorted(named - set(runs))]:
        run = runs.get(name)
        shown = run_name(report.root, name, run.paths if run is not None else ()) or PLUG_INS
        yield shown, _cases(report, pen, name, run)
    yield FILES, [_file(report, u.path, u.reason, u.kind, u.line) for u in unread(report)]


def _cases(report: Report, pen: Pen, name: str, run: RunReport | None) -> list[Case]:
    found: dict[str, list[Finding]] = {}
    for finding in worst_first([f for f in report.findings if f.run == name]):
        found.setdefault(finding.rule, []).append(finding)
    cases = {rule: Case(rule) for rule in (run.passed if run is not None else ())}
    cases |= {s.rule: _skip(s) for s in report.skips if s.run == name}
    for finding in report.suppressed:
        if finding.run == name:
            said = ": ".join(filter(None, ("suppressed", finding.reason, finding.message)))
            cases[finding.rule] = Case(finding.rule, "skipped", "suppressed", said)
    cases |= {rule: _failure(report, pen, findings, run) for rule, findings in found.items()}
    cases |= {c.rule: _crash(c) for c in crashed(report) if c.run == name}
    return [cases[rule] for rule in sorted(cases)]


def _failure(report: Report, pen: Pen, findings: Sequence[Finding], run: RunReport | None) -> Case:
    """Return the case of a rule that found something, headed by the worst; a known fault and a note fail nothing."""
    first = findings[0]
    lines = [line for f in findings for line in _story(report, pen, f, run)]
    if first.severity is Severity.NOTE:
        return Case(first.rule, "system-out", lines=lines)
    if first.status == "known":
        return Case(first.rule, "skipped", "known", f"known: {first.message}", lines)
    more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
    return Case(first.rule, "failure", str(first.severity), first.message + more, lines)


def _story(report: Report, pen: Pen, finding: Finding, run: RunReport | None) -> Iterator[str]:
    steps = when(pen, finding, run)
    yield f"{finding.severity}[{finding.rule}]: {finding.message}"
    yield f"  at {place(report.root, finding)}{f', {steps}' if steps else ''}"
    yield from (f"  {line}" for line in finding.evidence)
    yield f"  why: {' '.join(finding.why.split())}"
    yield from (f"  try: {' '.join(line.split())}" for line in finding.remedy)
    if finding.prescription is not None:
        yield f"  set: {change(pen, finding.prescription, run)}"
    yield f"  sure: {sure(finding)}"
    if finding.consequence_of:
        yield f"  a consequence of {finding.consequence_of}"


def _skip(skip: Skip) -> Case:
    ask = f" (log {'; '.join(skip.needs)})" if skip.needs else ""
    return Case(skip.rule, "skipped", "not judged", f"{skip.reason}{ask}")


def _crash(crash: Crash) -> Case:
    if crash.plug_in:
        return Case(crash.rule, "error", "plug-in", crash.error, ["the audit went on without it"])
    return Case(crash.rule, "error", "crash", crash.error, ["a defect of runaudit: please report it"])


def _file(report: Report, path: str, reason: str, kind: str, line: int | None) -> Case:
    where = locate(report.root, path) + (f":{line}" if line is not None else "")
    return Case(locate(report.root, path), "error" if kind == "corrupt" else "skipped", kind, reason, [where])


def _counts(cases: Sequence[Case]) -> dict[str, int]:
    outcomes = [c.outcome for c in cases]
    return {
        "tests": len(cases),
        "failures": outcomes.count("failure"),
        "errors": outcomes.count("error"),
        "skipped": outcomes.count("skipped"),
    }


def _suite(name: str, cases: Sequence[Case]) -> Iterator[str]:
    counts = " ".join(f'{key}="{n}"' for key, n in _counts(cases).items())
    yield f'  <testsuite name="{_xml(name)}" {counts} time="0">'
    for case in cases:
        head = f'    <testcase classname="{_xml(name)}" name="{_xml(case.name)}" time="0"'
        if not case.outcome:
            yield f"{head}/>"
            continue
        given = f' type="{_xml(case.kind)}" message="{_xml(case.message)}"' if case.kind else ""
        body = "\n".join(map(_xml, case.lines))
        yield f"{head}>"
        yield f"      <{case.outcome}{given}>{body}</{case.outcome}>"
        yield "    </testcase>"
    yield "  </testsuite>"


def _xml(text: str) -> str:
    r"""Return the text for an element or an attribute: on one line, and without what XML forbids.

    >>> _xml('a "b"]]> <c>'), _xml(chr(7) + chr(0xFFFE))
    ('a &quot;b&quot;]]&gt; &lt;c&gt;', '\\x07\\ufffe')
    """
    return escape(clean(text))


RENDERER = Renderer("junit", ".xml", render)
