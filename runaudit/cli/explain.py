"""``runaudit explain``: the page of a rule."""

from __future__ import annotations

from typing import Annotated

import typer

from runaudit.cli import _common as common
from runaudit.errors import UsageError


def explain(
    rule: Annotated[
        str, typer.Argument(metavar="RULE", help="The id of a rule, as in error[overfitting].", show_default=False)
    ],
    ascii_only: common.Ascii = False,
    width: common.Width = None,
) -> None:
    """Explain a rule, with its limits and examples.

    What it says and why, what to try, what to log, how it judges, its limits and their reasons, examples, sources.
    """
    from runaudit import docs
    from runaudit.cli._output import options, write
    from runaudit.ruleset import load_rules

    known = load_rules()
    if rule not in known:
        raise UsageError(_unknown(rule, list(known)))
    write(docs.terminal(known[rule], options(width, ascii_only=ascii_only)))


def _unknown(word: str, known: list[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(word, known, 1)
    return f"no rule is called {word!r}; " + (f"did you mean {near[0]!r}?" if near else "see runaudit rules")
