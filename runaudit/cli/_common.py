"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

Ascii = Annotated[bool, typer.Option("--ascii", help="Draw with ASCII only.")]
Width = Annotated[
    int | None,
    typer.Option(
        min=60, metavar="N", help="Columns of a line. Default: the terminal's, at most 120.", show_default=False
    ),
]
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
