"""Optuna's database: studies, trials, and what trials reported on their way."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from runaudit.model import RawLog
from runaudit.readers._json import as_number
from runaudit.readers._stores.trials import Study, Trial, to_logs

if TYPE_CHECKING:
    from runaudit.readers._stores.sqlite import Database

INFINITIES = {"INF_POS": math.inf, "INF_NEG": -math.inf}


def read_optuna(database: Database) -> tuple[RawLog, ...]:
    """Return the searches, and a log for each trial with a curve; raises ``LogError`` where there is neither."""
    studies = {key: Study(str(name)) for key, name in database.rows("studies", "study_id, study_name")}
    for key, direction, objective in database.rows("study_directions", "study_id, direction, objective"):
        if key in studies:
            studies[key].directions[_whole(objective)] = str(direction)
    for key, name, text in database.rows("study_system_attributes", "study_id, key, value_json"):
        if name == "study:metric_names" and key in studies:
            studies[key].metric_names = metric_names(load(text))
    trials: dict[Any, Trial] = {}
    homes: dict[Any, Study] = {}
    for key, study, number, state in database.rows("trials", "trial_id, study_id, number, state"):
        if study in studies:
            place = len(studies[study].trials) if number is None else _whole(number)
            trials[key] = Trial(place, str(state))
            studies[study].trials.append(trials[key])
            homes[key] = studies[study]
    _fill(database, trials, homes)
    logs = to_logs(list(studies.values()), "optuna_db", str(database.path))
    first = logs[0]
    notes = (*first.notes, *database.notes())
    return (RawLog(first.format, first.series, first.config, first.tables, notes, first.label), *logs[1:])


def _fill(database: Database, trials: dict[Any, Trial], homes: dict[Any, Study]) -> None:
    """Add parameters and values to the trials, and what was declared to be searched to their studies."""
    columns = "trial_id, param_name, param_value, distribution_json"
    for key, name, value, distribution in database.rows("trial_params", columns):
        if key in trials:
            known = load(distribution)
            trials[key].params[str(name)] = external(value, known)
            homes[key].declare(str(name), known)
    for key, objective, value, kind in database.rows("trial_values", "trial_id, objective, value, value_type"):
        number = _number(value, kind)
        if key in trials and number is not None:
            trials[key].values[_whole(objective)] = number
    columns = "trial_id, step, intermediate_value, intermediate_value_type"
    for key, step, value, kind in database.rows("trial_intermediate_values", columns):
        number = _number(value, kind)
        if key in trials and number is not None:
            trials[key].intermediate[_whole(step)] = (number, 0)


def _number(value: object, kind: object) -> float | None:
    """Return a value as it was reported; NaN is stored as NULL, infinities by their ``kind``."""
    if value is None:
        return INFINITIES.get(str(kind), math.nan)
    return as_number(value)


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0  # SQLite's integers have 64 bits


def external(value: object, distribution: object) -> Any:  # noqa: ANN401  a choice may be anything
    """Return a parameter as the program saw it: of a choice the database holds the place.

    >>> external(1.0, {"name": "CategoricalDistribution", "attributes": {"choices": ["relu", "tanh"]}})
    'tanh'
    >>> external(3.0, {"name": "IntDistribution", "attributes": {}}), external(0.5, None)
    (3, 0.5)
    """
    number = as_number(value) if isinstance(value, int | float) else None
    if not isinstance(distribution, dict) or number is None or not math.isfinite(number):
        return value
    attributes = distribution.get("attributes")
    choices = attributes.get("choices") if isinstance(attributes, dict) else None
    if isinstance(choices, list):
        return choices[int(number)] if 0 <= number < len(choices) else value
    return int(number) if str(distribution.get("name")).startswith("Int") else value


def metric_names(content: object) -> tuple[str, ...]:
    """Return the names of the objectives in an attribute, none where it holds something else."""
    return tuple(map(str, content)) if isinstance(content, list) else ()


def load(text: object) -> object:
    """Return what a cell of JSON holds, None where it is broken."""
    try:
        return json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return None
