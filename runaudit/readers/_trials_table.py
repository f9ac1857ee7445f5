"""Shared by the tables of trials: which columns are settings, which are results, and the searches that rows make."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from runaudit.model import Note, RawLog
from runaudit.readers._layout import Record
from runaudit.readers._text import spelled, to_number
from runaudit.readers._trials import Row, direction_of, is_search, search_log, trial_row
from runaudit.readers._words import is_axis, is_index, is_metric, listed

PREFIXED = re.compile(r"(?:config|params?|hparams|hyper_?parameters|hp|user_attrs)[/_.].+", re.IGNORECASE)
SETTING = re.compile(
    r"batch_?size|bs|drop_?out(?:_rate)?|weight_?decay|wd|optimi[sz]er|activation|arch(?:itecture)?|hidden(?:_?\w+)?|units"
    r"|\w+_size|\w+_len|n(?:um)?_?(?:layers?|units|heads|estimators|samples|epochs|embd|hidden)|max_?(?:depth|epochs|iters|steps)|layers"
    r"|(?:best_|experiment_)?(?:hyper_?)?param(?:eter)?s|config|model_?type|alpha|gamma|warmup\w*|grad_?clip|scheduler"
)
WEAK = re.compile(r"lr|learning_?rate|momentum|seed|epochs|fold|dataset|model|name|id|run|trial|experiment|number")
RESULT = re.compile(r"values?(?:_\d+)?|objective|mean_test_\w+|result|\w*(?:score|metric)")
NO_RESULT = re.compile(r"(?:^|_)(?:runtime|interval|iters|steps|size|set|min|max|decay)(?:_|$)")

TRIED = re.compile(r"(?:config|params?|hparams|hyper_?parameters|hp)[/_.](.+)", re.IGNORECASE)
NAMES = ("name", "trial_id", "run", "id", "number", "trial", "experiment")
TOLD = frozenset({*NAMES, "state", "status", "fold"})
TASKS = re.compile(r"dataset|data|task|env(?:_id|_name)?|n_?samples|num_?samples|train_samples|experiment_type")
# Not tried, but told beside: what a trial is called, how long it may take, which fold of its data it is.
BESIDE = re.compile(
    r"name|id|uuid|run|trial\w*|experiment|number|fold|notes?|tags?|user|group|(?:max_?|n_?|num_?)?(?:epochs?|steps|iters)|(?:best_|experiment_)?params|config|summary"
)
MODELS = re.compile(r"model(?:_?type|_?name)?|arch(?:itecture)?|algorithm|method")
FOLD = re.compile(r"split\d+_test_\w+")
STATES = {
    "cut-short": re.compile(r"prun\w*|stopped|early\w*|cut\W?short"),
    "failed": re.compile(r"fail\w*|error\w*|crash\w*|killed|invalid|oom"),
    "diverged": re.compile(r"diverg\w*|nan"),
    "running": re.compile(r"running|pending|waiting|paused|queued|scheduled"),
}
# Best first: what of several results the search is after.
OBJECTIVES = tuple(
    map(
        re.compile,
        (
            r"mean_test_score",
            r"mean_test_\w+",
            r"(?:final_)?values?(?:_0)?|objective\w*|target",
            r"(?:.*_)?val(?:id\w*)?_.*loss|.*loss.*_val\w*",
            r"(?:.*_)?(?:val|valid\w*|eval|dev)_.+",
            r"(?:.*_)?test_.+",
            r"\w*score|metric|result",
            r"(?!train).+",
        ),
    )
)
LONGEST = 100_000  # letters of a cell that is parsed
LONGEST_NAME = 200


def kinds(names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the names of settings, and those of results."""
    settings = [name for name in names if is_strong(name) or WEAK.fullmatch(plain(name))]
    rest = [name for name in names if name not in settings and not is_axis(name)]
    rest = [name for name in rest if not NO_RESULT.search(plain(name))]
    return settings, [name for name in rest if is_metric(name) or RESULT.fullmatch(plain(name))]


def is_strong(name: str) -> bool:
    """Say whether a column of that name can only be a setting."""
    return PREFIXED.fullmatch(name) is not None or SETTING.fullmatch(plain(name)) is not None


def plain(name: str) -> str:
    """Return a name in small letters with underscores.

    >>> plain("Weight Decay"), plain("config/lr")
    ('weight_decay', 'config_lr')
    """
    return re.sub(r"[\s./-]+", "_", name.strip()[:LONGEST_NAME]).lower()


