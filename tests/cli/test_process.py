"""The program as a process: quick starts, closed pipes, other encodings."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
HEAVY = ("numpy", "pandas", "rich", "yaml", "runaudit.model")


def start(code: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    env = {k: v for k, v in os.environ.items() if k not in {"NO_COLOR", "FORCE_COLOR", "COLUMNS", "TERM"}}
    env = {**env, "PYTHONPATH": str(ROOT), **environment}
    return subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, check=False)  # noqa: S603


def imported_by(*arguments: str) -> set[str]:
    run = f"from runaudit.__main__ import main; main({list(arguments)!r})"
    code = f"import sys; {run}; sys.stderr.write(' '.join(sys.modules))"
    return set(start(code).stderr.decode().split())


def test_version_imports_no_framework() -> None:
    assert not imported_by("--version") & {*HEAVY, "typer"}


@pytest.mark.parametrize("arguments", [["--help"], ["check", "--help"]])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    assert not imported_by(*arguments) & {*HEAVY, "rich.console"}


def test_a_plain_check_imports_no_parser_of_options_and_says_the_same() -> None:
    sample = str(ROOT / "sample_logs" / "keras_csv" / "overfitting")
    assert not imported_by("check", sample) & {"typer", "pydantic", "pandas", "jinja2", "rich.live"}
    short = start(f"from runaudit.__main__ import main; raise SystemExit(main(['check', {sample!r}]))")
    long = start(f"from runaudit.cli.app import app; app(args=['check', {sample!r}])")
    assert (short.returncode, short.stdout, short.stderr) == (long.returncode, long.stdout, long.stderr)
    assert b"overfitting" in short.stdout


def test_the_report_is_drawn_without_pandas_and_the_heavy_parts_of_rich() -> None:
    code = (
        "import sys; from runaudit.render import renderer, Options; from tests.render.fixtures import many_runs;"
        "renderer('rich').render(many_runs(), Options()); sys.stderr.write(' '.join(sys.modules))"
    )
    modules = set(start(code).stderr.decode().split())
    assert "runaudit.render.rich" in modules
    assert not modules & {"pandas", "jinja2", "rich.console", "rich.markdown", "rich.syntax"}


LONG = "from runaudit.cli._output import write; write('line\\n' * 100_000)"


def test_a_closed_pipe_ends_the_program_quietly() -> None:
    read, written = os.pipe()
    os.close(read)
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    with os.fdopen(written, "wb") as pipe:
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-c", LONG], env=env, stdout=pipe, stderr=subprocess.PIPE, check=False
        )
    assert done.returncode == 141
    assert done.stderr == b""


def test_a_terminal_without_unicode_gets_ascii() -> None:
    code = (
        "from runaudit.cli._output import options, write; from runaudit.render import renderer;"
        "from tests.render.fixtures import nasty;"
        "write(renderer('rich').render(nasty(), options(None, ascii_only=False)))"
    )
    done = start(code, PYTHONIOENCODING="latin-1")
    assert done.returncode == 0, done.stderr
    assert done.stdout.isascii()
    assert not start(code, PYTHONIOENCODING="utf-8").stdout.isascii()
