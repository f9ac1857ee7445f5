"""Which configuration file holds: the nearest one above what is audited, else above the working directory."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

YAML_NAMES = ("runaudit.yaml", "runaudit.yml")
PYPROJECT = "pyproject.toml"
TABLE = b"runaudit"  # what a pyproject.toml with our table holds, cheap to look for


def find(paths: Sequence[str | Path], cwd: Path) -> Path | None:
    """Return the nearest configuration file, None if there is none.

    It is looked for from the folder that holds all of ``paths`` upwards, then from ``cwd`` upwards, up to a folder
    with ``.git`` in it (that one included). In one folder, ``runaudit.yaml`` comes before ``pyproject.toml``, of
    which only one with a table ``[tool.runaudit]`` counts.
    """
    return next((found for top in (_home(paths, cwd), cwd) for found in _upwards(top)), None)


def _home(paths: Sequence[str | Path], cwd: Path) -> Path:
    """Return the folder that holds all paths, which need not exist."""
    tops = [Path(os.path.abspath(cwd / path)) for path in paths]  # noqa: PTH100  keeps symlinks
    try:
        return Path(os.path.commonpath([top if top.is_dir() else top.parent for top in tops]))
    except (ValueError, OSError):  # no path, or on different drives
        return cwd


def _upwards(top: Path) -> Iterator[Path]:
    for folder in (top, *top.parents):
        for name in YAML_NAMES:
            if os.path.isfile(folder / name):  # noqa: PTH113  never raises
                yield folder / name
        if has_table(folder / PYPROJECT):
            yield folder / PYPROJECT
        if os.path.exists(folder / ".git"):  # noqa: PTH110  never raises
            return


def has_table(path: Path) -> bool:
    """Say whether a ``pyproject.toml`` has our table; one that is broken has it if it seems to."""
    try:
        text = path.read_bytes()
    except OSError:
        return False
    if TABLE not in text:
        return False
    from runaudit.schemas.lines import BrokenError, read_toml

    try:
        tool = read_toml(text.decode("utf-8-sig", "replace")).data.get("tool")
    except BrokenError:
        return b"[tool.runaudit" in text
    return isinstance(tool, dict) and "runaudit" in tool
