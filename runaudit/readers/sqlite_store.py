"""SQLite databases of experiment trackers: MLflow, Optuna and trackio, known by their tables; several runs a file.

Written by mlflow 3.18.0, optuna 3.1.0 and 5.0.0, and trackio 0.43.0, among others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from runaudit.errors import LogError
from runaudit.model import RawLog
from runaudit.readers import Reader
from runaudit.readers._words import listed

if TYPE_CHECKING:
    from runaudit.readers._stores.sqlite import Database

MAGIC = b"SQLite format 3\0"
POINTER = b"version https://git-lfs"
SUFFIXES = {".db", ".sqlite", ".sqlite3"}
FIRST_PAGE_TYPE = 100  # the byte that says whether the first page holds the whole list of tables
LEAF = 13


@dataclass(frozen=True, slots=True)
class Store:
    """A tracker's database: the tables that tell it from others, and how it is read."""

    title: str
    tables: frozenset[str]
    read: Callable[[Database], tuple[RawLog, ...]]


def _mlflow(database: Database) -> tuple[RawLog, ...]:
    from runaudit.readers._stores.mlflow_db import read_mlflow  # SQLite takes long to import, and few logs need it

    return read_mlflow(database)


def _optuna(database: Database) -> tuple[RawLog, ...]:
    from runaudit.readers._stores.optuna_db import read_optuna

    return read_optuna(database)


def _trackio(database: Database) -> tuple[RawLog, ...]:
    from runaudit.readers._stores.trackio_db import read_trackio

    return read_trackio(database)


def _read_aim(database: Database) -> tuple[RawLog, ...]:
    del database
    what = "Aim's index of runs; the curves lie in RocksDB files beside it, which runaudit does not read"
    raise LogError(f"{what}: export them with Aim's Python SDK", kind="not-a-log")


STORES = (
    Store("MLflow", frozenset({"runs", "metrics", "params", "experiments"}), _mlflow),
    Store("Optuna", frozenset({"studies", "trials", "trial_params"}), _optuna),
    Store("trackio", frozenset({"metrics", "configs"}), _trackio),
    Store("Aim", frozenset({"experiment", "run", "tag", "run_tag"}), _read_aim),
)


def claims(path: PurePosixPath, head: bytes) -> bool:
    """Say whether the file is a database that may be one of these.

    A short list of tables lies in the head and settles it; a long one is known only when the file is read.
    """
    if path.suffix.lower() in SUFFIXES and head.startswith(POINTER):
        return True
    if not head.startswith(MAGIC):
        return False
    whole = len(head) > FIRST_PAGE_TYPE and head[FIRST_PAGE_TYPE] == LEAF
    return not whole or any(all(f"TABLE {t}".encode() in _bare(head) for t in store.tables) for store in STORES)


def read(path: Path) -> tuple[RawLog, ...]:
    """Return the runs of the database. Raises ``LogError`` if it is damaged, none of these, or holds no curve."""
    from runaudit.readers._stores.sqlite import open_database

    with open_database(path) as database:
        known = database.tables.keys()
        store = next((store for store in STORES if store.tables <= known), None)
        if store is None:
            what = f"its tables are {listed(known)}" if known else "it has no table"
            raise LogError(f"an SQLite database of no tracker that runaudit knows: {what}", kind="not-a-log")
        return store.read(database)


def _bare(head: bytes) -> bytes:
    return head.replace(b'"', b"").replace(b"IF NOT EXISTS ", b"")


READER = Reader("sqlite_store", "SQLite store of MLflow, Optuna or trackio", claims, read, priority=90)
