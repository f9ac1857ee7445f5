"""Shared by the stores in SQLite: a database opened so that nothing in it or beside it can change, and its tables."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from runaudit.errors import LogError
from runaudit.model import Note

LONGEST = 1 << 26  # bytes of one cell or row
# A damaged file of a few pages that point at each other can give rows for hours.
LEAST_ROW = 4  # bytes
PATIENCE = 100  # times that a million steps of SQLite's machine may be run for one query, and a million more for each
STEP_BYTES = 50_000  # of the file
WAL_HEADER = 32


class Database:
    """An open database: the columns of each of its tables, and rows by name. Views are not looked at."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self.connection = connection
        self.path = path
        self.size = path.stat().st_size
        listing = self._run("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        names = [str(name) for (name,) in listing]
        self.tables = {name: self._columns(name) for name in names if not name.startswith("sqlite_")}

    def rows(self, table: str, columns: str, order: str = "rowid") -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a table; a column that it lacks (an older writer) is None.

        ``columns`` and ``order`` are names with commas between them. Raises ``LogError`` where the file is damaged.
        """
        have = self.tables.get(table, frozenset())
        wanted = [name.strip() for name in columns.split(",")]
        chosen = ", ".join(f'"{name}"' if name in have else "NULL" for name in wanted)
        by = ", ".join(name.strip() for name in order.split(",") if name.strip() in {"rowid", *have})
        query = f'SELECT {chosen} FROM "{table}" ORDER BY {by}'  # noqa: S608  names from this package
        with closing(self._run(query)) as found:
            yield from islice(found, self.size // LEAST_ROW)
            if next(found, None) is not None:
                raise LogError(f"the database is damaged: its table {table} has more rows than it has room for")

    def notes(self) -> list[Note]:
        """Return a note where a journal beside the file may hold rows that the file lacks."""
        journal = self.path.with_name(self.path.name + "-wal")
        try:
            size = journal.stat().st_size
        except OSError:
            size = 0
        if size <= WAL_HEADER:
            return []
        return [Note(f"the last writes may be missing: {size} bytes of them lie in {journal.name}", str(self.path))]

    def _columns(self, table: str) -> frozenset[str]:
        quoted = table.replace('"', '""')
        return frozenset(str(row[1]) for row in self._run(f'PRAGMA table_info("{quoted}")'))

    def _run(self, statement: str) -> Generator[tuple[Any, ...], None, None]:
        turns = iter(range(PATIENCE + self.size // STEP_BYTES))
        self.connection.set_progress_handler(lambda: next(turns, None) is None, 1_000_000)
        try:
            yield from self.connection.execute(statement)
        except (sqlite3.Error, OverflowError) as error:
            raise LogError(f"the database is damaged: {' '.join(str(error).split())[:200]}") from error
        except UnicodeDecodeError as error:  # SQLite's own message quotes the damaged bytes
            raise LogError("the database is damaged: malformed database schema") from error


@contextmanager
def open_database(path: Path) -> Iterator[Database]:
    """Open an SQLite file read-only and without locks, so that a training that writes to it is not disturbed.

    Raises ``LogError`` for a file that is damaged or a git-LFS pointer, ``OSError`` for one that cannot be opened.
    """
    with path.open("rb") as file:
        head = file.read(16)
    if not head:
        raise LogError("the file is empty (0 bytes)")
    if head.startswith(b"version https://"):
        raise LogError("this is a git-LFS pointer, not the database itself: run `git lfs pull`")
    uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    try:
        connection = sqlite3.connect(uri, uri=True)
    except sqlite3.Error as error:
        raise LogError(f"the database cannot be opened: {error}") from error
    with closing(connection):
        connection.text_factory = lambda raw: raw.decode("utf-8", errors="replace")
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST)
        yield Database(connection, path)