def searches(names: Sequence[str], rows: Sequence[Record], path: str) -> list[RawLog]:
    """Return the searches that the rows of a table make: one for each task that a column tells apart."""
    table = [(line, _opened(dict(zip(names, cells, strict=False)))) for line, cells in rows]
    columns = list(dict.fromkeys(name for _, cells in table for name in cells))
    tried = _tried(columns)
    objective = _objective(columns, [cells for _, cells in table], tried)
    if not tried or objective is None:
        return []
    tasks = [name for name in columns if TASKS.fullmatch(plain(name)) and name not in tried]
    beside = {name: short for name in columns if (short := plain(name)) in TOLD or FOLD.fullmatch(short)}
    groups: dict[tuple[str, ...], list[Row]] = {}
    for line, cells in table:
        task = tuple(str(cells.get(name, "")) for name in tasks)
        groups.setdefault(task, []).append(_row(cells, tried, beside, objective, line))
    found: list[RawLog] = []
    for task, many in groups.items():
        kept = _folded(many)
        if is_search(kept):
            label = ", ".join(" ".join(part.split())[:40] for part in task) if len(groups) > 1 else ""
            found.append(search_log("trials_csv", kept, objective, direction_of(objective), label=label))
    if found and len(found) < len(groups):
        text = f"{len(groups) - len(found)} of {len(groups)} tasks ({listed(tasks)}) have too few trials, left out"
        note = Note(text, path)
        found[0] = RawLog(found[0].format, (), tables=found[0].tables, notes=(note,), label=found[0].label)
    return found


def _opened(cells: dict[str, Any]) -> dict[str, Any]:
    """Return the cells with those of W&B's ``config`` and ``summary``, which hold a dictionary each, as columns."""
    out = dict(cells)
    for name in ("config", "summary"):
        inner = _dictionary(cells.get(name))
        if inner is not None:
            out |= {f"config.{k}" if name == "config" else str(k): str(v) for k, v in inner.items() if k not in cells}
    return out


def _dictionary(cell: object) -> Mapping[str, Any] | None:
    if not isinstance(cell, str) or not cell.startswith("{") or len(cell) > LONGEST:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd literals, which are none of the user's concern
            found = ast.literal_eval(cell)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _tried(columns: Sequence[str]) -> dict[str, str]:
    """Return the columns of settings, and what each setting is called."""
    marked = {name: found[1] for name in columns if (found := TRIED.fullmatch(name))}
    if marked:
        return marked
    settings, _ = kinds(columns)
    kept = [n for n in settings if not BESIDE.fullmatch(plain(n)) and not TASKS.fullmatch(plain(n))]
    if all(MODELS.fullmatch(plain(n)) for n in kept):
        return {}  # a comparison of models, which no range can be drawn for
    return {n: n.strip() for n in kept}


def _objective(columns: Sequence[str], rows: Sequence[Mapping[str, Any]], tried: Mapping[str, str]) -> str | None:
    """Return the column that holds the result, None where none does."""
    _, results = kinds(columns)
    names = [n for n in results if n not in tried and not FOLD.fullmatch(plain(n)) and not is_index(n)]
    names = [n for n in names if not plain(n).startswith(("std_", "rank_", "mean_train_", "params_", "config_"))]
    numeric = [n for n in names if any(np.isfinite(v) for row in rows if (v := _number(row.get(n))) is not None)]
    for pattern in OBJECTIVES:
        for name in numeric:
            if pattern.fullmatch(plain(name)):
                return name
    return numeric[0] if numeric else None


def _row(
    cells: Mapping[str, Any], tried: Mapping[str, str], beside: Mapping[str, str], objective: str, line: int
) -> Row:
    """Return the row of a trial; ``tried`` and ``beside`` are the columns that matter and what they are called."""
    params = {short: _setting(str(cells.get(name, ""))) for name, short in tried.items()}
    known = {short: str(cells[name]).strip() for name, short in beside.items() if name in cells}
    name = next((known[n] for n in NAMES if known.get(n)), f"line {line}")
    told = next((known[n].lower() for n in ("state", "status") if known.get(n)), "")
    state = next((s for s, pattern in STATES.items() if pattern.fullmatch(told)), "complete")
    folds = [_number(cells[name]) for name, short in beside.items() if name in cells and FOLD.fullmatch(short)]
    kept = [fold for fold in folds if fold is not None]
    row = trial_row(name, params, _number(cells.get(objective)), state, line=line, folds=kept)
    return row | {"fold": known["fold"]} if known.get("fold") else row


def _folded(rows: Sequence[Row]) -> list[Row]:
    """Return the rows with those that are folds of the same settings taken together: their mean, and each result."""
    if len({row.get("fold") for row in rows}) < 2 or any("fold" not in row for row in rows):
        return [{k: v for k, v in row.items() if k != "fold"} for row in rows]
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(str(sorted(row["params"].items())), []).append(row)
    out = []
    for many in groups.values():
        values = [row["value"] for row in many if row["value"] is not None]
        mean = float(np.mean(values)) if values else None
        state = many[0]["state"] if mean is None else "complete"
        out.append(trial_row(many[0]["name"], many[0]["params"], mean, state, line=many[0]["line"], folds=values))
    return out


def _number(cell: object) -> float | None:
    try:
        return to_number(cell) if isinstance(cell, str) else None
    except ValueError:
        return None


def _setting(cell: str) -> str | float | int | bool | None:
    """Return the setting in a cell.

    >>> [_setting(c) for c in ("0.1", "32", "True", "adam", "")]
    [0.1, 32, True, 'adam', None]
    """
    text = cell.strip()
    if text in {"True", "False", "true", "false"}:
        return text.lower() == "true"
    if text.lower() in {"", "nan"}:
        return None
    try:
        value = spelled(text)
    except ValueError:
        return text[:200]
    return int(text) if text.lstrip("+-").isdigit() and len(text) < 16 else value
