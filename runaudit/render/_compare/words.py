"""The phrases of a comparison that every format uses: headline, measures, other metrics, settings, runs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from runaudit.compare import Comparison, Member, Metric, Verdict
from runaudit.model import ConfigValue
from runaudit.text import count, number, shorten

KINDS = {Verdict.BETTER: "ok", Verdict.WORSE: "fail", Verdict.UNCLEAR: "unknown"}
BANDS = {
    "range": "the range of the references",
    "quantiles": "the 5% to the 95% quantile of the references",
    "assumed": "one reference, with its noise and an assumed seed noise",
}
LABELS = {
    "final": "final value",
    "best": "best value",
    "mean": "mean over the range",
    "reached": "",  # by the target
    "noise": "noise at the end",
}
MOST_VALUES = 4
MOST_SETTINGS = 40
LONGEST = 60  # letters of a value of a setting
MANY_TIMES = 9.995  # from here on a ratio says more than percents
EQUAL = 5e-4  # of a value; less of a difference is none in the words of a report


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a table: what, of the runs, of the references, and the difference in words."""

    label: str
    runs: str
    references: str
    difference: str


def word(comparison: Comparison) -> str:
    """Return the verdict in capitals."""
    return comparison.verdict.upper()


def sides(comparison: Comparison) -> str:
    """Return how many are compared: ``3 runs against 5``."""
    used = sum(m.used for m in comparison.references)
    return f"{count(len(comparison.runs), 'run')} against {count(used, 'reference')}"


def extent(comparison: Comparison, metric: Metric) -> str:
    """Return the range that is compared, such as ``steps 0-4,000``."""
    ends = "\u2013".join(_at(x) for x in (metric.low, metric.high))
    return f"{comparison.unit}s {ends}"


def measures(comparison: Comparison, metric: Metric) -> list[Row]:
    """Return the measures of a metric, one a row."""
    rows = []
    for measure in metric.MEASURES:
        new, old = metric.middle(measure)
        label = LABELS[measure] or f"{comparison.unit}s to {number(metric.target)}"
        if measure == "reached":
            rows.append(Row(label, _reached(new), _reached(old), _speed(new, old)))
            continue
        runs, references = (_with_range(metric, measure, side) for side in ("runs", "references"))
        rows.append(Row(label, runs, references, change(new, old)))
    return rows


def change(new: float, old: float) -> str:
    """Return how much a value differs in percent, "" where that cannot be said.

    >>> change(0.4, 0.5), change(0.5, 0.5), change(1.0, 0.0), change(300.0, 1.0)
    ('-20%', 'equal', '', '300 times')
    """
    if not (math.isfinite(new) and math.isfinite(old)) or old == 0:
        return "equal" if new == old else ""
    part = (new - old) / abs(old)
    if abs(part) < EQUAL:
        return "equal"
    if part > MANY_TIMES and old > 0:
        return f"{number(new / old)} times"
    return f"{'+' if part > 0 else ''}{number(round(100 * part, 1))}%"


def others(comparison: Comparison) -> list[Row]:
    """Return the other metrics, described by their final values."""
    rows = []
    for metric in comparison.metrics[1:]:
        new, old = metric.middle("final")
        rows.append(Row(metric.name, number(new), number(old), change(new, old)))
    return rows


def left(comparison: Comparison, metric: Metric) -> str:
    """Return where the runs leave the band of the references for good, or that they do not."""
    who = "the run" if len(comparison.runs) == 1 else "the median of the runs"
    what = BANDS[metric.band.kind]
    if not math.isfinite(float(metric.mid[-1])):
        return f"{who} has no finite value at the end"
    if math.isnan(metric.left_at):
        return f"{who} ends inside the band ({what})"
    good = (metric.left_to == "above") is metric.up_good
    side = f"{metric.left_to} it, to the {'better' if good else 'worse'}"
    return f"{who} leaves the band for good at {comparison.unit} {_at(metric.left_at)}, {side} ({what})"


