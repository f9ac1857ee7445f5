"""The learning-rate schedule that a run used, fitted, and in words."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from runaudit.detectors._schedule import Schedule, recognise
from runaudit.model import Series
from runaudit.text import count, number

NAMES = {
    "step": "step",
    "linear": "linear",
    "cosine": "cosine",
    "exponential": "exponential",
    "inverse-sqrt": "inverse square root",
    "inverse-time": "1/t",
    "polynomial": "polynomial",
    "square-root": "one less the square root,",
    "one-cycle": "one-cycle",
    "cyclic": "cyclic",
    "warm-up": "warm-up",
}
LONG_PLAN = 1.1  # of the steps that the log covers: a run that ended well before its schedule
STABLE = 0.2  # of the steps at the peak: a part of its own


def describe(lr: Series) -> Schedule:
    """Return the schedule that a learning rate follows, with the parameters of its fit.

    Shares are of the steps that it was logged for. ``undetermined`` where no family describes it, or for too few
    points; values that are not finite are left out.
    """
    return recognise(lr.steps, lr.values)


def sentence(lr: Series, unit: str = "step") -> str:
    """Return the schedule in words, such as ``cosine from 1e-3 to 0 over 9,500 steps after 500 steps of warm-up``.

    It is "" where fewer than two values can be rates. A rate that no family describes is told by its ends.
    """
    found = describe(lr)
    if found.points < 2:
        return ""
    steps = lr.steps[np.isfinite(lr.values)]
    return words(found, int(steps[-1] - steps[0]), unit)


def words(found: Schedule, span: int, unit: str = "step") -> str:
    """Return a schedule over ``span`` steps in words."""
    first, peak, last = number(found.first), number(found.peak), number(found.last)
    fitted = f"; fitted to {found.error:.1%}" if found.error >= 0.0005 else ""
    after = _after(found, span, unit)
    match found.kind:
        case "constant":
            return f"constant {peak}{after}"
        case "warm-up":
            return f"still warming up, from {first} to {last} over {count(span, unit)}"
        case "undetermined":
            return f"none that is known, from {first} to {last}, at most {peak}"
        case "cyclic":
            return f"cyclic, {count(found.restarts, 'time')} up again, at most {peak}{after}"
        case "one-cycle":
            up = count(round(found.warmup * span), unit)
            return f"one-cycle, {up} up to {peak}, then down to {last}{fitted}"
        case "step":
            return f"step, {_cuts(found, span, unit)}, from {peak} to {last}{_restarts(found)}{after}"
        case _:
            return f"{_name(found)} from {peak} to {last}{_over(found, span, unit)}{_restarts(found)}{after}{fitted}"


def _name(found: Schedule) -> str:
    """Return the family, with the parameter that makes it one."""
    power = found.parameters.get("power")
    name = NAMES[found.kind]
    return f"{name} (power {number(power)})" if power is not None else name


def _cuts(found: Schedule, span: int, unit: str) -> str:
    """Return how often and by what a rate was cut, and where first; that share counts from the end of the warm-up."""
    drops = int(found.parameters.get("drops", 0))
    first = found.parameters.get("first_drop")
    where = f" from {unit} {count(round(first * span))} on" if first is not None and not found.restarts else ""
    times = f"times {number(found.parameters.get('factor', float('nan')))}"
    return f"{times}, {count(drops, 'cut')}{where}"


def _over(found: Schedule, span: int, unit: str) -> str:
    """Return over how many steps it falls, of how many planned, and for how many it stays at its floor."""
    if found.restarts:
        return ""
    falls = max(1.0 - found.warmup - found.hold - found.floor, 0.0) * span
    planned = found.parameters.get("span", 1.0)
    of = f" of {count(round(planned * falls))} planned" if planned >= LONG_PLAN else ""
    floor = f", then {count(round(found.floor * span))} at the floor" if found.floor > 0 else ""
    return f" over {count(round(falls), unit)}{of}{floor}"


def _restarts(found: Schedule) -> str:
    return f", {count(found.restarts, 'restart')}" if found.restarts else ""


def _after(found: Schedule, span: int, unit: str) -> str:
    """Return what comes before the fall: steps at the peak, steps of warm-up."""
    parts = [(round(found.hold * span), "at the peak"), (round(found.warmup * span), "of warm-up")]
    told = [f"{count(steps, unit)} {what}" for steps, what in parts if steps > 0]
    kind = " (warm-up, stable, decay)" if len(told) > 1 and found.hold >= STABLE else ""
    return f" after {' and '.join(told)}{kind}" if told else ""


def of_run(series: Mapping[str, Series], unit: str = "step") -> str:
    """Return the schedule of a run in words, "" where no learning rate was logged."""
    return sentence(series["lr"], unit) if "lr" in series else ""
