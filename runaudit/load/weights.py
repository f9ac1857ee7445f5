"""Files of weights: the filters of a first layer go to the run whose folder they lie in, else they make a run alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Any

from runaudit.load.discover import Claimed
from runaudit.load.group import read_file
from runaudit.load.parts import Part
from runaudit.model import Note, Run, Unreadable
from runaudit.readers import Grouping

Build = Callable[[Sequence[Part], PurePosixPath], Run | Unreadable]

TABLE = "filters"
MOST_TRIED = 8  # files of one folder that are looked into until one holds filters
NUMBER = re.compile(r"\d{1,15}")
LAST = re.compile(r"last|final|latest", re.IGNORECASE)
START = re.compile(r"init|random|untrained", re.IGNORECASE)


@dataclass(slots=True)
class Weights:
    """The files of weights that belong to no run so far, by home, and how many were passed over as holding no filters.

    They are no logs: one that is damaged is said to be, but is no failure unless the user named it.
    """

    homes: dict[PurePosixPath, list[Claimed]] = field(default_factory=dict)
    passed_over: int = 0

    def add(self, one: Claimed) -> bool:
        """Take a file if it holds weights; say whether it does."""
        if one.reader.grouping is not Grouping.BESIDE:
            return False
        self.homes.setdefault(one.reader.home(one.file.rel), []).append(one)
        return True

    def beside(self, home: PurePosixPath, items: Iterable[Run | Unreadable]) -> Iterator[Run | Unreadable]:
        """Yield the items of a folder; its only run, or each that has files of its name, with the latest filters."""
        for item in items:
            yield self._given(item, home) if isinstance(item, Run) and home in self.homes else item

    def alone(self, build: Build) -> Iterator[Run | Unreadable]:
        """Yield the runs that files beside no log make, one a folder, and what is wrong with the other files."""
        for home, files in self.homes.items():
            part, wrong = self._latest(files)
            named = {str(one.file.rel) for one in files if one.file.named}
            yield from (one if one.path in named else replace(one, kind="not-a-log") for one in wrong)
            run = build([part], home) if part is not None else None
            if isinstance(run, Run) and part is not None:
                yield replace(run, id=str(home), tables=_placed(part))
        self.homes.clear()

    def _given(self, run: Run, home: PurePosixPath) -> Run:
        stems = {PurePosixPath(path).stem for path in run.paths}
        own = [one for one in self.homes[home] if run.id == str(home) or one.file.rel.stem in stems]
        left = [one for one in self.homes.pop(home) if one not in own]
        if left:
            self.homes[home] = left
        part, wrong = self._latest(own)
        notes = [*run.notes, *(Note(one.reason, one.path) for one in wrong)]
        if part is None:
            return replace(run, notes=tuple(notes))
        rel = str(part.file.rel)
        layer = part.log.tables[TABLE][0]["name"]
        notes.append(Note(f"{layer} in it is taken for the first layer of the network", rel))
        return replace(run, paths=(*run.paths, rel), tables={**run.tables, **_placed(part)}, notes=tuple(notes))

    def _latest(self, files: Sequence[Claimed]) -> tuple[Part | None, list[Unreadable]]:
        """Return the latest file that holds filters, and what is wrong with later ones."""
        found: Part | None = None
        wrong: list[Unreadable] = []
        for one in sorted(files, key=_age, reverse=True)[:MOST_TRIED]:
            logs = read_file(one.reader, one.file)
            if not isinstance(logs, Unreadable):
                found = Part(one.file, logs[0])
                break
            if one.file.named or logs.kind == "corrupt":
                wrong.append(logs)
        self.passed_over += len(files) - len(wrong) - (found is not None)
        return found, wrong


def _age(one: Claimed) -> tuple[int, list[tuple[int, str]]]:
    """Return a key that sorts files by how far the training was: by words in the name, then by its numbers."""
    name = str(one.file.rel)
    rank = 1 if LAST.search(name) else -1 if START.search(name) else 0
    words = NUMBER.split(name)
    numbers = [*map(int, NUMBER.findall(name)), 0]
    return rank, [(number, word) for word, number in zip(words, numbers, strict=True)]


def _placed(part: Part) -> Mapping[str, Any]:
    """Return the table of filters with the path as the report shows it."""
    return {TABLE: tuple({**row, "path": str(part.file.rel)} for row in part.log.tables[TABLE])}
