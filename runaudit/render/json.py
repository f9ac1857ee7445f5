"""The report as strict JSON, schema version 1 (``report.schema.json``): the same input gives the same bytes."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

from runaudit import __version__
from runaudit.model import Curve, Finding, Known, Note, Report, RunReport, Severity, Unreadable
from runaudit.render import Options, Renderer

SCHEMA_VERSION = 1
SIBLINGS = "search"  # the format of a search that was made of runs, whose files are told with them


def document(report: Report) -> dict[str, Any]:
    """Return the report as plain dicts, lists, text and finite numbers, in the order of the schema."""
    return {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "runaudit", "version": __version__},
        "root": clear(report.root),
        "runs": [_run(r) for r in _by_id([*report.runs, *_stored(report)])],
        "sweeps": _sweeps(report),
        "findings": [_finding(f) for f in report.findings],
        "skips": _sorted(
            {"rule": s.rule, "run": clear(s.run), "reason": clear(s.reason), "needs": [clear(n) for n in s.needs]}
            for s in report.skips
        ),
        "unreadable": _sorted({"path": clear(u.path), "reason": _reason(u), "kind": u.kind} for u in report.unreadable),
        "ignored_files": report.ignored_files,
        "crashes": _sorted({"rule": c.rule, "run": clear(c.run), "error": clear(c.error)} for c in report.crashes),
        "suppressed": [{**_finding(f), "reason": clear(f.reason)} for f in report.suppressed],
        "config": {"path": clear(report.config), "notes": [_note(n) for n in report.notes]},
        "baseline": _baseline(report),
        "failures": [clear(f) for f in report.failures],
        "summary": {
            "runs": len(report.runs),
            "sweeps": len(report.sweeps),
            "errors": report.count(Severity.ERROR),
            "warnings": report.count(Severity.WARNING),
            "notes": report.count(Severity.NOTE),
            "skipped": len(report.skips),
            "unreadable": len(report.unreadable),
            "exit_code": report.exit_code,
        },
    }


def _stored(report: Report) -> list[RunReport]:
    """Return the searches that a file of their own tells of: who asks what became of a file finds it among the runs."""
    return [search for search in report.sweeps if search.format != SIBLINGS]


def _baseline(report: Report) -> dict[str, Any] | None:
    """Return what became of the accepted findings, None where there is no baseline."""
    if not report.baseline:
        return None
    known = sum(f.status == "known" for f in report.findings)
    return {
        "path": clear(report.baseline),
        "new": len(report.findings) - known,
        "known": known,
        "fixed": [_known(one) for one in report.fixed],
        "unseen": [_known(one) for one in report.unseen],
    }


def _known(one: Known) -> dict[str, Any]:
    named = {"run": clear(one.run), "rule": clear(one.rule), "series": clear(one.series)}
    return {**named, "severity": str(one.severity), "count": one.count}


def _run(run: RunReport) -> dict[str, Any]:
    return {
        "id": clear(run.id),
        "paths": [clear(p) for p in run.paths],
        "format": run.format,
        "verdict": run.verdict,
        "step_unit": run.step_unit,
        "series": [_series(c) for c in sorted(run.curves, key=lambda c: c.name)],
        "config": plain(run.config),
        "notes": [_note(n) for n in run.notes],
        **({"schedule": clear(run.schedule)} if run.schedule else {}),
    }


def _sweeps(report: Report) -> list[dict[str, Any]]:
    if not report.sweeps:
        return []
    from runaudit.render._search.json import sweep  # most audits have none

    return [sweep(one) | {"notes": [_note(n) for n in one.notes]} for one in _by_id(report.sweeps)]


def _by_id(runs: Iterable[RunReport]) -> list[RunReport]:
    return sorted(runs, key=lambda r: r.id)


def _series(curve: Curve) -> dict[str, Any]:
    return {
        "name": clear(curve.name),
        "source_name": clear(curve.source_name),
        "points": curve.points,
        "first_step": curve.first_step,
        "last_step": curve.last_step,
    }


def _note(note: Note) -> dict[str, Any]:
    return {"message": clear(note.message), "path": clear(note.path), "line": note.line}


def _finding(finding: Finding) -> dict[str, Any]:
    change = finding.prescription
    return {
        "rule": finding.rule,
        "family": finding.family,
        "severity": str(finding.severity),
        "confidence": str(finding.confidence),
        "run": clear(finding.run),
        "series": clear(finding.series),
        "first_step": finding.first_step,
        "last_step": finding.last_step,
        "message": clear(finding.message),
        "remedy": [clear(r) for r in finding.remedy],
        "prescription": change and {"parameter": change.parameter, "op": change.op, "value": plain(change.value)},
        "facts": plain(finding.facts),
        "limit": plain(finding.limit),
        "consequence_of": finding.consequence_of,
        "status": finding.status,
        "source": {"path": clear(finding.path), "line": finding.line},
        "fingerprint": finding.fingerprint,
        "citations": list(finding.citations),
    }


def _reason(file: Unreadable) -> str:
    return clear(file.reason if file.line is None else f"line {file.line}: {file.reason}")


def _sorted(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: [str(v) for v in row.values()])


def clear(text: str) -> str:
    """Return the text without lone surrogates (undecodable bytes of a file name), which strict readers refuse."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def plain(value: Any) -> Any:  # noqa: ANN401  a configuration holds anything
    """Return the value as strict JSON can hold it: keys sorted, no bare NaN, numpy's numbers as Python's, else text."""
    if isinstance(value, Mapping):
        return {clear(str(k)): plain(value[k]) for k in sorted(value, key=str)}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else _special(value)
    if hasattr(value, "item"):  # a number of numpy
        return plain(value.item())
    return clear(str(value))


def _special(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


def render(report: Report, options: Options) -> str:
    """Return the report as indented ASCII JSON and a final newline; numbers that are not finite are text."""
    del options  # a program reads it: no width, no colour
    return json.dumps(document(report), indent=2, allow_nan=False) + "\n"


RENDERER = Renderer("json", ".json", render)
