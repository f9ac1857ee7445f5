"""CatBoost's ``catboost_info``: ``learn_error.tsv`` and ``test_error.tsv`` together are one run.

Tested against CatBoost 1.2.10.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path, PurePosixPath

from runaudit.model import RawLog, RawSeries
from runaudit.readers import Grouping, Reader
from runaudit.readers._table import read_table
from runaudit.readers._words import is_axis

FILES = {"learn_error.tsv": "train", "test_error.tsv": "val", "time_left.tsv": ""}
RISES = re.compile(
    r"(?i)(?:auc|accuracy|f1|fbeta|precision|recall|r2|kappa|wkappa|mcc|ndcg|dcg|map|mrr|err|queryauc|pairaccuracy|balancedaccuracy)\b"
)


def claims(path: PurePosixPath, head: bytes) -> bool:
    """Say whether the file has the name of one of CatBoost's tables and begins with its counter."""
    return path.name in FILES and head.startswith(b"iter\t")


def read(path: Path) -> tuple[RawLog, ...]:
    """Return the measures on the data of the file, named after those; the table of times gives none.

    A measure that falls while the model learns is named a loss. Raises ``LogError`` if the file holds no row.
    """
    table = read_table(path)
    data = FILES[path.name]
    series = tuple(_named(s, data) for s in table.series) if data else ()
    return (RawLog("catboost_tsv", series, notes=table.notes),)


def _named(series: RawSeries, data: str) -> RawSeries:
    """Return the series under a name that says on which data it was measured."""
    if is_axis(series.name):
        return series
    what = series.name if RISES.match(series.name) else f"loss {series.name}"
    return replace(series, name=f"{data} {what}")


READER = Reader("catboost_tsv", "CatBoost catboost_info", claims, read, priority=40, grouping=Grouping.PARTS)
