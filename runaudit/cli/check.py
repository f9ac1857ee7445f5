"""``runaudit check``: audit the runs below some paths."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from runaudit.cli import _common as common
from runaudit.errors import UsageError

if TYPE_CHECKING:
    from runaudit.render import Renderer


class FailOn(StrEnum):
    """The mildest severity of a finding that makes the exit code 1."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"
    NEVER = "never"


def check(
    paths: common.Paths,
    form: Annotated[
        str | None,
        typer.Option(
            "--format", metavar="FORMAT", help=f"{common.formats()}. Default: what FILE ends with, else rich."
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write the report to FILE.", show_default=False),
    ] = None,
    fail_on: Annotated[FailOn, typer.Option(help="Exit with 1 if a finding is at least so severe.")] = FailOn.ERROR,
    select: Annotated[
        list[str] | None,
        typer.Option(
            metavar="RULES", help="Judge by these rules or families only; commas or repeat.", show_default=False
        ),
    ] = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option(metavar="RULES", help="Leave out these rules or families; commas or repeat.", show_default=False),
    ] = None,
    maps: common.Maps = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print headlines and the verdict only.")] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Add notes, passed rules, every skip, every curve, every limit.")
    ] = False,
    ascii_only: common.Ascii = False,
    width: common.Width = None,
) -> None:
    """Audit runs: what went wrong, and what to try.

    Exit code: 0 nothing at or above --fail-on, 1 findings, 2 wrong usage, 3 no run found, 4 a file was corrupt or
    a rule crashed, 70 internal error.
    """
    from runaudit import api
    from runaudit.cli._output import options, save, write
    from runaudit.cli._progress import Bar

    if quiet and verbose:
        raise UsageError("--quiet and --verbose contradict each other")
    renderer = _renderer(form, output)
    said = common.maps(maps)
    with Bar() as bar:
        report = api.audit(
            paths,
            select=common.words(select),
            ignore=common.words(ignore),
            fail_on=fail_on.value,
            maps=said,
            progress=bar,
        )
    common.say_unused(said, (name.source_name for run in report.runs for name in run.names))
    how = options(width, ascii_only=ascii_only, verbosity=verbose - quiet, to_file=output is not None)
    text = renderer.render(report, how)
    if output is None:
        write(text)
    else:
        save(text, output)
        sys.stderr.write(f"{output}: {len(report.findings)} findings, exit {report.exit_code}\n")
    raise typer.Exit(report.exit_code)


def _renderer(form: str | None, output: Path | None) -> Renderer:
    from runaudit.render import for_suffix, renderer

    found = for_suffix(output.suffix) if form is None and output is not None else None
    return found or renderer(form or "rich")
