"""MLflow's database: one log for each run that has a metric."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any

from runaudit.errors import LogError
from runaudit.model import Note, RawLog, RawSeries
from runaudit.readers._json import as_number
from runaudit.readers._stores.mlflow import counted, ending
from runaudit.readers._stores.points import Points
from runaudit.readers._stores.sqlite import Database
from runaudit.readers._words import listed

LARGEST = 1.7976931348623157e308  # stands for infinity: databases have none


def read_mlflow(database: Database) -> tuple[RawLog, ...]:
    """Return a log for each run with a metric, labelled with its name; its parameters and own tags as config.

    Raises ``LogError`` where no run has one.
    """
    runs = {row[0]: row for row in database.rows("runs", "run_uuid, name, status, lifecycle_stage")}
    settings = _settings(database)
    for run, experiment in _experiments(database).items():
        settings.setdefault(run, {}).setdefault("project", experiment)
    names = Counter(str(row[1]) for row in runs.values())
    logs: list[RawLog] = []
    metrics = database.rows("metrics", "run_uuid, key, value, step, is_nan", order="run_uuid, timestamp, step, rowid")
    for run, points in groupby(metrics, key=itemgetter(0)):
        _, name, status, stage = runs.get(run, (run, None, None, None))
        unique = bool(name) and names[str(name)] == 1
        label = str(name) if unique else f"{name or ''} {str(run)[:8]}".strip()
        series, remarks = _series(points)
        notes = [Note(text, str(database.path)) for text in (*ending(str(status), str(stage)), *remarks)]
        logs.append(RawLog("mlflow_db", series, config=settings.get(run, {}), notes=tuple(notes), label=label))
    if not logs:
        shown = f" ({listed(str(row[1]) for row in runs.values())})" if runs else ""
        count = f"{len(runs)} runs{shown} and no metric" if runs else "no run"
        raise LogError(f"an MLflow database with {count}", kind="not-a-log")
    return tuple(_first_noted(database, logs, len(runs) - len(logs)))


def _first_noted(database: Database, logs: list[RawLog], empty: int) -> Iterator[RawLog]:
    """Yield the logs, the first with what is to be said of the whole file."""
    first, *others = logs
    notes = database.notes()
    if empty > 0:
        runs = "1 more run has" if empty == 1 else f"{empty} more runs have"
        notes.append(Note(f"{runs} no metric, left out", str(database.path)))
    yield RawLog(first.format, first.series, first.config, first.tables, (*first.notes, *notes), first.label)
    yield from others


def _experiments(database: Database) -> dict[Any, str]:
    """Return the name of each run's experiment, by the run's id; nothing where all runs are of one."""
    homes = dict(database.rows("runs", "run_uuid, experiment_id"))
    if len(set(homes.values())) < 2:
        return {}
    names = dict(database.rows("experiments", "experiment_id, name"))
    return {run: str(names.get(home) or home) for run, home in homes.items()}


def _settings(database: Database) -> dict[Any, dict[str, Any]]:
    """Return the parameters of every run, and its tags that are not MLflow's own, by the run's id."""
    found: dict[Any, dict[str, Any]] = {}
    for run, key, value in database.rows("params", "run_uuid, key, value"):
        found.setdefault(run, {})[str(key)] = value
    for run, key, value in database.rows("tags", "run_uuid, key, value"):
        if not str(key).startswith("mlflow."):
            found.setdefault(run, {})[f"tags.{key}"] = value
    return found


def _series(points: Iterator[tuple[Any, ...]]) -> tuple[tuple[RawSeries, ...], list[str]]:
    """Return the series of one run, in the order of their time stamps, and remarks."""
    collected = Points(stepped=True)
    odd = Counter[str]()
    for row, (_, key, value, step, is_nan) in enumerate(points):
        number = math.nan if is_nan else as_number(value)
        at = 0.0 if step is None else as_number(step)
        if number is None or at is None:
            odd[str(key)] += 1
        else:
            collected.add(str(key), _infinite(number), row, step=at)
    remarks = [f"{key}: {count} values are no numbers, left out" for key, count in odd.items()]
    made = [counted(one) for one in collected.series()]
    return tuple(one for one, _ in made), [*remarks, *(text for _, text in made if text)]


def _infinite(number: float) -> float:
    return math.copysign(math.inf, number) if abs(number) >= LARGEST else number
