"""``runaudit check``: audit the runs below some paths."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from runaudit.cli import _check_options as given
from runaudit.cli import _common as common
from runaudit.cli.baseline import Accepted
from runaudit.errors import UsageError

if TYPE_CHECKING:
    from runaudit.config import Config
    from runaudit.model import Report


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
    record: given.Record = False,
    record_to: given.RecordTo = None,
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
    from runaudit.cli._audit import audited
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
    keep = _recorder(settings, record_to) if record or record_to is not None else None
    report = audited(paths, settings, said, baseline)
    deliver(report, wanted, Style(width, ascii_only=ascii_only, verbosity=verbose - quiet))
    if keep is not None:
        keep(report)
    raise typer.Exit(report.exit_code)


def _recorder(settings: Config, file: Path | None) -> Callable[[Report], None]:
    """Return what keeps a report in the history; a file that cannot be used is said now, before anything is audited."""
    from runaudit.history import default_path, home
    from runaudit.history.rows import audit_of
    from runaudit.history.store import opened

    path = file if file is not None else default_path(settings)
    if path.exists():
        with opened(path):
            pass

    def keep(report: Report) -> None:
        with opened(path, create=True) as store:
            number = store.record(audit_of(report, home(settings)))
        sys.stderr.write(f"{path}: audit {number} recorded\n")

    return keep
