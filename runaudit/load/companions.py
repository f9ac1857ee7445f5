"""The configuration files that lie beside a log, read safely."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from runaudit.errors import LogError
from runaudit.load.config import ConfigError, canonical, flatten
from runaudit.load.unpack import on_disk
from runaudit.model import ConfigValue, Note

STEMS = ("config", "hparams", "hyperparameters", "hyperparams", "args", "arguments", "params", "opt", "options",
         "training_args", "train_args", "training_config", "train_config", "run_config", "settings")  # fmt: skip
SUFFIXES = (".json", ".yaml", ".yml")
LEVELS = 3
MOST_BYTES = 2_000_000


@dataclass(frozen=True, slots=True)
class Companions:
    """What the files beside a run say: canonical configuration, notes, and the files themselves."""

    config: Mapping[str, ConfigValue]
    notes: tuple[Note, ...]
    files: tuple[PurePosixPath, ...]


def is_companion(name: str) -> bool:
    """Say whether a file of that name holds a configuration and never a log."""
    stem, suffix = os.path.splitext(name.lower())  # noqa: PTH122  called for every file of a large tree
    return suffix in SUFFIXES and stem in STEMS


def companions_of(
    home: PurePosixPath, homes: frozenset[PurePosixPath], in_folder: Callable[[PurePosixPath], Companions]
) -> Companions:
    """Return what the configuration files in the nearest folder say, from ``home`` at most three levels up.

    ``homes`` are the folders of all runs: the search stops below a folder in which another run lies.
    """
    folder = home
    for _ in range(LEVELS + 1):
        found = in_folder(folder)
        if found.files:
            return found
        if folder == PurePosixPath("."):
            break
        folder = folder.parent
        if folder in homes:
            break
    return Companions({}, (), ())


def read_folder(root: Path, folder: PurePosixPath) -> Companions:
    """Return what the configuration files of one folder say together: the first file that has a key counts."""
    try:
        with on_disk(root / folder) as (real, _):
            return _read_folder(real, folder)
    except (OSError, LogError):
        return Companions({}, (), ())


def _read_folder(real: Path, folder: PurePosixPath) -> Companions:
    with os.scandir(real) as scan:
        names = [e.name for e in scan if is_companion(e.name) and os.path.isfile(e.path)]  # noqa: PTH113  never raises
    flat: dict[str, ConfigValue] = {}
    notes: list[Note] = []
    files: list[PurePosixPath] = []
    for name in sorted(names, key=_order):
        files.append(folder / name)
        try:
            content, ignored_tags = read_config(real / name)
            for key, value in flatten(content):
                flat.setdefault(key, value)
        except ConfigError as error:
            notes.append(Note(f"the configuration file gives nothing: {error}", str(folder / name)))
        else:
            if ignored_tags:
                notes.append(Note("the YAML tags of Python objects are not followed", str(folder / name)))
    return Companions(canonical(flat.items()), tuple(notes), tuple(files))


def _order(name: str) -> tuple[int, str]:
    return STEMS.index(os.path.splitext(name.lower())[0]), name  # noqa: PTH122


def read_config(path: Path) -> tuple[Any, bool]:
    """Return the content of a JSON or YAML file, and whether tags of Python objects were left out.

    Raises ``ConfigError`` with one sentence if it is too large, not text or broken.
    """
    try:
        with path.open("rb") as stream:
            raw = stream.read(MOST_BYTES + 1)
    except OSError as error:
        raise ConfigError((error.strerror or str(error)).lower()) from error
    if len(raw) > MOST_BYTES:
        raise ConfigError(f"it is larger than {MOST_BYTES:,} bytes")
    try:
        text = raw.decode("utf-8-sig")
        if path.suffix.lower() == ".json":
            return json.loads(text), False
        from runaudit.load.yaml_config import read_yaml  # YAML takes long to import, and few runs need it

        return read_yaml(text)
    except ConfigError:
        raise
    except UnicodeDecodeError as error:
        raise ConfigError("it is no UTF-8 text") from error
    except json.JSONDecodeError as error:
        raise ConfigError(f"broken JSON in line {error.lineno}: {error.msg}") from error
    except (RecursionError, ValueError, TypeError, OverflowError) as error:
        raise ConfigError(f"it cannot be read ({type(error).__name__})") from error
