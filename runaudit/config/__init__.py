"""What the user wants of an audit: from a file, the environment and the command line, each value with its origin.

Only what is needed to find out that there is no file is imported here: most audits have none.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runaudit.config.find import find
from runaudit.errors import UsageError

if TYPE_CHECKING:
    from runaudit.schemas.check import Place

FAIL_ON = ("error", "warning", "note", "never")
PROFILES = ("default", "strict", "research")
FILE_VARIABLE = "RUNAUDIT_CONFIG"
VARIABLES = {"RUNAUDIT_FAIL_ON": ("fail_on", FAIL_ON), "RUNAUDIT_PROFILE": ("profile", PROFILES)}


@dataclass(frozen=True, slots=True)
class Override:
    """What holds for some runs only; ``params`` are thresholds as ``rule.parameter``."""

    match: tuple[str, ...]
    ignore: tuple[str, ...] = ()
    params: Mapping[str, float] = field(default_factory=dict)
    map: Mapping[str, str] = field(default_factory=dict)
    task: str = ""


@dataclass(frozen=True, slots=True)
class Suppression:
    """Findings that are accepted, with the reason. No ``match`` means all runs, no ``expires`` for ever."""

    rule: str
    reason: str
    match: tuple[str, ...] = ()
    expires: date | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What an option adds to the rules that a file selects, and takes away from them."""

    ignore: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a setting; ``line`` is 0 where it has none, ``text`` says the rest."""

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Config:
    """The settings of an audit. The defaults are those of an audit without any configuration.

    ``path`` is the file as messages name it, "" if there is none, ``folder`` where it lies: patterns and folders are
    seen from there. ``change`` comes after the selection of the file. ``origins`` says for each setting that was given
    where it comes from. ``problems`` are what is wrong in the file: what they are about is left out, and nothing
    should be audited by the rest.
    """

    profile: str = "default"
    fail_on: str = "error"
    max_warnings: int | None = None
    require: tuple[str, ...] = ()
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    thresholds: Mapping[str, float] = field(default_factory=dict)
    overrides: tuple[Override, ...] = ()
    suppressions: tuple[Suppression, ...] = ()
    map: Mapping[str, str] = field(default_factory=dict)
    rules: tuple[str, ...] = ()
    measured: str = ""
    change: Change = Change()
    path: str = ""
    folder: Path | None = None
    origins: Mapping[str, str] = field(default_factory=dict)
    lines: Mapping[Place, int] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    def given(self, origin: str = "", **settings: Any) -> Config:  # noqa: ANN401  as its field
        """Return the settings with those that are given (not None, not empty) in the place of what was there.

        ``ignore``, ``extend_select`` and ``require`` add to what was there. A ``select`` starts afresh: what was
        selected and ignored before counts no more. ``origin`` is where they come from, with ``{}`` for their name.
        """
        wanted: dict[str, Any] = {
            k: tuple(v) if isinstance(v, list) else v for k, v in settings.items() if v not in (None, (), [])
        }
        origins = {**self.origins, **{key: origin.format(key.replace("_", "-")) or key for key in wanted}}
        if "select" in wanted:
            wanted = {"select": (), "ignore": (), "extend_select": (), "change": Change(), **wanted}
        else:
            changed = {key: wanted.pop(key) for key in ("ignore", "extend_select") if key in wanted}
            for key in changed:  # the selection of the file stands, with its origin
                origins[f"change.{key}"] = origins[key]
                origins[key] = self.origins.get(key, "")
            wanted |= {"change": replace(self.change, **changed)} if changed else {}
        if "require" in wanted and self.require:
            wanted["require"] = (*self.require, *wanted["require"])
            origins["require"] = f"{self.origins.get('require', '')}, {origins['require']}"
        return replace(self, **wanted, origins=origins)

    def where(self, *place: str | int) -> int:
        """Return the line of a setting in the file, that of what holds it where it has none itself, 0 if none has."""
        for size in range(len(place), 0, -1):
            line = self.lines.get(place[:size])
            if line is not None:
                return line
        return 0


def resolve(
    paths: Sequence[str | Path] = (),
    *,
    file: str | Path | None = None,
    isolated: bool = False,
    environ: Mapping[str, str] | None = None,
) -> Config:
    """Return the settings that hold for an audit of ``paths``: the nearest file, or ``file``, then the environment.

    ``isolated``: neither. Raises ``UsageError`` for a file that is not there, and for a value of the environment that
    is none; what is wrong inside the file stands in ``problems``.
    """
    if isolated:
        if file is not None:
            raise UsageError("--config and --isolated contradict each other")
        return Config()
    environment = os.environ if environ is None else environ
    named = file or environment.get(FILE_VARIABLE) or None
    path = Path(named) if named is not None else find(paths, Path.cwd())
    if path is None:
        found = Config()
    else:
        from runaudit.config.read import read

        found = read(path, why="" if file or not named else f" ({FILE_VARIABLE})")
    return _with_environment(found, environment)


def _with_environment(found: Config, environ: Mapping[str, str]) -> Config:
    problems = []
    for variable, (key, among) in VARIABLES.items():
        value = environ.get(variable, "")
        if value in among:
            found = found.given(variable, **{key: value})
        elif value:
            from runaudit.schemas.check import nearest

            problems.append(f"{variable}: {value!r} is none of {', '.join(among)}{nearest(value, among)}")
    if problems:
        raise UsageError(*problems)
    return found
