"""Kaldi's nnet3 recipes (and nnet2): a folder ``log`` of small logs, one a job and iteration, is one run.

``train.N.M.log`` is job M of iteration N, ``compute_prob_train.N.log`` and ``compute_prob_valid.N.log`` measure the
model before iteration N on some of the training data and on held-out data. Written from Kaldi's sources and scripts and
public excerpts of such logs, not tested against a live run of Kaldi. The tables that its scripts make of them
(``accuracy.report``, ``accuracy.log``, ``log_probability.log``) are read where the logs are not there.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path, PurePosixPath

import numpy as np

from runaudit.errors import LogError
from runaudit.model import Note, RawLog, RawSeries, Reduction
from runaudit.readers import HEAD_BYTES, Grouping, Reader
from runaudit.readers._text import numbered_lines, read_text, spelled

NAME = re.compile(
    r"(?:train\.(?P<at>\d{1,9})\.(?P<job>\d{1,9})"
    r"|compute_prob_(?P<split>train|valid)\.(?P<iteration>\d{1,9}|final|combined))\.log"
)
SIGN = re.compile(rb"\bnnet[23]?-[\w-]*(?:train|compute-prob)")
OTHER = re.compile(rb"# [^\n]*\bnnet[23]?-[^\n]*\n# Started at ")  # progress, select, combine and the like: no curve
TABLE = b"%Iter\tduration\ttrain_objective\tvalid_objective"
ITS = r"is (?P<value>[^\s,]+)(?: \+ \S+ = \S+)?"
MEASURED = re.compile(
    rf"Overall (?P<what>log-probability|log-likelihood|objective|accuracy) for '(?P<output>[^']+)' {ITS} per frame,"
    r" over (?P<frames>\S+) frames"
)
TRAINED = re.compile(rf"Overall average objective function for '(?P<output>[^']+)' {ITS} over (?P<frames>\S+) frames")
MEASURED_BY_NNET2 = re.compile(
    rf"average probability {ITS} and accuracy is (?P<accuracy>\S+) with total weight (?P<frames>\S+)"
)
TRAINED_BY_NNET2 = re.compile(r"Did backprop on (?P<frames>\S+) examples, average log-prob per frame is (?P<value>\S+)")
RATE = re.compile(r"--learning-rate=(?P<rate>[-+.\w]+)")
HEAD, TAIL = 1 << 14, 1 << 16  # the totals stand at the end of a log
MOST_FILES = 50_000
LAST = ("final", "combined")

Points = dict[int, list[tuple[float, float]]]  # value and weight of each job, by iteration


@dataclass(slots=True)
class _Found:
    """What the logs of a folder say: points by name, how the last, combined model did, and logs without a total."""

    points: dict[str, Points] = field(default_factory=dict)
    last: list[str] = field(default_factory=list)
    silent: int = 0

    def add(self, name: str, iteration: int, value: str, weight: str) -> None:
        """Take a value, unless it is no number."""
        try:
            point = spelled(value), spelled(weight)
        except ValueError:
            return
        self.points.setdefault(name, {}).setdefault(iteration, []).append(point)


def claims(path: PurePosixPath, head: bytes) -> bool:
    """Say whether the file has the name of such a log and names a program of Kaldi, or is a table of them.

    The other logs in such a folder are its own as well: they hold no curve.
    """
    if head.startswith(TABLE) or (path.parent.name == "log" and OTHER.match(head)):
        return True
    return NAME.fullmatch(path.name) is not None and SIGN.search(head) is not None


def home(path: PurePosixPath) -> PurePosixPath:
    """Return the folder of the model, which is above ``log``."""
    return path.parent.parent if path.parent.name == "log" else path.parent


def read(path: Path) -> tuple[RawLog, ...]:
    """Return the curves of all logs of the folder for the first of them, for the others a log without series.

    A log-probability is maximised: the loss is its negative. Jobs are averaged by their frames. Raises ``LogError`` if
    the file stands alone and holds no total, ``OSError``.
    """
    with path.open("rb") as file:
        if file.read(len(TABLE)) == TABLE:
            return (_read_table(path),)
    folder = path.absolute().parent
    first, count = _first(folder, folder.stat().st_mtime_ns)
    if path.name != first:
        return (RawLog("kaldi_nnet3", ()),)
    found = _Found()
    for name in _names(folder):
        _take(found, folder / name)
    if not found.points and count == 1:
        raise LogError("a log of Kaldi without the total that it ends with", kind="not-a-log")
    series = tuple(_series(found.points))
    return (RawLog("kaldi_nnet3", series, notes=tuple(Note(text, str(path)) for text in _remarks(found))),)


@lru_cache(maxsize=16)
def _first(folder: Path, stamp: int) -> tuple[str, int]:
    """Return the log that stands for the folder, and how many there are; ``stamp`` is when the folder changed."""
    del stamp
    names = sorted(_names(folder), key=_place)
    for name in names:
        try:
            with (folder / name).open("rb") as file:
                if SIGN.search(file.read(HEAD_BYTES)):
                    return name, len(names)
        except OSError:
            continue
    return "", len(names)


def _names(folder: Path) -> list[str]:
    with os.scandir(folder) as entries:
        return sorted(entry.name for entry in entries if NAME.fullmatch(entry.name) and _is_file(entry))[:MOST_FILES]


def _is_file(entry: os.DirEntry[str]) -> bool:
    """Say whether it is a file: a pipe would be waited for, and a link in a circle is none."""
    try:
        return entry.is_file()
    except OSError:
        return False


def _place(name: str) -> tuple[int, int, str]:
    """Return a key by which the logs sort: by iteration, then job."""
    match = NAME.fullmatch(name)
    at = "" if match is None else match["at"] or match["iteration"]
    job = "" if match is None else match["job"] or ""
    return (int(at) if at.isdecimal() else 10**9, int(job or 0), name)


def _take(found: _Found, path: Path) -> None:
    """Take what one log says."""
    match = NAME.fullmatch(path.name)
    if match is None:
        return
    try:
        head, tail = _ends(path)
    except OSError:
        found.silent += 1
        return
    if match["job"]:
        iteration, lines = int(match["at"]), list(_losses(tail, TRAINED, TRAINED_BY_NNET2))
        rate = RATE.search(head)
        if rate is not None:
            found.add("learning_rate", iteration, rate["rate"], "1")
        for output, value, weight in lines:
            found.add(_loss("train", output), iteration, value, weight)
    else:
        split = "val" if match["split"] == "valid" else "train"
        lines = list(_losses(tail, MEASURED, MEASURED_BY_NNET2))
        right = [(m["value"], m["frames"]) for m in MEASURED.finditer(tail) if m["what"] == "accuracy"]
        right += [(m["accuracy"], m["frames"]) for m in MEASURED_BY_NNET2.finditer(tail)]
        if match["iteration"] in LAST:
            found.last += [f"{split} {output} {value}" for output, value, _ in lines]
            return
        iteration = int(match["iteration"])
        for output, value, weight in lines:
            found.add(_loss("subset" if split == "train" else split, output), iteration, value, weight)
        for value, weight in right[:1]:
            found.add(f"{split}_accuracy", iteration, value, weight)
    found.silent += not lines


def _ends(path: Path) -> tuple[str, str]:
    """Return the beginning and the end of a log."""
    with path.open("rb") as file:
        head = file.read(HEAD)
        file.seek(max(0, file.seek(0, 2) - TAIL))
        tail = file.read(TAIL)
    return head.decode("utf-8", "replace"), tail.decode("utf-8", "replace")


def _losses(text: str, form: re.Pattern[str], by_nnet2: re.Pattern[str]) -> Iterator[tuple[str, str, str]]:
    """Yield output, objective and frames of each total."""
    for match in form.finditer(text):
        if match.groupdict().get("what") != "accuracy":
            yield match["output"], match["value"], match["frames"]
    yield from (("output", match["value"], match["frames"]) for match in by_nnet2.finditer(text))


def _loss(split: str, output: str) -> str:
    """Return the name of the loss of an output of the network, of which the main one is called ``output``."""
    part = output.removeprefix("output").strip("-_")
    return f"{split}_loss_{part}" if part else f"{split}_loss"


def _series(points: dict[str, Points]) -> Iterator[RawSeries]:
    """Yield a series for each name; the loss on some of the training data is that of training where no job says it."""
    trained = "train_loss" in points
    for name, values in points.items():
        if name.startswith("subset_loss"):
            if trained and name != "subset_loss":
                continue
            shown = "train_loss_eval" if trained else name.replace("subset", "train")
        else:
            shown = name
        at = sorted(values)
        means = np.array([_mean(values[i]) for i in at], dtype=np.float64)
        rows = np.arange(len(at), dtype=np.int64)
        yield RawSeries(
            shown,
            -means if "_loss" in name else means,
            rows,
            np.zeros(len(at), dtype=np.int64),
            steps=np.array(at, dtype=np.float64),
            reduction=Reduction.WINDOW_MEAN if name.startswith("train_loss") else None,
        )


def _mean(points: list[tuple[float, float]]) -> float:
    """Return the mean of the jobs by their frames; by their number where one does not say how many it saw."""
    values, weights = np.array(points).T
    with np.errstate(invalid="ignore", over="ignore"):
        good = bool(np.all(np.isfinite(weights)) and np.all(weights >= 0) and weights.sum() > 0)
        return float(np.average(values, weights=weights) if good else values.mean())


def _remarks(found: _Found) -> Iterator[str]:
    if any("_loss" in name for name in found.points):
        yield "Kaldi gives log-probabilities, which are maximised: the losses are their negatives"
    if found.silent:
        logs = "1 log holds" if found.silent == 1 else f"{found.silent} logs hold"
        yield f"{logs} no total: the job goes on, or was killed"
    if found.last:
        yield f"the last, combined model is no point of the curves: {', '.join(found.last)}"


def _read_table(path: Path) -> RawLog:
    """Return the curves of a table; none where the logs that it was made of lie beside it."""
    logs = path.absolute().parent / "log"
    if logs.is_dir() and _names(logs):
        return RawLog("kaldi_nnet3", ())
    text, notes = read_text(path)
    right = "accuracy" in path.name
    what = "accuracy" if right else "loss"
    found = _Found()
    for _, line in numbered_lines(text):
        cells = line.split("\t")
        if len(cells) == 5 and cells[0].isdecimal() and len(cells[0]) < 10:
            found.add(f"train_{what}", int(cells[0]), cells[2], "1")
            found.add(f"val_{what}", int(cells[0]), cells[3], "1")
    if not found.points:
        raise LogError("a table of Kaldi without a row", kind="not-a-log")
    told = tuple(Note(remark, str(path)) for remark in _remarks(found))
    return RawLog("kaldi_nnet3", tuple(_series(found.points)), notes=(*notes, *told))


READER = Reader("kaldi_nnet3", "Kaldi nnet3 folder", claims, read, priority=45, grouping=Grouping.PARTS, home=home)
