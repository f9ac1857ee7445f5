"""``runaudit check PATHS`` without any option: nearly every call, and it needs no parser of options.

Importing that parser takes a third of the time of a short audit. What is done is what ``cli/check.py`` does.
"""

from __future__ import annotations

from collections.abc import Sequence


def plain(arguments: Sequence[str]) -> bool:
    """Say whether the arguments are a check of paths and nothing else.

    >>> plain(["check", "logs"]), plain(["check", "logs", "--quiet"]), plain(["check"]), plain(["runs", "logs"])
    (True, False, False, False)
    """
    return len(arguments) > 1 and arguments[0] == "check" and not any(a.startswith("-") for a in arguments)


def audit(paths: Sequence[str]) -> int:
    """Audit the paths, write the report, and return the exit code; raises ``UsageError`` as the command does."""
    from runaudit.cli._audit import audited
    from runaudit.cli._targets import Style, deliver, targets
    from runaudit.config import resolve

    wanted = targets(None, [])
    report = audited(paths, resolve(paths))
    deliver(report, wanted, Style())
    return report.exit_code
