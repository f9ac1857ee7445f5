"""What the page says, in the order in which it says it; the templates only lay it out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from runaudit.model import Finding, Unreadable
from runaudit.render._html._figures import Drawn, Spark
from runaudit.render._html.search import Searched


@dataclass(frozen=True, slots=True)
class Reasons:
    """What a rule says of every finding: why, what to try, its limits.

    ``anchor`` names the block of the page that tells them, "" where they stand in the only run that needs them.
    """

    rule: str
    why: str
    remedy: Sequence[str]
    limits: str
    measured: str
    links: Sequence[str]
    anchor: str = ""
    runs: int = 1


@dataclass(frozen=True, slots=True)
class Told:
    """A finding and what is told with it: its consequences and the same rule on other series.

    ``reasons`` are those to tell here, None where they stand elsewhere: under ``see``, an anchor. ``worst`` is the rank
    of the worst severity in what is told.
    """

    finding: Finding
    anchor: str
    where: str
    when: str
    message: str
    evidence: Sequence[str]
    sure: str
    wanted: str
    facts: str
    reasons: Reasons | None
    see: str
    worst: int
    figures: Sequence[Drawn] = ()
    below: Sequence[Told] = ()
    also: Sequence[Told] = ()
    more: int = 0


@dataclass(frozen=True, slots=True)
class Ask:
    """Rules that did not judge for the same reason, and what to log, if that helps."""

    need: str
    reason: str
    rules: Sequence[str]
    runs: int


@dataclass(frozen=True, slots=True)
class Row:
    """A series in numbers."""

    name: str
    source_name: str
    numbers: Sequence[str]
    spark: Spark


@dataclass(frozen=True, slots=True)
class Shown:
    """One run or search; ``findings`` are its root causes. ``skipped`` are rules with the reason, "" if untold."""

    anchor: str
    name: str
    verdict: str
    facts: Sequence[str]
    until: int
    findings: Sequence[Told]
    sparks: Sequence[Spark | None]
    figures: Sequence[Drawn]
    hidden: int
    format: str
    series: Sequence[Row]
    config: Sequence[tuple[str, str]]
    more_config: int
    paths: Sequence[str]
    more_paths: int
    notes: Sequence[tuple[str, str]]
    more_notes: int
    passed: Sequence[str]
    skipped: Sequence[tuple[str, str]]
    search: Searched | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """The whole page. A list of places and words has how many more there are behind it."""

    kind: str
    word: str
    headline: str
    counted: str
    root: str
    exit_code: int
    config: str
    verdicts: Mapping[str, int]
    severities: Mapping[str, int]
    known: int
    ignored: int
    passed: int
    skips: int
    failures: Sequence[str]
    runs: Sequence[Shown]
    searches: Sequence[Shown]
    orphans: Sequence[tuple[str, Sequence[Told]]]
    reasons: Sequence[Reasons]
    asks: Sequence[Ask]
    more_asks: int
    unread: Sequence[tuple[Unreadable, str]]
    more_unread: int
    crashes: Sequence[tuple[str, Sequence[str], str]]
    more_crashes: int
    crashed: int
    plug_ins: Sequence[tuple[str, str]]
    baseline: str
    compared: str
    fixed: Sequence[str]
    more_fixed: int
    suppressed: Sequence[tuple[Finding, str, str]]
    more_suppressed: int
    notes: Sequence[tuple[str, str]]
    more_notes: int
    lean: bool
