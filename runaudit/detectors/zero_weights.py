"""Layers whose weights are zero, or shrink to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from runaudit.detectors import Detector
from runaudit.detectors._kinds import is_bias, plain_name
from runaudit.detectors._layers import listed, natural
from runaudit.detectors._rows import typical
from runaudit.errors import NotJudged
from runaudit.model import Hit, Series
from runaudit.numerics import finite

NEEDS = "weight_norm/<layer> or update_ratio/<layer>"


def zero_weights(
    norms: Mapping[str, Series] | None,
    ratios: Mapping[str, Series] | None,
    frozen: Sequence[str] | None,
    *,
    collapse: float,
    late: float,
    min_rows: int,
) -> Iterator[Hit]:
    """Report the layers whose weights are zero over the last ``late`` of the run, or fell to ``collapse`` of before.

    Biases are none, for they start at zero and may stay there, and neither are layers that ``frozen`` names. Weights
    that start at zero and leave it are meant so (the last layer of a residual branch). A layer without a norm whose
    update ratio is NaN at every row has zero weights too (weak). Under ``min_rows`` rows in every layer raise
    ``NotJudged``.
    """
    if norms is None and ratios is None:
        raise NotJudged("not in this log: weight_norm/<layer> or update_ratio/<layer>", NEEDS)
    left_out = {plain_name(name) for name in frozen or ()}
    shrunk: dict[str, tuple[float, int]] = {}
    judged: list[Series] = []
    for name in sorted(norms or {}, key=natural):
        series = (norms or {})[name]
        good = np.isfinite(series.values)
        steps, values = series.steps[good], series.values[good]
        if is_bias(name) or name in left_out or len(values) < min_rows:
            continue
        judged.append(series)
        tail = int(np.searchsorted(steps, steps[-1] - late * (steps[-1] - steps[0])))
        tail = min(tail, len(steps) - min_rows)
        end, top = typical(steps[tail:], values[tail:]), float(values.max())
        if end == 0.0 if top == 0.0 else end <= collapse * top:
            above = np.flatnonzero(values > collapse * top)
            shrunk[name] = (end, int(steps[min(above[-1] + 1, len(steps) - 1)]) if len(above) else int(steps[0]))
    undefined = {n: s for n, s in (ratios or {}).items() if n not in (norms or {}) and not is_bias(n)}
    undefined = {n: s for n, s in undefined.items() if len(s) >= min_rows and n not in left_out}
    judged.extend(undefined.values())
    if not judged:
        raise NotJudged(f"no layer has {min_rows} rows that tell the size of its weights", NEEDS)
    nothing = {n: s for n, s in undefined.items() if np.isnan(s.values).all() and len(nan_free(undefined))}
    if not shrunk and not nothing:
        return
    found = shrunk or {n: (0.0, int(s.steps[0])) for n, s in nothing.items()}
    first = min(found, key=lambda name: found[name][1])
    series = (norms or {})[first] if shrunk else undefined[first]
    facts: dict[str, float | str] = {
        "count": len(found),
        "layers": len(judged),
        "which": listed(found, ".2g"),
        "how": "are zero" if all(norm == 0.0 for norm, _ in found.values()) else "have shrunk to nothing",
    }
    if shrunk:
        facts["top"] = float(finite(series.values).max())
    yield Hit(found[first][1], int(series.steps[-1]), facts, weak=not shrunk, series=series.name)


def nan_free(layers: Mapping[str, Series]) -> list[str]:
    """Return the layers that have a number: where none has, the ratios are broken and tell nothing."""
    return [name for name, series in layers.items() if not np.isnan(series.values).all()]


DETECTOR = Detector(
    "zero-weights",
    zero_weights,
    frozenset({"count", "layers", "which", "how"}),
    frozenset({"top"}),
)
