"""The commands are imported when they are called; the list of the help says what each says of itself."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import runaudit.cli
from runaudit.__main__ import main
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


EVERY = [[name] for name in COMMANDS] + [
    ["rules", "test"], ["rules", "new"], ["config", "show"], ["baseline", "write"], ["baseline", "prune"],
]  # fmt: skip


@pytest.mark.parametrize("words", EVERY, ids=" ".join)
def test_the_help_fits_80_columns_and_names_no_types_of_python(
    words: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert main([*words, "--help"]) == 0
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= 80
    assert not re.search(r"<(?:list|str|path|Path|int|text)\b", text, re.IGNORECASE)
    assert "completion" not in text
    assert "[[" not in text
