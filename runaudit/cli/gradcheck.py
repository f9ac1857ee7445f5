"""``runaudit gradcheck``: audit the logs of gradient checks."""

from __future__ import annotations

from runaudit.cli import _check_options as given
from runaudit.cli import _common as common
from runaudit.cli.check import check


def gradcheck(
    paths: common.Paths,
    form: given.Form = None,
    output: given.Outputs = None,
    fail_on: given.Fail = None,
    ignore: given.Ignore = None,
    config: common.ConfigFile = None,
    isolated: common.Isolated = False,
    quiet: given.Quiet = False,
    verbose: given.Verbose = False,
    ascii_only: common.Ascii = False,
    width: common.Width = None,
) -> None:
    """Judge gradient checks: analytic against numeric gradients.

    It is runaudit check with the rules of the family gradcheck. Exit code as there.
    """
    check(
        paths,
        form=form,
        output=output,
        fail_on=fail_on,
        select=["gradcheck"],
        ignore=ignore,
        config=config,
        isolated=isolated,
        quiet=quiet,
        verbose=verbose,
        ascii_only=ascii_only,
        width=width,
    )
