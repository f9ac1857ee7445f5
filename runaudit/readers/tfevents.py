"""TensorBoard event files: scalars, histograms and hyper-parameters, read without TensorBoard and without sampling.

Tested against the event files of torch 2.13 and tensorboard, and against TensorBoard's own reader.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from math import prod
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from runaudit.errors import LogError
from runaudit.model import FloatArray, IntArray, Note, RawLog, RawSeries
from runaudit.readers import HEAD_BYTES, Grouping, Reader
from runaudit.readers._event import HISTO, IMAGE, OTHER, TEXTS, Group, Value, groups
from runaudit.readers._picture import NoFiltersError, filters_in, may_show_filters
from runaudit.readers._scalars import has_parts, key_of, name_of
from runaudit.readers._summary import Histogram, from_triples, read_histogram, read_hparams
from runaudit.readers._tensorboard import fall_back, split_name, with_split
from runaudit.readers._text import foreign_content
from runaudit.readers._wire import HEADER, Frames, WireError, read_frames

NAME = re.compile(r"(?:^|\.)tfevents(?:\.|$)")
OTHER_SUFFIXES = frozenset(
    {".csv", ".json", ".txt", ".md", ".py", ".png", ".svg", ".pdf", ".zip", ".tar", ".html", ".xlsx"}
)
FILE_VERSION = b"brain.Event:"  # in the first record of every event file
HPARAMS_TAG = "_hparams_/session_start_info"
WALL_TIME = "wall_time"
HPARAMS, SCALARS, HISTOGRAMS = "hparams", "scalars", "histograms"


Points = list[tuple[IntArray, IntArray, FloatArray]]  # record numbers, steps and values of some events of one tag


@dataclass(slots=True)
class _Found:
    """What has been seen of a file so far; rows are record numbers."""

    events: int = 0
    times: list[tuple[IntArray, FloatArray]] = field(default_factory=list)
    plain: dict[str, Points] = field(default_factory=dict)
    tensors: dict[str, Points] = field(default_factory=dict)
    triples: dict[str, list[tuple[int, int, FloatArray]]] = field(default_factory=dict)
    histograms: dict[str, list[tuple[int, int, Histogram]]] = field(default_factory=dict)
    pictures: dict[str, tuple[int, bytes, bool]] = field(default_factory=dict)
    unread: dict[str, int] = field(default_factory=dict)
    plugins: dict[str, str] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)
    session_starts: list[int] = field(default_factory=list)
    damaged: list[int] = field(default_factory=list)
    stop: str = ""
    broken_hparams: bool = False


def claims(path: PurePosixPath, head: bytes) -> bool:
    """Say whether the file starts like an event file, or is called like one and not like a table made of it."""
    if FILE_VERSION in head[:64]:
        return True
    return bool(NAME.search(path.name)) and path.suffix.lower() not in OTHER_SUFFIXES


def home(path: PurePosixPath) -> PurePosixPath:
    """Return the folder of the file, or the one above where the folder is a split such as ``validation``."""
    folder = path.parent
    return folder.parent if split_name(folder.name) else folder


def read(path: Path) -> tuple[RawLog, ...]:
    """Return the scalars of the file, its histograms under ``tables["histograms"]``, its hyper-parameters as config.

    When the events of the tag with the most points were written is the series ``wall_time``, in seconds since 1970.
    ``tables["histograms"]`` maps a tag to its (step, Histogram) in the order of the file, and ``tables["filters"]`` is
    what the last picture of first-layer filters shows, if there is one. In a folder such as
    ``validation`` the tags get its name in front, and so does the tag in one that ``add_scalars`` made. All points are
    kept in the order of the file, those of a restart as well, with a note. A file that holds nothing but
    hyper-parameters gives a log without series: it is part of a run. So does one without events, if ``add_scalars``
    wrote them into folders beside it. Raises ``LogError`` for a git-LFS pointer, a file without an intact event, and
    one without any scalar or histogram; ``OSError``.
    """
    _refuse_other_content(path)
    found = _Found()
    for frames in read_frames(path):
        _take(found, frames)
    scalars, histograms = _scalars(found), _histograms(found)
    shown, said = _filters(found)
    silent = found.events <= 1 and not found.damaged and not found.stop
    if not (scalars or histograms or found.config or shown) and not (silent and has_parts(path.parent)):
        raise _nothing(found)
    names = _names({*scalars, *histograms}, path.absolute().parent.name)
    series = [_joined(names[tag], parts) for tag, parts in scalars.items()]
    series.sort(key=lambda one: (int(one.rows[0]), one.name))
    clock = _clock(found, series)
    tables = {names[tag]: histograms[tag] for tag in sorted(histograms)}
    notes = [*said, *_damage(found), *_unread(found), *_repeated(scalars, series, names), *_restarts(found, series)]
    return (
        RawLog(
            "tfevents",
            (*series, *clock),
            config=found.config,
            tables=({HISTOGRAMS: tables} if tables else {}) | shown,
            notes=tuple(Note(text, str(path)) for text in notes),
        ),
    )


def _filters(found: _Found) -> tuple[dict[str, Any], list[str]]:
    """Return the table of the first layer's filters, if a picture shows them, and why one that may is not read."""
    if not found.pictures:
        return {}, []
    tag = min(found.pictures, key=lambda name: (len(name), name))
    _, message, tensor = found.pictures[tag]
    try:
        row = {"name": tag, "weights": filters_in(message, tensor=tensor), "picture": True}
    except (NoFiltersError, WireError) as error:
        return {}, [f"the picture {tag} gives no filters: {error}"]
    return {"filters": (row,)}, []


