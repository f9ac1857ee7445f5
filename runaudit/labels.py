"""A table of what is known of runs (``labels.csv``) -> labels, with every problem of every row named at once."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from runaudit.errors import UsageError

HEALTHY = "healthy"
SPEAKS_FOR = {"non-finite": "diverged"}
"""Rule -> the label that its findings count for, where that is not its own id: NaN is one way to diverge."""


@dataclass(frozen=True, slots=True)
class Truth:
    """What is known of one run.

    ``run`` is its id or path below the audited folder, ``labels`` the faults that it has (none: it is healthy),
    ``forbidden`` those that it was shown not to have, ``allowed`` those that count neither way. ``columns`` holds
    every cell of the row.
    """

    run: str
    labels: frozenset[str]
    forbidden: frozenset[str]
    allowed: frozenset[str]
    columns: Mapping[str, str]

    @property
    def healthy(self) -> bool:
        """Say whether the run has no fault."""
        return not self.labels


@dataclass(frozen=True, slots=True)
class Labels:
    """A table of labels: where it was read, its rows, and the names of its columns."""

    path: str
    rows: tuple[Truth, ...]
    columns: tuple[str, ...]


def label_of(name: str) -> str:
    """Return the label that a rule's findings count for, or that a name in a table stands for.

    >>> label_of("LR_too_high"), label_of("non-finite")
    ('lr-too-high', 'diverged')
    """
    plain = name.strip().lower().replace("_", "-")
    return SPEAKS_FOR.get(plain, plain)


def read_labels(path: Path) -> Labels:
    """Return the table of a CSV file with the columns ``run`` and ``labels``.

    ``path`` (a folder or file, in place of ``run``), ``forbidden`` and ``allowed`` may follow, and any others. Labels
    are separated by ``;``; none, or ``healthy``, is a healthy run. Raises ``UsageError`` with every problem.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            table = csv.reader(stream, strict=True)
            columns = tuple(name.strip().lower() for name in next(table, []))
            lines = [(table.line_num, cells) for cells in table if any(cell.strip() for cell in cells)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise UsageError(f"{path}: cannot be read as CSV: {reason}") from error
    problems = [f"{path}: the column {name!r} is missing" for name in ("run", "labels") if name not in columns]
    problems += [f"{path}: the column {name!r} is there twice" for name, n in Counter(columns).items() if n > 1]
    if problems:
        raise UsageError(*problems)
    rows: list[Truth] = []
    for line, cells in lines:
        if len(cells) > len(columns):
            problems.append(f"{path}:{line}: {len(cells)} cells under {len(columns)} columns")
            continue
        row = _truth(dict(zip(columns, [*cells, *[""] * (len(columns) - len(cells))], strict=True)))
        problems += [f"{path}:{line}: {problem}" for problem in _problems(row)]
        rows.append(row)
    twice = [run for run, n in Counter(row.run for row in rows).items() if n > 1]
    problems += [f"{path}: {run!r} is labelled twice" for run in twice]
    problems += [] if rows else [f"{path}: it labels no run"]
    if problems:
        raise UsageError(*problems)
    return Labels(str(path), tuple(rows), columns)


def _truth(cells: Mapping[str, str]) -> Truth:
    named = (cells.get("path", "") or cells["run"]).strip().replace("\\", "/")
    return Truth(
        run=PurePosixPath(named).as_posix() if named else "",
        labels=_names(cells["labels"]),
        forbidden=_names(cells.get("forbidden", "")),
        allowed=_names(cells.get("allowed", "")),
        columns=cells,
    )


def _names(cell: str) -> frozenset[str]:
    return frozenset(label_of(name) for name in cell.split(";") if name.strip()) - {HEALTHY}


def _problems(row: Truth) -> Iterator[str]:
    if not row.run:
        yield "no run is named"
    if row.labels and HEALTHY in map(label_of, row.columns["labels"].split(";")):
        yield f"{row.run} cannot be healthy and {', '.join(sorted(row.labels))}"
    for label in sorted(row.labels & row.forbidden):
        yield f"{row.run}: {label} is both labelled and forbidden"


def assign(runs: Mapping[str, Sequence[str]], rows: Sequence[Truth]) -> dict[str, tuple[str, ...]]:
    """Return the ids of the runs that each row speaks of; a row of no run is left out.

    ``runs`` maps ids to paths. A row names the id of a run, one of its files, or a folder around it; the closest name
    wins. A row of several runs (a folder that holds more than one log) has several ids.
    """
    known = {row.run for row in rows}
    found: dict[str, tuple[str, ...]] = {}
    for run, paths in runs.items():
        name = next((n for n in _names_of(run, paths) if n in known), None)
        if name is not None:
            found[name] = (*found.get(name, ()), run)
    return found


def _names_of(run: str, paths: Sequence[str]) -> Iterator[str]:
    """Yield every name that a row may use for a run, the closest first."""
    yield run
    yield run.partition("#")[0]
    yield from paths
    for path in (run, *paths):
        yield from (str(p) for p in PurePosixPath(path).parents if str(p) not in {".", "/"})
