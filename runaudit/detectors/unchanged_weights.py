"""Weights that no update changes, though nobody froze them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from runaudit.detectors import Detector
from runaudit.detectors._kinds import is_bias, plain_name
from runaudit.detectors._layers import natural
from runaudit.detectors._rate import rate_per_step
from runaudit.errors import NotJudged
from runaudit.model import BoolArray, Hit, IntArray, Series

NEEDS = "update_ratio/<layer> or weight_norm/<layer>"
MOST = 3


@dataclass(frozen=True, slots=True, eq=False)
class _Motion:
    """At which rows a layer was seen to move or to stay, the first of them for a comparison with the row before."""

    series: Series
    steps: IntArray
    moves: BoolArray
    exact: bool
    """False where only the norm tells it, which stays the same for weights that are normalised."""

    @property
    def since(self) -> int:
        """Return the first step from which on it never moves; the last step if it moves to the end."""
        last = np.flatnonzero(self.moves)
        return int(self.steps[min(last[-1] + 1, len(self.steps) - 1)]) if len(last) else int(self.series.steps[0])

    def still(self, min_rows: int, share: float) -> bool:
        """Say whether it stays for ``min_rows`` rows at the end, over that share of the run."""
        last = np.flatnonzero(self.moves)
        rows = self.steps[last[-1] + 1 :] if len(last) else self.steps
        covered = float(self.steps[-1] - self.steps[0]) * share
        return len(rows) >= min_rows and (not len(last) or float(rows[-1] - rows[0]) >= covered)


def unchanged_weights(
    ratios: Mapping[str, Series] | None,
    norms: Mapping[str, Series] | None,
    gradients: Mapping[str, Series] | None,
    lr: Series | None,
    frozen: Sequence[str] | None,
    idle: Sequence[str] | None,
    parameters: float | None,
    trainable: float | None,
    *,
    share: float,
    min_rows: int,
) -> Iterator[Hit]:
    """Report the layers whose update ratio is exactly zero, or whose norm stays the same, while others move.

    Layers are weights, not biases; those that ``frozen`` names are none, and rows without a learning rate do not count.
    Decisive: the layer never moved, and either no gradient reached it (``idle``), or the configuration tells what is
    frozen: by name, or by as many trainable parameters as there are. Else it is weak: it may be frozen on purpose. So
    it is for a layer that moved and then stopped for ``share`` of the run (dead units do that), and where the norm
    alone tells it. If no layer at all moves, the gradients must be logged and above zero. Under ``min_rows`` rows in
    every layer raise ``NotJudged``.
    """
    if ratios is None and norms is None:
        raise NotJudged("not in this log: update_ratio/<layer> or weight_norm/<layer>", NEEDS)
    left_out = {plain_name(name) for name in frozen or ()}
    told = frozen is not None or (parameters is not None and parameters == trainable)
    motions = {
        name: motion
        for name in sorted({*(ratios or {}), *(norms or {})}, key=natural)
        if not is_bias(name) and name not in left_out
        if (motion := _motion(name, ratios or {}, norms or {}, lr)) is not None and len(motion.steps) >= min_rows
    }
    if not motions:
        raise NotJudged(f"no layer has {min_rows} rows that tell whether it moves", NEEDS)
    still = {name: motion for name, motion in motions.items() if motion.still(min_rows, share)}
    never = [name for name, motion in still.items() if not motion.moves.any()]
    nothing_moves = len(never) == len(motions)
    if not still or (nothing_moves and not _above_zero(gradients)):
        return
    without = {plain_name(name) for name in idle or ()}
    sure = [n for n in never if n in without or ((told or nothing_moves) and motions[n].exact)]
    named = sure or never or list(still)
    facts: dict[str, float | str] = {
        "count": len(named),
        "layers": len(motions),
        "how": "never change" if named[0] in never else "stopped changing",
        "which": _listed({name: motions[name].since for name in named}),
    }
    if left_out:
        facts["frozen"] = len(left_out)
    cause = _cause(named, without, gradients or {})
    if cause:
        facts["cause"] = cause
    first = min((motions[name] for name in named), key=lambda motion: motion.since)
    yield Hit(first.since, int(first.steps[-1]), facts, weak=not sure, series=first.series.name)


def _motion(name: str, ratios: Mapping[str, Series], norms: Mapping[str, Series], lr: Series | None) -> _Motion | None:
    """Return how a layer moves, None where neither its ratios nor its norms tell: a ratio of zero weights is NaN."""
    series = ratios.get(name)
    if series is not None and not np.isnan(series.values).all():
        good = ~np.isnan(series.values)
        steps, moves, exact = series.steps[good], series.values[good] != 0.0, True
    else:
        series = norms.get(name)
        if series is None or len(series) < 2 or not np.isfinite(series.values).all() or not series.values.any():
            return None
        steps, moves, exact = series.steps[1:], np.diff(series.values) != 0.0, False
    rates = rate_per_step(lr, steps)
    paid = np.ones(len(steps), dtype=bool) if rates is None else rates > 0.0
    return _Motion(series, steps[paid], np.asarray(moves[paid]), exact) if paid.any() else None


def _above_zero(gradients: Mapping[str, Series] | None) -> bool:
    return any(np.any(series.values > 0.0) for series in (gradients or {}).values())


def _cause(named: Sequence[str], without: set[str], gradients: Mapping[str, Series]) -> str:
    """Return what the gradients say of the layers, "" where none are logged."""
    if all(name in without for name in named):
        return "no gradient reaches them"
    logged = [gradients[name].values for name in named if name in gradients]
    if len(logged) < len(named):
        return ""
    if not any(np.any(values != 0.0) for values in logged):
        return "their gradients are exactly zero"
    return "they have gradients, which the optimizer does not follow" if all(v.any() for v in logged) else ""


def _listed(named: Mapping[str, int]) -> str:
    parts = [f"{name} (from {first:,} on)" for name, first in list(named.items())[:MOST]]
    return ", ".join(parts) + (f" and {len(named) - MOST} more" if len(named) > MOST else "")


DETECTOR = Detector(
    "unchanged-weights",
    unchanged_weights,
    frozenset({"count", "layers", "how", "which"}),
    frozenset({"frozen", "cause"}),
)
