"""The report for a coding agent: compact JSON Lines, ranked, with what to change and what to log next."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from runaudit.model import Report, Severity
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
    plain = plain_document(report)
    causes = _causes(report, plain)
    lines = [_verdict(report, plain, len(causes)), *causes[:MOST], {"next_to_log": _asks(report)}]
    return "".join(json.dumps(line, separators=(",", ":"), allow_nan=False) + "\n" for line in lines)


def _verdict(report: Report, plain: dict[str, Any], causes: int) -> dict[str, Any]:
    line: dict[str, Any] = {
        "verdict": judge(report)[1].lower().replace(" ", "-"),
        "runs": {"total": len(report.runs), **dict(sorted(Counter(r.verdict for r in report.runs).items()))},
        "exit_code": report.exit_code,
        "root_causes": causes,
    }
    if causes > MOST:
        line["told"] = MOST
    corrupt = [u for u in unread(report) if u.kind == "corrupt"]
    if corrupt:
        line["corrupt"] = [_plain(f"{repo_path(report.root, u.path)}: {u.reason}") for u in corrupt[:MOST_FILES]]
        line["corrupt_files"] = len(corrupt)
    if report.crashes:
        line["crashes"] = plain["crashes"][:MOST_FILES]
    return line


def _causes(report: Report, plain: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a line for every rule that found a root cause in a run; a consequence without its cause is one itself."""
    told = dict(zip(map(id, report.findings), plain["findings"], strict=True))
    configs = {run["id"]: run["config"] for run in plain["runs"]}
    units = {run.id: run.step_unit for run in report.runs}
    below: dict[tuple[str, str | None], dict[str, Severity]] = {}
    for finding in worst_first(report.findings):
        below.setdefault((finding.run, finding.consequence_of), {}).setdefault(finding.rule, finding.severity)
    roots = {(f.run, f.rule) for f in report.findings if f.consequence_of is None}
    lines: dict[tuple[str, str], dict[str, Any]] = {}
    for finding in worst_first([f for f in report.findings if (f.run, f.consequence_of) not in roots]):
        key, item = (finding.run, finding.rule), told[id(finding)]
        if key in lines:
            lines[key].setdefault("also", []).append(item["series"])
            continue
        lines[key] = {
            **{name: item[name] for name in ("run", "rule", "severity", "confidence", "status", "series")},
            "window": [finding.first_step, finding.last_step, units.get(finding.run, "step")],
            "message": item["message"],
            "evidence": item["facts"],
            "limit": item["limit"],
            "prescription": _change(item["prescription"], configs.get(item["run"], {})),
            "try": item["remedy"],
            "source": [_plain(repo_path(report.root, finding.path or finding.run)), finding.line],
            "consequences": [{"rule": r, "severity": str(s)} for r, s in below.get(key, {}).items()],
        }
    return sorted(lines.values(), key=_worst)


def _worst(line: dict[str, Any]) -> int:
    """Return the rank of the worst severity among a root cause and what it explains: that is why it matters."""
    return min(Severity(x["severity"]).rank for x in (line, *line["consequences"]))


def _change(prescription: dict[str, Any] | None, config: dict[str, Any]) -> dict[str, Any] | None:
    """Return the prescription, with what the run's own configuration says now where it says anything."""
    if prescription is None or prescription["parameter"] not in config:
        return prescription
    return {**prescription, "now": config[prescription["parameter"]]}


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
