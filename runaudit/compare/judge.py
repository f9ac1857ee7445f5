"""The verdict by one metric: better, worse or cannot tell, with the statistic that says so."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from runaudit.compare import stats
from runaudit.compare.floor import seed_noise
from runaudit.compare.result import Measures, Metric, Test, Verdict
from runaudit.model import FloatArray
from runaudit.text import count, number

CLEAR = 3.0  # standard errors, of an assumed seed noise: one run a side is called only where it is plain
LEAST_OF_TWO = 0.25  # of the assumed seed noise: two references may lie close, or be equal, by chance
LEAST_POINTS = 3
PERMUTATION = "exact permutation test"
DRAWN = "permutation test"
WELCH = "Welch's t test"
SINGLE = "t test"
CURVE = "noise of the curves and an assumed seed noise"


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict, its reason in a sentence, what would help ("" if nothing), and its statistic, if it needed one."""

    verdict: Verdict
    reason: str
    advice: str = ""
    test: Test | None = None


@dataclass(frozen=True, slots=True)
class Broken:
    """Which runs diverged, by name, with how (as in ``NaN from step 300 on``)."""

    runs: dict[str, str]
    references: dict[str, str]


def judge(metric: Metric, broken: Broken, *, independent: bool) -> Judged:
    """Return the verdict by a metric. ``independent`` is False where the references are known not to differ in seed."""
    if broken.runs or broken.references:
        settled = _by_divergence(metric, broken)
        if settled is not None:
            return settled
    new, old = (_finals(side) for side in (metric.runs, metric.references))
    short = [m.run for m in (*metric.runs, *metric.references) if m.points < LEAST_POINTS]
    if short or not len(new) or not len(old):
        few = f"fewer than {LEAST_POINTS} values of {metric.name} in the shared range: {', '.join(short)}"
        return Judged(Verdict.UNCLEAR, few if short else f"no final value of {metric.name}", "Compare longer runs.")
    test = _tested(metric, new, old, independent=independent)
    return _worded(metric, test, len(new), len(old))


def _finals(side: Sequence[Measures]) -> FloatArray:
    values = np.array([m.final for m in side], dtype=np.float64)
    return values[np.isfinite(values)]


def _by_divergence(metric: Metric, broken: Broken) -> Judged | None:
    """Return the verdict where runs diverged; None where that alone settles nothing and the others are compared."""
    runs, references = len(metric.runs), len(metric.references)
    bad, known = len(broken.runs), len(broken.references)
    told = "; ".join(f"{name}: {how}" for name, how in (broken.runs or broken.references).items())
    if bad and bad * references > known * runs:
        some = f"{bad} of {count(runs, 'run')} diverged" if runs > 1 else "the run diverged"
        against = f"{known} of {references} references did" if known else "no reference did"
        return Judged(Verdict.WORSE, f"{some} and {against} ({told})")
    if known == references:
        less = f"{runs - bad} of {count(runs, 'run')} did not" if runs > 1 or bad else "the run did not"
        p = _share_p(bad, runs, known, references)
        test = Test("exact test of the numbers diverged", p, math.nan, math.nan, math.nan, math.nan, math.nan, False,
                    math.nan, None)  # fmt: skip
        if p <= stats.LIMIT:
            return Judged(Verdict.BETTER, f"every reference diverged and {less} ({p_words(p)}; {told})", "", test)
        return Judged(
            Verdict.UNCLEAR,
            f"every reference diverged and {less} ({told}): that may be chance, and there is no final value to compare",
            "Compare with references that trained well.",
        )
    return None


def _share_p(bad: int, runs: int, known: int, references: int) -> float:
    """Return the two-sided p of so many diverged runs (Fisher's exact test, the smaller tail twice)."""
    total = bad + known
    ways = math.comb(runs + references, total)
    least = sum(math.comb(runs, k) * math.comb(references, total - k) for k in range(bad + 1) if total - k >= 0)
    return min(2.0 * least / ways, 1.0)


