"""The settings of a user applied to the rules: which judge a run, by which limits, and what becomes of a finding."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path

from runaudit.config import Config, Suppression
from runaudit.maps import Told, near_miss
from runaudit.model import Confidence, Finding, Note, RunReport, Severity, Skip
from runaudit.ruleset import Rule

Names = tuple[str, ...]
MOST_RUNS = 3  # runs named of each required rule


@dataclass(frozen=True, slots=True, eq=False)
class Policy:
    """The rules of an audit, and what holds for each run of it.

    ``rules`` are those that judge, ``by_id`` all there are, both with the limits of the user; ``root`` is the audited
    folder, ``today`` the day by which suppressions expire. ``kept`` remembers the rules of runs with overrides.
    """

    config: Config
    rules: tuple[Rule, ...]
    by_id: Mapping[str, Rule]
    root: Path
    today: date
    kept: dict[tuple[int, ...], tuple[Rule, ...]] = field(default_factory=dict)

    def names(self, run: str, paths: Iterable[str]) -> Names:
        """Return every name by which a pattern may mean a run: its id and files, seen from each of both folders."""
        own = dict.fromkeys((run, *paths))
        below = _below(self.root, self.config.folder)
        return (*own, *(os.path.normpath(f"{below}/{name}").replace(os.sep, "/") for name in own if below))

    def told(self, names: Names) -> Told:
        """Return what the settings say of the columns and the task of a run; what is said later wins."""
        maps: dict[str, str] = {}
        task = ""
        for i in reversed(self._overriding(names)):
            one = self.config.overrides[i]
            maps = {**maps, **{k: v for k, v in one.map.items() if k not in maps}}
            task = task or one.task
        return Told({**maps, **{k: v for k, v in self.config.map.items() if k not in maps}}, task)

    def rules_of(self, names: Names) -> tuple[Rule, ...]:
        """Return the rules that judge a run, with its limits."""
        which = self._overriding(names)
        if not which:
            return self.rules
        if which not in self.kept:
            overrides = [self.config.overrides[i] for i in which]
            params = {k: v for one in overrides for k, v in one.params.items()}
            ignored = {word for one in overrides for word in one.ignore}
            left = (r for r in self.rules if not {r.id, r.family} & ignored)
            self.kept[which] = tuple(with_limits(rule, params) for rule in left)
        return self.kept[which]

    def review(self, names: Names) -> Callable[[Finding], Finding] | None:
        """Return what becomes of the findings of a run, None if they stay as they are."""
        active = [s for s in self.config.suppressions if not self.expired(s) and fits(s.match, names)]
        if not active and self.config.profile == "default":
            return None

        def reviewed(finding: Finding) -> Finding:
            found = by_profile(finding, self.config.profile)
            reason = next((_reason(s) for s in active if s.rule in {found.rule, found.family}), "")
            return replace(found, reason=reason) if reason else found

        return reviewed

    def expired(self, suppression: Suppression) -> bool:
        """Say whether the last day of a suppression is over."""
        return suppression.expires is not None and suppression.expires < self.today

    def notes(self, runs: Sequence[RunReport], suppressed: Sequence[Finding]) -> tuple[Note, ...]:
        """Return what in the settings does not hold: suppressions unused or expired, patterns that fit no run."""
        names = {run.id: self.names(run.id, run.paths) for run in runs}
        found = [*self._of_suppressions(names, suppressed), *self._of_overrides(names), *self._of_maps()]
        lines = sorted((self.config.where(*place), words) for place, words in found)
        return tuple(Note(words, self.config.path, line or None) for line, words in lines)

    def lacking(self, skips: Sequence[Skip]) -> tuple[str, ...]:
        """Return a sentence for each required rule that could not judge some run."""
        wanted = {r.id for r in self.rules if {r.id, r.family} & set(self.config.require)}
        by_rule: dict[str, list[Skip]] = {}
        for skip in skips:
            if skip.rule in wanted:
                by_rule.setdefault(skip.rule, []).append(skip)
        return tuple(_lacking(rule, found) for rule, found in sorted(by_rule.items()))

    def _overriding(self, names: Names) -> tuple[int, ...]:
        return tuple(i for i, one in enumerate(self.config.overrides) if fits(one.match, names))

    def _of_suppressions(
        self, names: Mapping[str, Names], suppressed: Sequence[Finding]
    ) -> Iterator[tuple[tuple[str, int], str]]:
        judging = {word for rule in self.rules for word in (rule.id, rule.family)}
        for i, one in enumerate(self.config.suppressions):
            place = ("suppressions", i)
            fitting = [run for run, known in names.items() if fits(one.match, known)]
            used = any(f.run in fitting and one.rule in {f.rule, f.family} for f in suppressed)
            if self.expired(one):
                yield place, f"the suppression of {one.rule} has expired on {one.expires}: it counts no more"
            elif not fitting and names:
                yield place, f"the suppression of {one.rule} fits no run here: {_quoted(one.match)}"
            elif not used and one.rule in judging and names:
                yield place, f"the suppression of {one.rule} is unused: nothing is found that it could suppress"

    def _of_overrides(self, names: Mapping[str, Names]) -> Iterator[tuple[tuple[str, int], str]]:
        for i, one in enumerate(self.config.overrides):
            if names and not any(fits(one.match, known) for known in names.values()):
                yield ("overrides", i), f"the override fits no run here: {_quoted(one.match)}"

    def _of_maps(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        places: list[tuple[tuple[str | int, ...], Mapping[str, str]]] = [(("map",), self.config.map)]
        places += [(("overrides", i, "map"), one.map) for i, one in enumerate(self.config.overrides)]
        for place, maps in places:
            for column, canonical in maps.items():
                near = near_miss(canonical)
                if near:
                    yield (
                        (*place, column),
                        f"map of {column}: no rule reads a {canonical!r}; did you mean {near!r}?",
                    )


def _reason(suppression: Suppression) -> str:
    """Return why a suppression is there and, if it ends, its last day."""
    return suppression.reason if suppression.expires is None else f"{suppression.reason} (until {suppression.expires})"


def by_profile(finding: Finding, profile: str) -> Finding:
    """Return a finding with the severity that it has in a profile; errors stay errors."""
    sure = finding.confidence
    if profile == "strict" and finding.severity is Severity.NOTE and sure is not Confidence.LOW:
        return replace(finding, severity=Severity.WARNING)
    if profile == "research" and finding.severity is Severity.WARNING and sure is not Confidence.HIGH:
        return replace(finding, severity=Severity.NOTE)
    return finding


def with_limits(rule: Rule, limits: Mapping[str, float]) -> Rule:
    """Return the rule with those of ``limits`` (``rule.parameter``) that are its own; they were checked before."""
    own = {name: limits[f"{rule.id}.{name}"] for name in rule.params if f"{rule.id}.{name}" in limits}
    kinds = rule.detector.thresholds
    return replace(rule, values={**rule.values, **{k: kinds[k](v) for k, v in own.items()}}) if own else rule


def fits(patterns: Sequence[str], names: Names) -> bool:
    """Say whether one of the patterns means a run, or a folder above it; no pattern at all means every run.

    >>> fits(["runs/gan-*"], ("runs/gan-1/a",)), fits(["runs/gan"], ("runs/gan/1",)), fits(["gan"], ("runs/gan",))
    (True, True, False)
    """
    if not patterns:
        return True
    wanted = [p for given in patterns for p in _spellings(given)]
    return any(fnmatchcase(name, p) or fnmatchcase(name, f"{p}/*") for p in wanted for name in names)


def _spellings(pattern: str) -> Iterator[str]:
    plain = pattern.replace("\\", "/").removeprefix("./").rstrip("/") or pattern
    yield plain
    if plain.startswith("**/"):
        yield plain.removeprefix("**/")


def _below(root: Path, folder: Path | None) -> str:
    """Return the audited folder seen from that of the configuration, "" where both are one or there is none."""
    if folder is None or folder == root:
        return ""
    try:
        return Path(os.path.relpath(root, folder)).as_posix()
    except ValueError:  # another drive
        return ""


def _quoted(patterns: Sequence[str]) -> str:
    return ", ".join(repr(pattern) for pattern in patterns)


def _lacking(rule: str, skips: Sequence[Skip]) -> str:
    shown = ", ".join(skip.run for skip in skips[:MOST_RUNS])
    more = f" and {len(skips) - MOST_RUNS} more" if len(skips) > MOST_RUNS else ""
    needs = f" (log {'; '.join(skips[0].needs)})" if skips[0].needs else ""
    return f"{rule} is required and could not judge {shown}{more}: {skips[0].reason}{needs}"