def statistic(comparison: Comparison) -> list[tuple[str, str]]:
    """Return the numbers behind the verdict, by what they are."""
    test = comparison.test
    if test is None:
        return []
    found = [("test", test.name)]
    if math.isfinite(test.p):
        found.append(("p", f"{test.p:.2g}"))
    if math.isfinite(test.difference):
        found.append(("difference", number(test.difference)))
    if math.isfinite(test.low) and math.isfinite(test.high):
        found.append(("95% interval", f"{number(test.low)} to {number(test.high)}"))
    if math.isfinite(test.effect):
        found.append(("effect size (Hedges' g)", number(test.effect)))
    if math.isfinite(test.sd):
        found.append((f"seed noise, {'assumed' if test.assumed else 'measured'}", number(test.sd)))
    if test.needed is not None:
        found.append(("seeds a side needed", count(test.needed)))
    return found


def settings(comparison: Comparison) -> tuple[list[tuple[str, str, str]], str]:
    """Return the settings that differ (key, of the runs, of the references), and in words what is not listed."""
    real = [d for d in comparison.settings if not d.incidental]
    rest = [d.key for d in comparison.settings if d.incidental]
    rows = [(d.key, _values(d.runs), _values(d.references)) for d in real[:MOST_SETTINGS]]
    parts = [f"{count(len(real) - MOST_SETTINGS)} more"] * (len(real) > MOST_SETTINGS)
    if rest:
        more = f" and {count(len(rest) - 5)} more" if len(rest) > 5 else ""
        parts.append(f"also different: {', '.join(shorten(key, LONGEST) for key in rest[:5])}{more}")
    return rows, "; ".join(parts)


def member(one: Member, unit: str) -> str:
    """Return what is said of a run behind its name."""
    told = one.diverged or f"{one.format}, to {unit} {_at(one.last)}"
    return told if one.used else f"{told}; not counted"


def ending(comparison: Comparison, fail_if: str) -> str:
    """Return the exit code and what decides it."""
    return f"exit {comparison.exit_code(fail_if)} (--fail-if {fail_if})"


def _with_range(metric: Metric, measure: str, side: str) -> str:
    many = [getattr(m, measure) for m in getattr(metric, side)]
    known = [v for v in many if math.isfinite(v)]
    middle = metric.middle(measure)[side == "references"]
    shown = number(middle)
    if len(known) > 1 and min(known) < max(known) and measure != "noise":
        shown = f"{_three(middle)} ({_three(min(known))}\u2013{_three(max(known))})"
    if measure == "best" and len(many) == 1 and known:
        shown += f" @ {_at(getattr(metric, side)[0].best_at)}"
    return shown


def _three(value: float) -> str:
    """Return the value in three digits, where its neighbours stand beside it."""
    return number(float(f"{value:.3g}"))


def _reached(at: float) -> str:
    return _at(at) if math.isfinite(at) else "never"


def _speed(new: float, old: float) -> str:
    if not (math.isfinite(new) and math.isfinite(old)) or min(new, old) <= 0:
        return ""
    if abs(new / old - 1) < EQUAL:
        return "equal"
    return f"{number(round(old / new, 2))} times faster" if new < old else f"{number(round(new / old, 2))} times slower"


def _at(x: float) -> str:
    return count(round(x)) if abs(x - round(x)) < 1e-6 or abs(x) >= 100 else number(round(x, 1))


def _values(values: Sequence[ConfigValue]) -> str:
    if not values:
        return "not logged"
    shown = [shorten(_value(v), LONGEST) for v in values[:MOST_VALUES]]
    return ", ".join(shown) + (f" and {count(len(values) - MOST_VALUES)} more" if len(values) > MOST_VALUES else "")


def _value(value: ConfigValue) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return number(float(value))
    return "null" if value is None else str(value)
