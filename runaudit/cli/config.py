"""``runaudit config``: which settings hold."""

from __future__ import annotations

from typing import Annotated

import typer

from runaudit.cli import _common as common

app = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True, help="Look at the settings.")


@app.callback()
def config() -> None:
    """Look at the settings."""


@app.command()
def show(
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="PATHS", help="What is to be audited. Default: here.", show_default=False),
    ] = None,
    origin: Annotated[bool, typer.Option("--origin", help="Say behind each setting where it comes from.")] = False,
    file: common.ConfigFile = None,
    isolated: common.Isolated = False,
) -> None:
    """Show the settings that hold for an audit, as YAML.

    They come from the command line, the environment (RUNAUDIT_CONFIG, RUNAUDIT_FAIL_ON, RUNAUDIT_PROFILE), the
    nearest file of settings, or are the default, in this order. The nearest file is looked for above PATHS, then above
    the working directory, up to a folder with .git in it.

    Exit code: 0 shown, 2 the settings hold a mistake.
    """
    from runaudit import api
    from runaudit.cli._output import write
    from runaudit.config import resolve
    from runaudit.published import settings_text

    settings = resolve(paths or ["."], file=file, isolated=isolated)
    chosen, every = api.chosen(settings, paths or ["."])
    write(settings_text(settings, origin=origin) + f"# {chosen} of {every} rules judge\n")
