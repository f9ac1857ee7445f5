"""Why runs are no search, and what would make them one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from runaudit.model import Run
from runaudit.sweep import NO_GOAL, Candidate, Goal, attempts, folder_of

MOST_NAMES = 8  # series that are named to choose from


@dataclass(frozen=True, slots=True)
class Seen:
    """A run that can be no trial: whether its settings are known, and the names of its series."""

    id: str
    configured: bool
    series: tuple[str, ...]

    @classmethod
    def of(cls, run: Run) -> Seen:
        """Return what is kept of a run."""
        return cls(run.id, bool(run.config), tuple(run.series))


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why the runs of a folder are no search, and what would make them one."""

    folder: str
    runs: int
    reason: str
    advice: str


def refusals(candidates: Sequence[Candidate], others: Sequence[Seen], goal: Goal = NO_GOAL) -> Iterator[Refusal]:
    """Yield why the runs of folders without a search are none, the most runs first; ``others`` can be no trials."""
    told: dict[str, tuple[int, str, str]] = {}
    found = set()
    for folder, group, made in attempts(candidates, goal):
        if isinstance(made, Run):
            found.add(folder)
        elif len(group) > told.get(folder, (0, "", ""))[0]:
            told[folder] = (len(group), *made)
    plain: dict[str, list[Seen]] = {}
    for run in others:
        plain.setdefault(folder_of(run.id), []).append(run)
    for folder, runs in plain.items():
        if len(runs) > told.get(folder, (0, "", ""))[0]:
            told[folder] = (len(runs), *_no_candidates(runs, goal))
    refused = [Refusal(folder, *words) for folder, words in told.items() if folder not in found]
    yield from sorted(refused, key=lambda one: (-one.runs, one.folder))


def _no_candidates(runs: Sequence[Seen], goal: Goal) -> tuple[str, str]:
    """Return why none of these runs can be a trial, and what to do."""
    if not any(run.configured for run in runs):
        return "the settings of the runs are not known", (
            "put a config.yaml or config.json beside each log, with the settings that differ (such as learning_rate)"
        )
    if goal.objective:
        names = list(dict.fromkeys(name for run in runs for name in run.series))
        more = ", ..." if len(names) > MOST_NAMES else ""
        there = f"--objective with one of {', '.join(names[:MOST_NAMES])}{more}"
        return f"the runs log no {goal.objective}", there if names else "log it in every run"
    return "the runs log no loss, accuracy or reward to compare them by", "name what to compare with --objective"
