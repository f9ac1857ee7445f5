"""``runaudit sanity``: judge what must hold before a long training is worth its time."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from runaudit.cli import _check_options as given
from runaudit.cli import _common as common
from runaudit.errors import UsageError

FAMILY = "sanity"
Tiny = Annotated[
    bool,
    typer.Option("--tiny-subset", help="These are runs on a few samples: they must learn them by heart."),
]


def sanity(
    paths: common.Paths,
    tiny_subset: Tiny = False,
    form: given.Form = None,
    output: given.Outputs = None,
    fail_on: given.Fail = None,
    config: common.ConfigFile = None,
    isolated: common.Isolated = False,
    maps: common.Maps = None,
    quiet: given.Quiet = False,
    verbose: given.Verbose = False,
    ascii_only: common.Ascii = False,
    width: common.Width = None,
) -> None:
    """Judge the sanity checks: the first loss, the regularisation, a tiny subset.

    A run that says tiny_subset in its configuration, or any with --tiny-subset, must reach zero loss.

    Exit code: as of check.
    """
    from runaudit import api
    from runaudit.cli._progress import Bar
    from runaudit.cli._targets import Style, deliver, targets
    from runaudit.config import Override, resolve
    from runaudit.tasks import TINY_SUBSET

    if quiet and verbose:
        raise UsageError("--quiet and --verbose contradict each other")
    wanted = targets(form, output or [])
    said = common.maps(maps)
    settings = resolve(paths, file=config, isolated=isolated).given("--{}", fail_on=fail_on and fail_on.value)
    settings = settings.given("runaudit sanity", select=(FAMILY,))
    if tiny_subset:
        settings = replace(settings, overrides=(*settings.overrides, Override((), task=TINY_SUBSET)))
    with Bar() as bar:
        report = api.audit(paths, config=settings, maps=said, progress=bar)
    common.say_unused(said, (name.source_name for run in report.runs for name in run.names))
    deliver(report, wanted, Style(width, ascii_only=ascii_only, verbosity=verbose - quiet))
    raise typer.Exit(report.exit_code)
