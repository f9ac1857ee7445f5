"""The command-line application: its commands and how it ends."""

from __future__ import annotations

from typing import Annotated

import typer

from runaudit import __version__
from runaudit.cli.calibrate import calibrate
from runaudit.cli.check import check
from runaudit.cli.demo import demo
from runaudit.cli.explain import explain
from runaudit.cli.rules import rules
from runaudit.cli.runs import runs

app = typer.Typer(
    name="runaudit",
    epilog="Start with: runaudit demo, or runaudit check FOLDER.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", "-V", is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Read the training logs you have and say, with evidence, what went wrong."""
    if version:
        typer.echo(f"runaudit {__version__}")
        raise typer.Exit


for command in (check, runs, rules, explain, demo, calibrate):
    app.command()(command)
