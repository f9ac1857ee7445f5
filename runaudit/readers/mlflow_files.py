"""MLflow's store of files: a folder a run, with a file for each metric (``time value step``), parameter and tag.

Written by mlflow 3.18.0 and, in the wild, by versions from 2021 on; the first ones wrote no step.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePath, PurePosixPath
from typing import Any

from runaudit.errors import LogError
from runaudit.model import Note, RawLog
from runaudit.readers import Grouping, Reader
from runaudit.readers._stores.mlflow import STATUS, counted, ending
from runaudit.readers._stores.points import Points
from runaudit.readers._text import head_lines, is_number, numbered_lines, read_text, to_number

RUN = re.compile(r"(?:.*[-_.])?[0-9a-f]{32}")  # MLflow calls the folder of a run by a UUID
MODEL = re.compile(r"m-[0-9a-f]{32}")  # and that of a model that a run logged, which repeats points of the run
LINE = re.compile(r"\d{9,16} [-+.\w]+(?: -?\d+)?")
KINDS = ("metrics", "params", "tags")
META = re.compile(rb"^(?:run_id|run_uuid): ", re.MULTILINE)
OTHERS = {".json", ".yaml", ".yml", ".csv", ".txt", ".log", ".py", ".md"}
LONGEST = 1 << 16  # bytes that are read of a parameter or a tag


def claims(path: PurePosixPath, head: bytes) -> bool:
    """Say whether the file lies in the folder of a run, or is a metric by its place and its lines.

    Where the audited folder is the run's own, its name is not to be seen: then parameters and tags have one line.
    """
    if path.name == "meta.yaml":
        return META.search(head) is not None and b"artifact_uri: " in head
    at = _place(path)
    if at:
        folder = path.parts[at - 1]
        return MODEL.fullmatch(folder) is None and (
            RUN.fullmatch(folder) is not None or (path.parts[at] == "metrics" and _is_metric(head))
        )
    if at == 0 and path.parts[0] != "metrics":
        return b"\n" not in head and path.suffix.lower() not in OTHERS
    return (at == 0 or len(path.parts) == 1) and _is_metric(head)


def home(path: PurePosixPath) -> PurePosixPath:
    """Return the folder of the run.

    >>> home(PurePosixPath("mlruns/0/ed05f9cd599442fe9a0c9222184710b8/metrics/val/loss")).name
    'ed05f9cd599442fe9a0c9222184710b8'
    """
    at = _place(path)
    return path.parent if at is None else PurePosixPath(*path.parts[:at])


def read(path: Path) -> tuple[RawLog, ...]:
    """Return the one series of a metric, or what another file of the run says; its folders belong to its name.

    Raises ``LogError`` for a metric without a line that can be read, ``OSError``.
    """
    parts = path.absolute().parts
    at = _place(path.absolute())
    if at is None:
        return (_read_meta(path),)
    kind, name = parts[at], "/".join(parts[at + 1 :])
    if kind == "metrics":
        return (_read_metric(path, name),)
    with path.open("rb") as file:
        text = file.read(LONGEST).decode("utf-8", errors="replace")
    key = name if kind == "params" else f"tags.{name}"
    own = kind == "tags" and name.startswith("mlflow.")
    return (RawLog("mlflow_files", (), config={} if own else {key: text.strip()}),)


def _place(path: PurePath) -> int | None:
    """Return where in the path ``metrics``, ``params`` or ``tags`` stands, None where none does.

    Below a run's folder it is the first; else the last row of them, as names may repeat the word: metrics/metrics/mAP.
    """
    parts = path.parts[:-1]
    places = [i for i, part in enumerate(parts) if part in KINDS]
    runs = [i for i in places if i and RUN.fullmatch(parts[i - 1])]
    if runs or not places:
        return runs[0] if runs else None
    last = places[-1]
    while last - 1 in places:
        last -= 1
    return last


def _is_metric(head: bytes) -> bool:
    lines = head_lines(head)
    return bool(lines) and all(LINE.fullmatch(line) for line in lines)


def _read_metric(path: Path, name: str) -> RawLog:
    text, repairs = read_text(path)
    notes = list(repairs)
    points = Points(stepped=True)
    bad: list[int] = []
    last = 0
    for number, line in numbered_lines(text):
        last = number
        cells = line.split(maxsplit=3)
        point = _point(cells, len(points.columns[name].values) if points.columns else 0)
        if point is None:
            bad.append(number)
        else:
            points.add(name, point[1], number, line=number, step=point[0])
    if not points.columns:
        raise LogError("no line is a time, a value and a step", line=bad[0] if bad else None)
    if bad and bad[-1] == last and not text.endswith("\n"):
        notes.append(Note("the last line is cut off", str(path), bad.pop()))
    if bad:
        notes.append(Note(f"{name}: {len(bad)} lines are no time, value and step, left out", str(path), bad[0]))
    series, remark = counted(points.series()[0])
    if remark:
        notes.append(Note(remark, str(path)))
    return RawLog("mlflow_files", (series,), notes=tuple(notes))


def _point(cells: list[str], position: int) -> tuple[float, float] | None:
    """Return step and value of a line, None where it is none; without a step the position counts."""
    if len(cells) < 2 or not cells[0].isdigit() or not all(map(is_number, cells[2:3])):
        return None
    try:
        value = to_number(cells[1])
        step = float(int(cells[2])) if len(cells) > 2 else float(position)
    except (ValueError, OverflowError):
        return None
    return None if value is None else (step, value)


def _read_meta(path: Path) -> RawLog:
    """Return what MLflow says about the end of the run; a broken file says nothing, with a note."""
    import yaml  # takes long to import, and few logs need it

    text, notes = read_text(path)
    try:
        content: Any = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        return RawLog("mlflow_files", (), notes=(*notes, Note("the file is broken, it says nothing", str(path))))
    status = content.get("status")
    said = ending(STATUS.get(status, "") if isinstance(status, int) else "", str(content.get("lifecycle_stage")))
    return RawLog("mlflow_files", (), notes=(*notes, *(Note(text, str(path)) for text in said)))


READER = Reader("mlflow_files", "MLflow store of files", claims, read, priority=95, grouping=Grouping.PARTS, home=home)