def _refuse_other_content(path: Path) -> None:
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if not head:
        raise LogError("the file is empty (0 bytes)")
    foreign = foreign_content(head)
    if foreign:
        raise LogError(foreign)


def _nothing(found: _Found) -> LogError:
    if found.damaged or found.stop:
        first = found.stop or f"the record at byte {found.damaged[0]} is damaged"
        return LogError(f"no intact scalar: {first}")
    if found.events <= 1:  # the first one only says which version the file has
        return LogError("the file holds no event", kind="not-a-log")
    return LogError(f"the file holds {found.events} events, but no scalar and no histogram", kind="not-a-log")


def _take(found: _Found, frames: Frames) -> None:
    """Add what some records of the file hold."""
    found.damaged += frames.damaged
    found.stop = frames.stop
    found.events += len(frames.rows)
    for group in groups(frames):
        rows = frames.rows[group.positions]
        if group.layout is None:
            found.damaged += (frames.starts[group.positions] - HEADER.size + frames.offset).tolist()
            continue
        if group.layout.session_start:
            found.session_starts += rows.tolist()
        steps = group.steps() if group.layout.values else rows
        if group.layout.values:
            found.times.append((rows, group.times()))
        for value in group.layout.values:
            _take_value(found, group, value, rows, steps)


def _take_value(found: _Found, group: Group, value: Value, rows: IntArray, steps: IntArray) -> None:
    tag, count = value.tag, prod(value.shape)
    if value.plugin:
        found.plugins.setdefault(tag, value.plugin)
    if tag == HPARAMS_TAG and value.plugin == HPARAMS:
        _take_hparams(found, value)
    elif value.form == HISTO:
        _take_histograms(found, group, value, rows, steps)
    elif value.form in {IMAGE, TEXTS}:
        _take_picture(found, group, value, rows)
    elif value.form == OTHER:
        found.unread[tag] = found.unread.get(tag, 0) + len(rows)
    elif value.form and count == 1:
        home = found.tensors if value.tensor else found.plain
        home.setdefault(tag, []).append((rows, steps, group.numbers(value)[:, 0]))
    elif value.form and len(value.shape) == 2 and value.shape[1] == 3:
        triples = group.numbers(value).reshape(-1, *value.shape)
        points = zip(rows.tolist(), steps.tolist(), triples, strict=True)
        found.triples.setdefault(tag, []).extend(points)
    elif value.form:
        found.unread[tag] = found.unread.get(tag, 0) + len(rows)


def _take_picture(found: _Found, group: Group, value: Value, rows: IntArray) -> None:
    """Keep the last picture of a tag that may show filters; others are passed over."""
    last = int(rows[-1])
    if may_show_filters(value.tag) and last >= found.pictures.get(value.tag, (0, b"", False))[0]:
        message = group.records[-1, value.start : value.stop].tobytes()
        found.pictures[value.tag] = last, message, value.form == TEXTS


def _take_hparams(found: _Found, value: Value) -> None:
    try:
        found.config.update(read_hparams(value.content))
    except WireError:
        found.broken_hparams = True


def _take_histograms(found: _Found, group: Group, value: Value, rows: IntArray, steps: IntArray) -> None:
    for row, step, record in zip(rows.tolist(), steps.tolist(), group.records, strict=True):
        try:
            one = read_histogram(record[value.start : value.stop].tobytes())
        except WireError:
            found.unread[value.tag] = found.unread.get(value.tag, 0) + 1
        else:
            found.histograms.setdefault(value.tag, []).append((row, step, one))


