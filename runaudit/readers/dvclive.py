"""DVCLive's folder: a table for each metric below ``plots/metrics`` (before version 1 ``scalars``), a summary, a page.

Written by dvclive 0.12.1 and 3.49.1.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path, PurePath, PurePosixPath

from runaudit.errors import LogError
from runaudit.model import RawLog
from runaudit.readers import HEAD_BYTES, Grouping, Reader
from runaudit.readers._json import as_number, flatten
from runaudit.readers._table import read_table
from runaudit.readers._text import head_lines
from runaudit.readers._words import listed

TABLES = {".tsv", ".csv"}
SUMMARIES = {"metrics.json", "dvclive.json"}
PLOTS, SCALARS = "plots", "scalars"
TITLES = (b"<title>DVC Plot</title>", b"<title>DVC Report</title>", b"<title>DVCLive")


def claims(path: PurePosixPath, head: bytes) -> bool:
    """Say whether the file is a table of one metric in such a folder, or the summary or the page beside them."""
    if path.suffix.lower() in TABLES:
        return _place(path) is not None and _is_table(path, head)
    if path.name in SUMMARIES:
        return _is_summary(head)
    return path.suffix == ".html" and any(title in head for title in TITLES)


def home(path: PurePosixPath) -> PurePosixPath:
    """Return the folder that DVCLive fills.

    >>> home(PurePosixPath("a/dvclive/plots/metrics/train/loss.tsv"))
    PurePosixPath('a/dvclive')
    """
    place = _place(path) if path.suffix.lower() in TABLES else None
    return path.parent if place is None else PurePosixPath(*path.parts[: place[0]])


def read(path: Path) -> tuple[RawLog, ...]:
    """Return the metric of a table under its name below the folder, with the column of steps.

    The summary and the page say nothing that the tables do not: they give a log without series, which is part of the
    run. Raises ``LogError`` for them where no table is beside them, and ``OSError``.
    """
    if path.suffix.lower() not in TABLES:
        return (RawLog("dvclive", (), label=_beside(path)),)
    place = _place(path.absolute())
    table = read_table(path)
    if place is None or not table.series:
        raise LogError(f"no row with a number: the columns are {listed(table.names)}", kind="not-a-log")
    start, kind = place
    metric = path.absolute().with_suffix("").parts[start + kind.count("/") + 1 :] if kind else (path.stem,)
    name = "/".join(metric)
    series = tuple(replace(s, name=name) if s.name == table.names[-1] else s for s in table.series)
    return (RawLog("dvclive", series, notes=table.notes, label=kind.partition("/")[0]),)


def _place(path: PurePath) -> tuple[int, str] | None:
    """Return where in the path the folder of the tables stands, and what it is called; None where there is none."""
    parts = path.parts[:-1]
    for i in range(len(parts) - 1, -1, -1):
        if parts[i : i + 2] == (PLOTS, "metrics"):
            return i, f"{PLOTS}/metrics"
        if parts[i] == SCALARS:
            return i, SCALARS
        if parts[i] == "dvclive":
            return i + 1, ""
    return None


def _is_table(path: PurePosixPath, head: bytes) -> bool:
    """Say whether the columns are a step, after a time in old versions, and the metric that the file is called by."""
    lines = head_lines(head)
    names = lines[0].split("\t") if lines else []
    if names[:1] == ["timestamp"]:
        names = names[1:]
    return len(names) == 2 and names[0] == "step" and names[1].rpartition("/")[2] == path.stem


def _is_summary(head: bytes) -> bool:
    """Say whether the head is one object over several lines, with a step and nothing but single values."""
    try:
        content = json.loads(head)
    except (ValueError, RecursionError):
        return False
    if not isinstance(content, dict) or head.strip().count(b"\n") == 0 or as_number(content.get("step")) is None:
        return False
    return len(head) < HEAD_BYTES and all(not isinstance(value, list) for _, value in flatten(content))


def _beside(path: Path) -> str:
    """Return the folder of tables beside the summary or the page, under which they are one run with them."""
    for folder in (PLOTS, SCALARS):
        if any((path.parent / folder).rglob("*.tsv")):
            return folder
    if path.name == "dvclive.json" and (path.parent / "dvclive").is_dir():  # as versions before 1 laid them out
        raise LogError("DVCLive's summary: the curves are in the folder dvclive beside it", kind="not-a-log")
    what = "DVCLive's page of plots" if path.suffix == ".html" else "DVCLive's summary, one value for each metric"
    raise LogError(f"{what}, without the tables that hold the curves ({PLOTS}/metrics)", kind="not-a-log")


READER = Reader("dvclive", "DVCLive folder", claims, read, priority=85, grouping=Grouping.PARTS, home=home)
