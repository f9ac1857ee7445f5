"""The Python API: ``audit`` reads and judges, ``load`` only reads, ``calibrate`` compares with what is known."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from runaudit import engine
from runaudit.config import Config, resolve
from runaudit.errors import NotJudged, UsageError
from runaudit.load import Loaded, Paths, Progress, Tell, iter_runs
from runaudit.load import load as load_runs
from runaudit.load.discover import common_root
from runaudit.model import Crash, Finding, Hit, Report, Run, RunReport, Severity, Skip, Unreadable
from runaudit.names import understand
from runaudit.policy import Policy
from runaudit.policy_check import policy_of
from runaudit.registry import broken
from runaudit.ruleset import Rule, choose, load_rules
from runaudit.sweep import FAILED, NO_GOAL, Candidate, Goal, aimed, candidate, is_search, searches

if TYPE_CHECKING:
    from runaudit.calibrate import Calibration, Case
    from runaudit.limits import Near
    from runaudit.unsearched import Refusal, Seen

Settings = Config | str | Path | None
Look = Callable[[Run, engine.Judgement], None]


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
    accepted = _baseline(baseline)
    report = _audit(paths, settings, maps, progress)
    return accepted(report) if accepted is not None else report


def sweep(
    paths: Paths,
    *,
    objective: str = "",
    direction: str = "",
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    fail_on: str | None = None,
    config: Settings = None,
    maps: Mapping[str, str] | None = None,
    progress: Progress | None = None,
) -> Report:
    """Return the report on every search found under ``paths``: studies, and sibling runs that differ in settings.

    The runs are read, but only as trials: ``Report.runs`` is empty. ``objective`` is the name of the series to compare
    them by, canonical or as the log has it, and ``direction`` says whether ``min`` or ``max`` is good; without them it
    is the validation loss, else another result that all runs have. The other arguments are as in ``audit``. Raises
    ``UsageError`` as ``audit`` does, for a direction that is neither, and for an objective of unknown direction.
    """
    settings = _settings(config).given(select=select, ignore=ignore, fail_on=fail_on)
    return sweep_all(paths, goal_of(objective, direction), settings, maps, progress)[0]


def sweep_all(
    paths: Paths, goal: Goal, settings: Config, maps: Mapping[str, str] | None, progress: Progress | None
) -> tuple[Report, tuple[Refusal, ...]]:
    """Return the report of ``sweep``, and why the runs of each folder without a search are none."""
    from runaudit.unsearched import refusals

    candidates: list[Candidate] = []
    others: list[Seen] = []
    report = _audit(paths, settings, maps, progress, seek=_Seek(goal, candidates, others))
    return report, tuple(refusals(candidates, others, goal))


def goal_of(objective: str = "", direction: str = "") -> Goal:
    """Return what a search is after; raises ``UsageError`` where it cannot be known which way that is good."""
    if direction not in {"", "min", "max"}:
        raise UsageError(f"the direction is min or max, not {direction!r}")
    if objective and not direction:
        from runaudit.compare.metrics import is_up_good

        words = (objective, understand(objective).canonical, *re.split(r"[^A-Za-z0-9]+", objective))
        ways = map(is_up_good, words)
        known = next((way for way in ways if way is not None), None)
        if known is None:
            raise UsageError(f"whether a high or a low {objective} is good is not known; say --direction min or max")
        direction = "max" if known else "min"
    return Goal(objective, direction)


@dataclass(frozen=True, slots=True)
class _Seek:
    """An audit of searches only: what they are after, and where the runs go that may be trials or that cannot."""

    goal: Goal
    candidates: list[Candidate]
    others: list[Seen]


def _audit(
    paths: Paths,
    settings: Config,
    maps: Mapping[str, str] | None,
    progress: Progress | None,
    look: Look | None = None,
    seek: _Seek | None = None,
) -> Report:
    """Return the report; ``look`` sees each run once it is judged, before it is dropped.

    With ``seek`` runs are trials only: of their faults it counts that they diverged, whatever rules are chosen.
    """
    policy = _policy(settings, paths)
    runs: list[RunReport] = []
    findings: list[Finding] = []
    suppressed: list[Finding] = []
    skips: list[Skip] = []
    crashes: list[Crash] = []
    unreadable: list[Unreadable] = []
    sweeps: list[RunReport] = []
    candidates: list[Candidate] = seek.candidates if seek is not None else []
    goal = seek.goal if seek is not None else NO_GOAL
    root, ignored = "", 0

    def take(item: Run, into: list[RunReport], scope: str) -> engine.Judgement:
        names = policy.names(item.id, item.paths)
        judged = engine.judge(item, policy.rules_of(names), policy.review(names), scope)
        into.append(judged.run)
        findings.extend(judged.findings)
        suppressed.extend(judged.suppressed)
        skips.extend(judged.skips)
        crashes.extend(judged.crashes)
        return judged

    for item in iter_runs(paths, progress, maps, _tell(policy)):
        if isinstance(item, Run) and is_search(item):
            if (study := aimed(item, goal)) is not None:
                take(study, sweeps, "sweep")
        elif isinstance(item, Run) and seek is not None:
            found = candidate(item, _failures(item, policy), goal)
            if found is not None:
                candidates.append(found)
            else:
                from runaudit.unsearched import Seen

                seek.others.append(Seen.of(item))
        elif isinstance(item, Run):
            judged = take(item, runs, "run")
            if look is not None:
                look(item, judged)
            if (found := candidate(item, _failures(item, policy, judged))) is not None:
                candidates.append(found)
        elif isinstance(item, Unreadable):
            unreadable.append(item)
        else:
            root, ignored = item.root, item.ignored_files
    told = {path for study in sweeps for path in study.paths}  # the runs in a study are its own trials
    for search in searches([one for one in candidates if one.path not in told], goal):
        take(search, sweeps, "sweep")
    return Report(
        root=root,
        runs=tuple(runs),
        findings=tuple(findings),
        skips=tuple(skips),
        unreadable=tuple(unreadable),
        crashes=(*(Crash(f"plug-in {package}", "", words) for package, words in broken().items()), *crashes),
        ignored_files=ignored,
        suppressed=tuple(suppressed),
        fail_on=settings.fail_on,
        config=settings.path,
        notes=policy.notes(runs, suppressed),
        lacking=policy.lacking(skips),
        max_warnings=settings.max_warnings,
        sweeps=tuple(sweeps),
    )


def _failures(run: Run, policy: Policy, judged: engine.Judgement | None = None) -> Sequence[Finding]:
    """Return what says that a trial diverged, whatever rules are chosen, and whatever findings are suppressed."""
    if judged is not None and not judged.suppressed:
        ran = {*judged.run.passed, *(f.rule for f in judged.findings), *(s.rule for s in judged.skips)}
        if ran >= FAILED:
            return judged.findings
    return engine.judge(run, [policy.by_id[rule] for rule in sorted(FAILED)]).findings


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

    ``by`` names a column of the table to group by. ``explain_missed`` looks for the limits that kept the rules silent
    on missed runs. Raises ``UsageError`` as ``audit`` does, and for a table that cannot be used.
    """
    from runaudit.calibrate import measure, missing, sought
    from runaudit.labels import read_labels

    table = read_labels(Path(labels))
    every = load_rules()
    rules = choose(every, select, ())
    known = sought(rules, table)
    near: dict[tuple[str, str], tuple[Near, ...]] = {}

    def look(run: Run, judged: engine.Judgement) -> None:
        for rule in missing(judged.run, judged.findings, table, known):
            near[rule, run.id] = _near(every[rule], run)

    report = _audit(runs, Config(select=tuple(select)), None, progress, look if explain_missed else None)
    found = measure(report, table, rules, by, others=list(every.values()))
    return replace(found, missed=tuple(_explained(case, near) for case in found.missed))


def _explained(case: Case, near: Mapping[tuple[str, str], tuple[Near, ...]]) -> Case:
    """Return a missed run with the limits that hid it; those of a note count only where nothing at all was said."""
    every = (near.get((case.rule, run), ()) for run in case.runs)
    counted = (tuple(one for one in limits if case.kind == "silent" or not one.note) for limits in every)
    return replace(case, near=next(filter(None, counted), ()))


def _near(rule: Rule, run: Run) -> tuple[Near, ...]:
    """Return the limits that kept a rule from a warning; if no single one did, those that kept it from a note."""
    from runaudit.limits import nearest

    found = nearest(rule, partial(_first, run, notes=False))
    if found:
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
