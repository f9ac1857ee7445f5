"""``runaudit compare``: runs against reference runs, better, worse or cannot tell."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from runaudit.cli import _common as common
from runaudit.errors import UsageError

if TYPE_CHECKING:
    from runaudit.cli._progress import Bar
    from runaudit.compare import Comparison
    from runaudit.config import Config
    from runaudit.model import Run, Unreadable
    from runaudit.pen import Options

AGAINST = "--against"
MUTE = frozenset({"", ".txt", ".log", ".out"})  # suffixes that say nothing of a format


class Parser(TyperCommand):
    """Gives ``--against`` every word up to the next option: a shell writes many references for one pattern."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:  # noqa: ANN401  typer keeps the type to itself
        """Return the pieces of the usage line: the option that it cannot do without is one of them."""
        return [*super().collect_usage_pieces(ctx), f"{AGAINST} REF..."]

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401  typer keeps the type to itself
        """Return what is left of the arguments once ``--against`` stands before each reference."""
        return list(super().parse_args(ctx, repeated(args)))


def repeated(args: Sequence[str]) -> list[str]:
    """Return the arguments with ``--against`` before each of the words that follow it.

    >>> repeated(["new", "--against", "a", "b", "--by", "step"])
    ['new', '--against', 'a', '--against', 'b', '--by', 'step']
    """
    found: list[str] = []
    taking = False
    for i, arg in enumerate(args):
        if arg.startswith("-"):
            taking = arg == AGAINST
        elif taking and args[i - 1] != AGAINST:
            found.append(AGAINST)
        found.append(arg)
    return found


class By(StrEnum):
    """What runs are aligned by."""

    STEP = "step"
    EPOCH = "epoch"
    TIME = "time"


class FailIf(StrEnum):
    """The verdicts that make the exit code 1."""

    WORSE = "worse"
    NOT_BETTER = "not-better"
    DIFFERENT = "different"
    NEVER = "never"


class Form(StrEnum):
    """What is printed."""

    RICH = "rich"
    MARKDOWN = "markdown"
    JSON = "json"
    HTML = "html"


def compare(
    runs: Annotated[list[str], typer.Argument(help="Runs: folders or log files.", metavar="RUN", show_default=False)],
    against: Annotated[
        list[str],
        typer.Option(
            AGAINST, metavar="REF", help="Reference runs, several behind it: folders or log files.", show_default=False
        ),
    ],
    metric: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="The metric that decides, such as val/accuracy. Default: val/loss, or the next best.",
            show_default=False,
        ),
    ] = None,
    by: Annotated[
        By | None, typer.Option(help="What is laid side by side. Default: what all runs have.", show_default=False)
    ] = None,
    fail_if: Annotated[FailIf, typer.Option(help="Exit with 1 for which verdicts.")] = FailIf.WORSE,
    form: Annotated[
        Form | None, typer.Option("--format", help="What is printed. Default: rich.", show_default=False)
    ] = None,
    output: Annotated[
        list[Path] | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Write to FILE, in the format of its suffix (.html .md .json .txt). Repeat.",
            show_default=False,
        ),
    ] = None,
    config: common.ConfigFile = None,
    isolated: common.Isolated = False,
    maps: common.Maps = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="The verdict only.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Name every run.")] = False,
    ascii_only: common.Ascii = False,
    width: common.Width = None,
) -> None:
    """Judge runs against reference runs: better, worse or cannot tell.

    Several seeds a side are tested exactly. One run a side shows no noise between seeds: only a large difference is
    then called, and how many seeds would tell a smaller one is said. A run that diverged is worse.

    Exit code: 0 not --fail-if, 1 so, 2 wrong usage, 3 no run found, 4 a file was corrupt, 70 internal error.
    """
    from runaudit.cli._output import options, write
    from runaudit.cli._progress import Bar
    from runaudit.compare import compare as compared
    from runaudit.config import resolve
    from runaudit.render._compare import renderer

    targets = _targets(form, output or [])
    settings = resolve([*runs, *against], file=config, isolated=isolated)
    said = common.maps(maps)
    with Bar() as bar:
        new, bad = _load(runs, settings, said, bar)
        old, worse = _load(against, settings, said, bar)
    common.say_unused(said, (name.source_name for run in (*new, *old) for name in run.names))
    unread = [*bad, *worse]
    _say(unread)
    if not new or not old:
        sys.stderr.write(f"no {'run' if not new else 'reference'} found\n")
        raise typer.Exit(3)
    found = compared(new, old, metric=metric, by=by and by.value)

    def text(one: Form, *, to_file: bool) -> str:
        how: Options = options(width, ascii_only=ascii_only, verbosity=verbose - quiet, to_file=to_file)
        return renderer(one.value)(found, how, fail_if.value)

    _save(found, [(path, text(one, to_file=True)) for one, path in targets if path is not None], fail_if.value)
    for one, path in targets:
        if path is None:
            write(text(one, to_file=False))
    corrupt = any(u.kind == "corrupt" for u in unread)
    raise typer.Exit(found.exit_code(fail_if.value) or (4 if corrupt else 0))


def _targets(form: Form | None, outputs: Sequence[Path]) -> list[tuple[Form, Path | None]]:
    """Return what is to be written where; raises ``UsageError`` with every file whose format is not clear."""
    from runaudit.render._compare import SUFFIXES

    kinds = {suffix: Form(name) for name, suffix in SUFFIXES.items()}
    problems, found = [], []
    for path in outputs:
        kind = form if path.suffix.lower() in MUTE else kinds.get(path.suffix.lower())
        if kind is None and path.suffix.lower() not in MUTE:
            problems.append(f"{path}: no format has files that end with {path.suffix}; there are {', '.join(kinds)}")
        elif path.is_dir() or not path.parent.is_dir():
            problems.append(f"{path} cannot be written: {'it is a' if path.is_dir() else 'no such'} folder")
        else:
            found.append((kind or Form.RICH, path))
    if problems:
        raise UsageError(*problems)
    if not outputs or (form is not None and all(kind is not form for kind, _ in found)):
        return [*found, (form or Form.RICH, None)]
    return list(found)


def _load(paths: Sequence[str], settings: Config, maps: dict[str, str], bar: Bar) -> tuple[list[Run], list[Unreadable]]:
    """Return the runs below each path, named as the user would, and the files that gave none."""
    from runaudit import api
    from runaudit.render._words import locate

    runs: list[Run] = []
    unread: list[Unreadable] = []
    for path in dict.fromkeys(paths):
        found = api.load_all([path], progress=bar, maps=maps, config=settings)
        alone = len(found.runs) == 1
        shown = Path(path).as_posix()
        curves = [run for run in found.runs if run.series]
        for run in curves:
            name = shown if alone or run.id == "." else locate(found.root, run.id)
            runs.append(replace(run, id=name, paths=tuple(locate(found.root, one) for one in run.paths)))
        unread += [replace(one, path=locate(found.root, one.path)) for one in found.unreadable]
    return runs, unread


def _say(unread: Sequence[Unreadable]) -> None:
    """Say on standard error which files could not be read."""
    from runaudit.text import clean

    for one in unread:
        sys.stderr.write(f"{clean(f'{one.path}: {one.reason}')}\n")


def _save(found: Comparison, files: Sequence[tuple[Path, str]], fail_if: str) -> None:
    """Write the files and say so."""
    from runaudit.cli._output import save

    for path, text in files:
        save(text, path)
        sys.stderr.write(f"{path}: {found.verdict}, exit {found.exit_code(fail_if)}\n")
