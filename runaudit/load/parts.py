"""The files of one run, and what they say beside its curves: the configuration and the tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runaudit.load.companions import Companions
from runaudit.load.config import ConfigError, canonical, flatten
from runaudit.load.discover import Found
from runaudit.model import ConfigValue, Note, RawLog


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """What one file gives to a run."""

    file: Found
    log: RawLog


def settings_of(parts: Sequence[Part], companions: Companions) -> tuple[dict[str, ConfigValue], list[Note]]:
    """Return the configuration: what the log itself says, then the files beside it."""
    own: dict[str, ConfigValue] = {}
    notes: list[Note] = []
    for part in parts:
        try:
            said = canonical(flatten(part.log.config))
        except ConfigError as error:
            notes.append(Note(f"the configuration in the log gives nothing: {error}", str(part.file.rel)))
            continue
        own |= {key: value for key, value in said.items() if key not in own}
    return {**companions.config, **own}, notes


def tables_of(parts: Sequence[Part]) -> dict[str, Any]:
    """Return the tables of all parts; of one kind and tag the later part goes on, as the series do."""
    tables: dict[str, Any] = {}
    for part in parts:
        for kind, content in part.log.tables.items():
            before = tables.get(kind)
            if isinstance(content, Mapping) and isinstance(before, Mapping):
                tables[kind] = {**before, **{tag: _gone_on(before.get(tag), rows) for tag, rows in content.items()}}
            else:
                tables[kind] = content
    return tables


def _gone_on(before: object, after: object) -> object:
    """Return rows of (step, content) with those before the first step of the later ones; else the later table."""
    if not (isinstance(before, tuple) and isinstance(after, tuple) and before and after):
        return after
    return (*(row for row in before if row[0] < after[0][0]), *after)
