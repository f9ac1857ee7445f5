"""The sqlite file of a history: several jobs may write to it at once, and a damaged one is said in a sentence."""

from __future__ import annotations

import math
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, replace
from pathlib import Path
from typing import Any

from runaudit.config import FAIL_ON
from runaudit.errors import UsageError
from runaudit.history import FOLDER
from runaudit.history.rows import VERDICTS, Audit, FindingState, RunState
from runaudit.model import Severity

APPLICATION = 0x72756E61  # "runa": by which we and file(1) know our files
PATIENCE = 30.0  # seconds to wait for another job
AWAY = "move it away to begin anew"
LONGEST = 1_000_000  # characters of a text: nothing that we write comes near
HEAD = "time, project, scope, branch, commit_id, version, exit_code, fail_on"
STEPS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE audits (number INTEGER PRIMARY KEY, time TEXT NOT NULL, project TEXT NOT NULL,
        scope TEXT NOT NULL, branch TEXT NOT NULL, commit_id TEXT NOT NULL, version TEXT NOT NULL,
        exit_code INTEGER NOT NULL, fail_on TEXT NOT NULL)""",
        """CREATE TABLE runs (audit INTEGER NOT NULL REFERENCES audits, run TEXT NOT NULL, verdict TEXT NOT NULL,
        series TEXT NOT NULL, direction TEXT NOT NULL, last REAL, best REAL)""",
        """CREATE TABLE findings (audit INTEGER NOT NULL REFERENCES audits, run TEXT NOT NULL, rule TEXT NOT NULL,
        severity TEXT NOT NULL, series TEXT NOT NULL, fingerprint TEXT NOT NULL, status TEXT NOT NULL)""",
        "CREATE INDEX audits_of ON audits (project, scope, branch)",
        "CREATE INDEX runs_of ON runs (audit)",
        "CREATE INDEX findings_of ON findings (audit)",
    ),
)
"""What makes each version of the schema of the one before it. A step that was shipped never changes."""


class Store:
    """A history that is open. Every method raises ``UsageError`` where the file is damaged, locked or not ours."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self.path = path

    def record(self, audit: Audit) -> int:
        """Keep an audit and return its number; it is there as a whole or not at all."""
        with _told(self.path), _transaction(self._connection):
            row = _nulled(astuple(replace(audit, runs=(), findings=())))[:8]
            marks = ", ".join("?" * len(row))
            query = f"INSERT INTO audits ({HEAD}) VALUES ({marks})"  # noqa: S608  our names and question marks
            number = self._connection.execute(query, row).lastrowid
            for table, rows in (("runs", audit.runs), ("findings", audit.findings)):
                found = [(number, *_nulled(astuple(one))) for one in rows]
                marks = ", ".join("?" * 7)
                self._connection.executemany(f"INSERT INTO {table} VALUES ({marks})", found)  # noqa: S608  our names
        return int(number or 0)

    def groups(self) -> list[tuple[str, str]]:
        """Return project and scope of everything that was audited, by name."""
        return [(str(p), str(s)) for p, s in self._rows("SELECT DISTINCT project, scope FROM audits ORDER BY 1, 2")]

    def audits(
        self,
        group: tuple[str, str],
        *,
        branches: Sequence[str] = (),
        good: bool = False,
        before: int = 0,
        last: int = 50,
    ) -> list[Audit]:
        """Return the newest ``last`` audits of a project and scope, the newest last.

        ``branches`` limits them to some, ``good`` to those with exit code 0, ``before`` to lower numbers.
        """
        where = ["project = ?", "scope = ?"]
        values: list[Any] = [*group]
        if branches:
            where.append(f"branch IN ({', '.join('?' * len(branches))})")
            values += branches
        if good:
            where.append("exit_code = 0")
        if before:
            where.append("number < ?")
            values.append(before)
        chosen = f"FROM audits WHERE {' AND '.join(where)} ORDER BY number DESC LIMIT ?"
        values.append(last)
        with _told(self.path):
            heads = self._rows(f"SELECT number, {HEAD} {chosen}", values)
            runs = self._of("runs", chosen, values)
            findings = self._of("findings", chosen, values)
            return [_audit(head, runs.get(head[0], []), findings.get(head[0], [])) for head in reversed(heads)]

    def _of(self, table: str, chosen: str, values: Sequence[Any]) -> dict[int, list[Any]]:
        query = f"SELECT * FROM {table} WHERE audit IN (SELECT number {chosen}) ORDER BY audit, run, rowid"  # noqa: S608
        found: dict[int, list[Any]] = {}
        for number, *row in self._rows(query, values):
            found.setdefault(number, []).append(row)
        return found

    def _rows(self, query: str, values: Sequence[Any] = ()) -> list[Any]:
        with _told(self.path):
            return self._connection.execute(query, [_text(v) for v in values]).fetchall()