def _scalars(found: _Found) -> dict[str, Points]:
    """Return the points of each scalar tag; a tensor of one element is a scalar unless another plug-in owns the tag."""
    scalars = dict(found.plain)
    for tag, points in found.tensors.items():
        if found.plugins.get(tag, SCALARS) == SCALARS:
            scalars[tag] = [*scalars.get(tag, []), *points]
    return scalars


def _histograms(found: _Found) -> dict[str, tuple[tuple[int, Histogram], ...]]:
    """Return the histograms of each tag in the order of the file; those of TensorFlow 2 are tensors of shape (k, 3)."""
    every = {tag: list(points) for tag, points in found.histograms.items()}
    for tag, points in found.triples.items():
        if found.plugins.get(tag) == HISTOGRAMS:
            every.setdefault(tag, []).extend((row, step, from_triples(triples)) for row, step, triples in points)
    return {
        tag: tuple((step, one) for _, step, one in sorted(points, key=lambda point: point[0]))
        for tag, points in every.items()
    }


def _names(tags: Collection[str], folder: str) -> dict[str, str]:
    """Return the name of each tag: the split in front, unless another tag already has that name."""
    key, split = key_of(folder, tags), split_name(folder)
    names = {tag: name_of(tag, key) if key else with_split(tag, split) for tag in tags}
    return {tag: tag if name in tags else name for tag, name in names.items()}


def _joined(name: str, points: Points) -> RawSeries:
    """Return the points of one tag in the order of the file, the last one where an event names the tag twice."""
    rows, steps, values = (np.concatenate([part[k] for part in points]) for k in range(3))
    order = np.argsort(rows, kind="stable")
    order = order[np.append(np.diff(rows[order]) > 0, True)]
    lines = np.zeros(len(order), dtype=np.int64)
    return RawSeries(name, values[order], rows[order], lines, steps=steps[order].astype(np.float64))


def _clock(found: _Found, series: list[RawSeries]) -> list[RawSeries]:
    """Return the times of the series with the most points, nothing where there is none or the name is taken."""
    longest = max(series, key=lambda one: len(one.values), default=None)
    if longest is None or any(one.name == WALL_TIME for one in series):
        return []
    rows, times = (np.concatenate([part[k] for part in found.times]) for k in range(2))
    order = np.argsort(rows, kind="stable")
    values = times[order][np.searchsorted(rows[order], longest.rows)]
    return [RawSeries(WALL_TIME, values, longest.rows, longest.lines, steps=longest.steps)]


def _repeated(scalars: Mapping[str, Points], series: list[RawSeries], names: Mapping[str, str]) -> Iterator[str]:
    kept = {one.name: len(one.values) for one in series}
    for tag, points in scalars.items():
        lost = sum(len(rows) for rows, _, _ in points) - kept[names[tag]]
        if lost:
            yield f"{tag}: {lost} events hold it twice, the last value counts"


def _damage(found: _Found) -> Iterator[str]:
    if found.damaged:
        yield f"{len(found.damaged)} damaged records are left out, the first at byte {min(found.damaged)}"
    if found.broken_hparams:
        yield "the hyper-parameters in the file are damaged, left out"
    if found.stop:
        yield f"read up to record {found.events + len(found.damaged)}: {found.stop}"


def _unread(found: _Found) -> Iterator[str]:
    """Yield a sentence for each tag whose numbers are left out, if they may be scalars or histograms."""
    lost = dict(found.unread)
    for tag, points in found.triples.items():
        if found.plugins.get(tag) != HISTOGRAMS:
            lost[tag] = lost.get(tag, 0) + len(points)
    for tag, count in sorted(lost.items()):
        if found.plugins.get(tag, SCALARS) in {SCALARS, HISTOGRAMS}:
            yield f"{tag}: {count} values are neither a scalar nor a histogram, left out"


def _restarts(found: _Found, series: list[RawSeries]) -> Iterator[str]:
    first = min((int(one.rows[0]) for one in series), default=None)
    starts = [row for row in found.session_starts if first is not None and row > first]
    if starts:
        yield f"the training was started again {len(starts)} times, first at record {min(starts)}"
    for one in series:
        back = fall_back(one.name, one.steps if one.steps is not None else one.rows.astype(np.float64))
        if back:
            yield back[1]


READER = Reader("tfevents", "TensorBoard event file", claims, read, priority=90, grouping=Grouping.PARTS, home=home)
