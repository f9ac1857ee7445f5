"""What a comparison says, all of it frozen: per run and metric the measures, then the test and the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

import numpy as np

from runaudit.model import ConfigValue, FloatArray


class Verdict(StrEnum):
    """How the runs are against the references."""

    BETTER = "better"
    WORSE = "worse"
    UNCLEAR = "cannot tell"


FAIL_IF: dict[str, frozenset[Verdict]] = {
    "worse": frozenset({Verdict.WORSE}),
    "not-better": frozenset({Verdict.WORSE, Verdict.UNCLEAR}),
    "different": frozenset({Verdict.WORSE, Verdict.BETTER}),
    "never": frozenset(),
}


@dataclass(frozen=True, slots=True)
class Member:
    """A run of one side. ``diverged`` says in words how it broke down, "" if it did not; ``used`` if it was counted."""

    id: str
    paths: tuple[str, ...]
    format: str
    last: float
    diverged: str = ""
    used: bool = True


@dataclass(frozen=True, slots=True)
class Measures:
    """One metric of one run, inside the range that all runs share; NaN where there is nothing to measure.

    ``final`` is the median of the last stretch (a tenth, if that holds three values), ``error`` its standard error from
    the noise of the curve alone; ``best`` and where it is; ``mean`` the mean over the range (the area under the curve
    by its width); ``reached`` the first place at which the smoothed curve is as good as the references end; ``noise``
    the standard deviation from point to point in the last third.
    """

    run: str
    points: int
    final: float
    error: float
    best: float
    best_at: float
    mean: float
    reached: float
    noise: float


@dataclass(frozen=True, slots=True, eq=False)
class Band:
    """What the smoothed references do over the shared range: lowest, median and highest value at ``x``.

    ``kind`` says of what the band is: ``range`` over the runs, ``quantiles`` (5 % to 95 %, of ten runs or more), or
    ``assumed``: of a single run, its noise and the seed noise that is assumed.
    """

    kind: str
    x: FloatArray
    low: FloatArray
    mid: FloatArray
    high: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Metric:
    """One metric of both sides.

    ``target`` is the final value of the references. ``lines`` are the smoothed runs at the places of the band, ``mid``
    their median. ``left_at`` is where that leaves the band for good, NaN if it never does, and ``left_to`` the side.
    """

    MEASURES: ClassVar[tuple[str, ...]] = ("final", "best", "mean", "reached", "noise")

    name: str
    up_good: bool
    low: float
    high: float
    runs: tuple[Measures, ...]
    references: tuple[Measures, ...]
    target: float
    band: Band
    lines: tuple[FloatArray, ...]
    mid: FloatArray
    left_at: float
    left_to: str

    def middle(self, measure: str) -> tuple[float, float]:
        """Return the median of a measure over the runs and over the references; what is not finite does not count."""
        return _median([getattr(m, measure) for m in self.runs]), _median(
            [getattr(m, measure) for m in self.references]
        )

    @property
    def change(self) -> float:
        """Return how much the final value differs, as a share of that of the references; NaN where that is 0."""
        new, old = self.middle("final")
        return (new - old) / abs(old) if old else float("nan")


@dataclass(frozen=True, slots=True)
class Test:
    """The statistic behind the verdict; ``p`` is two-sided and NaN where the noise between seeds is not known.

    ``difference`` is runs less references, of the means of the final values, ``low`` to ``high`` its 95 % interval (NaN
    if unknown). ``effect`` is Hedges' g, NaN for one run a side. ``sd`` is the noise from seed to seed, measured or
    ``assumed``; ``error`` the standard error of the difference. ``needed`` is how many runs a side would tell a
    difference of this size; None if more than a hundred, or if the verdict is clear.
    """

    __test__: ClassVar[bool] = False  # no test of pytest

    name: str
    p: float
    difference: float
    low: float
    high: float
    effect: float
    sd: float
    assumed: bool
    error: float
    needed: int | None


@dataclass(frozen=True, slots=True)
class Difference:
    """A setting that differs: its values among the runs and among the references; absent values are left out.

    ``incidental`` marks what tells runs apart without being tried: seeds, names, paths.
    """

    key: str
    runs: tuple[ConfigValue, ...]
    references: tuple[ConfigValue, ...]
    incidental: bool


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Runs against references: the verdict by one metric, and what else there is to know.

    ``by`` is ``step``, ``epoch`` or ``time``, ``unit`` what is counted on the shared axis. The first of ``metrics`` is
    the one that was judged; the others are described and not tested, so that no chance finding among many decides.
    ``test`` is None where the verdict needs none.
    """

    verdict: Verdict
    reason: str
    advice: str
    by: str
    unit: str
    runs: tuple[Member, ...]
    references: tuple[Member, ...]
    metrics: tuple[Metric, ...]
    test: Test | None
    settings: tuple[Difference, ...]
    notes: tuple[str, ...]

    @property
    def primary(self) -> Metric:
        """Return the metric that was judged."""
        return self.metrics[0]

    def exit_code(self, fail_if: str = "worse") -> int:
        """Return 1 where the verdict is one of those that ``fail_if`` names (see ``FAIL_IF``), else 0."""
        return int(self.verdict in FAIL_IF[fail_if])


def _median(values: Sequence[float]) -> float:
    finite = [v for v in values if np.isfinite(v)]
    return float(np.median(finite)) if finite else float("nan")
