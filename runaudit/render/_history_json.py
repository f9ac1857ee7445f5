"""The history of audits as JSON: every audit, the trends, and what became worse."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from runaudit import __version__
from runaudit.history.against import Regression
from runaudit.history.rows import Audit
from runaudit.history.trend import branches, rules, runs
from runaudit.model import Severity
from runaudit.render.json import plain

SCHEMA_VERSION = 1


def document(groups: Sequence[Sequence[Audit]], found: Sequence[Regression]) -> str:
    """Return the JSON text; in lists over audits the newest is last, and null stands for a run that was not audited."""
    content = {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "runaudit", "version": __version__},
        "projects": [_group(audits) for audits in groups],
        "against": [_regression(one) for one in found],
        "worse": any(one.is_worse for one in found),
    }
    return json.dumps({**content, **plain({k: content[k] for k in ("projects", "against")})}, indent=2) + "\n"


def _group(audits: Sequence[Audit]) -> dict[str, Any]:
    return {
        "project": audits[-1].project,
        "scope": audits[-1].scope,
        "audits": [_audit(audit) for audit in audits],
        "branches": [
            {
                "branch": one.branch,
                "audits": [audit.number for audit in one.audits],
                "errors": one.errors,
                "warnings": one.warnings,
                "last_good": one.good and one.good.number,
            }
            for one in branches(audits)
        ],
        "rules": [{"rule": one.rule, "severity": str(one.severity), "counts": one.counts} for one in rules(audits)],
        "runs": [{"run": one.run, "states": [s and asdict(s) for s in one.states]} for one in runs(audits)],
    }


def _audit(audit: Audit) -> dict[str, Any]:
    return {
        "number": audit.number,
        "time": audit.time,
        "branch": audit.branch,
        "commit": audit.commit,
        "version": audit.version,
        "exit_code": audit.exit_code,
        "fail_on": audit.fail_on,
        "errors": audit.count(Severity.ERROR),
        "warnings": audit.count(Severity.WARNING),
        "notes": audit.count(Severity.NOTE),
        "findings": [asdict(finding) for finding in audit.findings],
    }


def _regression(found: Regression) -> dict[str, Any]:
    return {
        "project": found.audit.project,
        "scope": found.audit.scope,
        "audit": found.audit.number,
        "reference": found.reference and found.reference.number,
        "reference_commit": found.reference and found.reference.commit,
        "worse": found.is_worse,
        "incomplete": found.incomplete,
        "new": [{**asdict(f), "counts": found.counts(f)} for f in found.new],
        "gone": [asdict(f) for f in found.gone],
        "runs_worse": [asdict(c) for c in found.worse],
        "runs_better": [asdict(c) for c in found.better],
        "runs_missing": found.missing,
    }
