"""What is shown at the end of a page: a sample log of a format, the report in an output format."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path, PurePosixPath

import runaudit
from runaudit.docs import Output, cell, fence, table
from runaudit.model import Report, Run
from runaudit.pen import Options
from runaudit.readers import HEAD_BYTES, Reader

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = "sample_logs"
RUN = f"{SAMPLES}/keras_csv/overfitting"
WIDTH = 92
LINES, LONG = 4, 100  # of the beginning of a log
COLUMNS = 12
MOST = 40  # lines of a report
LANGUAGES = {".json": "json", ".jsonl": "json", ".sarif": "json", ".xml": "xml", ".md": "markdown"}


def sample_of(reader: Reader, among: Sequence[Reader]) -> str:
    """Return the beginning of a sample log of the format, and for what its columns are taken; "" without a sample."""
    runs = [run for run in _samples() if _claims(run, among) == reader.name]
    if not runs:
        return ""
    run = next((r for r in runs if "healthy" in r.id), runs[0])
    path = f"{SAMPLES}/{run.paths[0]}"
    text = _beginning(ROOT / path)
    begins = [f"`{path}` begins:", "", *fence("text", text), ""] if text else [f"`{path}` is no text.", ""]
    rows = [
        (f"`{u.source_name}`", f"`{u.canonical or u.source_name}`", u.why.removeprefix(f"{u.source_name!r} "))
        for u in run.names[:COLUMNS]
    ]
    columns = table(("column", "taken for", "why"), ([cell(text) for text in row] for row in rows))
    more = ["", f"and {len(run.names) - COLUMNS} more."] if len(run.names) > COLUMNS else []
    return "\n".join(("\n## A sample", "", *begins, *columns, *more)) + "\n"


@cache
def _samples() -> tuple[Run, ...]:
    return tuple(sorted(runaudit.load(ROOT / SAMPLES), key=lambda r: r.id))


def _claims(run: Run, among: Sequence[Reader]) -> str:
    """Return the name of the reader that read a run: the first that claims its file."""
    with (ROOT / SAMPLES / run.paths[0]).open("rb") as file:
        head = file.read(HEAD_BYTES)
    return next((r.name for r in among if r.claims(PurePosixPath(run.paths[0]), head)), "")


def _beginning(path: Path) -> str:
    """Return the first lines of a log, "" where it is no text."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if b"\x00" in head:
        return ""
    text = head.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
    lines = text.splitlines()[:LINES]
    return "\n".join(line if len(line) <= LONG else f"{line[:LONG]} ..." for line in lines)


@cache
def report() -> Report:
    """Return the report on the sample run, as one would ask for it in the repository."""
    with contextlib.chdir(ROOT):
        return runaudit.audit([RUN])


def output_example(output: Output) -> tuple[str, Mapping[str, str]]:
    """Return the report in a format as the end of its page, and what is a file of its own: a page for the browser."""
    text = output.render(report(), Options(WIDTH))
    if text.lstrip().lower().startswith("<!doctype html"):
        name = f"{output.name}-example.html"
        return f"\n## Example\n\n[The report on one run]({name})\n", {name: text}
    lines = text.splitlines()
    shown = "\n".join(lines[:MOST] + ([f"... and {len(lines) - MOST} more lines"] if len(lines) > MOST else []))
    return "\n".join(("\n## Example", "", *fence(LANGUAGES.get(output.suffix, "text"), shown))) + "\n", {}
