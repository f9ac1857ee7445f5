"""The reference of the commands, from the functions that they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import Enum
from importlib import import_module
from typing import Annotated, get_args, get_origin, get_type_hints

from typer.models import ArgumentInfo

from runaudit.cli.app import COMMANDS
from runaudit.docs import cell, paragraphs, table

HEAD = """# Commands

Exit codes of `check`: 0 nothing at or above `--fail-on`, 1 findings, 2 wrong usage or settings, 3 no run found, 4 a
file was corrupt or a rule crashed, 70 internal error. `runaudit COMMAND --help` says the same as this page.
"""


def commands() -> str:
    """Return the page: each command with what it says of itself, and its options."""
    return "\n".join((HEAD, *(line for name in COMMANDS for line in _commands_of(name))))


def _commands_of(name: str) -> Iterator[str]:
    """Report a command, or those of a group, as the application finds them."""
    module = import_module(f"runaudit.cli.{name}")
    app = getattr(module, "app", None)
    if app is None:
        yield from _command(name, getattr(module, name))
        return
    if app.registered_callback.callback if app.registered_callback else None:
        yield from _command(name, app.registered_callback.callback)
    for one in app.registered_commands:
        yield from _command(f"{name} {one.name or one.callback.__name__}", one.callback)


def _command(name: str, function: Callable[..., object]) -> Iterator[str]:
    hints = get_type_hints(function, include_extras=True)
    rows = [_option(parameter, hint) for parameter, hint in hints.items() if get_origin(hint) is Annotated]
    yield from (f"## runaudit {name}", "")
    for part in paragraphs(function):
        yield from (cell(part), "")
    if rows:
        yield from (*table(("option", "meaning"), rows), "")


def _option(name: str, hint: object) -> tuple[str, str]:
    kind, info = get_args(hint)[:2]
    if isinstance(info, ArgumentInfo):
        return f"`{info.metavar or name.upper()}`", cell(info.help or "")
    given = [*(info.param_decls or ()), *([info.default] if isinstance(info.default, str) else [])]
    spelled = sorted((d for d in given if d.startswith("-")), key=len) or [f"--{name.replace('_', '-')}"]
    return cell(f"`{', '.join(spelled)}{_value(kind, info.metavar)}`"), cell(info.help or "")


def _value(kind: object, metavar: str | None) -> str:
    """Return what stands for the value of an option, "" for one that has none."""
    inner = next((k for k in get_args(kind) if k is not type(None)), kind)
    if inner is bool:
        return ""
    if isinstance(inner, type) and issubclass(inner, Enum):
        return f" {'|'.join(str(one.value) for one in inner)}"
    return f" {metavar or 'TEXT'}"
