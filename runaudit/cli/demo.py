"""``runaudit demo``: audit the sample logs that come with runaudit."""

from __future__ import annotations

from pathlib import Path

import typer

from runaudit.cli import _common as common
from runaudit.errors import UsageError


def samples() -> Path:
    """Return the folder of the sample logs: inside the wheel, else the repository's."""
    package = Path(__file__).parent.parent
    inside = package / "_sample_logs"
    found = inside if inside.is_dir() else package.parent / "sample_logs"
    if not found.is_dir():
        raise UsageError("the sample logs are not installed")
    return found


def demo(ascii_only: common.Ascii = False, width: common.Width = None) -> None:
    """Audit the sample logs that come with runaudit.

    They are copied to a temporary folder first.

    Exit code: 0 whatever is found, 4 if a rule crashed.
    """
    import shutil
    import tempfile

    from runaudit import api
    from runaudit.cli._output import options, write
    from runaudit.cli._progress import Bar
    from runaudit.render import renderer

    folder = Path(tempfile.mkdtemp(prefix="runaudit-demo-"))
    shutil.copytree(
        samples(),
        folder,
        dirs_exist_ok=True,
        ignore=shutil.ignore_patterns("*.py", "__pycache__", "expected.yaml", "README.md"),
    )
    with Bar() as bar:
        report = api.audit([folder], fail_on="never", progress=bar)
    write(renderer("rich").render(report, options(width, ascii_only=ascii_only)))
    write(f"\nThe samples are in {folder}\nLook closer: runaudit check {folder}\n")
    raise typer.Exit(4 if report.crashes else 0)
