"""A report and the labels of its runs -> how good each rule is, and where it went wrong."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from difflib import get_close_matches

from runaudit.calibrate.results import Calibration, Case, Score, Tally, Unknown, Unread
from runaudit.errors import UsageError
from runaudit.labels import Labels, Truth, assign, label_of
from runaudit.model import Finding, Report, RunReport, Severity, Skip
from runaudit.ruleset import Rule

__all__ = ["Calibration", "Case", "Score", "Tally", "Unknown", "Unread", "measure", "missing", "sought"]


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
    known = sought(rules, labels)
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


def sought(rules: Sequence[Rule], labels: Labels) -> dict[str, str]:
    """Return the rules that are judged, and the label that the findings of each count for: one that the table names."""
    asked = {label for row in labels.rows for label in row.labels | row.forbidden}
    given = {rule.id: label_of(rule.id) for rule in rules if rule.scope == "run"}
    return {rule: label for rule, label in given.items() if label in asked}


def missing(run: RunReport, findings: Sequence[Finding], labels: Labels, known: Mapping[str, str]) -> list[str]:
    """Return the rules that miss a label of a run, as far as this run tells: its row may have others that do not."""
    row = next(iter(assign({run.id: run.paths}, labels.rows)), None)
    truth = next((truth for truth in labels.rows if truth.run == row), None)
    if truth is None:
        return []
    warned = frozenset(f.rule for f in findings if f.severity is not Severity.NOTE)
    judged = _Judged(truth, (run.id,), warned)
    return [rule for rule in known if _misses(judged, rule, known)]


def _misses(run: _Judged, rule: str, known: Mapping[str, str]) -> bool:
    """Say whether the run has the label of a rule, no rule gives it, and this rule is the one to tell so."""
    label = known[rule]
    alone = label not in known  # the rule of that name was not asked: this one speaks for it
    return label in run.truth.labels - run.labels(known) and (rule == label or alone)


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
        if _misses(run, rule, self.known):
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
