"""``runaudit schema``: the JSON Schemas of the formats."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer


class Name(StrEnum):
    """A format that has a schema."""

    CONFIG = "config"
    COMPARISON = "comparison"
    REPORT = "report"
    RULE = "rule"


def schema(
    name: Annotated[Name, typer.Argument(metavar="NAME", help="config, comparison, report or rule.")] = Name.CONFIG,
) -> None:
    """Print a JSON Schema.

    Of runaudit.yaml (with the rules and their limits), of check or compare --format json, or of a rule file.
    """
    from runaudit.cli._output import write
    from runaudit.published import schema_text
    from runaudit.ruleset import load_rules

    write(schema_text(name.value, load_rules(examples=False)))
