"""GitLab Code Quality: a JSON array that the merge request widget compares with the target branch by fingerprint."""

from __future__ import annotations

import json
from typing import Any

from runaudit.model import Confidence, Finding, Report, Severity
from runaudit.pen import Options
from runaudit.render import Renderer
from runaudit.render._places import identities, repo_path
from runaudit.render._verdict import by_id, crashed, pen_of, unread
from runaudit.render._words import run_name
from runaudit.text import clean, shorten

MOST = 2_000  # characters of a description
SEVERITY = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.NOTE: "info"}


def render(report: Report, options: Options) -> str:
    """Return the findings, then crashes and unread files, each with a path, a line of at least 1 and its own print."""
    pen = pen_of(options)
    runs = by_id(report)
    items = []
    for finding, identity in zip(report.findings, identities(report.findings), strict=True):
        run = runs.get(finding.run)
        name = run_name(report.root, finding.run, run.paths if run is not None else ())
        words = f"{finding.message} (run {pen.short(name, 200)})"
        where = repo_path(report.root, finding.path or finding.run)
        items.append(_item(words, finding.rule, identity, _severity(finding), where, finding.line))
    for crash in crashed(report):
        paths = runs[crash.run].paths if crash.run in runs else ()
        where = repo_path(report.root, paths[0] if paths else crash.run)
        words = f"the rule {crash.rule} crashed, a defect of runaudit: {crash.error}"
        words = f"{crash.rule}: {crash.error}" if crash.plug_in else words
        items.append(_item(words, "crash", f"crash/{crash.rule}/{crash.run}", "major", where, None))
    for file in unread(report):
        severity = "major" if file.kind == "corrupt" else "info"
        where = repo_path(report.root, file.path)
        items.append(_item(f"not read: {file.reason}", file.kind, f"{file.kind}/{where}", severity, where, file.line))
    return json.dumps(items, indent=2, allow_nan=False) + "\n"


def _severity(finding: Finding) -> str:
    if finding.severity is Severity.ERROR and finding.confidence is Confidence.HIGH:
        return "blocker"
    return SEVERITY[finding.severity]


def _item(words: str, name: str, identity: str, severity: str, path: str, line: int | None) -> dict[str, Any]:
    return {
        "description": shorten(clean(words), MOST),
        "check_name": name,
        "fingerprint": clean(identity),
        "severity": severity,
        "location": {"path": clean(path), "lines": {"begin": max(line or 1, 1)}},
    }


RENDERER = Renderer("gitlab", ".codequality.json", render)
