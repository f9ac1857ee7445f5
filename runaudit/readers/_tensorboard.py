"""Shared by TensorBoard's formats: which folder is a split of a run, and which run and tag an exported file holds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from runaudit.model import FloatArray, Note, RawLog, RawSeries

SPLITS = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "eval": "val",
    "evaluation": "val",
    "dev": "val",
    "test": "test",
    "testing": "test",
}
EXPORT = re.compile(r"run[-_](?P<run>.*?)[-_]tag-(?P<tag>.+)")
# TensorBoard's page writes a sub-run such as exp/validation with an underscore. Keras uses these two names; others
# would take part of a run's own name for a split (resnet_test).
SPLIT_AT_END = re.compile(r"(?P<run>.*)_(?P<split>train|validation)")
FIRST_WORD = re.compile(r"[A-Za-z]+")


def split_name(folder: str) -> str:
    """Return the folder's name if it is that of a split (train, validation, ...), else "".

    >>> split_name("Validation"), split_name("exp1")
    ('Validation', '')
    """
    return folder if folder.lower() in SPLITS else ""


def with_split(tag: str, split: str) -> str:
    """Return the tag with the split in front, unless it starts with a word for the same split or there is none.

    >>> with_split("epoch_loss", "validation"), with_split("val_loss", "validation"), with_split("loss", "")
    ('validation/epoch_loss', 'val_loss', 'loss')
    """
    if not split:
        return tag
    word = FIRST_WORD.match(tag)
    first = word.group().lower() if word else ""
    return tag if SPLITS.get(first) == SPLITS[split.lower()] else f"{split}/{tag}"


def exported_name(stem: str) -> tuple[str, str]:
    """Return the run and the tag that the name of an exported file (without its suffix) stands for.

    >>> exported_name("run-.-tag-Loss_val"), exported_name("run-SGD-tag-batch_loss"), exported_name("loss_train")
    (('', 'Loss_val'), ('SGD', 'batch_loss'), ('', 'loss_train'))
    >>> exported_name("run-validation-tag-epoch_loss"), exported_name("run-a_train-tag-epoch_loss")
    (('', 'validation/epoch_loss'), ('a', 'train/epoch_loss'))
    """
    match = EXPORT.fullmatch(stem)
    if match is None:
        return "", stem
    run, tag = match["run"], match["tag"]
    if run == ".":
        return "", tag
    if split_name(run):
        return "", with_split(tag, run)
    ending = SPLIT_AT_END.fullmatch(run)
    return (ending["run"], with_split(tag, ending["split"])) if ending else (run, tag)


def exported_log(
    form: str, path: Path, points: Sequence[tuple[int, float, float]], notes: Sequence[Note], *, first_line: int = 0
) -> RawLog:
    """Return the log of one exported file, labelled with the run that the file's name tells.

    ``points`` are the position, the step and the value of each row, at least one; position 0 stands in line
    ``first_line``, or in no line if that is 0. A step that falls back is noted.
    """
    label, name = exported_name(path.stem)
    rows, steps, values = (np.array(column, dtype=np.float64) for column in zip(*points, strict=True))
    at = rows.astype(np.int64)
    lines = at + first_line if first_line else np.zeros_like(at)
    back = fall_back(name, steps)
    more = [Note(back[1], str(path), int(lines[back[0]]) or None)] if back else []
    series = RawSeries(name, values, at, lines, steps=steps)
    return RawLog(form, (series,), notes=(*notes, *more), label=label)


def fall_back(name: str, steps: FloatArray) -> tuple[int, str] | None:
    """Return where the step first falls back (the position after it) and a sentence about it; None if it never does.

    >>> fall_back("loss", np.array([0.0, 1.0, 0.0]))
    (2, 'loss: the step falls back 1 times, first from 1 to 0')
    >>> fall_back("loss", np.array([0.0, 0.0, 1.0])) is None
    True
    """
    back = np.flatnonzero(np.diff(steps) < 0)
    if not len(back):
        return None
    at = int(back[0])
    return at + 1, f"{name}: the step falls back {len(back)} times, first from {steps[at]:.0f} to {steps[at + 1]:.0f}"
