"""``runaudit explain``: the page of a rule, of a log format or of an output format."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from runaudit.cli import _common as common
from runaudit.errors import UsageError

if TYPE_CHECKING:
    from runaudit.docs import Output
    from runaudit.readers import Reader
    from runaudit.ruleset import Rule

MOST = 5  # names offered


def explain(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="The id of a rule, as in error[overfitting], or a format: keras_csv, sarif.",
            show_default=False,
        ),
    ],
    ascii_only: common.Ascii = False,
    width: common.Width = None,
) -> None:
    """Explain a rule, with its limits and examples.

    What it says and why, what to try, what to log, how it judges, its limits and their reasons, examples, sources.
    Also a log format or an output format: what is read or written, and with which writer that was tested.
    """
    from runaudit import docs
    from runaudit.cli._output import options, write
    from runaudit.ruleset import load_rules

    rules = load_rules()
    shown = options(width, ascii_only=ascii_only)
    if name in rules:
        write(docs.terminal(rules[name], shown, list(rules.values())))
        return
    from runaudit.readers import readers
    from runaudit.render import renderers

    formats, outputs = {reader.name: reader for reader in readers()}, renderers()
    pages: list[Reader | Output] = [found[name] for found in (formats, outputs) if name in found]
    if not pages:
        raise UsageError(_unknown(name, rules, formats, outputs))
    write("\n".join(docs.terminal(page, shown) for page in pages))


def _unknown(word: str, rules: Mapping[str, Rule], formats: Mapping[str, Reader], outputs: Mapping[str, object]) -> str:
    """Return what to say of a name that there is none of: the formats that go by it, else what is nearest."""
    from difflib import get_close_matches

    near = sorted(name for name, reader in formats.items() if word.lower() in reader.title.lower())[:MOST]
    near = near or get_close_matches(word, [*rules, *formats, *outputs], 1)
    meant = f"did you mean {' or '.join(map(repr, near))}?" if near else "see runaudit rules, and check --help"
    return f"no rule, log format or output format is called {word!r}; {meant}"
