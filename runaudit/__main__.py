"""The entry of ``runaudit``: the version at once, then the commands, and one short sentence for every way to fail."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence

from runaudit import __version__
from runaudit.errors import RunauditError

INTERNAL_ERROR = 70
INTERRUPTED = 130
INCOMPLETE = 4
REPORTS = frozenset({"check", "sweep", "demo", "sanity", "gradcheck"})  # their report tells which plug-in was left out


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code; never let a traceback out unless RUNAUDIT_DEBUG is set."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    code = _run(arguments)
    if REPORTS.intersection(arguments[:1]) and code not in {2, INTERNAL_ERROR}:
        return code
    return _without_plug_ins(code)


def _run(arguments: list[str]) -> int:
    if arguments in (["--version"], ["-V"]):
        sys.stdout.write(f"runaudit {__version__}\n")
        return 0
    # Imports make many lasting objects and no garbage: looking through them each 700 objects costs a tenth of a start.
    gc.set_threshold(50_000, 20, 20)
    # numpy starts a thread per core for linear algebra, which no rule uses: half of numpy's import time.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        if arguments[:1] == ["check"]:
            from runaudit.cli import _plain

            if _plain.plain(arguments):
                return _plain.audit(arguments[1:])
        from runaudit.cli.app import app

        app(args=arguments, prog_name="runaudit")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    except RunauditError as error:
        sys.stderr.write("".join(f"runaudit: {_clean(line)}\n" for line in str(error).splitlines()))
        return 2
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        if os.environ.get("RUNAUDIT_DEBUG"):
            raise
        sys.stderr.write(_internal(error))
        return INTERNAL_ERROR
    return 0


def _without_plug_ins(code: int) -> int:
    """Say which plug-ins of other packages could not be used, and return the exit code that tells so."""
    registry = sys.modules.get("runaudit.registry")
    broken = registry.broken() if registry is not None else {}
    for package, words in broken.items():
        sys.stderr.write(_clean(f"runaudit: plug-in {package}: {words}") + "\n")
    return INCOMPLETE if broken and code == 0 else code


def _internal(error: Exception) -> str:
    """Return a short report of a defect of runaudit: what, where, and where to report it."""
    import platform
    import traceback
    from pathlib import Path

    home = Path(__file__).parent
    frames = [f for f in traceback.extract_tb(error.__traceback__) if home in Path(f.filename).parents]
    where = f"{Path(frames[-1].filename).relative_to(home.parent)}:{frames[-1].lineno}" if frames else "unknown"
    return (
        f"runaudit: internal error: {_clean(f'{type(error).__name__}: {error}')}\n"
        f"  at {where} (runaudit {__version__}, Python {platform.python_version()}, {sys.platform})\n"
        f"  This is a defect of runaudit, not of your run. Please report these lines{_tracker()}.\n"
        "  RUNAUDIT_DEBUG=1 shows the whole traceback.\n"
    )


def _tracker() -> str:
    """Return the address of the issue tracker that the installed package names, "" if it names none."""
    from importlib.metadata import PackageNotFoundError, metadata

    try:
        urls = metadata("runaudit").get_all("Project-URL") or []
    except PackageNotFoundError:
        return ""
    found = [url.partition(",")[2].strip() for url in urls if url.lower().startswith(("issues", "bug"))]
    return f" at {found[0]}" if found else ""


def _clean(text: str) -> str:
    """Return text that may hold a part of a log, harmless for a terminal."""
    from runaudit.text import clean

    return clean(text, ascii_only=not (sys.stderr.encoding or "").lower().startswith("utf"))


if __name__ == "__main__":
    sys.exit(main())
