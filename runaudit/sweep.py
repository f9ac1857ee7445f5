"""Runs that are trials of one search: what each tried and reached, and which belong together.

A search is a ``Run`` without curves: ``tables["trials"]`` has a row a trial, ``tables["ranges"]`` what was declared to
be searched, ``tables["search"]`` one row that says what was looked for. Readers of studies give it as it is; here it is
made of sibling runs that differ in their settings.

A row of ``trials``: ``name``, ``params`` (settings by name), ``value`` (the objective, None where there is none),
``state`` (``complete``, ``diverged``, ``cut-short``, ``running`` or ``failed``), ``steps`` (how far it got, None if
unknown), ``first`` (the training loss before the first update), ``seed`` (both None if unknown), ``path`` and ``line``.
A row of ``ranges``: ``param``, ``low``, ``high``, ``log`` (None if unknown), ``choices``. The row of ``search``:
``objective``, ``direction`` (``min`` or ``max``), ``source``, ``declared`` (whether the ranges are the searcher's own).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from runaudit.model import ConfigValue, Finding, Reduction, Run, Series, Severity
from runaudit.names import understand
from runaudit.numerics import finite

Row = dict[str, Any]

LEAST_TRIALS = 5
LEAST_SEEDS = 3  # of runs that differ in nothing else: repeats of one setting
CUT_SHORT = 0.6  # of the steps of the longest trial
MOST = 0.6  # of sibling runs get as far as that, or diverge
MOST_PARAMS = 12
UNNAMED = frozenset({"", "value", "objective"})  # what a study calls an objective that has no name
SEED = re.compile(r"(?:.*[._/])?(?:seed|random_?seed|random_state|manual_seed|rng_seed)")
# The same experiment has the same of these; what differs in them is no trial of one search, but another task.
IDENTITY = re.compile(
    r"(?:.*[._/])?(?:dataset|data|task|env|env_id|env_name|gym_id|loss|classes|vocab_size|framework|project|"
    r"architecture|model|train_samples|val_samples|pretrained)"
)
# What tells one run from another without being tried.
BOOKKEEPING = re.compile(
    r"(?:.*[._/])?(?:id|uuid|run|run_?(?:id|name|number)|name|trial\w*|experiment\w*|time\w*|date\w*|start\w*|host\w*|user|"
    r"path|\w*(?:dir|path|folder|file)|output\w*|log\w*|device|gpu\w*|node|pid|rank|port|tags?|notes?|group|job\w*|"
    r"version|commit|git\w*|parameters|trainable_parameters|tiny_subset|max_steps|epochs|num_workers|workers|resume\w*|(?:eval|save|logging)_\w+)"
)
# Best first: what of a run the search is after. ``max`` where up is good.
OBJECTIVES: tuple[tuple[str, str], ...] = (
    ("val/loss", "min"),
    ("val/accuracy", "max"),
    ("val/perplexity", "min"),
    ("test/accuracy", "max"),
    ("test/loss", "min"),
    ("reward", "max"),
    ("train/loss", "min"),
)
FAILED = frozenset({"diverged", "non-finite"})


@dataclass(frozen=True, slots=True)
class Goal:
    """What the user says that a search is after: the name of a series and ``min`` or ``max``, "" where not said."""

    objective: str = ""
    direction: str = ""

    @property
    def names(self) -> tuple[tuple[str, str], ...]:
        """Return what to look for in a run, best first, and which way it is good."""
        if self.objective:
            return ((self.objective, self.direction),)
        return tuple((name, way) for name, way in OBJECTIVES if self.direction in {"", way})


NO_GOAL = Goal()


@dataclass(frozen=True, slots=True)
class Candidate:
    """What a search needs of a run that may be a trial: its settings, its best values, how far it got."""

    id: str
    path: str
    format: str
    config: Mapping[str, ConfigValue]
    values: Mapping[str, float]
    steps: int
    diverged: bool
    first: float | None = None


def candidate(run: Run, findings: Sequence[Finding] = (), goal: Goal = NO_GOAL) -> Candidate | None:
    """Return what is kept of a run for a search, None where it has no settings or nothing to look for."""
    if not run.config:
        return None
    found = {name: (series, way) for name, way in goal.names if (series := _named(run, name)) is not None}
    best = {name: _best(series, way) for name, (series, way) in found.items()}
    values = {name: value for name, value in best.items() if value is not None}
    if not values:
        return None
    last = max(int(found[name][0].steps[-1]) for name in values)
    bad = any(f.rule in FAILED and f.severity is Severity.ERROR for f in findings)
    return Candidate(run.id, run.paths[0], run.format, run.config, values, last, bad, _first(run))


def _named(run: Run, name: str) -> Series | None:
    """Return the series of that name, or the one that the log calls so; None where there is none with values."""
    called = (series for series in run.series.values() if series.source_name == name)
    found = run.series.get(name) or next(called, None) or run.series.get(understand(name).canonical)
    return found if found is not None and len(found) else None


def searches(candidates: Sequence[Candidate], goal: Goal = NO_GOAL) -> Iterator[Run]:
    """Yield a search for each folder whose runs differ in settings, and in nothing that makes them another task."""
    seen: dict[str, int] = {}
    for found in (made for _, _, made in attempts(candidates, goal) if isinstance(made, Run)):
        seen[found.id] = seen.get(found.id, 0) + 1
        yield found if seen[found.id] == 1 else _renamed(found, seen[found.id])


def folder_of(run: str) -> str:
    """Return the folder that the folder of a run lies in."""
    return str(PurePosixPath(run.partition("#")[0]).parent)  # the label behind # may hold a slash


def attempts(
    candidates: Sequence[Candidate], goal: Goal
) -> Iterator[tuple[str, Sequence[Candidate], Run | tuple[str, str]]]:
    """Yield each group of runs that may be one search with its folder: the search, or why it is none and what to do."""
    folders: dict[tuple[object, ...], list[Candidate]] = {}
    for one in candidates:
        identity = tuple(sorted((k, str(v)) for k, v in one.config.items() if IDENTITY.fullmatch(k.lower())))
        shape = (one.format, *sorted(k for k in one.config if not BOOKKEEPING.fullmatch(k.lower())))
        folders.setdefault((folder_of(one.id), identity, shape), []).append(one)
    for (folder, *_), group in folders.items():
        yield str(folder), group, _search(str(folder), group, goal)


def _search(folder: str, group: Sequence[Candidate], goal: Goal) -> Run | tuple[str, str]:
    """Return the search that the runs are, or why they are none and what to do."""
    params = tried([c.config for c in group])
    repeats = not params and len({seed for c in group if (seed := _seed(c)) is not None}) >= LEAST_SEEDS
    least = LEAST_SEEDS if repeats else LEAST_TRIALS
    if len(group) < least:
        return f"too few runs that are alike: {len(group)}, where {LEAST_TRIALS} are needed", (
            "put all trials of the search below one folder, each with the same settings written down"
        )
    objective = next(((n, way) for n, way in goal.names if sum(n in c.values for c in group) >= least), None)
    if objective is None:
        return f"fewer than {least} of the runs log the same result", "log the validation loss in every run"
    name, way = objective
    if not params and not repeats:
        return "all runs have the same settings, but for seeds, names and paths", (
            "to compare repeats of one setting use: runaudit compare"
        )
    if len(params) > min(MOST_PARAMS, len(group) - 1):
        return (
            f"the runs differ in {len(params)} settings, too many for {len(group)} runs to tell which of them matters",
            ("write down only the settings that the search varies"),
        )
    longest = max(c.steps for c in group)
    if sum(c.steps >= CUT_SHORT * longest or c.diverged for c in group) < MOST * len(group):
        return "most runs end long before the longest one: they look like several experiments", (
            "put the runs of each experiment in a folder of its own"
        )
    rows = [_row(c, params, name, longest) for c in group]
    rows.sort(key=lambda row: row["name"])
    return of_rows(
        f"{folder}/*" if folder != "." else "*", rows, name, way, source="runs", paths=[c.path for c in group]
    )


def of_rows(
    id_: str, rows: Sequence[Row], objective: str, direction: str, *, source: str, paths: Sequence[str],
    ranges: Sequence[Row] = (),
) -> Run:  # fmt: skip
    """Return a search as the run that rules of scope ``sweep`` judge."""
    search = {"objective": objective, "direction": direction, "source": source, "declared": bool(ranges)}
    tables = {"trials": list(rows), "ranges": list(ranges), "search": [search]}
    return Run(id_, _best_first(rows, direction, paths), "search", {}, tables=tables, step_unit="trial")


def _best_first(rows: Sequence[Row], direction: str, paths: Sequence[str]) -> tuple[str, ...]:
    """Return the files without repeats, that of the best trial first: what is said of a whole search stands there."""
    sign = -1.0 if direction == "max" else 1.0
    worth = [
        row for row in rows if row["state"] == "complete" and row["value"] is not None and row["value"] == row["value"]
    ]
    best = [min(worth, key=lambda row: sign * row["value"])["path"]] if worth else []
    return tuple(dict.fromkeys([*(path for path in best if path in paths), *paths]))


def aimed(run: Run, goal: Goal) -> Run | None:
    """Return a search of a study with the direction that the user says; None where it is after another objective."""
    about = dict(next(iter(run.tables.get("search") or ()), {}))
    name = str(about.get("objective") or "")
    same = {goal.objective, understand(goal.objective).canonical} & {name, understand(name).canonical} - {""}
    if goal.objective and name not in UNNAMED and not same:
        return None
    changed = {**about, "objective": goal.objective or name, "direction": goal.direction or about.get("direction", "")}
    return replace(run, tables={**run.tables, "search": [changed]})


def is_search(run: Run) -> bool:
    """Say whether a run is a search."""
    return not run.series and bool(run.tables.get("trials"))


def tried(configs: Sequence[Mapping[str, ConfigValue]]) -> list[str]:
    """Return the settings that differ among runs: numbers, switches and short texts, without seeds and bookkeeping.

    >>> tried([{"learning_rate": 0.1, "seed": 1, "run_id": "a"}, {"learning_rate": 0.2, "seed": 2, "run_id": "b"}])
    ['learning_rate']
    """
    names = dict.fromkeys(key for config in configs for key in config)
    return [name for name in names if not _passed_over(name) and _differs([c.get(name) for c in configs])]


def _passed_over(name: str) -> bool:
    lower = name.lower()
    return any(pattern.fullmatch(lower) for pattern in (SEED, IDENTITY, BOOKKEEPING))


def _differs(values: Sequence[ConfigValue]) -> bool:
    """Say whether a setting was tried: known in most runs, of several values; texts, if they are not all unlike."""
    known = [v for v in values if v is not None and not isinstance(v, list)]
    kinds = {str(v) for v in known}
    if len(known) < 0.8 * len(values) or len(kinds) < 2:
        return False
    if any(isinstance(v, str) for v in known):
        return len(kinds) <= max(2, len(known) // 2) and all(len(k) <= 40 for k in kinds)
    return True


def _row(one: Candidate, params: Sequence[str], objective: str, longest: int) -> Row:
    value = one.values.get(objective)
    cut = one.steps < CUT_SHORT * longest
    return {
        "name": one.id,
        "params": {name: one.config[name] for name in params if one.config.get(name) is not None},
        "value": value,
        "state": "diverged" if one.diverged else "failed" if value is None else "cut-short" if cut else "complete",
        "steps": one.steps,
        "seed": _seed(one),
        "first": one.first,
        "path": one.path,
        "line": None,
    }


def _seed(one: Candidate) -> ConfigValue:
    return next((v for k, v in one.config.items() if SEED.fullmatch(k.lower())), None)


def _first(run: Run) -> float | None:
    """Return the loss before the first update, None where the log begins later or with a mean."""
    loss = run.series.get("train/loss")
    if loss is None or not len(loss) or loss.reduction is not Reduction.STEP or loss.steps[0] > 1:
        return None
    return float(loss.values[0])


def _best(series: Series, way: str) -> float | None:
    values = finite(series.values)
    if not len(values):
        return None
    if series.name == "train/loss":  # noisy: its smallest value is luck
        return float(np.median(values[-max(1, len(values) // 10) :]))
    return float(values.min() if way == "min" else values.max())


def _renamed(run: Run, number: int) -> Run:
    return replace(run, id=f"{run.id}#{number}")
