"""A report and the labels of its runs -> how good each rule is, and where it went wrong."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from difflib import get_close_matches

from runaudit.errors import UsageError
from runaudit.labels import Labels, Truth, assign, label_of
from runaudit.limits import Near
from runaudit.model import Finding, Report, Severity, Skip
from runaudit.ruleset import Rule


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
        return _ratio(self.found, self.found + self.wrong)

    @property
    def recall(self) -> float | None:
        """Return which part of the labelled runs is found."""
        return _ratio(self.found, self.labelled)

    @property
    def f1(self) -> float | None:
        """Return the harmonic mean of precision and recall."""
        return _ratio(2 * self.found, 2 * self.found + self.wrong + self.missed)

    @property
    def false_alarm_rate(self) -> float | None:
        """Return which part of the healthy runs has the finding."""
        return _ratio(self.alarms, self.healthy)


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
        return _ratio(sum(scores), len(scores))


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


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def measure(
    report: Report, labels: Labels, rules: Sequence[Rule], by: str = "", others: Sequence[Rule] = ()
) -> Calibration:
    """Return how the findings of a report agree with the labels of its runs.

    A finding of severity warning or error gives its run a label. A label in ``allowed`` counts neither way; one in no
    column is wrong. A rule whose label the table mentions nowhere is not judged. ``by`` names a column to group by,
    ``others`` are rules that were left out on purpose. Raises ``UsageError`` for an unknown column.
    """
    if by and by not in labels.columns:
        near = get_close_matches(by, labels.columns, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(labels.columns)}"
        raise UsageError(f"{labels.path} has no column {by!r}; {hint}")
    ours = {rule.id: label_of(rule.id) for rule in rules if rule.scope == "run"}
    asked = {label for row in labels.rows for label in row.labels | row.forbidden}
    known = {rule: label for rule, label in ours.items() if label in asked}
    found = assign({run.id: run.paths for run in report.runs}, labels.rows)
    cases = _Cases(report, known)
    judged = [cases.judge(row, found[row.run]) for row in labels.rows if row.run in found]
    score = _score("", judged, known)
    labelled = {run for runs in found.values() for run in runs}
    unread = tuple(_unread(report, row.run) for row in labels.rows if row.run not in found)
    warned = [rule for run in judged for rule in run.rules]
    return Calibration(
        labels=labels.path,
        column=by,
        score=score,
        measured=_measured(score, judged, known),
        groups=tuple(_groups(judged, known, by)) if by else (),
        missed=tuple(case for rule in known for run in judged for case in cases.missed(run, rule)),
        alarms=tuple(case for rule in known for run in judged for case in cases.wrong(run, rule)),
        unread=unread,
        unlabelled=tuple(run.id for run in report.runs if run.id not in labelled),
        several=tuple(row for row, runs in found.items() if len(runs) > 1),
        unknown=tuple(_unknown(labels, {label_of(rule.id) for rule in (*rules, *others)})),
        unjudged={rule: warned.count(rule) for rule in ours if rule not in known and rule in warned},
        crashes=len(report.crashes),
    )


@dataclass(frozen=True, slots=True)
class _Judged:
    """A labelled run, and the rules that warn of it."""

    truth: Truth
    runs: tuple[str, ...]
    rules: frozenset[str]

    def labels(self, known: Mapping[str, str]) -> frozenset[str]:
        """Return the labels that its findings give it, less those that count neither way."""
        given = frozenset(known[rule] for rule in self.rules if rule in known)
        return given - (self.truth.allowed - self.truth.labels)


class _Cases:
    """Looks up in a report what a rule said of a run."""

    def __init__(self, report: Report, known: Mapping[str, str]) -> None:
        self.known = known
        self.findings: defaultdict[tuple[str, str], list[Finding]] = defaultdict(list)
        for finding in report.findings:
            self.findings[finding.rule, finding.run].append(finding)
        self.warned: defaultdict[str, set[str]] = defaultdict(set)
        for finding in report.findings:
            if finding.severity is not Severity.NOTE:
                self.warned[finding.run].add(finding.rule)
        self.reasons = {(s.rule, s.run): ("skipped", _skip(s)) for s in report.skips}
        self.reasons |= {(c.rule, c.run): ("crashed", c.error) for c in report.crashes}

    def judge(self, truth: Truth, runs: tuple[str, ...]) -> _Judged:
        """Return a labelled run with the rules that warn of any of its logs."""
        return _Judged(truth, runs, frozenset(rule for run in runs for rule in self.warned[run]))

    def missed(self, run: _Judged, rule: str) -> Iterator[Case]:
        """Yield the case of a rule whose label the run has and no rule gives it."""
        label = self.known[rule]
        alone = label not in self.known  # the rule of that name was not asked: this one speaks for it
        if label in run.truth.labels - run.labels(self.known) and (rule == label or alone):
            yield self._case(run, rule, "silent")

    def wrong(self, run: _Judged, rule: str) -> Iterator[Case]:
        """Yield the case of a rule that gives the run a label that it does not have."""
        if rule in run.rules and self.known[rule] in run.labels(self.known) - run.truth.labels:
            yield self._case(run, rule, "alarm")

    def _case(self, run: _Judged, rule: str, kind: str) -> Case:
        said = sorted((f for r in run.runs for f in self.findings[rule, r]), key=lambda f: f.severity.rank)
        if said:
            kind = kind if kind == "alarm" else "note"
            return Case(rule, run.truth.run, run.runs, kind, said[0].message, said[0].facts, said[0].limit)
        kind, why = next((self.reasons[rule, r] for r in run.runs if (rule, r) in self.reasons), (kind, ""))
        return Case(rule, run.truth.run, run.runs, kind, why)


def _skip(skip: Skip) -> str:
    return f"{skip.reason} (to log: {', '.join(skip.needs)})" if skip.needs else skip.reason


def _score(name: str, judged: Sequence[_Judged], known: Mapping[str, str]) -> Score:
    tallies = tuple(_tally(label, judged, known) for label in dict.fromkeys(known.values()))
    healthy = [run for run in judged if run.truth.healthy]
    overall = Tally(
        label="",
        found=sum(t.found for t in tallies),
        missed=sum(t.missed for t in tallies),
        wrong=sum(t.wrong for t in tallies),
        refuted=sum(t.refuted for t in tallies),
        alarms=sum(bool(run.labels(known)) for run in healthy),
        healthy=len(healthy),
    )
    return Score(name, len(judged), tallies, overall)


def _tally(label: str, judged: Sequence[_Judged], known: Mapping[str, str]) -> Tally:
    given = [label in run.labels(known) for run in judged]
    has = [label in run.truth.labels for run in judged]
    pairs = list(zip(given, has, judged, strict=True))
    return Tally(
        label=label,
        found=sum(g and h for g, h, _ in pairs),
        missed=sum(h and not g for g, h, _ in pairs),
        wrong=sum(g and not h for g, h, _ in pairs),
        refuted=sum(g and label in run.truth.forbidden for g, _, run in pairs),
        alarms=sum(g and run.truth.healthy for g, _, run in pairs),
        healthy=sum(run.truth.healthy for run in judged),
    )


def _measured(score: Score, judged: Sequence[_Judged], known: Mapping[str, str]) -> dict[str, dict[str, float]]:
    """Return the numbers for the files of the rules.

    A rule that speaks for the label of another has a precision of its own, but no recall: it need not find them all.
    """
    tallies = {tally.label: tally for tally in score.tallies}
    found: dict[str, dict[str, float]] = {}
    for rule, label in known.items():
        own = tallies[label] if rule == label else _tally(label, judged, {rule: label})
        numbers = {"precision": own.precision, "false_alarm_rate": own.false_alarm_rate}
        if rule == label:
            numbers = {"precision": own.precision, "recall": own.recall, "false_alarm_rate": own.false_alarm_rate}
        given: dict[str, float] = {name: value for name, value in numbers.items() if value is not None}
        found[rule] = {**given, "runs": score.runs, "labelled": own.labelled}
    return found


def _groups(judged: Sequence[_Judged], known: Mapping[str, str], by: str) -> Iterator[tuple[Score, Score]]:
    for value in sorted({run.truth.columns[by].strip() for run in judged}):
        inside = [run for run in judged if run.truth.columns[by].strip() == value]
        others = [run for run in judged if run.truth.columns[by].strip() != value]
        yield _score(value, inside, known), _score(value, others, known)


def _unread(report: Report, row: str) -> Unread:
    """Return why a row has no run: what was said of a file below it, or that there is nothing."""
    for file in report.unreadable:
        if row in {file.path, "."} or file.path.startswith(f"{row}/"):
            return Unread(row, f"{file.path}: {file.reason}", corrupt=file.kind == "corrupt")
    return Unread(row, "no log was found there", corrupt=False)


def _unknown(labels: Labels, ours: Set[str]) -> Iterator[Unknown]:
    """Yield the labels that no rule gives, with the nearest that one does."""
    named = {label for row in labels.rows for label in row.labels | row.forbidden | row.allowed}
    for label in sorted(named - ours):
        near = get_close_matches(label, sorted(ours), 1)
        yield Unknown(label, sum(label in row.labels for row in labels.rows), near[0] if near else "")
