"""``runaudit runs``: what was found below some paths, and how it was understood."""

from __future__ import annotations

import typer

from runaudit.cli import _common as common


def runs(
    paths: common.Paths,
    config: common.ConfigFile = None,
    isolated: common.Isolated = False,
    maps: common.Maps = None,
    ascii_only: common.Ascii = False,
    width: common.Width = None,
) -> None:
    """Say what was found and how it was understood.

    Every run, what each of its columns was taken for and why, what an unknown one might be, every note, and which
    files could not be read.

    Exit code: 0 runs found, 3 none, 4 some file was corrupt.
    """
    from runaudit import api
    from runaudit.cli._output import options, write
    from runaudit.cli._progress import Bar
    from runaudit.config import resolve
    from runaudit.render._inventory import inventory

    said = common.maps(maps)
    settings = resolve(paths, file=config, isolated=isolated)
    with Bar() as bar:
        found = api.load_all(paths, progress=bar, maps=said, config=settings)
    how = options(width, ascii_only=ascii_only)
    write(inventory(found.runs, found.unreadable, found.ignored_files, found.root, how))
    common.say_unused(said, (name.source_name for run in found.runs for name in run.names))
    if any(u.kind == "corrupt" for u in found.unreadable):
        raise typer.Exit(4)
    raise typer.Exit(0 if found.runs else 3)
