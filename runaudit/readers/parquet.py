"""Parquet tables of a run's history (``train_log.parquet``, W&B's history); needs the extra ``fast`` (pyarrow).

Tested against pyarrow 26.0.1 and pandas 3.1.1. A file is claimed by its magic number and a name that speaks of
training: data sets have the same format and hold no log.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from runaudit.errors import LogError
from runaudit.model import IntArray, Note, RawLog, RawSeries
from runaudit.readers import Reader
from runaudit.readers._table import require_metric
from runaudit.readers._words import is_axis, is_metric, listed, sounds_like_log

MAGIC = b"PAR1"
SHARD = re.compile(r"-\d+(?:-of-\d+)?(?:-[0-9a-f]+)?$")
NAMED = re.compile(r"results?|runs?|scalars|stats|\d{4}")
MOST_CELLS = 50_000_000


def claims(path: PurePosixPath, head: bytes) -> bool:
    """Say whether it is a Parquet file whose name is not that of a part of a data set."""
    if not head.startswith(MAGIC) or SHARD.search(path.stem.lower()):
        return False
    return sounds_like_log(path) or NAMED.fullmatch(path.stem.lower()) is not None


def read(path: Path) -> tuple[RawLog, ...]:
    """Return the columns of numbers as one log; a null is absent, a NaN stays.

    Raises ``LogError`` if pyarrow is not installed, the file is damaged, too large, or no column is a metric.
    """
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise LogError("a Parquet file is read with pyarrow: pip install 'runaudit[fast]'") from error
    try:
        file = parquet.ParquetFile(path)
        schema, meta = file.schema_arrow, file.metadata
        names = [field.name for field in schema if _is_number(pyarrow, field.type)]
        _check(list(schema.names), names, meta.num_rows)
        table = file.read(columns=names, use_threads=False)
        series = tuple(_series(table, names))
    except (pyarrow.ArrowException, OSError, ValueError, OverflowError) as error:
        if isinstance(error, FileNotFoundError | PermissionError | IsADirectoryError):
            raise
        raise LogError(f"the Parquet file is cut off or damaged ({' '.join(str(error).split())[:100]})") from error
    require_metric(schema.names, series)
    return (
        RawLog(
            "parquet", series, notes=tuple(_notes(path, series, meta.num_rows, b"pandas" in (schema.metadata or {})))
        ),
    )


def _is_number(pyarrow: Any, kind: Any) -> bool:  # noqa: ANN401  pyarrow has no types
    types = pyarrow.types
    return bool(types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind))


def _check(names: list[str], numbers: list[str], rows: int) -> None:
    """Refuse a table that is no log by its names, or is too large for the memory."""
    if not rows:
        raise LogError(f"the table has no row (columns: {listed(names)})", kind="not-a-log")
    if not any(is_metric(name) or is_axis(name) for name in numbers):
        raise LogError(f"no training metric: the columns are {listed(names)}", kind="not-a-log")
    if rows * len(numbers) > MOST_CELLS:
        raise LogError(f"a table of {rows:,} rows and {len(numbers)} columns is more than {MOST_CELLS:,} cells")


def _series(table: Any, names: list[str]) -> Iterator[RawSeries]:  # noqa: ANN401
    """Yield a series for each column with a value; what is null has no point."""
    for at, name in enumerate(names):
        column = table.column(at)
        rows: IntArray = np.flatnonzero(column.is_valid().to_numpy()).astype(np.int64)
        if len(rows):
            values = np.asarray(
                column.drop_null().to_pylist() if _wide(column) else column.drop_null().to_numpy(), np.float64
            )
            yield RawSeries(name, values, rows, np.zeros(len(rows), dtype=np.int64))


def _wide(column: Any) -> bool:  # noqa: ANN401
    """Say whether the values are decimals, which numpy knows as objects only."""
    return str(column.type).startswith("decimal")


def _notes(path: Path, series: tuple[RawSeries, ...], rows: int, pandas: bool) -> Iterator[Note]:
    """Yield a note where pandas wrote a null into a column that is otherwise filled: it writes NaN so."""
    for one in series:
        missing = rows - len(one.values)
        if pandas and 0 < missing < rows / 2 and is_metric(one.name):
            cells = f"{missing} cells are" if missing > 1 else "1 cell is"
            yield Note(
                f"{one.name}: {cells} null, which is how pandas writes NaN: nothing was logged or NaN", str(path)
            )


READER = Reader("parquet", "Parquet", claims, read, priority=50)
