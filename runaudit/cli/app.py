"""The command-line application: its commands and how it ends."""

from __future__ import annotations

from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from runaudit import __version__

COMMANDS = {
    "check": "Audit runs: what went wrong, and what to try.",
    "sweep": "Judge searches: ranges, scales, and what to try next.",
    "sanity": "Judge the sanity checks: the first loss, the regularisation, a tiny subset.",
    "runs": "Say what was found and how it was understood.",
    "explain": "Explain a rule, with its limits and examples.",
    "demo": "Audit the sample logs that come with runaudit.",
    "gradcheck": "Judge gradient checks: analytic against numeric gradients.",
    "compare": "Judge runs against reference runs: better, worse or cannot tell.",
    "calibrate": "Measure the rules on runs of which the truth is known.",
    "init": "Write a runaudit.yaml with every setting explained.",
    "schema": "Print a JSON Schema.",
    "rules": "List the rules by family; test them; begin one.",
    "config": "Look at the settings.",
    "baseline": "Accept the findings there are.",
    "history": "Show how recorded audits moved, and what became worse.",
}
SETTINGS = {"help_option_names": ["-h", "--help"]}


class Commands(TyperGroup):
    """The commands by name, each imported when it is called: the list of them needs none, and answers at once."""

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401  typer keeps the types to itself
        super().__init__(**settings)
        self.commands: Any = dict.fromkeys(COMMANDS)  # the names, for the list and for what was meant by a slip

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401  typer keeps the type to itself
        """Return the command of that name, None if there is none."""
        del ctx
        return command(cmd_name) if cmd_name in COMMANDS else None

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401  typer keeps the type to itself
        """Write the list of the help."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def command(name: str) -> Any:  # noqa: ANN401  typer keeps the type to itself
    """Return a command as typer builds it: from the ``app`` of its module, else from the function of its name."""
    module = import_module(f"runaudit.cli.{name}")
    found = getattr(module, "app", None)
    if found is None:
        found = typer.Typer(name=name, add_completion=False, rich_markup_mode=None, context_settings=SETTINGS)
        found.command(name, cls=getattr(module, "Parser", None))(getattr(module, name))
    built: Any = typer.main.get_command(found)
    built.name = name
    _plain_arguments(built)
    return built


def _plain_arguments(built: Any) -> None:  # noqa: ANN401  typer keeps the type to itself
    """Let the help show an argument by its name alone: typer writes its Python type behind, as in ``<list[str]>``."""
    for parameter in built.params:
        if parameter.param_type_name == "argument":
            parameter.display_type_rich = lambda **_: None
    for below in getattr(built, "commands", {}).values():
        _plain_arguments(below)


app = typer.Typer(
    name="runaudit",
    cls=Commands,
    epilog="Start with: runaudit demo, or runaudit check FOLDER.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings=SETTINGS,
)


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", "-V", is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Read the training logs you have and say, with evidence, what went wrong."""
    if version:
        typer.echo(f"runaudit {__version__}")
        raise typer.Exit
