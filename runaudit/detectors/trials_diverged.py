"""A search of which many trials diverged or failed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from runaudit.detectors import Detector, Table
from runaudit.detectors._search import Parameter, Search, midranks, search_of
from runaudit.detectors._search_ranges import number
from runaudit.errors import NotJudged
from runaudit.model import BoolArray, Hit

SURE = 2.6  # z score of a rank sum, about once in a hundred times by chance
CLEAN = 0.1  # of the trials on the good side may be lost as well


def trials_diverged(
    trials: Table | None, ranges: Table | None, search: Table | None, *, share: float, min_trials: int
) -> Iterator[Hit]:
    """Report a search of whose ended trials more than ``share`` diverged, or failed, and the setting that parts them.

    Trials that the searcher cut short count as ended and good; running ones do not count. Weak where more failed than
    diverged, which may be the machine's fault. Raises ``NotJudged`` under ``min_trials`` ended trials.
    """
    found = search_of(trials, ranges, search, min_trials)
    count = Counter(found.states)
    ended = sum(count[s] for s in ("complete", "cut-short", "diverged", "failed"))
    if ended < min_trials:
        raise NotJudged(f"only {ended} trials have ended, {min_trials} needed")
    lost = count["diverged"] + count["failed"]
    if not lost > share * ended:
        return
    facts: dict[str, float | str] = {
        "lost": lost,
        "ended": ended,
        "lost_share": lost / ended,
        "diverged": count["diverged"],
        "failed": count["failed"],
    }
    if count["cut-short"]:
        facts["cut"] = count["cut-short"]
    part = _separating(found)
    if part is not None:
        facts |= {"where": part.words, "edge": part.edge}
    weak = count["failed"] > count["diverged"] and part is None
    name = part.parameter.name if part is not None else ""
    yield Hit(0, len(found) - 1, facts, weak=weak, series=name, path=found.place(0)[0])


@dataclass(frozen=True, slots=True)
class _Part:
    """What tells lost trials from others: the setting, the value beyond which they lie, and that in words."""

    parameter: Parameter
    edge: float
    words: str


def _separating(found: Search) -> _Part | None:
    """Return the number that tells lost trials from others best, None where none does beyond chance."""
    lost = np.array([s in {"diverged", "failed"} for s in found.states])
    live = np.array([s in {"diverged", "failed", "complete", "cut-short"} for s in found.states])
    scored = [(abs(z), z, p) for p in found.numbers if (z := _z(p, lost, live))]
    if not scored:
        return None
    score, z, parameter = max(scored, key=lambda s: s[0])
    if score < SURE:
        return None
    return _split(parameter, lost, live, upward=z > 0)


def _z(parameter: Parameter, lost: BoolArray, live: BoolArray) -> float:
    """Return the z score of the rank sum of the lost trials: above 0 where they lie higher."""
    used = live & parameter.known
    mine = lost[used]
    n, k = len(mine), int(mine.sum())
    if not 2 <= k <= n - 2:
        return 0.0
    ranks = midranks(parameter.values[used])
    sd = float(np.std(ranks)) * np.sqrt((n - k) / (n - 1) / k)
    return float((ranks[mine].mean() - ranks.mean()) / sd) if sd > 0 else 0.0


def _split(parameter: Parameter, lost: BoolArray, live: BoolArray, *, upward: bool) -> _Part:
    """Return where the fewest trials lie on the wrong side."""
    used = live & parameter.known
    values, mine = parameter.values[used], lost[used]
    if not upward:
        values = -values
    edges = np.unique(values)
    wrong = [int(np.sum(mine & (values < e)) + np.sum(~mine & (values >= e))) for e in edges]
    edge = float(edges[int(np.argmin(wrong))])
    far = values >= edge
    shown = edge if upward else -edge
    side = ("from", "on") if upward else ("down from", "on")
    words = (
        f"{parameter.name} {side[0]} {number(shown)} {side[1]}: {int(mine[far].sum())} of {int(far.sum())} are lost,"
        f" of the others {int(mine[~far].sum())} of {int((~far).sum())}"
    )
    return _Part(parameter, shown, words)


DETECTOR = Detector(
    "trials-diverged",
    trials_diverged,
    frozenset({"lost", "ended", "lost_share", "diverged", "failed"}),
    frozenset({"where", "edge", "cut"}),
)
