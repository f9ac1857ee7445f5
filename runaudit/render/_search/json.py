"""A search as the JSON report tells it."""

from __future__ import annotations

import math
from typing import Any

from runaudit.model import RunReport
from runaudit.render._search.view import Setting, Trial, view_of
from runaudit.render.json import clear, plain


def sweep(report: RunReport) -> dict[str, Any]:
    """Return a search as dicts, lists, text and numbers; its trials come with the best first, its settings likewise."""
    view = view_of(report)
    return {
        "id": clear(report.id),
        "paths": [clear(path) for path in report.paths],
        "format": clear(report.format),
        "verdict": report.verdict,
        "objective": clear(view.objective),
        "direction": view.direction if view.direction in {"min", "max"} else None,
        "source": clear(view.source),
        "declared": view.declared,
        "best": clear(view.best.name) if view.best is not None else None,
        "states": plain(view.states),
        "settings": [_setting(one) for one in view.settings],
        "trials": [_trial(one, report) for one in view.trials],
    }


def _setting(setting: Setting) -> dict[str, Any]:
    known = setting.importance
    return {
        "name": clear(setting.name),
        "scale": setting.scale,
        "low": setting.ends[0] if setting.ends else None,
        "high": setting.ends[1] if setting.ends else None,
        "choices": [clear(choice) for choice in setting.choices],
        "declared": setting.declared,
        "importance": known and {"share": known.share, "chance": known.chance, "trials": known.trials},
    }


def _trial(trial: Trial, report: RunReport) -> dict[str, Any]:
    row = report.tables["trials"][trial.row]
    steps, seed = row.get("steps"), row.get("seed")
    return {
        "name": clear(trial.name),
        "state": clear(trial.state),
        "value": None if math.isnan(trial.value) and row.get("value") is None else plain(trial.value),
        "params": plain(trial.params),
        "steps": steps if isinstance(steps, int) and not isinstance(steps, bool) else None,
        "seed": None if seed is None else clear(str(seed)),
        "path": clear(trial.path),
        "line": trial.line,
    }
