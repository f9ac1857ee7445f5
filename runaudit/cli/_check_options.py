"""The options of ``runaudit check``, in the order of its help."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from runaudit.cli import _common as common


class FailOn(StrEnum):
    """The mildest severity of a finding that makes the exit code 1."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"
    NEVER = "never"


class Profile(StrEnum):
    """How much is said."""

    DEFAULT = "default"
    STRICT = "strict"
    RESEARCH = "research"


Form = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="FORMAT",
        help=f"{common.formats()}. What is printed, or what a FILE is whose suffix does not tell. Default: rich.",
    ),
]
Outputs = Annotated[
    list[Path] | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help="Write the report to FILE, in the format of its suffix (.html .md .json .sarif .xml ...). Repeat.",
        show_default=False,
    ),
]
Fail = Annotated[
    FailOn | None,
    typer.Option(
        "--fail-on", help="Exit with 1 if a finding is at least so severe. Default: error.", show_default=False
    ),
]
MaxWarnings = Annotated[
    int | None, typer.Option(min=0, metavar="N", help="Exit with 1 if there are more warnings.", show_default=False)
]
Require = Annotated[
    list[str] | None,
    typer.Option(metavar="RULES", help="Exit with 1 if one of these could not judge a run.", show_default=False),
]
Select = Annotated[
    list[str] | None,
    typer.Option(metavar="RULES", help="Judge by these rules or families only; commas or repeat.", show_default=False),
]
ExtendSelect = Annotated[
    list[str] | None,
    typer.Option(metavar="RULES", help="Judge by these too, though ignored elsewhere.", show_default=False),
]
Ignore = Annotated[
    list[str] | None,
    typer.Option(metavar="RULES", help="Leave out these rules or families; commas or repeat.", show_default=False),
]
ProfileOption = Annotated[
    Profile | None,
    typer.Option(
        "--profile",
        help="strict: surer notes become warnings; research: only the surest warnings stay.",
        show_default=False,
    ),
]
Record = Annotated[bool, typer.Option("--record", help="Keep the verdicts in the history (runaudit history).")]
RecordTo = Annotated[
    Path | None,
    typer.Option(
        "--record-to",
        metavar="FILE",
        help="Keep them in FILE. Default of --record: .runaudit/history.sqlite beside the settings.",
        show_default=False,
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print headlines and the verdict only.")]
Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", help="Add notes, passed rules, every skip, every curve, every limit.")
]
