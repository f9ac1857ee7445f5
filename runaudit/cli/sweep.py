"""``runaudit sweep``: judge the searches below some paths."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from runaudit.cli import _check_options as given
from runaudit.cli import _common as common
from runaudit.errors import UsageError

if TYPE_CHECKING:
    from runaudit.model import Report
    from runaudit.unsearched import Refusal

MOST_FOLDERS = 10


class Direction(StrEnum):
    """Which way the objective is good."""

    MIN = "min"
    MAX = "max"


Objective = Annotated[
    str,
    typer.Option(
        metavar="NAME", help="The series to compare trials by, such as val/accuracy. Default: val/loss.",
        show_default=False,
    ),
]  # fmt: skip
Way = Annotated[
    Direction | None,
    typer.Option("--direction", help="Which way it is good. Default: what its name says.", show_default=False),
]


def sweep(
    paths: common.Paths,
    objective: Objective = "",
    direction: Way = None,
    form: given.Form = None,
    output: given.Outputs = None,
    fail_on: given.Fail = None,
    select: given.Select = None,
    ignore: given.Ignore = None,
    config: common.ConfigFile = None,
    isolated: common.Isolated = False,
    maps: common.Maps = None,
    quiet: given.Quiet = False,
    verbose: given.Verbose = False,
    ascii_only: common.Ascii = False,
    width: common.Width = None,
) -> None:
    """Judge searches: ranges, scales, and what to try next.

    A search is a study (Optuna and others), a table of trials, or five sibling runs or more that differ in their
    settings. Runs are read, but only as trials.

    Exit code: as of check; 3 no search found.
    """
    from runaudit import api
    from runaudit.cli._progress import Bar
    from runaudit.cli._targets import Style, deliver, targets
    from runaudit.config import resolve

    if quiet and verbose:
        raise UsageError("--quiet and --verbose contradict each other")
    goal = api.goal_of(objective, direction.value if direction is not None else "")
    wanted = targets(form, output or [])
    said = common.maps(maps)
    settings = resolve(paths, file=config, isolated=isolated).given(
        "--{}",
        fail_on=fail_on and fail_on.value,
        select=common.words(select),
        ignore=common.words(ignore),
    )
    with Bar() as bar:
        report, refused = api.sweep_all(paths, goal, settings, said, bar)
    said_whole = report.sweeps or report.unreadable or report.crashes or report.failures
    if not said_whole:  # there is nothing to print but why
        wanted = [target for target in wanted if target.path is not None or target.renderer.name != "rich"]
    deliver(report, wanted, Style(width, ascii_only=ascii_only, verbosity=verbose - quiet))
    if not report.sweeps or verbose:
        _explain(report, refused)
    raise typer.Exit(report.exit_code)


def _explain(report: Report, refused: Sequence[Refusal]) -> None:
    """Say on standard error why there is no search, folder by folder, and what to do."""
    from runaudit.render._words import locate
    from runaudit.text import clean, count

    lines = [] if report.sweeps else ["no search found"]
    if not refused and not report.sweeps:
        lines.append("  no run was read: runaudit runs PATH says what is there")
    for one in refused[:MOST_FOLDERS]:
        where = locate(report.root, one.folder)
        lines.append(f"  {where} ({count(one.runs, 'run')}): {one.reason}; {one.advice}")
    if len(refused) > MOST_FOLDERS:
        lines.append(f"  and {count(len(refused) - MOST_FOLDERS, 'more folder')}")
    plain = not (sys.stderr.encoding or "").lower().startswith("utf")
    sys.stderr.write("".join(f"{clean(line, ascii_only=plain)}\n" for line in lines))
