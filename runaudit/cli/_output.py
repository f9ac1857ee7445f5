"""Where text goes: what the terminal can show, standard output that may be a closed pipe, or a file."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TextIO

from runaudit.errors import UsageError

if TYPE_CHECKING:
    from runaudit.pen import Options

WIDEST = 120  # prose is not read in longer lines; --width may ask for more
NARROWEST = 60
CLOSED_PIPE = 128 + 13  # what a shell reports of a program that SIGPIPE ended


def options(width: int | None, *, ascii_only: bool, verbosity: int = 0, to_file: bool = False) -> Options:
    """Return how to write for standard output, or for a file: 80 columns, no colour, Unicode."""
    from runaudit.pen import Options

    if to_file:
        return Options(width or 80, color=False, ascii=ascii_only, verbosity=verbosity)
    plain = ascii_only or os.environ.get("TERM") == "dumb" or not _unicode(sys.stdout)
    color = wants_color(os.environ, terminal=sys.stdout.isatty())
    return Options(width or _width(sys.stdout), color=color, ascii=plain, verbosity=verbosity)


def wants_color(env: Mapping[str, str], *, terminal: bool) -> bool:
    """Return whether to colour: NO_COLOR forbids it, FORCE_COLOR asks for it, else a terminal may have it."""
    if env.get("NO_COLOR"):
        return False
    force = env.get("FORCE_COLOR", "")
    if force:
        return force != "0"
    return terminal and env.get("TERM") != "dumb"


def _unicode(stream: TextIO) -> bool:
    return (stream.encoding or "").lower().replace("-", "").startswith("utf")


def _width(stream: TextIO) -> int:
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns):
        width = int(columns)
    else:
        try:
            width = os.get_terminal_size(stream.fileno()).columns or 80
        except (OSError, ValueError):  # no terminal; UnsupportedOperation of a captured stream is both
            width = 80
    return min(max(width, NARROWEST), WIDEST)


def write(text: str) -> None:
    """Write to standard output; a reader that has gone away (``| head``) ends the program quietly."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        leave_pipe()


def leave_pipe() -> NoReturn:
    """End the program without the complaint that Python makes at exit about a pipe that is closed."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    raise SystemExit(CLOSED_PIPE)


def save(text: str, path: Path) -> None:
    """Write to a file in UTF-8; raises ``UsageError`` where that is impossible."""
    try:
        path.write_text(text, "utf-8", newline="\n")
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror or error}") from error
