"""Optuna's journal: one operation a line, replayed in their order. Written by optuna 3.1.0 and 5.0.0."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from runaudit.errors import LogError
from runaudit.model import Note, RawLog
from runaudit.readers import Reader
from runaudit.readers._json import as_number, load_object
from runaudit.readers._stores.optuna_db import external, load, metric_names
from runaudit.readers._stores.trials import DIRECTIONS, STATES, Study, Trial, to_logs
from runaudit.readers._text import numbered_lines, read_text

OPENING = re.compile(rb'\{"op_code": ?\d+, ?"worker_id": ?"')
MOST = 2**53
FINISHED = {"COMPLETE", "PRUNED", "FAIL"}


def claims(path: PurePosixPath, head: bytes) -> bool:
    """Say whether the first line is an operation."""
    del path
    return OPENING.match(head) is not None


def read(path: Path) -> tuple[RawLog, ...]:
    """Return the searches and a log for each trial with a curve; lines that are no operation are left out with a note.

    Raises ``LogError`` where there is neither, and ``OSError``.
    """
    text, repairs = read_text(path)
    notes = list(repairs)
    journal = _Journal()
    broken: list[int] = []
    last = 0
    for number, line in numbered_lines(text):
        if not line.strip():
            continue
        operation = load_object(line)
        if operation is None or not journal.apply(operation, number):
            broken.append(number)
        last = number
    if broken and broken[-1] == last and not text.endswith("\n"):
        notes.append(Note("the last line is cut off", str(path), broken.pop()))
    if broken:
        notes.append(Note(f"{len(broken)} lines are no operation, left out", str(path), broken[0]))
    if not journal.studies:
        raise LogError("no line creates a study", line=broken[0] if broken else None)
    first, *others = to_logs(list(journal.studies.values()), "optuna_journal", str(path))
    notes.extend(first.notes)
    return (RawLog(first.format, first.series, first.config, first.tables, tuple(notes), first.label), *others)


@dataclass(slots=True)
class _Journal:
    """The studies and trials as far as the operations have been replayed; trials count over all studies."""

    studies: dict[int, Study] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    trials: list[Trial] = field(default_factory=list)
    homes: list[Study] = field(default_factory=list)
    created: int = 0

    def apply(self, operation: dict[str, Any], line: int) -> bool:
        """Take one operation; return False where it lacks what it needs."""
        code = operation.get("op_code")
        if code == 7:
            return self._report(operation, line)
        steps: dict[int, Callable[[dict[str, Any]], bool]] = {
            0: self._create_study,
            1: self._delete_study,
            3: self._set_attribute,
            4: self._create_trial,
            5: self._set_param,
            6: self._set_state,
        }
        step = steps.get(code) if isinstance(code, int) else None
        return step(operation) if step is not None else isinstance(code, int)

    def _create_study(self, operation: dict[str, Any]) -> bool:
        name, directions = operation.get("study_name"), operation.get("directions")
        if not isinstance(name, str) or not isinstance(directions, list):
            return False
        if name not in self.names:
            self.names.add(name)
            named = {i: _named(DIRECTIONS, code) for i, code in enumerate(directions)}
            self.studies[self.created] = Study(name, named)
            self.created += 1
        return True

    def _delete_study(self, operation: dict[str, Any]) -> bool:
        study = self.studies.pop(_key(operation, "study_id"), None)
        self.names -= {study.name} if study is not None else set()
        return study is not None

    def _set_attribute(self, operation: dict[str, Any]) -> bool:
        study, attribute = self.studies.get(_key(operation, "study_id")), operation.get("system_attr")
        if study is not None and isinstance(attribute, dict) and "study:metric_names" in attribute:
            study.metric_names = metric_names(attribute["study:metric_names"])
        return isinstance(attribute, dict)

    def _create_trial(self, operation: dict[str, Any]) -> bool:
        study = self.studies.get(_key(operation, "study_id"))
        if study is None:
            return False
        trial = Trial(len(study.trials), _named(STATES, operation.get("state", 0)))
        given, distributions = operation.get("params"), operation.get("distributions")
        if isinstance(given, dict) and isinstance(distributions, dict):
            for name, value in given.items():
                self._take_param(study, trial, name, value, distributions.get(name))
        reported = operation.get("intermediate_values")
        for step, value in reported.items() if isinstance(reported, dict) else ():
            at, number = as_number(step), as_number(value)
            if at is not None and number is not None and abs(at) < MOST:
                trial.intermediate[int(at)] = (number, 0)
        self.trials.append(trial)
        self.homes.append(study)
        study.trials.append(trial)
        return self._take_values(trial, operation)

    def _set_param(self, operation: dict[str, Any]) -> bool:
        trial, name = self._open(operation), operation.get("param_name")
        if trial is None:
            return self._ended(operation)
        if not isinstance(name, str):
            return False
        study = self.homes[_key(operation, "trial_id")]
        self._take_param(study, trial, name, operation.get("param_value_internal"), operation.get("distribution"))
        return True

    def _take_param(self, study: Study, trial: Trial, name: str, value: object, distribution: object) -> None:
        known = load(distribution)
        trial.params[name] = external(value, known)
        study.declare(name, known)

    def _set_state(self, operation: dict[str, Any]) -> bool:
        trial = self._open(operation)
        if trial is None:
            return self._ended(operation)
        trial.state = _named(STATES, operation.get("state"))
        return self._take_values(trial, operation)

    def _take_values(self, trial: Trial, operation: dict[str, Any]) -> bool:
        values = operation.get("values")
        numbers = [as_number(value) for value in values] if isinstance(values, list) else []
        trial.values |= {i: number for i, number in enumerate(numbers) if number is not None}
        return True

    def _report(self, operation: dict[str, Any], line: int) -> bool:
        trial, step, value = self._open(operation), operation.get("step"), operation.get("intermediate_value")
        number = math.nan if value is None else as_number(value)
        if trial is None:
            return self._ended(operation)
        if not isinstance(step, int) or abs(step) >= MOST or number is None:
            return False
        trial.intermediate[step] = (number, line)
        return True

    def _open(self, operation: dict[str, Any]) -> Trial | None:
        """Return the trial of an operation, None where there is none or it has ended."""
        key = _key(operation, "trial_id")
        trial = self.trials[key] if 0 <= key < len(self.trials) else None
        return None if trial is None or trial.state in FINISHED else trial

    def _ended(self, operation: dict[str, Any]) -> bool:
        """Say whether the trial is there and has ended: Optuna passes over what another worker wrote too late."""
        return 0 <= _key(operation, "trial_id") < len(self.trials)


def _key(operation: dict[str, Any], name: str) -> int:
    key = operation.get(name)
    return key if isinstance(key, int) else -1


def _named(names: tuple[str, ...], code: object) -> str:
    return names[code] if isinstance(code, int) and 0 <= code < len(names) else str(code)


READER = Reader("optuna_journal", "Optuna journal", claims, read, priority=90)
