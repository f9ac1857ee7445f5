"""``runaudit rules``: the rules there are."""

from __future__ import annotations

from runaudit.cli import _common as common


def rules(ascii_only: common.Ascii = False, width: common.Width = None) -> None:
    """List the rules by family."""
    from runaudit import docs
    from runaudit.cli._output import options, write
    from runaudit.ruleset import load_rules

    write(docs.listing(list(load_rules().values()), options(width, ascii_only=ascii_only)))
