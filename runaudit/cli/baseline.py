"""``runaudit baseline``: accept the findings there are, so that only new ones fail a check."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from runaudit.cli import _common as common

if TYPE_CHECKING:
    from runaudit.model import Report

NAME = "runaudit-baseline.jsonl"
File = Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="The baseline to write.")]
Listed = Annotated[Path, typer.Option("--baseline", metavar="FILE", help="The baseline to shorten.")]
Accepted = Annotated[
    Path | None,
    typer.Option(
        "--baseline",
        metavar="FILE",
        help="Accepted findings (runaudit baseline write): only others fail.",
        show_default=False,
    ),
]

app = typer.Typer(
    add_completion=False, no_args_is_help=True, rich_markup_mode=None, help="Accept the findings there are."
)


@app.command()
def write(
    paths: common.Paths,
    output: File = Path(NAME),
    config: common.ConfigFile = None,
    isolated: common.Isolated = False,
    maps: common.Maps = None,
) -> None:
    """Write every finding there is to a baseline.

    runaudit check --baseline FILE then shows them as known, and fails for new ones only. Put the file under version
    control: it has one finding a line, sorted, without steps and values. A file that is there is written anew.

    Exit code: 0 written, 2 wrong usage, 3 no run found and nothing written, 4 written, but a file was corrupt or a
    rule crashed.
    """
    from runaudit import baseline
    from runaudit.cli._output import save
    from runaudit.text import count

    report = _audit(paths, maps, config, isolated=isolated)
    if not report.runs:
        sys.stderr.write(f"no run found: {output} is left as it is\n")
        raise typer.Exit(3)
    save(baseline.text(baseline.accepted(report, output)), output)
    said = f"{count(len(report.findings), 'finding')} of {count(len(report.runs), 'run')}"
    sys.stderr.write(f"{output}: {said} accepted\n")
    raise typer.Exit(4 if _incomplete(report) else 0)


@app.command()
def prune(
    paths: common.Paths,
    listed: Listed = Path(NAME),
    config: common.ConfigFile = None,
    isolated: common.Isolated = False,
    maps: common.Maps = None,
) -> None:
    """Take out of a baseline what is fixed.

    Nothing is added. What is less bad than it was is listed as it is now. Runs that were not audited, and rules that
    could not judge, keep their lines; runs below PATHS that no longer exist lose them.

    Exit code: 0 done, 2 wrong usage or a broken baseline, 3 no run found, 4 a file was corrupt or a rule crashed.
    """
    from runaudit import baseline
    from runaudit.cli._output import save
    from runaudit.text import count

    old = baseline.read(listed)
    report = _audit(paths, maps, config, isolated=isolated)
    if not report.runs:
        sys.stderr.write(f"no run found: {listed} is left as it is\n")
        raise typer.Exit(3)
    kept = baseline.pruned(baseline.compare(report, old), old, paths)
    save(baseline.text(kept), listed)
    before, after = (sum(one.count for one in known) for known in (old.known, kept))
    sys.stderr.write(f"{listed}: {count(before - after, 'finding')} taken out, {count(after)} left\n")
    raise typer.Exit(4 if _incomplete(report) else 0)


def _audit(paths: list[str], maps: list[str] | None, config: Path | None, *, isolated: bool) -> Report:
    """Return what ``check`` would find with the same settings."""
    from runaudit.cli._audit import audited
    from runaudit.config import resolve

    said = common.maps(maps)
    return audited(paths, resolve(paths, file=config, isolated=isolated), said)


def _incomplete(report: Report) -> bool:
    """Say whether there is anything that could not be judged, and may hold further findings."""
    return bool(report.crashes) or any(file.kind == "corrupt" for file in report.unreadable)
