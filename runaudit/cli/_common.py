"""Options that several commands share."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from runaudit.cli._audit import say_unused as say_unused

Ascii = Annotated[bool, typer.Option("--ascii", help="Draw with ASCII only.")]
Width = Annotated[
    int | None,
    typer.Option(
        min=60, metavar="N", help="Columns of a line. Default: the terminal's, at most 120.", show_default=False
    ),
]
Maps = Annotated[
    list[str] | None,
    typer.Option(
        "--map",
        metavar="COLUMN=NAME",
        help="What a column is, such as my_loss=train/loss; COLUMN may be a pattern. Repeat.",
        show_default=False,
    ),
]
ConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="Settings. Default: the nearest runaudit.yaml, or pyproject.toml with [tool.runaudit].",
        show_default=False,
    ),
]
Isolated = Annotated[bool, typer.Option("--isolated", help="Use no settings of files or the environment.")]
Paths = Annotated[list[str], typer.Argument(help="Folders or log files.", metavar="PATHS", show_default=False)]


def formats() -> str:
    """Return the names of our output formats without importing them: a module is named like its format."""
    folder = Path(__file__).parent.parent / "render"
    return ", ".join(sorted(p.stem for p in folder.glob("[!_]*.py")))


def words(given: Sequence[str] | None) -> list[str]:
    """Return the words of comma lists and repeated options.

    >>> words(["overfitting, stability", "lr-zero", ""])
    ['overfitting', 'stability', 'lr-zero']
    """
    return [word.strip() for item in given or () for word in item.split(",") if word.strip()]


def maps(given: Sequence[str] | None) -> dict[str, str]:
    """Return the maps that ``--map`` gives; a name that no rule reads and that looks misspelled is said at once."""
    if not given:
        return {}
    from runaudit.maps import near_miss, parse

    found = parse(given)
    for source, canonical in found.items():
        near = near_miss(canonical)
        if near:
            sys.stderr.write(f"--map '{source}={canonical}': no rule reads a {canonical!r}; did you mean {near!r}?\n")
    return found
