"""A pause far beyond the usual distance of two rows, and a log that ends long before its plan."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from runaudit.detectors import Detector
from runaudit.detectors._pace import weighted_median
from runaudit.errors import NotJudged
from runaudit.model import FloatArray, Hit, Reduction, Series


def stalled(
    time: Series | None,
    loss: Series | None,
    step_unit: str | None,
    max_steps: float | None,
    epochs: float | None,
    patience: str | None,
    *,
    ratio: float,
    min_pause: float,
    max_pauses: int,
    planned: float,
    least: float,
    min_points: int,
) -> Iterator[Hit]:
    """Report the longest pause between two rows, and a log that stops before ``planned`` of its plan.

    A pause is more than ``ratio`` times the usual distance in time, and more than ``min_pause`` seconds; more than
    ``max_pauses`` of them are the way of this program. The plan is ``max_steps`` or ``epochs`` in the unit of the
    steps; a run that may stop early (``patience``) has none, and below ``least`` of it the log counts in another unit.
    Raises ``NotJudged`` if there is neither a time of ``min_points`` rows nor a plan.
    """
    unit = step_unit or "step"
    waits = _waits(time, min_points)
    plan = max_steps if unit == "step" else epochs if unit == "epoch" else None
    plan = None if patience is not None else plan
    if waits is None and (plan is None or loss is None):
        raise NotJudged(
            "neither the time of the rows nor a plan of steps", "time/step", "max_steps or epochs in the config"
        )
    if time is not None and waits is not None:
        yield from _pauses(time, waits, ratio, min_pause, max_pauses)
    if loss is not None and plan is not None and len(loss) >= min_points:
        yield from _ends_early(loss, plan, unit, planned, least)


def _waits(time: Series | None, min_points: int) -> FloatArray | None:
    """Return the seconds between the rows from the second on, None where no clock was logged or the log is short."""
    if time is None or time.reduction is not Reduction.WINDOW_MEAN or len(time) <= min_points:
        return None
    waits = time.values[1:] * np.diff(time.steps)
    return np.where(np.isfinite(waits) & (waits >= 0), waits, 0.0)


def _pauses(time: Series, waits: FloatArray, ratio: float, min_pause: float, max_pauses: int) -> Iterator[Hit]:
    usual = weighted_median(waits, np.ones(len(waits)))
    pauses = np.flatnonzero((waits > ratio * usual) & (waits > min_pause))
    if usual <= 0 or not 0 < len(pauses) <= max_pauses:
        return
    longest = int(pauses[np.argmax(waits[pauses])])
    facts: dict[str, float | str] = {
        "what": "the log stands still",
        "amount": f"{_duration(float(waits[longest]))} where {_duration(usual)} between two rows is usual",
        "pause": float(waits[longest]),
        "usual": usual,
        "pauses": len(pauses),
    }
    yield Hit(int(time.steps[longest]), int(time.steps[longest + 1]), facts, series=time.name)


def _ends_early(loss: Series, plan: float, unit: str, planned: float, least: float) -> Iterator[Hit]:
    last = int(loss.steps[-1])
    every = float(np.median(np.diff(loss.steps)))
    done = last + (1 if unit == "epoch" and int(loss.steps[0]) == 0 else 0)
    if done + 2 * every >= planned * plan or done < least * plan:
        return
    facts: dict[str, float | str] = {
        "what": "the log ends",
        "amount": f"at {unit} {done:,} of {plan:,.0f} planned",
        "share": done / plan,
    }
    yield Hit(last, last, facts, weak=True, series=loss.name)


def _duration(seconds: float) -> str:
    """Return seconds as people say them.

    >>> [_duration(s) for s in (0.25, 59.0, 900.0, 9000.0)]
    ['0.25 s', '59 s', '15 min', '2.5 h']
    """
    if seconds < 120:
        return f"{seconds:.3g} s"
    return f"{seconds / 60:.3g} min" if seconds < 7200 else f"{seconds / 3600:.3g} h"


DETECTOR = Detector("stalled", stalled, frozenset({"what", "amount"}), frozenset({"pause", "usual", "pauses", "share"}))
