"""The output ``tsv``: one finding a line, for a spreadsheet or ``cut``."""

from __future__ import annotations

from runaudit.model import Report
from runaudit.render import Options, Renderer
from runaudit.text import clean

COLUMNS = ("run", "rule", "severity", "series", "first_step", "last_step", "message")


def render(report: Report, options: Options) -> str:
    """Return a head line and a line for each finding; what could move a terminal is made visible."""
    del options  # a program reads it: no width, no colour
    rows = [[clean(str(getattr(finding, column))) for column in COLUMNS] for finding in report.findings]
    return "".join("\t".join(row) + "\n" for row in [list(COLUMNS), *rows])


RENDERER = Renderer("tsv", ".tsv", render)
