"""``runaudit calibrate``: measure the rules on runs of which the truth is known."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from runaudit.cli import _common as common
from runaudit.errors import UsageError

if TYPE_CHECKING:
    from runaudit.calibrate import Calibration


class Form(StrEnum):
    """How the numbers are printed."""

    RICH = "rich"
    JSON = "json"


def calibrate(
    runs: Annotated[Path, typer.Argument(help="Folder of runs.", metavar="RUNS", show_default=False)],
    labels: Annotated[Path, typer.Argument(help="CSV of what is known of them.", metavar="LABELS", show_default=False)],
    by: Annotated[
        str, typer.Option(metavar="COLUMN", help="Also score each value of this column of LABELS.", show_default=False)
    ] = "",
    missed: Annotated[bool, typer.Option("--missed", help="List the missed runs, and which limit hid them.")] = False,
    alarms: Annotated[bool, typer.Option("--alarms", help="List the wrong findings, with facts and limits.")] = False,
    select: Annotated[
        list[str] | None,
        typer.Option(
            metavar="RULES", help="Measure these rules or families only; commas or repeat.", show_default=False
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print only; leave the rule files as they are.")] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Write the numbers to FILE (YAML), not to the rule files.",
            show_default=False,
        ),
    ] = None,
    form: Annotated[Form, typer.Option("--format", help="How to print the numbers.")] = Form.RICH,
    ascii_only: common.Ascii = False,
    width: common.Width = None,
) -> None:
    """Measure the rules on runs of which the truth is known.

    LABELS has the columns run (its folder or file below RUNS) and labels (faults separated by ";", healthy or nothing
    if it has none), and may have path (in place of run), forbidden (faults it does not have), allowed (count neither
    way) and others. Findings of severity warning or error count.

    Each rule's precision, recall and false-alarm rate go into the field "measured" of its file; no other byte of it
    changes. The rules of an installed package are left alone.

    Exit code: 0 measured, 2 wrong usage, 3 no labelled run found, 4 a labelled run was corrupt or a rule crashed.
    """
    from runaudit import api
    from runaudit.cli._output import options, write
    from runaudit.cli._progress import Bar
    from runaudit.render import _calibration as show

    if dry_run and output is not None:
        raise UsageError("--dry-run and --output contradict each other")
    with Bar() as bar:
        found = api.calibrate(
            runs, labels, select=common.words(select), by=by.lower(), explain_missed=missed, progress=bar
        )
    if form is Form.JSON:
        write(show.document(found))
    else:
        write(show.calibration(found, options(width, ascii_only=ascii_only), missed=missed, alarms=alarms))
    if not dry_run and found.score.runs:
        _keep(found, output)
    if not found.score.runs:
        raise typer.Exit(3)
    raise typer.Exit(4 if found.incomplete else 0)


def _keep(found: Calibration, output: Path | None) -> None:
    """Write the numbers to the file or to the rules, and say so."""
    from runaudit.cli._output import save
    from runaudit.measured import table, write_measured
    from runaudit.ruleset import load_rules
    from runaudit.text import count

    if output is not None:
        save(table(found.measured, f"measured on {count(found.score.runs, 'labelled run')}"), output)
        sys.stderr.write(f"{output}: {count(len(found.measured), 'rule')}\n")
        return
    done = write_measured(list(load_rules().values()), found.measured)
    parts = [f"{count(len(done.written), 'rule file')} written, {count(done.unchanged)} unchanged"]
    if done.packaged:
        parts = [f"{count(done.packaged, 'rule')} of the installed package left alone: --output FILE keeps the numbers"]
    sys.stderr.write("; ".join(parts) + "\n")
