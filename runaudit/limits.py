"""A rule that is silent on a run -> the limits that keep it silent, so that a limit is moved on evidence."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import copysign, inf

from runaudit.model import Hit
from runaudit.ruleset import Rule, with_values

STEPS = 8  # halvings between a limit that is silent and one that speaks: within half a percent of their distance
AWAY = (0.5, 0.9, 9.0)  # how far from a limit to look, in its own size, besides its bounds
MOST_NEAR = 3
ROUND = 0.005  # what three digits may take from a number


@dataclass(frozen=True, slots=True)
class Near:
    """A limit that alone keeps a rule silent on a run: the value at which it would speak, and the facts it would give.

    ``note``: even then the rule would give no more than a note.
    """

    param: str
    limit: float
    value: float
    facts: Mapping[str, float | str]
    note: bool = False


def nearest(rule: Rule, speaks: Callable[[Rule], Hit | None]) -> tuple[Near, ...]:
    """Return the limits each of which alone keeps a rule silent, nearest first, and the value that would let it speak.

    ``speaks`` returns what the rule finds under other limits. At most three limits are given.
    """
    found = []
    for name, limit in rule.values.items():
        if rule.detector.thresholds[name] is not bool:
            for way in _ways(rule, name):
                near = _search(rule, name, [limit, *way], speaks)
                if near is not None:
                    found.append(near)
    found.sort(key=lambda near: abs(near.value - near.limit) / (abs(near.limit) or 1.0))
    first = {near.param: near for near in reversed(found)}  # of both ways, the nearer
    return tuple(near for near in found if near is first[near.param])[:MOST_NEAR]


def _ways(rule: Rule, name: str) -> Iterator[list[float]]:
    """Yield the values to try below the limit, the nearest first, and those above it."""
    limit, param = rule.values[name], rule.params[name]
    low = -inf if param.low is None else param.low
    high = inf if param.high is None else param.high
    size = abs(limit) or 1.0
    yield sorted({max(limit - away * size, low) for away in AWAY} | ({low} - {-inf}), reverse=True)
    yield sorted({min(limit + away * size, high) for away in AWAY} | ({high} - {inf}))


def _search(rule: Rule, name: str, way: Sequence[float], speaks: Callable[[Rule], Hit | None]) -> Near | None:
    """Return the value on the way, which begins at the limit, at which the rule begins to speak; None if nowhere."""

    def attempt(value: float) -> Hit | None:
        changed = with_values(rule, {name: value})
        return speaks(changed) if isinstance(changed, Rule) else None

    fit: Callable[[float], float] = round if rule.detector.thresholds[name] is int else float
    silent = way[0]
    for value in way[1:]:
        speaking = fit(value)
        hit = attempt(speaking)
        if hit is None:
            silent = speaking
            continue
        for _ in range(STEPS):
            middle = fit((silent + speaking) / 2)
            if middle in {silent, speaking}:
                break
            better = attempt(middle)
            if better is None:
                silent = middle
            else:
                speaking, hit = middle, better
        for short in _short(speaking, silent):
            better = attempt(fit(short))
            if better is not None:
                return Near(name, rule.values[name], fit(short), dict(better.facts))
        return Near(name, rule.values[name], speaking, dict(hit.facts))
    return None


def _short(speaking: float, silent: float) -> Iterator[float]:
    """Yield a value in three digits, and one that rounding does not bring nearer to the silent one.

    >>> list(_short(0.089375, 0.0898))
    [0.0894, 0.0889]
    """
    for value in (speaking, speaking + copysign(ROUND * speaking, speaking - silent)):
        yield float(f"{value:.3g}")
