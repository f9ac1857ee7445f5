"""``runaudit init``: write a configuration to begin with."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from runaudit.errors import UsageError


def init(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where to write it.", show_default=False)] = Path(),
) -> None:
    """Write a runaudit.yaml with every setting explained.

    All are commented out. Beside it goes .runaudit.schema.json, by which an editor completes and checks it. Nothing is
    overwritten.

    Exit code: 0 written, 2 there is a configuration already, or it cannot be written.
    """
    from runaudit.cli._output import save
    from runaudit.config.find import PYPROJECT, YAML_NAMES, has_table
    from runaudit.published import SCHEMA_FILE, schema_text, template
    from runaudit.ruleset import load_rules

    taken = [folder / name for name in YAML_NAMES if (folder / name).exists()]
    if taken:
        raise UsageError(f"{taken[0]} is there already: it is left as it is")
    if has_table(folder / PYPROJECT):
        raise UsageError(
            f"{folder / PYPROJECT} has a table [tool.runaudit], which a {YAML_NAMES[0]} beside it would hide"
        )
    path, schema = folder / YAML_NAMES[0], folder / SCHEMA_FILE
    save(template(), path)
    said = f"{path}: change it, then runaudit config show"
    if not schema.exists():
        save(schema_text("config", load_rules(examples=False)), schema)
        said += f" ({schema} helps your editor)"
    sys.stderr.write(f"{said}\n")
