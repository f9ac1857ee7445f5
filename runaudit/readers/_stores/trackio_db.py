"""Trackio's database of one project: one log for each run."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from runaudit.errors import LogError
from runaudit.model import Note, RawLog
from runaudit.readers._json import as_number
from runaudit.readers._stores.points import Points
from runaudit.readers._stores.sqlite import Database


@dataclass(slots=True)
class _Run:
    """What is known of one run so far."""

    name: str
    points: Points = field(default_factory=lambda: Points(stepped=True))
    rows: int = 0
    broken: int = 0


def read_trackio(database: Database) -> tuple[RawLog, ...]:
    """Return a log for each run with a metric, labelled with its name. Raises ``LogError`` where no run has one."""
    runs: dict[str, _Run] = {}
    for key, name, step, text in database.rows("metrics", "run_id, run_name, step, metrics", order="id, rowid"):
        run = runs.setdefault(str(key or name), _Run(str(name)))
        content, at = _load(text), as_number(step)
        if content is None or at is None:
            run.broken += 1
            continue
        run.points.add_row(content, run.rows, step=at)
        run.rows += 1
    for key, name, text in database.rows("system_metrics", "run_id, run_name, metrics", order="id, rowid"):
        known = runs.get(str(key or name))
        if known is not None:
            system = {f"system/{metric}": value for metric, value in (_load(text) or {}).items()}
            known.points.add_row(system, known.rows, step=float(known.rows))
            known.rows += 1
    kept = {key: run for key, run in runs.items() if run.points.columns}
    if not kept:
        raise LogError(f"a trackio database with {len(runs)} runs and no metric", kind="not-a-log")
    names = Counter(run.name for run in kept.values())
    settings = _settings(database)
    notes = database.notes()
    logs = []
    for key, run in kept.items():
        if run.broken:
            notes.append(Note(f"{run.name}: {run.broken} rows are broken, left out", str(database.path)))
        label = run.name if names[run.name] == 1 else f"{run.name} {key[:8]}"
        config = settings.get(key, {})
        logs.append(RawLog("trackio", run.points.series(), config=config, notes=tuple(notes), label=label))
        notes = []
    return tuple(logs)


def _settings(database: Database) -> dict[str, dict[str, Any]]:
    """Return the configuration of each run, without what trackio itself adds."""
    found: dict[str, dict[str, Any]] = {}
    for key, name, text in database.rows("configs", "run_id, run_name, config", order="id, rowid"):
        content = _load(text) or {}
        found[str(key or name)] = {k: v for k, v in content.items() if not k.startswith("_")}
    return found


def _load(text: object) -> dict[str, Any] | None:
    """Return the object in a cell of JSON, text or bytes, None if there is none."""
    if not isinstance(text, str | bytes):
        return None
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None
