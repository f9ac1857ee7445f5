"""Files -> runs: which files belong together, which repeat each other, and what a run is called."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

import numpy as np

from runaudit.errors import LogError
from runaudit.load.discover import Claimed, Found, explain
from runaudit.load.parts import Part
from runaudit.model import FloatArray, Note, RawLog, Run, Unreadable
from runaudit.readers import Grouping, Reader

Build = Callable[[Sequence[Part]], Run | Unreadable]

HELD = 16
COMPARED = {"train/loss": 1e-3, "val/loss": 1e-3, "reward": 6e-3}
"""What tells that two files hold one run, and how far their values may be rounded apart (``%.3g`` for rewards)."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Files of one reader that are read together."""

    reader: Reader
    files: tuple[Found, ...]


@dataclass(frozen=True, slots=True)
class Folder:
    """The home of one or more runs, relative to the audited root."""

    home: PurePosixPath
    plans: tuple[Plan, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Named:
    """A run before it has its id: where it lies below its home (a file, or "" for several), and its label."""

    run: Run
    name: str
    label: str


def folders(claimed: Iterable[Claimed]) -> list[Folder]:
    """Return the homes in the order in which their first file was found, each with its plans."""
    homes: dict[PurePosixPath, dict[tuple[str, str], list[Claimed]]] = {}
    for one in claimed:
        home = one.reader.home(one.file.rel)
        alone = one.reader.grouping is Grouping.SEPARATE
        key = (one.reader.name, str(one.file.rel) if alone else "")
        homes.setdefault(home, {}).setdefault(key, []).append(one)
    return [
        Folder(home, tuple(Plan(many[0].reader, tuple(c.file for c in many)) for many in plans.values()))
        for home, plans in homes.items()
    ]


def runs_of(folder: Folder, build: Build) -> Iterator[Run | Unreadable]:
    """Yield the runs of a folder, and the files in it that gave none.

    A run is named after the folder where it is the only one, else after its file. At most sixteen runs are held
    and compared, so that one written twice counts once; the memory stays flat in a folder of thousands.
    """
    held: list[_Named] = []
    several = False
    for plan in folder.plans:
        for found in _read(plan, folder.home, build):
            if isinstance(found, Unreadable):
                yield found
                continue
            held.append(found)
            if len(held) > HELD or several:
                several = True
                yield from (_with_id(one, folder.home, alone=False) for one in _distinct(held))
                held = []
    distinct = _distinct(held)
    alone = len(distinct) == 1
    yield from (_with_id(one, folder.home, alone=alone) for one in distinct)


def _with_id(one: _Named, home: PurePosixPath, *, alone: bool) -> Run:
    name = "" if alone else one.name
    label = "" if alone or not one.label else f"#{one.label}"
    return replace(one.run, id=f"{home / name}{label}")


# --- reading -----------------------------------------------------------------------------------------------


def _read(plan: Plan, home: PurePosixPath, build: Build) -> Iterator[_Named | Unreadable]:
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
        by_file = len(plan.files) == 1 or not labelled
        yield _named(parts, home, label if labelled else "", build, by_file=by_file)


def _named(
    parts: Sequence[Part], home: PurePosixPath, label: str, build: Build, *, by_file: bool
) -> _Named | Unreadable:
    run = build(parts)
    if isinstance(run, Unreadable):
        return run
    below = parts[0].file.rel.relative_to(home).as_posix()
    return _Named(run, below if by_file else "", label)


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


def _copies(plan: Plan, home: PurePosixPath, build: Build) -> Iterator[_Named | Unreadable]:
    """Yield the longest of several copies of one run; the others are named in its paths."""
    best: Run | None = None
    best_file = plan.files[0]
    others: list[Run] = []
    for file in sorted(plan.files, key=lambda f: (-_size(f), str(f.rel))):
        logs = read_file(plan.reader, file)
        if isinstance(logs, Unreadable):
            yield logs
            continue
        run = build([Part(file, logs[0])])
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
    yield _Named(run, best_file.rel.relative_to(home).as_posix(), "")


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


# --- one run written twice ---------------------------------------------------------------------------------


def _distinct(found: Sequence[_Named]) -> list[_Named]:
    """Return the runs of a folder with those written twice taken together: the richer one counts."""
    out: list[_Named] = []
    for one in found:
        twin = next((i for i, other in enumerate(out) if _same(one, other)), None)
        if twin is None:
            out.append(one)
            continue
        rich, poor = sorted((out[twin], one), key=lambda n: _richness(n.run), reverse=True)
        note = Note(f"the same run as in {rich.run.paths[0]}, which holds more: read once", poor.run.paths[0])
        run = replace(rich.run, paths=(*rich.run.paths, *poor.run.paths), notes=(*rich.run.notes, note))
        out[twin] = replace(rich, run=run)
    return out


def _richness(run: Run) -> tuple[int, int]:
    return len(run.series), sum(len(s) for s in run.series.values())


def _same(one: _Named, other: _Named) -> bool:
    """Say whether two runs log the same loss at the same steps; two of one file are two, however much alike."""
    a, b = one.run, other.run
    if one.label and other.label and set(a.paths) & set(b.paths):
        return False
    shared = [name for name in COMPARED if name in a.series and name in b.series]
    return bool(shared) and all(_same_curve(a, b, name) for name in shared)


def _same_curve(a: Run, b: Run, name: str) -> bool:
    """Say whether two curves are equal at their common steps, or value by value (one counts from 0, one from 1)."""
    first, second = a.series[name], b.series[name]
    _, i, j = np.intersect1d(first.steps, second.steps, assume_unique=True, return_indices=True)
    if len(i) >= max(3, 0.8 * min(len(first), len(second))) and _equal(
        first.values[i], second.values[j], COMPARED[name]
    ):
        return True
    return len(first) == len(second) > 2 and _equal(first.values, second.values, COMPARED[name])


def _equal(x: FloatArray, y: FloatArray, rounded: float) -> bool:
    """Say whether two curves agree but for rounding: relative, and a ten-thousandth of the range for printed digits."""
    with np.errstate(over="ignore", invalid="ignore"):  # the difference of two huge values of other sign
        seen = x[np.isfinite(x)]
        room = 1e-4 * float(np.ptp(seen)) if len(seen) else 0.0
        equal = np.isclose(x, y, rtol=rounded, atol=room if np.isfinite(room) else 0.0, equal_nan=True)
    return bool(equal.mean() >= 0.9 and len(np.unique(x)) > 1)
