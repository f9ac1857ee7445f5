"""The Python API: ``audit`` reads and judges, ``load`` only reads, ``calibrate`` compares with what is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from runaudit import engine
from runaudit.config import Config, resolve
from runaudit.errors import NotJudged
from runaudit.load import Loaded, Paths, Progress, Tell, iter_runs
from runaudit.load import load as load_runs
from runaudit.load.discover import common_root
from runaudit.model import Crash, Finding, Hit, Report, Run, RunReport, Severity, Skip, Unreadable
from runaudit.policy import Policy
from runaudit.policy_check import policy_of
from runaudit.ruleset import Rule, choose, load_rules

if TYPE_CHECKING:
    from runaudit.calibrate import Calibration, Case
    from runaudit.limits import Near

Settings = Config | str | Path | None


def audit(
    paths: Paths,
    *,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    fail_on: str | None = None,
    config: Settings = None,
    baseline: str | Path | None = None,
    maps: Mapping[str, str] | None = None,
    progress: Progress | None = None,
) -> Report:
    """Return the report on every run found under ``paths``.

    ``select`` and ``ignore`` name rules or families. ``config`` is a configuration file, or settings that
    ``runaudit.config.resolve`` gave; without it no file and no environment counts. The other arguments win over it.
    ``baseline`` is a file of accepted findings: they get the status ``known``, and no longer count for the exit code.
    ``maps`` says what columns are: source names, or patterns of them (``*_loss``), to canonical names (``train/loss``;
    ``ignore`` for no metric); it wins over what a name says. Each run is read, judged and dropped, so memory is flat in
    the number of runs. Raises ``UsageError`` for an unknown rule, a broken rule file, every mistake in the settings, a
    map that is no pair of names or a path that does not exist.
    """
    settings = _settings(config).given(select=select, ignore=ignore, fail_on=fail_on)
    policy = _policy(settings, paths)
    accepted = _baseline(baseline)
    runs: list[RunReport] = []
    findings: list[Finding] = []
    suppressed: list[Finding] = []
    skips: list[Skip] = []
    crashes: list[Crash] = []
    unreadable: list[Unreadable] = []
    root, ignored = "", 0
    for item in iter_runs(paths, progress, maps, _tell(policy)):
        if isinstance(item, Run):
            names = policy.names(item.id, item.paths)
            judged = engine.judge(item, policy.rules_of(names), policy.review(names))
            runs.append(judged.run)
            findings.extend(judged.findings)
            suppressed.extend(judged.suppressed)
            skips.extend(judged.skips)
            crashes.extend(judged.crashes)
        elif isinstance(item, Unreadable):
            unreadable.append(item)
        else:
            root, ignored = item.root, item.ignored_files
    report = Report(
        root=root,
        runs=tuple(runs),
        findings=tuple(findings),
        skips=tuple(skips),
        unreadable=tuple(unreadable),
        crashes=tuple(crashes),
        ignored_files=ignored,
        suppressed=tuple(suppressed),
        fail_on=settings.fail_on,
        config=settings.path,
        notes=policy.notes(runs, suppressed),
        lacking=policy.lacking(skips),
        max_warnings=settings.max_warnings,
    )
    return accepted(report) if accepted is not None else report


def load(paths: Paths, *, maps: Mapping[str, str] | None = None) -> list[Run]:
    """Return the runs found under ``paths``, with ``maps`` as in ``audit``.

    Raises ``UsageError`` for a path that does not exist and for a map that is no pair of names.
    """
    return list(load_all(paths, maps=maps).runs)


def load_all(
    paths: Paths,
    progress: Progress | None = None,
    maps: Mapping[str, str] | None = None,
    config: Settings = None,
) -> Loaded:
    """Return the runs, with the files that gave none and the reason of each; ``config`` as in ``audit``."""
    settings = _settings(config)
    return load_runs(paths, progress, maps, _tell(_policy(settings, paths)) if settings.path else None)


def chosen(config: Settings, paths: Paths) -> tuple[int, int]:
    """Return how many rules judge runs below ``paths``, and of how many; raises ``UsageError`` as ``audit`` does."""
    policy = _policy(_settings(config), paths)
    return len(policy.rules), len(policy.by_id)


def _baseline(path: str | Path | None) -> Callable[[Report], Report] | None:
    """Return what compares a report with the file, which is read at once: a broken one is said before the audit."""
    if path is None:
        return None
    from runaudit.baseline import compare, read

    return partial(compare, baseline=read(Path(path)))


def _settings(config: Settings) -> Config:
    if isinstance(config, str | Path):
        return resolve(file=config, environ={})
    return config or Config()


def _policy(settings: Config, paths: Paths) -> Policy:
    given = [Path(path) for path in ([paths] if isinstance(paths, str | Path) else paths)]
    return policy_of(settings, common_root(given))


def _tell(policy: Policy) -> Tell:
    """Return what the policy tells of a run by the names that it may go by."""
    return lambda names: policy.told(policy.names(names[0], names[1:]))


def calibrate(
    runs: Paths,
    labels: str | Path,
    *,
    select: Sequence[str] = (),
    by: str = "",
    explain_missed: bool = False,
    progress: Progress | None = None,
) -> Calibration:
    """Return how good the rules are on the runs below ``runs``, by a table of what is known of them.

    ``by`` names a column of the table to group by. ``explain_missed`` reads the missed runs again and looks for the
    limits that kept the rules silent. Raises ``UsageError`` as ``audit`` does, and for a table that cannot be used.
    """
    from runaudit.calibrate import measure
    from runaudit.labels import read_labels

    table = read_labels(Path(labels))
    every = load_rules()
    rules = choose(every, select, ())
    found = measure(audit(runs, select=select, progress=progress), table, rules, by, others=list(every.values()))
    if not explain_missed:
        return found
    missed: dict[str, list[Case]] = {}
    for case in found.missed:
        for run in case.runs:
            missed.setdefault(run, []).append(case)
    near: dict[Case, tuple[Near, ...]] = {}
    for item in iter_runs(runs):
        if isinstance(item, Run):
            for case in missed.get(item.id, ()):
                near[case] = near.get(case) or _near(every[case.rule], item, silent=case.kind == "silent")
    return replace(found, missed=tuple(replace(case, near=near.get(case, ())) for case in found.missed))


def _near(rule: Rule, run: Run, *, silent: bool) -> tuple[Near, ...]:
    """Return the limits that kept a rule from a warning; if no single one did and it was silent, those from a note."""
    from runaudit.limits import nearest

    found = nearest(rule, partial(_first, run, notes=False))
    if found or not silent:
        return found
    return tuple(replace(near, note=True) for near in nearest(rule, partial(_first, run, notes=True)))


def _first(run: Run, rule: Rule, *, notes: bool) -> Hit | None:
    """Return the first hit of a rule on a run that is more than a note, or any where ``notes`` count."""
    try:
        found = engine.hits(rule, run)
    except NotJudged:
        return None
    except Exception:  # noqa: BLE001  a plug-in may break at limits that nobody set; at its own, audit reports it
        return None
    severities = ((rule.weak_severity if hit.weak else rule.severity, hit) for hit in found)
    return next((hit for severity, hit in severities if notes or severity is not Severity.NOTE), None)
