"""An audit as every command does it. Nothing here needs the parser of options: a plain check has none."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runaudit.config import Config
    from runaudit.model import Report


def audited(
    paths: Sequence[str], settings: Config, maps: Mapping[str, str] | None = None, baseline: Path | None = None
) -> Report:
    """Return the report on the paths, with a bar while it lasts; say which maps fit no column."""
    from runaudit import api
    from runaudit.cli._progress import Bar

    with Bar() as bar:
        report = api.audit(list(paths), config=settings, baseline=baseline, maps=maps, progress=bar)
    say_unused(maps or {}, (name.source_name for run in report.runs for name in run.names))
    return report


def say_unused(given: Mapping[str, str], columns: Iterable[str]) -> None:
    """Say on standard error which maps fit none of the columns that were read."""
    if given:
        from runaudit.maps import unused

        for line in unused(given, columns):
            sys.stderr.write(f"{line}; runaudit runs lists the columns\n")