def _tested(metric: Metric, new: FloatArray, old: FloatArray, *, independent: bool) -> Test:
    difference = float(new.mean() - old.mean())
    curve = max((m.error for m in (*metric.runs, *metric.references) if math.isfinite(m.error)), default=0.0)
    if len(new) + len(old) == 2 or not independent:
        return _assumed(metric, new, old, difference, curve)
    least = curve if len(new) + len(old) > 3 else max(curve, _assumed_sd(metric, new, old) * LEAST_OF_TWO)
    error, degrees = stats.welch(new, old, least=least)
    sd = stats.pooled_sd(new, old)
    name, p = WELCH, _t_p(difference, error, degrees)
    if 2.0 / stats.arrangements(len(new), len(old)) <= stats.LIMIT:
        exact = stats.arrangements(len(new), len(old)) <= stats.MOST_EXACT
        name, p = PERMUTATION if exact else DRAWN, stats.permutation_p(new, old)
    elif len(new) == 1 or len(old) == 1:
        name = SINGLE
    half = stats.t_quantile(stats.LIMIT, degrees) * error
    needed = stats.seeds_needed(difference, max(sd, curve)) if p > stats.LIMIT else None
    return Test(name, p, difference, difference - half, difference + half, stats.hedges_g(new, old), sd, False, error,
                needed)  # fmt: skip


def _t_p(difference: float, error: float, degrees: float) -> float:
    if not error > 0:
        return 1.0 if difference == 0 else 0.0
    return stats.t_tail(difference / error, degrees)


def _assumed(metric: Metric, new: FloatArray, old: FloatArray, difference: float, curve: float) -> Test:
    """Return the statistic of one run a side: what is not known of the seeds is assumed, on the safe side."""
    sd = max(_assumed_sd(metric, new, old), stats.pooled_sd(new, old) if len(new) + len(old) > 2 else 0.0)
    errors = [m.error if math.isfinite(m.error) else curve for m in (*metric.runs, *metric.references)]
    error = math.sqrt(2.0 * sd**2 + max(errors) ** 2 + errors[0] ** 2)
    needed = stats.seeds_needed(difference, math.hypot(sd, curve)) if abs(difference) < CLEAR * error else None
    nan = math.nan
    return Test(CURVE, nan, difference, nan, nan, nan, sd, True, error, needed)


def _assumed_sd(metric: Metric, new: FloatArray, old: FloatArray) -> float:
    first = float(metric.band.mid[np.isfinite(metric.band.mid)][0])
    return max(seed_noise(float(np.median(side)), first, up_good=metric.up_good) for side in (new, old))


def _worded(metric: Metric, test: Test, new: int, old: int) -> Judged:
    clear = abs(test.difference) >= CLEAR * test.error if test.assumed else test.p <= stats.LIMIT
    clear = clear and test.difference != 0
    verdict = Verdict.UNCLEAR
    if clear:
        verdict = Verdict.BETTER if (test.difference > 0) is metric.up_good else Verdict.WORSE
    return Judged(verdict, _reason(metric, test, new, old), _advice(test, new, old, clear=clear), test)


def _reason(metric: Metric, test: Test, new: int, old: int) -> str:
    values, references = metric.middle("final")
    ends = f"{metric.name} ends at {number(values)} against {number(references)}{_percent(metric)}"
    if test.difference == 0:
        return f"{ends}: no difference at all"
    if not test.assumed:
        sides = f"{count(new, 'run')} against {old}"
        size = f", effect size {number(round(abs(test.effect), 1))}" if math.isfinite(test.effect) else ""
        return f"{ends}; {p_words(test.p)} by {test.name} of {sides} (limit {number(stats.LIMIT)}){size}"
    times = abs(test.difference) / test.error if test.error > 0 else math.inf
    shown = f"{number(round(times, 1))} times its standard error (limit {number(CLEAR)})"
    guess = f"nothing here tells the noise between seeds, and {number(test.sd)} is assumed, on the safe side"
    return f"{ends}: {shown}; {guess}"


def p_words(p: float) -> str:
    """Return a p value in two digits.

    >>> p_words(0.028571), p_words(2e-7)
    ('p = 0.029', 'p < 0.001')
    """
    return f"p = {p:.2g}" if p >= 0.001 else "p < 0.001"


def _percent(metric: Metric) -> str:
    change = metric.change
    if not math.isfinite(change) or change == 0:
        return ""
    return f", {number(abs(round(100 * change, 1)))}% {'higher' if change > 0 else 'lower'}"


def _advice(test: Test, new: int, old: int, *, clear: bool) -> str:
    if test.difference == 0:
        return "" if test.assumed else "Nothing to tell apart."
    if clear:
        return "Repeat both with two more seeds to be sure: one run a side shows no seed noise." if test.assumed else ""
    if test.needed is None:
        return f"Even {stats.MOST_SEEDS} seeds a side would hardly tell so small a difference: take them for equal."
    by = "assumed" if test.assumed else "measured"
    words = f"{count(test.needed, 'seed')} a side would tell a difference of this size in four of five cases"
    have = f" (there are {new} and {old})" if new + old > 2 else ""
    return f"Run more seeds: {words}, by the {by} seed noise of {number(test.sd)}{have}."
