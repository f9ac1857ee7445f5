"""The report for a coding agent: compact JSON Lines, ranked, with what to change and what to log next."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from runaudit.model import Report
from runaudit.pen import Options
from runaudit.render import Renderer
from runaudit.render._places import repo_path
from runaudit.render._verdict import judge, unread, worst_first
from runaudit.render.json import document as plain_document

MOST = 50  # root causes told; the first line says how many there are
MOST_FILES = 10
MOST_ASKS = 10


def render(report: Report, options: Options) -> str:
    """Return a line with the verdict, a line for each root cause, the worst first, and a line with what to log next.

    The same rule on further series of a run is named in ``also``, what a root cause explains in ``consequences``.
    """
    del options  # a program reads it: no width, no colour
    causes = _causes(report)
    lines = [_verdict(report, len(causes)), *causes[:MOST], {"next_to_log": _asks(report)}]
    return "".join(json.dumps(line, separators=(",", ":"), allow_nan=False) + "\n" for line in lines)


def _verdict(report: Report, causes: int) -> dict[str, Any]:
    line: dict[str, Any] = {
        "verdict": judge(report)[1].lower().replace(" ", "-"),
        "runs": {"total": len(report.runs), **dict(sorted(Counter(r.verdict for r in report.runs).items()))},
        "exit_code": report.exit_code,
        "root_causes": causes,
    }
    if causes > MOST:
        line["told"] = MOST
    plain = plain_document(report)
    corrupt = [u for u in unread(report) if u.kind == "corrupt"]
    if corrupt:
        line["corrupt"] = [_plain(f"{repo_path(report.root, u.path)}: {u.reason}") for u in corrupt[:MOST_FILES]]
        line["corrupt_files"] = len(corrupt)
    if report.crashes:
        line["crashes"] = plain["crashes"][:MOST_FILES]
    return line


def _causes(report: Report) -> list[dict[str, Any]]:
    """Return a line for every rule that found a root cause in a run; a consequence without its cause is one itself."""
    told = dict(zip(map(id, report.findings), plain_document(report)["findings"], strict=True))
    runs = {run.id: run for run in report.runs}
    roots = {(f.run, f.rule) for f in report.findings if f.consequence_of is None}
    lines: dict[tuple[str, str], dict[str, Any]] = {}
    for finding in worst_first([f for f in report.findings if (f.run, f.consequence_of) not in roots]):
        plain = told[id(finding)]
        key = (finding.run, finding.rule)
        if key in lines:
            lines[key].setdefault("also", []).append(plain["series"])
            continue
        run = runs.get(finding.run)
        lines[key] = {
            "run": plain["run"],
            "rule": finding.rule,
            "severity": plain["severity"],
            "confidence": plain["confidence"],
            "status": finding.status,
            "series": plain["series"],
            "window": [finding.first_step, finding.last_step, run.step_unit if run is not None else "step"],
            "message": plain["message"],
            "evidence": plain["facts"],
            "limit": plain["limit"],
            "prescription": plain["prescription"],
            "now": _now(report, finding.run, plain["prescription"]),
            "try": plain["remedy"],
            "source": [_plain(repo_path(report.root, finding.path or finding.run)), finding.line],
            "consequences": sorted({f.rule for f in report.findings if (f.run, f.consequence_of) == key}),
        }
    return list(lines.values())


def _now(report: Report, run: str, prescription: dict[str, Any] | None) -> Any:  # noqa: ANN401  JSON
    """Return what the run's own configuration gives for the parameter to change, None if it does not say."""
    configs = [r["config"] for r in plain_document(report)["runs"] if r["id"] == _plain(run)]
    return configs[0].get(prescription["parameter"]) if prescription and configs else None


def _asks(report: Report) -> list[dict[str, Any]]:
    """Return what to log so that more rules can judge: what opens most rules first."""
    logged = {run.id: {c.name for c in run.curves} for run in report.runs}
    asks: dict[str, set[str]] = {}
    for skip in report.skips:
        for need in skip.needs:
            if need.replace(",", " ").split(" ")[0] not in logged.get(skip.run, set()):
                asks.setdefault(_plain(need), set()).add(skip.rule)
    ranked = sorted(asks.items(), key=lambda ask: (-len(ask[1]), ask[0]))
    return [{"log": need, "rules": sorted(rules)} for need, rules in ranked[:MOST_ASKS]]


def _plain(text: str) -> str:
    """Return the text without lone surrogates, as the JSON report has it."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


RENDERER = Renderer("agent", ".jsonl", render)
