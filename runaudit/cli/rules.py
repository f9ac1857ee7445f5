"""``runaudit rules``: the rules there are, the tests of their examples, and the beginning of a new one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from runaudit.cli import _common as common
from runaudit.errors import UsageError

if TYPE_CHECKING:
    from runaudit.ruletests import Failure

FOLDER = "runaudit-rules"

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.callback(invoke_without_command=True)
def rules(
    context: typer.Context,
    config: common.ConfigFile = None,
    isolated: common.Isolated = False,
    ascii_only: common.Ascii = False,
    width: common.Width = None,
) -> None:
    """List the rules by family; test them; begin one."""
    if context.invoked_subcommand is not None:
        return
    from runaudit import docs
    from runaudit.cli._output import options, write
    from runaudit.config import resolve
    from runaudit.policy_check import policy_of

    policy = policy_of(resolve(file=config, isolated=isolated), Path.cwd())
    write(docs.listing(list(policy.by_id.values()), options(width, ascii_only=ascii_only)))


@app.command("test")
def run(
    folders: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FOLDER", help="Further folders of rules of your own.", show_default=False),
    ] = None,
    config: common.ConfigFile = None,
    isolated: common.Isolated = False,
) -> None:
    """Run the examples of rules.

    Of the rules below FOLDER, of those that the settings name, and of those that come with runaudit.

    Exit code: 0 all hold, 1 some do not, 2 a rule file or folder cannot be used.
    """
    from runaudit.cli._output import write
    from runaudit.ruleset import load_rules
    from runaudit.ruletests import run_examples
    from runaudit.text import count

    own = _own(_configured(config, isolated=isolated), folders or [])
    found = list(load_rules(own).values())
    failures = [failure for rule in found for failure in run_examples(rule)]
    write("".join(_told(failure) for failure in failures))
    ours = sum(any(Path(rule.path).is_relative_to(folder) for folder in own) for rule in found)
    examples = sum(len(rule.examples) for rule in found)
    said = f"{count(len(found), 'rule')} ({ours} of your own), {count(examples, 'example')}"
    write(f"{said}: {count(len(failures), 'failure') if failures else 'all hold'}\n")
    raise typer.Exit(1 if failures else 0)


@app.command()
def new(
    rule: Annotated[str, typer.Argument(metavar="ID", help="Such as slow-start.", show_default=False)],
    detector: Annotated[
        str, typer.Option(metavar="NAME", help="above, below, changed, flat, gap, non-finite, outside or trend.")
    ] = "above",
    folder: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help=f"The folder of your own rules. Default: the first that the settings name, else {FOLDER}.",
            show_default=False,
        ),
    ] = None,
    family: Annotated[str, typer.Option(metavar="NAME", help="The family of the rule, a folder in FOLDER.")] = "own",
    config: common.ConfigFile = None,
    isolated: common.Isolated = False,
) -> None:
    """Write the beginning of a rule of your own.

    A file FOLDER/FAMILY/ID.yaml with comments, and with examples that hold, to change as you like.

    Exit code: 0 written, 2 no id, an id or a file that is there, no such detector.
    """
    from runaudit.cli._output import save
    from runaudit.ruleset import load_rules
    from runaudit.skeletons import skeleton

    text = skeleton(rule, detector)
    if Path(family).name != family:
        raise UsageError(f"the family {family!r} is no name of a folder")
    named = _named(config, isolated=isolated)
    home = folder or (named[0] if named else Path(FOLDER))
    there = [one for one in {path.resolve(): path for path in (*named, home)}.values() if one.is_dir()]
    taken = load_rules(there, examples=False).get(rule)
    path = home / family / f"{rule}.yaml"
    if taken is not None or path.exists():
        raise UsageError(f"the id {rule!r} is taken by {taken.path if taken is not None else path}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{path.parent} cannot be made: {error.strerror or error}") from error
    save(text, path)
    known = home.resolve() in {one.resolve() for one in named}
    hint = "runaudit rules test" if known else f"runaudit rules test {home}"
    more = "" if known else f"; check judges by it once the settings name it (rules: {home})"
    sys.stderr.write(f"{path}: change it, then {hint}{more}\n")


def _own(configured: list[Path], folders: list[Path]) -> list[Path]:
    """Return all folders but that of the shipped rules, each once; raises ``UsageError`` for each without a rule."""
    from runaudit.ruleset import rules_folder

    problems = []
    for folder in folders:
        if not folder.is_dir():
            problems.append(f"{folder}: no such folder")
        elif not any(folder.rglob("*.yaml")):
            problems.append(f"{folder}: it holds no rule (*.yaml)")
    if problems:
        raise UsageError(*problems)
    every = {folder.resolve(): folder for folder in (*configured, *folders)}
    return [folder for place, folder in every.items() if place != rules_folder().resolve()]


def _configured(config: Path | None, *, isolated: bool) -> list[Path]:
    """Return the folders of rules that the settings name; raises ``UsageError`` for every mistake in the settings."""
    from runaudit.config import resolve
    from runaudit.policy_check import policy_of

    policy_of(resolve(file=config, isolated=isolated), Path.cwd())
    return _named(config, isolated=isolated)


def _named(config: Path | None, *, isolated: bool) -> list[Path]:
    """Return the folders of rules that the settings name, as seen from here, whether they are there or not."""
    from runaudit.config import resolve
    from runaudit.policy_check import place_of, policy_of

    settings = resolve(file=config, isolated=isolated)
    if settings.problems:
        policy_of(settings, Path.cwd())  # says them
    return [_seen(place_of(settings, name)) for name in settings.rules if name]


def _seen(folder: Path) -> Path:
    """Return a folder as people name it: relative where it lies below the working directory."""
    here = Path.cwd()
    return folder.relative_to(here) if folder.is_relative_to(here) else folder


def _told(failure: Failure) -> str:
    """Return a failure as compilers write it, with what was expected and found below."""
    from runaudit.text import clean

    where = clean(f"{failure.path}:{failure.line}" if failure.line else failure.path)
    which = f", example {failure.number}" if failure.number else ""
    lines = "".join(f"  {clean(problem)}\n" for problem in failure.problems)
    return f"{where}: {failure.rule}{which}\n{lines}"
