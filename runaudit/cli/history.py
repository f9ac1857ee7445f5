"""``runaudit history``: how the recorded audits moved, and what became worse."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from runaudit.cli import _common as common
from runaudit.errors import UsageError

if TYPE_CHECKING:
    from runaudit.history.rows import Audit


class Form(StrEnum):
    """How it is printed."""

    RICH = "rich"
    JSON = "json"
    MARKDOWN = "markdown"


class FailIf(StrEnum):
    """What makes the exit code 1."""

    WORSE = "worse"
    NEVER = "never"


def history(
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="FILE",
            help="The history. Default: .runaudit/history.sqlite beside the settings.",
            show_default=False,
        ),
    ] = None,
    branch: Annotated[str, typer.Option(metavar="NAME", help="Audits of this branch only.", show_default=False)] = "",
    rule: Annotated[
        list[str] | None,
        typer.Option(metavar="RULES", help="Findings of these rules only; commas or repeat.", show_default=False),
    ] = None,
    run: Annotated[str, typer.Option(metavar="PATTERN", help="These runs only, and all.", show_default=False)] = "",
    project: Annotated[
        str, typer.Option(metavar="PATTERN", help="These projects or audited folders only.", show_default=False)
    ] = "",
    last: Annotated[int, typer.Option(min=1, metavar="N", help="The newest audits of each project.")] = 50,
    against: Annotated[
        str,
        typer.Option(
            metavar="BRANCH",
            help="Say what is worse than its newest audit; last-good: than the last good one.",
            show_default=False,
        ),
    ] = "",
    fail_if: Annotated[
        FailIf, typer.Option("--fail-if", help="Exit with 1 if the newest audit is worse.")
    ] = FailIf.NEVER,
    form: Annotated[Form, typer.Option("--format", help="How to print it.")] = Form.RICH,
    config: common.ConfigFile = None,
    isolated: common.Isolated = False,
    ascii_only: common.Ascii = False,
    width: common.Width = None,
) -> None:
    """Show how recorded audits moved, and what became worse.

    runaudit check --record keeps an audit. Worse is a new finding at or above fail-on that no baseline lists, a run
    with a worse verdict, and an audit that is no longer complete. The last good audit is the newest one before with
    exit code 0, of the same branch, else of main, master or trunk.

    Exit code: 0 shown, 1 worse and --fail-if worse, 2 wrong usage or a damaged file, 3 no audit recorded.
    """  # fmt: skip
    from runaudit.cli._output import options, write
    from runaudit.config import resolve
    from runaudit.history import default_path
    from runaudit.history.against import LAST_GOOD, compare, reference
    from runaudit.history.store import opened
    from runaudit.history.trend import fits, only
    from runaudit.render import _history, _history_json

    path = file if file is not None else default_path(resolve(file=config, isolated=isolated))
    with opened(path) as store:
        every = (store.audits(g, branches=[branch] if branch else [], last=last) for g in store.groups())
        groups = [audits for audits in every if audits and (not project or fits(audits[-1].group, project))]
        rules = _rules(common.words(rule), groups)
        _there(groups, run, against)
        found = []
        if against or fail_if is FailIf.WORSE:
            newest = _newest(groups)
            earlier = [reference(store, audit, against or LAST_GOOD) for audit in newest]
            pairs = zip(newest, earlier, strict=True)
            found = [compare(only([a], rules, run)[0], only([b], rules, run)[0] if b else None) for a, b in pairs]
    shown = [only(audits, rules, run) for audits in groups]
    how = options(width, ascii_only=ascii_only)
    if form is Form.JSON:
        write(_history_json.document(shown, found))
    else:
        written = _history.history if form is Form.RICH else _history.markdown
        write(written(shown, found, how, every_run=bool(run)) if groups else "")
    if not groups:
        sys.stderr.write(f"{path}: no such audit\n")
        raise typer.Exit(3)
    raise typer.Exit(int(fail_if is FailIf.WORSE and any(one.is_worse for one in found)))


def _newest(groups: Sequence[Sequence[Audit]]) -> list[Audit]:
    """Return the newest audit of each project that is of the same commit as the very newest one."""
    ends = [audits[-1] for audits in groups]
    last = max(ends, key=lambda audit: audit.number, default=None)
    return [a for a in ends if last is not None and (a is last or (a.commit and a.commit == last.commit))]


def _rules(words: Sequence[str], groups: Sequence[Sequence[Audit]]) -> list[str]:
    """Return the rules of some rules and families; those that were found count, though they are loaded no more."""
    from runaudit.ruleset import choose, load_rules

    seen = {finding.rule for audits in groups for audit in audits for finding in audit.findings}
    unseen = [word for word in words if word not in seen]
    chosen = [rule.id for rule in choose(load_rules(), unseen, ())] if unseen else []
    return [*(word for word in words if word in seen), *chosen]


def _there(groups: Sequence[Sequence[Audit]], run: str, against: str) -> None:
    """Raise ``UsageError`` for a run or a branch that no audit has: a gate for it would never fail."""
    from runaudit.history.against import LAST_GOOD
    from runaudit.history.trend import fits

    every = [audit for audits in groups for audit in audits]
    if run and every and not any(fits(state.run, run) for audit in every for state in audit.runs):
        raise UsageError(f"--run {run}: no recorded run fits it")
    if against and against != LAST_GOOD and every and all(audit.branch != against for audit in every):
        names = ", ".join(sorted({audit.branch or "(none)" for audit in every}))
        raise UsageError(f"--against {against}: no audit of that branch; there are {names}")
