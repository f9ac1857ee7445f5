"""The commands are imported when they are called; the list of the help says what each says of itself."""

from __future__ import annotations

from pathlib import Path

import pytest

import runaudit.cli
from runaudit.cli.app import COMMANDS, command
from tests.cli.test_process import start


def test_every_module_of_a_command_is_listed() -> None:
    modules = {path.stem for path in Path(runaudit.cli.__file__).parent.glob("[!_]*.py")}
    assert modules - {"app"} == set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_says_what_the_command_says(name: str) -> None:
    assert command(name).help.strip().splitlines()[0].strip() == COMMANDS[name]


def test_a_slip_is_told_what_was_meant() -> None:
    done = start("from runaudit.__main__ import main; raise SystemExit(main(['chek']))")
    assert (done.returncode, b"Did you mean 'check'" in done.stderr) == (2, True)
