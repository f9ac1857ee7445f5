"""The Python API: ``audit`` reads and judges, ``load`` only reads. The one module that joins the two."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from runaudit import engine
from runaudit.load import Loaded, iter_runs
from runaudit.model import Crash, Finding, Report, Run, RunReport, Skip, Unreadable
from runaudit.ruleset import choose, load_rules

Paths = str | Path | Sequence[str | Path]
Progress = Callable[[int, int, str], None]


def audit(
    paths: Paths,
    *,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    fail_on: str = "error",
    progress: Progress | None = None,
) -> Report:
    """Return the report on every run found under ``paths``.

    ``select`` and ``ignore`` name rules or families. Each run is read, judged and dropped, so memory is flat in
    the number of runs. Raises ``UsageError`` for an unknown rule, a broken rule file or a path that does not exist.
    """
    rules = choose(load_rules(), select, ignore)
    runs: list[RunReport] = []
    findings: list[Finding] = []
    skips: list[Skip] = []
    crashes: list[Crash] = []
    unreadable: list[Unreadable] = []
    root, ignored = "", 0
    for item in iter_runs(_several(paths), _bridge(progress, runs)):
        if isinstance(item, Run):
            judged = engine.judge(item, rules)
            runs.append(judged.run)
            findings.extend(judged.findings)
            skips.extend(judged.skips)
            crashes.extend(judged.crashes)
        elif isinstance(item, Unreadable):
            unreadable.append(item)
        else:
            root, ignored = item.root, item.ignored_files
    return Report(
        root=root,
        runs=tuple(runs),
        findings=tuple(findings),
        skips=tuple(skips),
        unreadable=tuple(unreadable),
        crashes=tuple(crashes),
        ignored_files=ignored,
        fail_on=fail_on,
    )


def load(paths: Paths) -> list[Run]:
    """Return the runs found under ``paths``; raises ``UsageError`` for a path that does not exist."""
    return list(load_all(paths).runs)


def load_all(paths: Paths, progress: Progress | None = None) -> Loaded:
    """Return the runs, with the files that gave none and the reason of each."""
    runs: list[Run] = []
    unreadable: list[Unreadable] = []
    root, ignored = "", 0
    for item in iter_runs(_several(paths), _bridge(progress, runs)):
        if isinstance(item, Run):
            runs.append(item)
        elif isinstance(item, Unreadable):
            unreadable.append(item)
        else:
            root, ignored = item.root, item.ignored_files
    return Loaded(tuple(runs), tuple(unreadable), ignored, root)


def _bridge(progress: Progress | None, runs: Sequence[Run | RunReport]) -> Callable[[int, int], None] | None:
    """Return the loader's callback, which adds the id of the run that was read last."""
    if progress is None:
        return None
    return lambda done, total: progress(done, total, runs[-1].id if runs else "")


def _several(paths: Paths) -> list[str | Path]:
    return [paths] if isinstance(paths, str | Path) else list(paths)
