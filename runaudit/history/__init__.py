"""The verdicts of audits over time, in an embedded sqlite file: what is kept, how it moved, what became worse.

``check --record`` writes it, ``runaudit history`` reads it. Nothing here is imported by an audit without ``--record``.
"""

from __future__ import annotations

from pathlib import Path

from runaudit.config import Config

FOLDER, NAME = ".runaudit", "history.sqlite"


def home(settings: Config) -> Path:
    """Return the folder that a history belongs to: that of the configuration file, else the working directory."""
    return (settings.folder or Path.cwd()).resolve()


def default_path(settings: Config) -> Path:
    """Return where the history lies if nothing else is said."""
    path = home(settings) / FOLDER / NAME
    return path.relative_to(Path.cwd().resolve()) if path.is_relative_to(Path.cwd().resolve()) else path
