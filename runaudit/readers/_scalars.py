"""Shared by TensorBoard's event files: the folders in which torch's ``add_scalars`` keeps each of its curves.

``writer.add_scalars("loss/all", {"train": 1.0, "val": 2.0}, step)`` writes the tag ``loss/all`` into event files of
the folders ``loss_all_train`` and ``loss_all_val``, below that of the writer.
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import islice
from pathlib import Path

from runaudit.errors import LogError
from runaudit.readers._event import groups
from runaudit.readers._tensorboard import SPLITS, with_split
from runaudit.readers._wire import WireError, read_frames

MOST_FOLDERS = 64


def tags_of(path: Path) -> frozenset[str]:
    """Return the tags of the first records of an event file; raises ``LogError`` and ``OSError``."""
    frames = next(iter(read_frames(path)), None)
    if frames is None:
        return frozenset()
    try:
        return frozenset(v.tag for group in groups(frames) if group.layout for v in group.layout.values)
    except WireError as error:
        raise LogError(str(error)) from error


def key_of(folder: str, tags: Collection[str]) -> str:
    """Return the name that ``add_scalars`` was given for the curve in the folder, "" if it did not make it.

    >>> key_of("loss_all_train", {"loss/all"}), key_of("loss_train", {"loss", "lr"}), key_of("exp_1", {"loss"})
    ('train', '', '')
    """
    if len(tags) != 1:
        return ""
    head = next(iter(tags)).replace("/", "_") + "_"
    return folder.removeprefix(head) if folder.startswith(head) else ""


def name_of(tag: str, key: str) -> str:
    """Return the name of such a curve.

    >>> name_of("loss", "val"), name_of("acc", "top5")
    ('val/loss', 'acc/top5')
    """
    return with_split(tag, key) if key.lower() in SPLITS else f"{tag}/{key}"


def has_parts(folder: Path) -> bool:
    """Say whether ``add_scalars`` made folders in this one, of which the first few are looked at."""
    below = (entry for entry in sorted(folder.iterdir()) if "_" in entry.name and entry.is_dir())
    for inner in islice(below, MOST_FOLDERS):
        for path in inner.glob("*tfevents*"):
            try:
                if path.is_file() and key_of(inner.name, tags_of(path)):  # a pipe would be waited for
                    return True
            except (OSError, LogError):
                continue
    return False
