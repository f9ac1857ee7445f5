"""A progress bar on standard error, for work that lasts, when somebody watches."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

PATIENCE = 0.5  # seconds before a bar appears


class Bar:
    """Counts runs; shows nothing unless standard error is a terminal and the work lasts longer than half a second."""

    def __init__(self) -> None:
        self._shown: tuple[Progress, TaskID] | None = None
        self._since = time.monotonic()
        self._wanted = sys.stderr.isatty()

    def __enter__(self) -> Self:
        """Return the bar itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the bar away."""
        if self._shown is not None:
            self._shown[0].stop()

    def __call__(self, done: int, total: int, run: str = "") -> None:
        """Say that ``done`` of ``total`` are done, the last of them ``run``."""
        if not self._wanted or time.monotonic() - self._since < PATIENCE:
            return
        if self._shown is None:
            self._shown = _start(total)
        bar, task = self._shown
        bar.update(task, completed=done, total=total, name=_name(run))


def _name(run: str) -> str:
    from rich.markup import escape

    from runaudit.text import clean, shorten

    return escape(shorten(clean(run), 40))


def _start(total: int) -> tuple[Progress, TaskID]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("auditing"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[name]}"))
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    bar.start()
    return bar, bar.add_task("auditing", total=total, name="")
