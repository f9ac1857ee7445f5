"""Keras Tuner's ``oracle.json``: the search space, and beside it a folder with a ``trial.json`` for each trial.

Written by keras-tuner 1.4.8. Trials in an archive cannot be looked up; there the file is refused.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from runaudit.errors import LogError
from runaudit.model import Note, RawLog
from runaudit.readers import Reader
from runaudit.readers._json import as_number
from runaudit.readers._text import read_text
from runaudit.readers._trials import Row, direction_of, is_search, range_row, search_log, trial_row

OWN = b'"hyperparameters"'
STATES = {"COMPLETED": "complete", "STOPPED": "cut-short", "INVALID": "failed", "FAILED": "failed"}
INNER = "tuner/"  # what Hyperband keeps among the settings


def claims(path: PurePosixPath, head: bytes) -> bool:
    """Say whether the file is called so and begins as one."""
    return path.name == "oracle.json" and (OWN in head or b'"ongoing_trials"' in head)


def read(path: Path) -> tuple[RawLog, ...]:
    """Return the search; trials that are broken are left out with a note.

    Raises ``LogError`` for a broken file, and where fewer than five trials have a score; ``OSError``.
    """
    oracle = _object(path)
    notes: list[Note] = []
    trials: list[Mapping[str, Any]] = []
    for file in sorted(path.parent.glob("trial_*/trial.json")):
        try:
            if not file.is_file():
                raise LogError("it is no regular file")  # noqa: TRY301  a pipe would be waited for
            trials.append(_object(file))
        except (LogError, OSError) as error:
            notes.append(Note(f"{file.parent.name}/{file.name} is left out: {error}", str(path)))
    objective, direction = _objective(trials)
    space = list(_space([_within(trial.get("hyperparameters")) for trial in trials], oracle))
    rows = [_row(trial) for trial in trials]
    if not is_search(rows):
        raise LogError(f"a search with {len(rows)} trials beside it and too few scores for one", kind="not-a-log")
    return (search_log("keras_tuner", rows, objective, direction, ranges=space, notes=notes),)


def _object(path: Path) -> Mapping[str, Any]:
    text, _ = read_text(path)
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise LogError("the file is broken JSON", line=getattr(error, "lineno", None)) from error
    return _within(found)


def _within(content: object) -> Mapping[str, Any]:
    return content if isinstance(content, dict) else {}


def _row(trial: Mapping[str, Any]) -> Row:
    values = _within(_within(trial.get("hyperparameters")).get("values"))
    params = {k: v for k, v in values.items() if not k.startswith(INNER) and not isinstance(v, dict | list)}
    state = STATES.get(str(trial.get("status")), "running")
    step = trial.get("best_step")
    steps = step if isinstance(step, int) and step > 0 else None
    return trial_row(f"trial_{trial.get('trial_id')}", params, as_number(trial.get("score")), state, steps=steps)


def _objective(trials: Sequence[Mapping[str, Any]]) -> tuple[str, str | None]:
    """Return the metric whose values are the scores, and its direction."""
    for trial in trials:
        score = as_number(trial.get("score"))
        metrics = _within(_within(trial.get("metrics")).get("metrics"))
        for name, metric in metrics.items():
            if score is not None and score in _observed(_within(metric)):
                way = _within(metric).get("direction")
                return str(name), str(way) if str(way) in {"min", "max"} else direction_of(str(name))
    return "score", None


def _observed(metric: Mapping[str, Any]) -> Iterator[float]:
    """Yield the means of what was observed, one a step."""
    seen = metric.get("observations")
    for one in seen if isinstance(seen, list) else ():
        value = _within(one).get("value")
        numbers = [as_number(v) for v in value] if isinstance(value, list) else [as_number(value)]
        known = [n for n in numbers if n is not None]
        if known:
            yield sum(known) / len(known)


def _space(given: Sequence[Mapping[str, Any]], oracle: Mapping[str, Any]) -> Iterator[Row]:
    """Yield the declared ranges, of the oracle or of the first trial that tells them."""
    spaces = [_within(oracle.get("hyperparameters")).get("space"), *(one.get("space") for one in given)]
    space = next((s for s in spaces if isinstance(s, list) and s), [])
    for item in space:
        config = _within(_within(item).get("config"))
        name = config.get("name")
        if not isinstance(name, str) or name.startswith(INNER):
            continue
        choices = config.get("values")
        if isinstance(choices, list):
            yield range_row(name, choices=choices)
        elif "min_value" in config:
            log = str(config.get("sampling")) in {"log", "reverse_log"}
            yield range_row(name, config.get("min_value"), config.get("max_value"), log=log)


READER = Reader("keras_tuner", "Keras Tuner search", claims, read, priority=90)
