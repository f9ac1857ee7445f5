"""``runaudit check``: audit the runs below some paths."""

from __future__ import annotations

import typer

from runaudit.cli import _check_options as given
from runaudit.cli import _common as common
from runaudit.cli.baseline import Accepted, say
from runaudit.errors import UsageError


def check(
    paths: common.Paths,
    form: given.Form = None,
    output: given.Outputs = None,
    fail_on: given.Fail = None,
    max_warnings: given.MaxWarnings = None,
    require: given.Require = None,
    select: given.Select = None,
    ignore: given.Ignore = None,
    extend_select: given.ExtendSelect = None,
    profile: given.ProfileOption = None,
    baseline: Accepted = None,
    config: common.ConfigFile = None,
    isolated: common.Isolated = False,
    maps: common.Maps = None,
    quiet: given.Quiet = False,
    verbose: given.Verbose = False,
    ascii_only: common.Ascii = False,
    width: common.Width = None,
) -> None:
    """Audit runs: what went wrong, and what to try.

    Exit code: 0 nothing at or above --fail-on, 1 findings, 2 wrong usage, 3 no run found, 4 a file was corrupt or
    a rule crashed, 70 internal error.
    """
    from runaudit import api
    from runaudit.cli._progress import Bar
    from runaudit.cli._targets import Style, deliver, targets
    from runaudit.config import resolve

    if quiet and verbose:
        raise UsageError("--quiet and --verbose contradict each other")
    wanted = targets(form, output or [])
    said = common.maps(maps)
    settings = resolve(paths, file=config, isolated=isolated).given(
        "--{}",
        fail_on=fail_on and fail_on.value,
        profile=profile and profile.value,
        max_warnings=max_warnings,
        require=common.words(require),
        select=common.words(select),
        ignore=common.words(ignore),
        extend_select=common.words(extend_select),
    )
    with Bar() as bar:
        report = api.audit(paths, config=settings, baseline=baseline, maps=said, progress=bar)
    common.say_unused(said, (name.source_name for run in report.runs for name in run.names))
    if baseline is not None:
        say(report)
    deliver(report, wanted, Style(width, ascii_only=ascii_only, verbosity=verbose - quiet))
    raise typer.Exit(report.exit_code)
