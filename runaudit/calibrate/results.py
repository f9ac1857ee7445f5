"""What a calibration says: tallies and scores, and the runs on which a rule was wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from runaudit.limits import Near


@dataclass(frozen=True, slots=True)
class Tally:
    """How often a label was found, missed, and given to a run that does not have it.

    ``refuted`` counts those of ``wrong`` that the labels forbid, ``alarms`` those on ``healthy`` runs. A ratio of
    nothing is None.
    """

    label: str
    found: int = 0
    missed: int = 0
    wrong: int = 0
    refuted: int = 0
    alarms: int = 0
    healthy: int = 0

    @property
    def labelled(self) -> int:
        """Return the number of runs that have the label."""
        return self.found + self.missed

    @property
    def precision(self) -> float | None:
        """Return which part of the findings is right."""
        return ratio(self.found, self.found + self.wrong)

    @property
    def recall(self) -> float | None:
        """Return which part of the labelled runs is found."""
        return ratio(self.found, self.labelled)

    @property
    def f1(self) -> float | None:
        """Return the harmonic mean of precision and recall."""
        return ratio(2 * self.found, 2 * self.found + self.wrong + self.missed)

    @property
    def false_alarm_rate(self) -> float | None:
        """Return which part of the healthy runs has the finding."""
        return ratio(self.alarms, self.healthy)


@dataclass(frozen=True, slots=True)
class Score:
    """The tallies of some runs. ``overall`` adds them up; its ``alarms`` are healthy runs with any finding."""

    name: str
    runs: int
    tallies: tuple[Tally, ...]
    overall: Tally

    @property
    def macro_f1(self) -> float | None:
        """Return the mean F1 of the labels that occur."""
        scores = [t.f1 for t in self.tallies if t.labelled and t.f1 is not None]
        return ratio(sum(scores), len(scores))


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """A run on which a rule was wrong.

    ``kind`` is ``silent``, ``note`` (less than a warning), ``skipped`` or ``crashed`` for a missed run, and ``alarm``
    for a finding that the labels do not bear out. ``why`` is the message or the reason.
    """

    rule: str
    row: str
    runs: tuple[str, ...]
    kind: str
    why: str = ""
    facts: Mapping[str, float | str] = field(default_factory=dict)
    limit: Mapping[str, float | str] = field(default_factory=dict)
    near: tuple[Near, ...] = ()


@dataclass(frozen=True, slots=True)
class Unread:
    """A row of the table that has no run, and why; ``corrupt``: there is a log, but it could not be read."""

    row: str
    reason: str
    corrupt: bool


@dataclass(frozen=True, slots=True)
class Unknown:
    """A label that no rule gives: how many rows have it, and the nearest one that a rule gives, "" if none is near."""

    label: str
    rows: int
    near: str


@dataclass(frozen=True, slots=True)
class Calibration:
    """How good the rules are on labelled runs.

    ``measured`` holds the numbers of each rule for its file. ``groups`` pairs the score of each value of a column
    with that of all other runs. ``unlabelled`` are runs without a row, ``several`` rows of more than one run,
    ``unjudged`` the rules whose label the table mentions nowhere, with the number of labelled runs they warn of.
    """

    labels: str
    column: str
    score: Score
    measured: Mapping[str, Mapping[str, float]]
    groups: tuple[tuple[Score, Score], ...]
    missed: tuple[Case, ...]
    alarms: tuple[Case, ...]
    unread: tuple[Unread, ...]
    unlabelled: tuple[str, ...]
    several: tuple[str, ...]
    unknown: tuple[Unknown, ...]
    unjudged: Mapping[str, int]
    crashes: int

    @property
    def incomplete(self) -> bool:
        """Say whether a labelled run could not be read or a rule crashed: the numbers stand on less than was asked."""
        return bool(self.crashes) or any(row.corrupt for row in self.unread)


def ratio(part: float, whole: float) -> float | None:
    """Return a part of a whole, None of nothing."""
    return part / whole if whole else None
