"""Readers of a made-up format, so that loading is tested apart from the real formats.

A file holds JSON: ``{"series": {name: [values]}, "steps": {name: [steps]}, "label", "config"}``, or a
list of those, with "reduction" for all series. ``null`` is a blank
cell. The suffix says how files are grouped; home is the folder, or the one above ``part-*``.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pytest

from runaudit.errors import LogError
from runaudit.model import RawLog, RawSeries, Reduction
from runaudit.readers import Grouping, Reader


def raw(spec: dict[str, Any], form: str = "fake") -> RawLog:
    """Return the log that a spec stands for."""
    series = []
    for name, cells in spec.get("series", {}).items():
        rows = [i for i, cell in enumerate(cells) if cell is not None]
        steps = spec.get("steps", {}).get(name)
        series.append(
            RawSeries(
                name,
                np.array([float(cells[i]) for i in rows], dtype=np.float64),
                np.array(rows, dtype=np.int64),
                np.array([i + 2 for i in rows], dtype=np.int64),
                None if steps is None else np.array(steps, dtype=np.float64),
                Reduction(spec["reduction"]) if "reduction" in spec else None,
            )
        )
    return RawLog(form, tuple(series), spec.get("config", {}), spec.get("tables", {}), (), spec.get("label", ""))


def read(path: Path) -> tuple[RawLog, ...]:
    """Read the made-up format; what it holds may also be an error to raise."""
    content = json.loads(path.read_text(encoding="utf-8"))
    if content == "defect":
        raise ZeroDivisionError("division by zero")
    if content == "broken":
        raise LogError("cut off", line=7)
    if content == "memory":
        raise MemoryError
    form = path.suffix.removeprefix(".")
    return tuple(raw(spec, form) for spec in (content if isinstance(content, list) else [content]))


def home(path: PurePosixPath) -> PurePosixPath:
    """Return the folder, or the one above a folder called ``part-...``."""
    return path.parent.parent if path.parent.name.startswith("part-") else path.parent


def fake(suffix: str, grouping: Grouping) -> Reader:
    """Return a reader of all files with that suffix."""
    return Reader(suffix, suffix, lambda path, _: path.suffix == f".{suffix}", read, grouping=grouping, home=home)


@pytest.fixture(autouse=True)
def fake_readers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the made-up format be the only one."""
    found = (fake("one", Grouping.SEPARATE), fake("part", Grouping.PARTS), fake("copy", Grouping.COPIES))
    monkeypatch.setattr("runaudit.load.discover._readers", lambda: found)


Write = Callable[[str, object], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a file below ``tmp_path``: text as it is, anything else as JSON, with its folders."""

    def inner(name: str, content: object) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return path

    return inner
