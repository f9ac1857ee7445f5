"""Files -> runs: which files belong together, which repeat each other, and what a run is called."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

import numpy as np

from runaudit.errors import LogError
from runaudit.load.discover import Claimed, Found, explain
from runaudit.load.homes import homes_of
from runaudit.load.parts import Part
from runaudit.load.twins import Named, distinct
from runaudit.model import Note, RawLog, Run, Unreadable
from runaudit.readers import Grouping, Reader

Build = Callable[[Sequence[Part], PurePosixPath], Run | Unreadable]
"""Makes a run of its parts, which lie in that folder."""

HELD = 16


@dataclass(frozen=True, slots=True)
class Plan:
    """Files of one reader that are read together, and the folder in which they lie (a guest's is not the home)."""

    reader: Reader
    files: tuple[Found, ...]
    inside: PurePosixPath


@dataclass(frozen=True, slots=True)
class Folder:
    """The home of one or more runs, relative to the audited root."""

    home: PurePosixPath
    plans: tuple[Plan, ...]


def folders(claimed: Iterable[Claimed]) -> list[Folder]:
    """Return the homes in the order in which their first file was found, each with its plans."""
    homes: dict[PurePosixPath, dict[tuple[str, str, PurePosixPath], list[Claimed]]] = {}
    claimed = list(claimed)
    for one, home in zip(claimed, homes_of(claimed), strict=True):
        alone = one.reader.grouping is Grouping.SEPARATE
        key = (one.reader.name, str(one.file.rel) if alone else "", home.inside)
        homes.setdefault(home.folder, {}).setdefault(key, []).append(one)
    return [
        Folder(home, tuple(Plan(many[0].reader, tuple(c.file for c in many), key[2]) for key, many in plans.items()))
        for home, plans in homes.items()
    ]


def runs_of(folder: Folder, build: Build) -> Iterator[Run | Unreadable]:
    """Yield the runs of a folder, and the files in it that gave none.

    A run is named after the folder where it is the only one but for guests, else after its file. At most sixteen runs
    are held and compared, so that one written twice counts once; the memory stays flat in a folder of thousands.
    """
    held: list[Named] = []
    several = False
    for plan in folder.plans:
        for found in _read(plan, folder.home, build):
            if isinstance(found, Unreadable):
                yield found
                continue
            held.append(found)
            if len(held) > HELD or several:
                several = True
                yield from (_with_id(one, folder.home, alone=False) for one in distinct(held))
                held = []
    last = distinct(held)
    own = sum(not one.guest for one in last)
    for one in last:
        yield _with_id(one, folder.home, alone=len(last) == 1 or (own == 1 and not one.guest))


def _with_id(one: Named, home: PurePosixPath, *, alone: bool) -> Run:
    name = "" if alone else one.name
    label = "" if alone or not one.label else f"#{one.label}"
    return replace(one.run, id=f"{home / name}{label}")


# --- reading -----------------------------------------------------------------------------------------------


def _read(plan: Plan, home: PurePosixPath, build: Build) -> Iterator[Named | Unreadable]:
    if plan.reader.grouping is Grouping.COPIES:
        yield from _copies(plan, home, build)
        return
    by_label: dict[str, list[Part]] = {}
    for file in plan.files:
        logs = read_file(plan.reader, file)
        if isinstance(logs, Unreadable):
            yield logs
            continue
        for log, label in zip(logs, _labels(logs), strict=True):
            by_label.setdefault(label, []).append(Part(file, log if log.label == label else replace(log, label=label)))
    for label, parts in by_label.items():
        labelled = len(by_label) > 1
        run = build(parts, plan.inside)
        if isinstance(run, Unreadable):
            yield run
        else:
            yield Named(run, _name(plan, home, parts[0].file, labelled), label if labelled else "", plan.inside != home)


def _name(plan: Plan, home: PurePosixPath, file: Found, labelled: bool) -> str:
    """Return what a run is called below its home, should it not be the only one: its file, or the folder of its files.

    A file is given by its path, several by the first, unless labels tell their runs apart.
    """
    if plan.inside != home and plan.reader.grouping is not Grouping.SEPARATE:
        return plan.inside.relative_to(home).as_posix()
    return file.rel.relative_to(home).as_posix() if len(plan.files) == 1 or not labelled else ""


def _labels(logs: Sequence[RawLog]) -> list[str]:
    """Return a label for each run of a file, the position where the reader gives none of its own."""
    labels = [log.label for log in logs]
    if len(set(labels)) == len(labels):
        return labels
    return [f"{label or 'run'}-{i}" for i, label in enumerate(labels, start=1)]


def read_file(reader: Reader, file: Found) -> tuple[RawLog, ...] | Unreadable:
    """Return the logs of a file, or in one sentence why there are none; no error of a file stops the others."""
    rel = str(file.rel)
    try:
        logs = reader.read(file.path)
    except LogError as error:
        return Unreadable(rel, error.reason, error.kind, error.line)
    except OSError as error:
        return Unreadable(rel, explain(error), "corrupt")
    except UnicodeError:
        return Unreadable(rel, "the file is no text in a known encoding", "corrupt")
    except MemoryError:
        return Unreadable(rel, "the file is too large for the memory", "corrupt")
    except Exception as error:  # noqa: BLE001  a reader is a plug-in: its defect must not stop the audit
        return Unreadable(rel, f"the {reader.name} reader failed: {type(error).__name__}: {error}", "corrupt")
    if not logs:
        return Unreadable(rel, f"the {reader.name} reader found no run in it", "not-a-log")
    return logs


def _copies(plan: Plan, home: PurePosixPath, build: Build) -> Iterator[Named | Unreadable]:
    """Yield the longest of several copies of one run; the others are named in its paths."""
    best: Run | None = None
    best_file = plan.files[0]
    others: list[Run] = []
    for file in sorted(plan.files, key=lambda f: (-_size(f), str(f.rel))):
        logs = read_file(plan.reader, file)
        if isinstance(logs, Unreadable):
            yield logs
            continue
        run = build([Part(file, logs[0])], plan.inside)
        if isinstance(run, Unreadable):
            yield run
            continue
        if best is None or _last_step(run) > _last_step(best):
            if best is not None:
                others.append(best)
            best, best_file = run, file
        else:
            others.append(run)
    if best is None:
        return
    paths = sorted(path for run in others for path in run.paths)
    notes = [
        Note("it is no beginning of the longest copy, which counts", r.paths[0]) for r in others if not _begins(r, best)
    ]
    run = replace(best, paths=(*best.paths, *paths), notes=(*best.notes, *notes))
    yield Named(run, best_file.rel.relative_to(home).as_posix(), "", plan.inside != home)


def _size(file: Found) -> int:
    try:
        return file.path.stat().st_size
    except OSError:
        return 0


def _last_step(run: Run) -> int:
    return max((int(s.steps[-1]) for s in run.series.values() if len(s)), default=-1)


def _begins(short: Run, long: Run) -> bool:
    """Say whether every value of the short run is in the long one at the same step."""
    for name, series in short.series.items():
        other = long.series.get(name)
        if other is None or len(other) < len(series):
            return False
        n = len(series)
        if not np.array_equal(other.steps[:n], series.steps):
            return False
        if not np.array_equal(other.values[:n], series.values, equal_nan=True):
            return False
    return True
