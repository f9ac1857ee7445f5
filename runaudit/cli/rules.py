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

app = typer.Typer(rich_markup_mode=None)


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
        typer.Argument(metavar="[FOLDER]...", help="Folders of rules of your own.", show_default=False),
    ] = None,
    config: common.ConfigFile = None,
    isolated: common.Isolated = False,
) -> None:
    """Run the examples of rules.

    Of the rules below FOLDER, or those that the configuration names, and of those that come with runaudit.

    Exit code: 0 all hold, 1 some do not, 2 a rule file or folder cannot be used.
    """
    from runaudit.cli._output import write
    from runaudit.ruleset import load_rules
    from runaudit.ruletests import run_examples
    from runaudit.text import count

    own = _folders(folders) if folders else _configured(config, isolated=isolated)
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
    folder: Annotated[Path, typer.Option(metavar="FOLDER", help="The folder of your own rules.")] = Path(FOLDER),
    family: Annotated[str, typer.Option(metavar="NAME", help="The family of the rule, a folder in FOLDER.")] = "own",
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
    taken = load_rules([folder] if folder.is_dir() else (), examples=False).get(rule)
    path = folder / family / f"{rule}.yaml"
    if taken is not None or path.exists():
        raise UsageError(f"the id {rule!r} is taken by {taken.path if taken is not None else path}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{path.parent} cannot be made: {error.strerror or error}") from error
    save(text, path)
    sys.stderr.write(f"{path}: change it, then runaudit rules test {folder}\n")


def _folders(folders: list[Path]) -> list[Path]:
    """Return the folders but that of the shipped rules; raises ``UsageError`` for each that holds no rule."""
    from runaudit.ruleset import rules_folder

    problems = []
    for folder in folders:
        if not folder.is_dir():
            problems.append(f"{folder}: no such folder")
        elif not any(folder.rglob("*.yaml")):
            problems.append(f"{folder}: it holds no rule (*.yaml)")
    if problems:
        raise UsageError(*problems)
    return [folder for folder in folders if folder.resolve() != rules_folder().resolve()]


def _configured(config: Path | None, *, isolated: bool) -> list[Path]:
    """Return the folders that the configuration names; raises ``UsageError`` for every mistake in it."""
    from runaudit.config import resolve
    from runaudit.policy_check import place_of, policy_of

    settings = resolve(file=config, isolated=isolated)
    policy_of(settings, Path.cwd())
    return [place_of(settings, name) for name in settings.rules]


def _told(failure: Failure) -> str:
    """Return a failure as compilers write it, with what was expected and found below."""
    from runaudit.text import clean

    where = clean(f"{failure.path}:{failure.line}" if failure.line else failure.path)
    which = f", example {failure.number}" if failure.number else ""
    lines = "".join(f"  {clean(problem)}\n" for problem in failure.problems)
    return f"{where}: {failure.rule}{which}\n{lines}"