@contextmanager
def opened(path: Path, *, create: bool = False) -> Iterator[Store]:
    """Open a history; ``create`` begins one where there is none.

    Raises ``UsageError`` for a file that is missing, damaged, something else, or of a later version of runaudit.
    """
    if create:
        _make_folder(path)
    elif not path.is_file():
        raise UsageError(f"{path}: no history here; runaudit check --record begins one")
    with _told(path):
        connection = _connect(path)
    try:
        with _told(path):
            _prepare(connection, path)
        yield Store(connection, path)
    finally:
        connection.close()


def _make_folder(path: Path) -> None:
    try:
        if path.parent.name == FOLDER and not path.parent.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            (path.parent / ".gitignore").write_text("*\n", "utf-8")  # a binary file that every audit changes
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror or error}") from error


def _connect(path: Path) -> sqlite3.Connection:
    writable = os.access(path if path.exists() else path.parent, os.W_OK) and os.access(path.parent, os.W_OK)
    # sqlite writes beside a file even to read it, unless nobody can write there
    how = "rwc" if writable else "ro&immutable=1"
    address = f"{path.absolute().as_uri()}?mode={how}"
    connection = sqlite3.connect(address, uri=True, timeout=PATIENCE, isolation_level=None)
    connection.text_factory = lambda data: data.decode("utf-8", "replace")
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST)
    return connection


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the schema to the version of this program, whatever other jobs do meanwhile."""
    connection.execute("PRAGMA trusted_schema = OFF")
    with _transaction(connection, "DEFERRED"):  # one look: another job may be making the schema
        version = _version(connection, path)
    if version == len(STEPS):
        return
    with _transaction(connection):
        for step in STEPS[_version(connection, path) :]:
            for statement in step:
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION}")
        connection.execute(f"PRAGMA user_version = {len(STEPS)}")
    try:
        connection.execute("PRAGMA journal_mode = WAL")  # readers and a writer do not wait for each other
    except sqlite3.OperationalError:
        return  # another job has it open; without it they wait, which is right too


def _version(connection: sqlite3.Connection, path: Path) -> int:
    """Return the version of the schema, 0 for an empty file."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if application != APPLICATION and (tables or application or version):
        raise UsageError(f"{path}: this database is no history of runaudit")
    if version > len(STEPS):
        raise UsageError(f"{path}: written by a later runaudit (schema {version}, this one knows {len(STEPS)}): update")
    return int(version)


@contextmanager
def _transaction(connection: sqlite3.Connection, kind: str = "IMMEDIATE") -> Iterator[None]:
    connection.execute(f"BEGIN {kind}")
    try:
        yield
    except BaseException:
        connection.rollback()  # does nothing where sqlite itself has given up already
        raise
    connection.execute("COMMIT")


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Turn an error of sqlite into a sentence for the user."""
    try:
        yield
    except sqlite3.Error as error:
        reason = str(error)
        if "locked" in reason or "busy" in reason:
            raise UsageError(f"{path}: in use by another program for over {PATIENCE:g} s; try again") from error
        if "readonly" in reason or "unable to open" in reason or "full" in reason:
            raise UsageError(f"{path} cannot be used: {reason}") from error
        raise UsageError(
            f"{path}: damaged, or no history of runaudit ({reason}); move it away to begin anew"
        ) from error
    except (TypeError, ValueError, OverflowError) as error:
        raise UsageError(f"{path}: it holds what runaudit does not write ({error}); {AWAY}") from error


def _nulled(row: Sequence[Any]) -> list[Any]:
    """Return the values as the database keeps them: NaN as nothing, text without lone surrogates."""
    return [None if isinstance(v, float) and math.isnan(v) else _text(v) for v in row]


def _text(value: Any) -> Any:  # noqa: ANN401  a value of any column
    return str(value).encode("utf-8", "backslashreplace").decode("utf-8") if isinstance(value, str) else value


def _audit(head: Sequence[Any], runs: Sequence[Sequence[Any]], findings: Sequence[Sequence[Any]]) -> Audit:
    number, time, project, scope, branch, commit, version, exit_code, fail_on = head
    if fail_on not in FAIL_ON:
        raise ValueError(f"fail_on {fail_on!r}")
    return Audit(
        time=str(time),
        project=str(project),
        scope=str(scope),
        branch=str(branch),
        commit=str(commit),
        version=str(version),
        exit_code=int(exit_code),
        fail_on=str(fail_on),
        runs=tuple(_run(row) for row in runs),
        findings=tuple(_finding(row) for row in findings),
        number=int(number),
    )


def _run(row: Sequence[Any]) -> RunState:
    run, verdict, series, direction, last, best = row
    if verdict not in VERDICTS:
        raise ValueError(f"a verdict {verdict!r}")
    values = (math.nan if value is None else float(value) for value in (last, best))
    return RunState(str(run), verdict, str(series), str(direction), *values)


def _finding(row: Sequence[Any]) -> FindingState:
    run, rule, severity, series, fingerprint, status = map(str, row)
    return FindingState(run, rule, Severity(severity), series, fingerprint, status)
