"""The small phrases of a report: where, when, how sure, what to change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from runaudit.model import Finding, Known, Prescription, Report, RunReport
from runaudit.pen import Pen
from runaudit.text import cells, count, number

LONGEST = 60  # columns of the name of a trial


def locate(root: str, path: str) -> str:
    """Return a path of a report as seen from where the root was named."""
    if root in {"", "."} or path.startswith("/"):
        return path
    return root if path == "." else f"{root.rstrip('/')}/{path}"


def run_name(root: str, run: str, paths: Sequence[str] = ()) -> str:
    """Return the name of a run or a search; that of the audited folder itself is its only file, or the folder."""
    if run == "*":
        return locate(root, run)
    if run != ".":
        return run
    return locate(root, paths[0]) if len(paths) == 1 else root


def heading(pen: Pen, verdict: str, name: str, facts: Sequence[str]) -> list[str]:
    """Return one line: the shape of the verdict if any, the name, and a rule to as many facts as fit at the right."""
    mark = f"{pen.paint(verdict, pen.glyph(verdict))} " if verdict else ""
    wanted = min(cells(pen.clean(name)), pen.width * 2 // 3)
    for many in range(len(facts), 0, -1):
        shown = pen.clean(pen.dotted(*facts[:many]))
        room = pen.width - (2 if verdict else 0) - cells(shown) - 2
        if room - 4 >= wanted:
            break
    name = pen.short(name, room - 4)
    rule = pen.glyph("floor") * (room - cells(name))
    return [f"{mark}{pen.paint('bold', name)} {pen.paint('dim', f'{rule} {shown}')}"]


def extent(pen: Pen, first: int, last: int, unit: str) -> str:
    """Return the steps from ``first`` to ``last`` in words."""
    if first == last:
        return f"{unit} {count(first)}"
    return f"{unit}s {count(first)}{pen.glyph('to')}{count(last)}"


def place(root: str, finding: Finding) -> str:
    """Return the file and line of a finding as the user would write it."""
    path = locate(root, finding.path)
    return path if finding.line is None else f"{path}:{finding.line}"


def steps_of(pen: Pen, finding: Finding, unit: str) -> str:
    """Return the window of a finding in words, "" for a finding about no step."""
    if not finding.series:
        return ""
    return extent(pen, finding.first_step, finding.last_step, unit)


def when(pen: Pen, finding: Finding, run: RunReport | None) -> str:
    """Return the window of a finding in what the steps of its run count, "" for a finding about no step.

    In a search that is a trial, by its name, or how many there are.
    """
    if run is not None and is_search(run):
        return _trials(pen, finding, run)
    return steps_of(pen, finding, run.step_unit if run is not None else "step")


def _trials(pen: Pen, finding: Finding, search: RunReport) -> str:
    rows = search.tables["trials"]
    if finding.first_step != finding.last_step or not 0 <= finding.first_step < len(rows):
        return count(len(rows), "trial")
    name = str(rows[finding.first_step].get("name") or finding.first_step)
    short = pen.short(name.removeprefix(search.id.removesuffix("*")), LONGEST)
    return short if short.startswith("trial") else f"trial {short}"


def is_search(run: RunReport) -> bool:
    """Say whether what was judged is a search, and no run."""
    return bool(run.tables.get("trials"))


def judged(report: Report) -> str:
    """Return how many runs and searches were judged, in words: ``12 runs and 1 search``."""
    runs, sweeps = len(report.runs), len(report.sweeps)
    return " and ".join(
        ([count(runs, "run")] if runs or not sweeps else []) + ([count(sweeps, "search", "searches")] if sweeps else [])
    )


def compared(report: Report) -> str:
    """Return how many findings are new, known and fixed, "" where there is no baseline.

    Without one a report may still hold what somebody else marked as known.
    """
    known = sum(f.status == "known" for f in report.findings)
    fixed = sum(one.count for one in report.fixed)
    if report.baseline:
        return f"{count(len(report.findings) - known)} new, {count(known)} known, {count(fixed)} fixed"
    return f"{count(known)} known" if known else ""


def gone(one: Known) -> str:
    """Return a finding of the baseline that is fixed, in words."""
    times = f" ({count(one.count, 'time')})" if one.count > 1 else ""
    return f"{one.run}: {one.severity}[{one.rule}]{f' {one.series}' if one.series else ''}{times}"


def sure(finding: Finding) -> str:
    """Return how sure the finding is, and what that was measured on."""
    if "precision" not in finding.measured:
        return str(finding.confidence)
    runs = finding.measured.get("runs")
    on = f" on {count(int(runs), 'labelled run')}" if runs is not None else ""
    return f"{finding.confidence} ({finding.measured['precision']:.2f} precise{on})"


def change(pen: Pen, wanted: Prescription, run: RunReport | None) -> str:
    """Return a prescription in words, with the old and the new value where the run's configuration has the old one."""
    old = run.config.get(wanted.parameter) if run is not None else None
    new = value(wanted.value)
    if wanted.op == "multiply" and _is_number(old) and _is_number(wanted.value):
        product = float(str(old)) * float(str(wanted.value))
        return f"{wanted.parameter} {value(old)} {pen.glyph('arrow')} {number(product)}"
    words = {"multiply": f"{pen.glyph('times')} {new}", "add": f"+ {new}", "enable": "on"}
    return f"{wanted.parameter} {words.get(wanted.op, f'= {new}')}"


def value(given: object) -> str:
    """Return a number of facts, limits or configuration in four digits, anything else as text."""
    return number(float(str(given))) if _is_number(given) else str(given)


def _is_number(given: object) -> bool:
    return isinstance(given, int | float) and not isinstance(given, bool)


def pairs(values: Mapping[str, float | str]) -> str:
    """Return names and values in the order of the names."""
    return ", ".join(f"{name} {value(given)}" for name, given in sorted(values.items()))
