"""Where a report goes, and in which format: standard output, files, the summary of a GitHub job."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from runaudit.cli._output import options, save, write
from runaudit.errors import UsageError

if TYPE_CHECKING:
    from runaudit.model import Report
    from runaudit.render import Renderer

MUTE = frozenset({"", ".txt", ".log", ".out"})  # suffixes that say nothing of a format
READ = frozenset({"rich", "concise", "github", "markdown", "agent"})  # what is worth printing beside files
SUMMARY = "GITHUB_STEP_SUMMARY"


@dataclass(frozen=True, slots=True)
class Target:
    """A format and the file that gets it; no file means standard output."""

    renderer: Renderer
    path: Path | None = None


@dataclass(frozen=True, slots=True)
class Style:
    """How the reader wants to see text."""

    width: int | None = None
    ascii_only: bool = False
    verbosity: int = 0


def targets(form: str | None, outputs: Sequence[Path]) -> list[Target]:
    """Return what is to be written where.

    A file has the format that its suffix tells; one whose suffix tells none, or is the end of that of ``form``, has
    ``form``. If no file takes it, ``form`` is printed. Raises ``UsageError`` with every file that cannot be written,
    that is given twice, and whose format is not clear, before anything is audited.
    """
    from runaudit.render import renderer

    said = renderer(form) if form is not None else None
    if not outputs:
        return [Target(said or renderer("rich"))]
    problems = list(_impossible(outputs))
    found: list[Target] = []
    for path in outputs:
        one = _of_file(path, said)
        if isinstance(one, str):
            problems.append(one)
        else:
            found.append(Target(one, path))
    if said is not None and not problems and all(t.renderer is not said for t in found):
        if said.name in READ:
            found.insert(0, Target(said))
        else:
            names = ", ".join(str(path) for path in outputs)
            problems.append(f"--format {said.name}: no FILE takes it ({names}); one that ends with {said.suffix} would")
    if problems:
        raise UsageError(*problems)
    return found


def _impossible(outputs: Iterable[Path]) -> Iterable[str]:
    seen: set[Path] = set()
    for path in outputs:
        if path in seen:
            yield f"--output {path} is given twice"
        seen.add(path)
        if path.is_dir():
            yield f"{path} cannot be written: it is a folder"
        elif not path.parent.is_dir():
            yield f"{path} cannot be written: No such file or directory"


def _of_file(path: Path, said: Renderer | None) -> Renderer | str:
    """Return the format of a file, or why it is not clear."""
    from runaudit.render import for_file, renderer, renderers

    suffix = path.suffix.lower()
    if suffix in MUTE:
        return said or for_file(path.name) or renderer("rich")
    if said is not None and said.suffix.endswith(suffix):
        return said
    found = for_file(path.name) or said
    if found is None:
        known = ", ".join(sorted({r.suffix for r in renderers().values()}))
        return f"{path}: no format has files that end with {suffix}; there are {known}; --format says another"
    return found


def deliver(report: Report, wanted: Sequence[Target], style: Style) -> None:
    """Write the report everywhere, files first, and say on standard error what was written.

    Raises ``UsageError`` with every file that could not be written, after all others were.
    """
    problems: list[str] = []
    for target in wanted:
        if target.path is not None:
            try:
                save(_text(report, target.renderer, style, to_file=True), target.path)
            except UsageError as error:
                problems += error.problems
            else:
                sys.stderr.write(f"{target.path}: {len(report.findings)} findings, exit {report.exit_code}\n")
    if any(target.renderer.name == "github" for target in wanted):
        _summarise(report, style, os.environ)
    printed = [target for target in wanted if target.path is None]
    if not any(target.renderer.name == "rich" for target in printed):
        _say(report)
    for target in printed:
        write(_text(report, target.renderer, style, to_file=False))
    if problems:
        raise UsageError(*problems)


def _text(report: Report, renderer: Renderer, style: Style, *, to_file: bool) -> str:
    how = options(style.width, ascii_only=style.ascii_only, verbosity=style.verbosity, to_file=to_file)
    return renderer.render(report, how)


def _summarise(report: Report, style: Style, environ: Mapping[str, str]) -> None:
    """Add the report to the summary of the GitHub job, where there is one; a failure of that is no verdict."""
    place = environ.get(SUMMARY)
    if not place:
        return
    from runaudit.render import renderer

    text = _text(report, renderer("markdown"), style, to_file=True)
    try:
        with Path(place).open("a", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
    except OSError as error:
        sys.stderr.write(f"{SUMMARY}: {place} cannot be written: {error.strerror or error}\n")


def _say(report: Report) -> None:
    """Say on standard error what the report for the terminal tells at its end: baseline, plug-ins, notes, failures."""
    from runaudit.render._words import compared, gone
    from runaudit.text import clean

    known = [f"baseline: {compared(report)}", *(f"baseline: fixed: {gone(one)}" for one in report.fixed)]
    plug_ins = [f"{crash.rule}: {crash.error}" for crash in report.crashes if crash.plug_in]
    notes = [f"{n.path}:{n.line}: {n.message}" if n.line else f"{n.path}: {n.message}" for n in report.notes]
    for line in (*(known if report.baseline else ()), *plug_ins, *notes, *report.failures):
        sys.stderr.write(f"{clean(line)}\n")
