"""Paths -> runs: find the files, choose the reader, group files into runs, canonical names, one step axis."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path, PurePosixPath
from types import ModuleType

from runaudit.load.build import build
from runaudit.load.companions import companions_of, read_folder
from runaudit.load.crashes import may_tell
from runaudit.load.discover import Claimed, common_root, discover_files
from runaudit.load.group import folders, runs_of
from runaudit.load.parts import Part
from runaudit.load.texts import Texts, crashed, with_texts
from runaudit.load.weights import Weights
from runaudit.maps import Told, checked
from runaudit.model import Run, Unreadable

__all__ = ["Done", "Loaded", "iter_runs", "load"]

Paths = str | Path | Sequence[str | Path]
Progress = Callable[[int, int, str], None]
Tell = Callable[[Sequence[str]], Told]


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


def load(
    paths: Paths, progress: Progress | None = None, maps: Mapping[str, str] | None = None, tell: Tell | None = None
) -> Loaded:
    """Return all runs below ``paths``, as ``iter_runs`` finds them."""
    runs: list[Run] = []
    unreadable: list[Unreadable] = []
    done = Done("", 0)
    for item in iter_runs(paths, progress, maps, tell):
        if isinstance(item, Run):
            runs.append(item)
        elif isinstance(item, Unreadable):
            unreadable.append(item)
        else:
            done = item
    return Loaded(tuple(runs), tuple(unreadable), done.ignored_files, done.root)


def iter_runs(
    paths: Paths, progress: Progress | None = None, maps: Mapping[str, str] | None = None, tell: Tell | None = None
) -> Iterator[Run | Unreadable | Done]:
    """Yield the runs below ``paths`` one by one, the files that gave none, and at the end ``Done``.

    Only the run just yielded is in memory. ``progress`` is called after each folder with the number of files read, of
    files to read, and the id of the last run. ``maps`` says what columns are (source name or pattern -> canonical
    name) and wins over what their names say. ``tell`` says more of the columns and the task of a run, by the names that
    a run may go by: its folder and files, with the label of one of several in a file. Raises ``UsageError`` for a
    path that does not exist and for maps that are no names, before anything is read.
    """
    given = [Path(path) for path in ([paths] if isinstance(paths, str | Path) else paths)]
    maps = checked(maps)
    root = common_root(given)
    claimed: list[Claimed] = []
    ignored = 0
    beside: set[PurePosixPath] = set()
    texts: Texts = {}
    weights = Weights()
    for item in discover_files(given, root):
        if isinstance(item, Claimed):
            if not weights.add(item):
                claimed.append(item)
        elif isinstance(item, Unreadable):
            yield item
        elif item.companion:
            beside.add(item.file.rel)
        else:
            ignored += 1
            if may_tell(item.file.rel):
                texts[item.file.rel] = item.file
    todo = folders(claimed)
    homes = frozenset(folder.home for folder in todo)
    in_folder = lru_cache(maxsize=64)(partial(read_folder, root))  # runs that lie side by side share their files
    read, last = 0, ""
    for folder in todo:

        def made(parts: Sequence[Part], inside: PurePosixPath, home: PurePosixPath = folder.home) -> Run | Unreadable:
            companions = companions_of(inside, homes, in_folder)
            beside.difference_update(companions.files)
            told = Told({}) if tell is None else tell(_names(parts, home))
            return build("", parts, companions, {**maps, **_left(told.maps, maps)}, told.task)

        for found in weights.beside(folder.home, with_texts(folder, runs_of(folder, made), texts, beside)):
            last = found.id if isinstance(found, Run) else last
            yield found
        read += sum(len(plan.files) for plan in folder.plans)
        if progress is not None:
            progress(read, len(claimed), last)
    yield from weights.alone(lambda parts, home: build("", parts, companions_of(home, homes, in_folder), maps))
    ignored += weights.passed_over
    for text in crashed(texts):
        ignored -= 1
        yield text
    yield Done(_shown(given, root), ignored + len(beside))


def _names(parts: Sequence[Part], home: PurePosixPath) -> list[str]:
    """Return what the run of these parts may be called, before it is known whether it is the only one of its folder."""
    files = [str(part.file.rel) for part in parts]
    label = parts[0].log.label
    return [str(home), *files, *(f"{name}#{label}" for name in (home, *files) if label)]


def _left(more: Mapping[str, str], maps: Mapping[str, str]) -> dict[str, str]:
    """Return what is said of columns that ``maps`` does not name."""
    return {column: name for column, name in more.items() if column not in maps}


def _shown(given: Sequence[Path], root: Path) -> str:
    """Return the root as the user would write it: relative where all paths are."""
    if len(given) > 1:
        relative = not any(path.is_absolute() for path in given)
        return Path(os.path.relpath(root)).as_posix() if relative else str(root)
    return str(given[0] if given[0].is_dir() else given[0].parent)


class _Package(ModuleType):
    """The package itself, which Python puts in the place of the function ``runaudit.load`` once it is imported."""

    def __call__(self, paths: Paths, *, maps: Mapping[str, str] | None = None) -> list[Run]:
        """Return the runs found below ``paths``: what ``runaudit.load`` promises, whatever was imported before."""
        return list(load(paths, maps=maps).runs)


sys.modules[__name__].__class__ = _Package
