"""A comparison as strict JSON, schema version 1 (``comparison.schema.json``): the same input gives the same bytes."""

from __future__ import annotations

import json
import math
from typing import Any

from runaudit import __version__
from runaudit.compare import Comparison, Difference, Measures, Member, Metric
from runaudit.model import FloatArray
from runaudit.pen import Options
from runaudit.render.json import plain

SCHEMA_VERSION = 1


def render(comparison: Comparison, options: Options, fail_if: str) -> str:
    """Return the comparison as indented ASCII JSON and a final newline; what is not finite is null."""
    del options  # a program reads it: no width, no colour
    return json.dumps(document(comparison, fail_if), indent=2, allow_nan=False) + "\n"


def document(comparison: Comparison, fail_if: str) -> dict[str, Any]:
    """Return the comparison as plain dicts, lists, text and finite numbers, in the order of the schema."""
    found: dict[str, Any] = plain_in_order(
        {
            "schema_version": SCHEMA_VERSION,
            "tool": {"name": "runaudit", "version": __version__},
            "verdict": str(comparison.verdict),
            "metric": comparison.primary.name,
            "reason": comparison.reason,
            "advice": comparison.advice,
            "by": comparison.by,
            "unit": comparison.unit,
            "test": _test(comparison),
            "runs": [_member(m) for m in comparison.runs],
            "references": [_member(m) for m in comparison.references],
            "metrics": [_metric(m, tested=i == 0) for i, m in enumerate(comparison.metrics)],
            "settings": [_setting(d) for d in comparison.settings],
            "notes": list(comparison.notes),
            "summary": {"fail_if": fail_if, "exit_code": comparison.exit_code(fail_if)},
        }
    )
    return found


def plain_in_order(value: Any) -> Any:  # noqa: ANN401  any part of the document
    """Return the value as strict JSON can hold it, keys in their order; a number that is not finite is None."""
    if isinstance(value, dict):
        return {plain(str(key)): plain_in_order(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain_in_order(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return plain(value)


def _test(comparison: Comparison) -> dict[str, Any] | None:
    test = comparison.test
    if test is None:
        return None
    return {
        "name": test.name,
        "p": test.p,
        "difference": test.difference,
        "interval": [test.low, test.high],
        "effect_size": test.effect,
        "seed_noise": test.sd,
        "seed_noise_assumed": test.assumed,
        "standard_error": test.error,
        "seeds_needed": test.needed,
    }


def _member(one: Member) -> dict[str, Any]:
    return {
        "id": one.id,
        "paths": one.paths,
        "format": one.format,
        "last": one.last,
        "diverged": one.diverged,
        "used": one.used,
    }


def _metric(metric: Metric, *, tested: bool) -> dict[str, Any]:
    return {
        "name": metric.name,
        "better": "higher" if metric.up_good else "lower",
        "tested": tested,
        "range": [metric.low, metric.high],
        "target": metric.target,
        "change": metric.change,
        "left_band_at": metric.left_at,
        "left_band_to": metric.left_to,
        "runs": [_measures(m) for m in metric.runs],
        "references": [_measures(m) for m in metric.references],
        "band": {
            "kind": metric.band.kind,
            "at": _few(metric.band.x),
            "low": _few(metric.band.low),
            "median": _few(metric.band.mid),
            "high": _few(metric.band.high),
            "runs": _few(metric.mid),
        },
    }


def _few(values: FloatArray) -> list[float]:
    """Return every eighth value, and the last one, in six digits."""
    return [float(f"{value:.6g}") for value in [*values[:-1:8].tolist(), float(values[-1])]]


def _measures(one: Measures) -> dict[str, Any]:
    return {
        "run": one.run,
        "points": one.points,
        "final": one.final,
        "final_error": one.error,
        "best": one.best,
        "best_at": one.best_at,
        "mean": one.mean,
        "reached_target_at": one.reached,
        "noise": one.noise,
    }


def _setting(one: Difference) -> dict[str, Any]:
    return {
        "key": one.key,
        "runs": plain(list(one.runs)),
        "references": plain(list(one.references)),
        "incidental": one.incidental,
    }
