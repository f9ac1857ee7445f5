"""Paths -> runs: find the files, choose the reader, group files into runs, canonical names, one step axis."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path, PurePosixPath

from runaudit.load.companions import Companions, companions_of, read_folder
from runaudit.load.discover import Claimed, common_root, discover_files
from runaudit.load.group import folders, runs_of
from runaudit.model import Run, Unreadable

__all__ = ["Done", "Loaded", "iter_runs", "load"]

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Done:
    """The last item of ``iter_runs``: the audited root as given, and the number of files that no reader claims."""

    root: str
    ignored_files: int


@dataclass(frozen=True, slots=True, eq=False)
class Loaded:
    """Everything that was found below some paths."""

    runs: tuple[Run, ...]
    unreadable: tuple[Unreadable, ...]
    ignored_files: int
    root: str


def load(paths: Sequence[str | Path]) -> Loaded:
    """Return all runs below ``paths``. Raises ``UsageError`` for a path that does not exist."""
    runs: list[Run] = []
    unreadable: list[Unreadable] = []
    done = Done("", 0)
    for item in iter_runs(paths):
        if isinstance(item, Run):
            runs.append(item)
        elif isinstance(item, Unreadable):
            unreadable.append(item)
        else:
            done = item
    return Loaded(tuple(runs), tuple(unreadable), done.ignored_files, done.root)


def iter_runs(paths: Sequence[str | Path], progress: Progress | None = None) -> Iterator[Run | Unreadable | Done]:
    """Yield the runs below ``paths`` one by one, the files that gave none, and at the end ``Done``.

    Only the run just yielded is in memory. ``progress`` is called with the number of files read and of files to read
    after each folder. Raises ``UsageError`` for a path that does not exist, before anything is read.
    """
    given = [Path(path) for path in paths]
    root = common_root(given)
    claimed: list[Claimed] = []
    ignored = 0
    beside: set[PurePosixPath] = set()
    for item in discover_files(given, root):
        if isinstance(item, Claimed):
            claimed.append(item)
        elif isinstance(item, Unreadable):
            yield item
        elif item.companion:
            beside.add(item.file.rel)
        else:
            ignored += 1
    todo = folders(claimed)
    homes = frozenset(folder.home for folder in todo)
    in_folder = lru_cache(maxsize=64)(partial(read_folder, root))  # runs that lie side by side share their files
    read = 0
    for folder in todo:

        def companions(home: PurePosixPath = folder.home) -> Companions:
            found = companions_of(home, homes, in_folder)
            beside.difference_update(found.files)
            return found

        yield from runs_of(folder, companions)
        read += sum(len(plan.files) for plan in folder.plans)
        if progress is not None:
            progress(read, len(claimed))
    yield Done(_shown(given, root), ignored + len(beside))


def _shown(given: Sequence[Path], root: Path) -> str:
    """Return the root as the user would write it."""
    if len(given) > 1:
        return str(root)
    return str(given[0] if given[0].is_dir() else given[0].parent)
