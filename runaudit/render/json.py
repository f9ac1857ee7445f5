"""The report as strict JSON, schema version 1 (``report.schema.json``): the same input gives the same bytes."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

from runaudit import __version__
from runaudit.model import Curve, Finding, Note, Report, RunReport, Severity, Unreadable
from runaudit.render import Options, Renderer

SCHEMA_VERSION = 1


def document(report: Report) -> dict[str, Any]:
    """Return the report as plain dicts, lists, text and finite numbers, in the order of the schema."""
    return {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "runaudit", "version": __version__},
        "root": _text(report.root),
        "runs": [_run(r) for r in sorted(report.runs, key=lambda r: r.id)],
        "findings": [_finding(f) for f in report.findings],
        "skips": _sorted(
            {"rule": s.rule, "run": _text(s.run), "reason": _text(s.reason), "needs": [_text(n) for n in s.needs]}
            for s in report.skips
        ),
        "unreadable": _sorted({"path": _text(u.path), "reason": _reason(u), "kind": u.kind} for u in report.unreadable),
        "ignored_files": report.ignored_files,
        "crashes": _sorted({"rule": c.rule, "run": _text(c.run), "error": _text(c.error)} for c in report.crashes),
        "suppressed": [{**_finding(f), "reason": _text(f.reason)} for f in report.suppressed],
        "config": {"path": _text(report.config), "notes": [_note(n) for n in report.notes]},
        "failures": [_text(f) for f in report.failures],
        "summary": {
            "runs": len(report.runs),
            "errors": report.count(Severity.ERROR),
            "warnings": report.count(Severity.WARNING),
            "notes": report.count(Severity.NOTE),
            "skipped": len(report.skips),
            "unreadable": len(report.unreadable),
            "exit_code": report.exit_code,
        },
    }


def _run(run: RunReport) -> dict[str, Any]:
    return {
        "id": _text(run.id),
        "paths": [_text(p) for p in run.paths],
        "format": run.format,
        "verdict": run.verdict,
        "series": [_series(c) for c in sorted(run.curves, key=lambda c: c.name)],
        "config": plain(run.config),
        "notes": [_note(n) for n in run.notes],
    }


def _series(curve: Curve) -> dict[str, Any]:
    return {
        "name": _text(curve.name),
        "source_name": _text(curve.source_name),
        "points": curve.points,
        "first_step": curve.first_step,
        "last_step": curve.last_step,
    }


def _note(note: Note) -> dict[str, Any]:
    return {"message": _text(note.message), "path": _text(note.path), "line": note.line}


def _finding(finding: Finding) -> dict[str, Any]:
    change = finding.prescription
    return {
        "rule": finding.rule,
        "family": finding.family,
        "severity": str(finding.severity),
        "confidence": str(finding.confidence),
        "run": _text(finding.run),
        "series": _text(finding.series),
        "first_step": finding.first_step,
        "last_step": finding.last_step,
        "message": _text(finding.message),
        "remedy": [_text(r) for r in finding.remedy],
        "prescription": change and {"parameter": change.parameter, "op": change.op, "value": plain(change.value)},
        "facts": plain(finding.facts),
        "limit": plain(finding.limit),
        "consequence_of": finding.consequence_of,
        "status": finding.status,
        "source": {"path": _text(finding.path), "line": finding.line},
        "fingerprint": finding.fingerprint,
        "citations": list(finding.citations),
    }


def _reason(file: Unreadable) -> str:
    return _text(file.reason if file.line is None else f"line {file.line}: {file.reason}")


def _sorted(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: [str(v) for v in row.values()])


def _text(text: str) -> str:
    """Return the text without lone surrogates (undecodable bytes of a file name), which strict readers refuse."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def plain(value: Any) -> Any:  # noqa: ANN401  a configuration holds anything
    """Return the value as strict JSON can hold it: keys sorted, no bare NaN, numpy's numbers as Python's, else text."""
    if isinstance(value, Mapping):
        return {_text(str(k)): plain(value[k]) for k in sorted(value, key=str)}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else _special(value)
    if hasattr(value, "item"):  # a number of numpy
        return plain(value.item())
    return _text(str(value))


def _special(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


def render(report: Report, options: Options) -> str:
    """Return the report as indented ASCII JSON and a final newline; numbers that are not finite are text."""
    del options  # a program reads it: no width, no colour
    return json.dumps(document(report), indent=2, allow_nan=False) + "\n"


RENDERER = Renderer("json", ".json", render)
