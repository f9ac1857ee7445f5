"""The text logs in the folder of a run: what they say of a crash goes to the run, else into the report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath

from runaudit.load.crashes import crashes_in, said, with_crashes
from runaudit.load.discover import Found
from runaudit.load.group import Folder
from runaudit.load.homes import CAPTURED
from runaudit.model import Run, Unreadable

Texts = dict[PurePosixPath, Found]

OUTPUT = "text_log"  # the reader of what programs print
FOLDERS = frozenset({"files", "log", "logs", "slurm", "slurm_logs", "stdout", "stderr"})


def with_texts(
    folder: Folder, items: Iterable[Run | Unreadable], texts: Texts, told: set[PurePosixPath]
) -> Iterator[Run | Unreadable]:
    """Yield the items of the folder with what its text logs say of a crash; what belongs to a run leaves ``texts``.

    ``texts`` are the texts that no reader claims. One belongs to the only run of its folder, or to the run of its name.
    So does the output of a program that turns out to hold no curve: it goes into ``told`` and is no failure.
    """
    files = {str(file.rel): file.path for plan in folder.plans for file in plan.files}
    output = {str(f.rel): f.path for plan in folder.plans if plan.reader.name == OUTPUT for f in plan.files}
    near = [rel for rel in texts if rel.parent == folder.home or _below(rel, folder.home)]
    lost: dict[str, Path] = {}
    held: list[Unreadable] = []
    for item in items:
        if isinstance(item, Run):
            alone = item.id == str(folder.home)
            stems = {PurePosixPath(path).stem for path in item.paths}
            own = [p for p in output if p not in item.paths and (alone or PurePosixPath(p).stem in stems)]
            told.update(PurePosixPath(path) for path in own)
            yield _of_run(item, files, near, {**lost, **{p: output[p] for p in own}}, texts, alone=alone)
        elif item.path in output and item.kind == "not-a-log":
            held.append(item)
        else:
            yield from _with_crash(item, files, lost)
    for text in held:
        (shown,) = _with_crash(text, files, lost)
        captured = PurePosixPath(text.path).name in CAPTURED.values()
        if PurePosixPath(text.path) in told and (captured or shown is not text):
            continue  # the run says it, or its tracker keeps whatever the program prints
        told.discard(PurePosixPath(text.path))
        yield shown


def _with_crash(item: Unreadable, files: Mapping[str, Path], lost: dict[str, Path]) -> Iterator[Unreadable]:
    """Yield a file that gave no run, with the crash that it shows, which is kept in ``lost`` for a run to come."""
    path = files.get(item.path)
    ended = None if path is None else said(crashes_in(path, PurePosixPath(item.path)))
    if path is None or ended is None:
        yield item
    else:
        lost[item.path] = path
        begin = "no curve, but a crash" if item.kind == "not-a-log" else f"{item.reason}; it shows a crash"
        yield replace(item, reason=f"{begin}: {ended[0]}", line=item.line or ended[1])


def _of_run(
    run: Run,
    files: Mapping[str, Path],
    near: Iterable[PurePosixPath],
    lost: Mapping[str, Path],
    texts: Texts,
    *,
    alone: bool,
) -> Run:
    stems = {PurePosixPath(path).stem for path in run.paths}
    own = {rel: files[rel] for rel in run.paths if rel in files}
    own |= {str(rel): texts.pop(rel).path for rel in near if rel in texts and (alone or rel.stem in stems)}
    return with_crashes(
        run, {**own, **lost} if alone else {**own, **{p: f for p, f in lost.items() if PurePosixPath(p).stem in stems}}
    )


def crashed(texts: Texts) -> Iterator[Unreadable]:
    """Yield the texts that belong to no run and show a crash: without a run, they are not passed over in silence."""
    for file in texts.values():
        ended = said(crashes_in(file.path, file.rel))
        if ended is not None:
            yield Unreadable(str(file.rel), f"no curve, but a crash: {ended[0]}", "not-a-log", ended[1])


def _below(rel: PurePosixPath, home: PurePosixPath) -> bool:
    """Say whether a text lies in a folder for texts, directly below the home of a run."""
    return rel.parent.parent == home and rel.parent != home and rel.parent.name.lower() in FOLDERS
