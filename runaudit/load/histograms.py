"""Histograms of layers -> series of layers: means, shares and norms, where the log has none of its own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, isnan, nan, sqrt
from typing import Any

import numpy as np

from runaudit.load.order import latest
from runaudit.load.tensors import layer_of
from runaudit.model import FloatArray, Note, Series, Understood
from runaudit.readers._summary import Histogram
from runaudit.text import count

HISTOGRAMS = "histograms"
NARROW = 1e-6  # the widest bin at zero, as part of the largest value, whose content is taken for exact zeros
CUT = 0.97  # beyond this part of its bound a unit is saturated
NEAR = 0.9  # a bounded layer comes this near to a bound, once in the run
WIDE = 0.25  # the widest bin around the cut, the bound being 1, of which the share beyond is estimated
LEFT_OPEN = 0.05  # the largest share in the bins around the cut where nothing but their width tells how it divides
ROUGH = 2.0  # a norm of bins may be known up to this factor: the rules on it look for a hundred
STEADY = 1e-3  # the mean of a softmax, 1 / classes, moves by less than this part of itself

OWN = "the log has series of its own for this"

Point = tuple[int, Histogram]
Values = list[float | None]  # one for each histogram, None where it does not tell


@dataclass(frozen=True, slots=True, eq=False)
class Derived:
    """Series by canonical name, how each histogram was understood, and what had to be guessed."""

    series: Mapping[str, Series]
    names: tuple[Understood, ...]
    notes: tuple[Note, ...]


def derived(tables: Mapping[str, Any], paths: Mapping[str, str], have: Collection[str]) -> Derived:
    """Return what the histograms of a run tell about its layers; ``paths`` says in which file each tag lies.

    Means, deviations and norms are exact (norms of a writer that left the sums out are near), shares are estimates. Of
    a quantity that one of the canonical names in ``have`` gives for any layer, nothing is derived: layers from two
    sources cannot be compared. A histogram that holds no number, or does not tell the quantity, gives no value; NaN and
    infinities among its numbers go into its sums.
    """
    content: Mapping[str, object] = tables.get(HISTOGRAMS, {})
    tags = {tag: points for tag, rows in content.items() if (points := _points(rows))}
    own = {name.partition("/")[0] for name in have if "/" in name}
    size = _only_size(tags)
    series: dict[str, Series] = {}
    names: list[Understood] = []
    for tag, points in tags.items():
        source = f"histogram {tag}"
        made, why = _of_tag(tag, points, own, sampled=size is not None)
        made = {name: told for name, told in made.items() if name not in series}
        for name, (values, reason) in made.items():
            series[name] = _series(name, points, values, source, paths.get(tag, ""))
            names.append(Understood(source, name, reason, len(series[name])))
        if not made:
            names.append(Understood(source, "", why or "another histogram already tells the same", len(points)))
    return Derived(series, tuple(names), _notes(series, tags, paths, own, size))


def _points(rows: object) -> tuple[Point, ...]:
    """Return the histograms of a tag with strictly increasing steps, the later one where they fall back."""
    if not isinstance(rows, Sequence):
        return ()
    points = [row for row in rows if isinstance(row, tuple) and len(row) == 2 and isinstance(row[1], Histogram)]
    keep = latest(np.array([step for step, _ in points], dtype=np.int64))
    return tuple(point for point, kept in zip(points, keep.tolist(), strict=True) if kept)


def _only_size(tags: Mapping[str, Sequence[Point]]) -> float | None:
    """Return how many numbers every histogram counts, None where they count different ones.

    Tensors of a network differ in size: where all histograms count as many, they may be samples, and the root of the
    sum of squares is not the norm of the layer. A mean and a share of a sample are fair estimates.
    """
    sizes = {h.num for tag, points in tags.items() if layer_of(tag)[0] for _, h in points if h.num > 0}
    return sizes.pop() if len(sizes) == 1 else None


def _of_tag(
    tag: str, points: Sequence[Point], own: Collection[str], *, sampled: bool
) -> tuple[dict[str, tuple[Values, str]], str]:
    """Return the values and how they were found by canonical name, and why there are none."""
    tensor, layer = layer_of(tag)
    if not tensor:
        return {}, "by its name no activations, gradients or weights of a layer"
    wanted = [m for m in MEASURES if m.tensor == tensor and m.quantity not in own]
    if not wanted:
        return {}, OWN
    if sampled and tensor != "activations":
        return {}, "it may be a sample of the tensor, which does not tell the norm"
    rows = [h for _, h in points]
    found = {f"{m.quantity}/{layer}": (m.measure(rows), m.why) for m in wanted}
    told = {name: one for name, one in found.items() if any(value is not None for value in one[0])}
    return told, OWN if len(wanted) < sum(m.tensor == tensor for m in MEASURES) else "its sums and bins tell nothing"


def _series(name: str, points: Sequence[Point], values: Values, source: str, path: str) -> Series:
    known = [(step, value) for (step, _), value in zip(points, values, strict=True) if value is not None]
    steps = np.array([step for step, _ in known], dtype=np.int64)
    return Series(name, steps, np.array([v for _, v in known]), np.zeros_like(steps), source, path)


def _notes(
    series: Mapping[str, Series],
    tags: Mapping[str, object],
    paths: Mapping[str, str],
    own: Collection[str],
    size: float | None,
) -> tuple[Note, ...]:
    notes = []
    quantities = list(dict.fromkeys(name.partition("/")[0] for name in series))
    if quantities:
        first = next(iter(series.values()))
        layers = {name.partition("/")[2] for name in series}
        text = f"{', '.join(quantities)} of {count(len(layers), 'layer')}: derived from histograms"
        notes.append(Note(text, first.path))
    norms = {m.tensor: m.quantity for m in MEASURES if m.tensor != "activations" and m.quantity not in own}
    missed = [tag for tag in tags if layer_of(tag)[0] in norms]
    if size is not None and missed:
        lost = list(dict.fromkeys(norms[layer_of(tag)[0]] for tag in missed))
        what = f"{' and '.join(lost)} {'is' if len(lost) == 1 else 'are'} not derived"
        text = f"every histogram counts {count(int(size), 'number')}, it may be a sample: {what}"
        notes.append(Note(text, paths.get(missed[0], "")))
    return tuple(notes)


# --- one quantity of one layer -----------------------------------------------------------------------------


def _sums(h: Histogram) -> tuple[float, float] | None:
    """Return the mean and the mean square, None where the histogram is empty or its writer left the sums out."""
    if not h.num > 0 or h.sum_squares < 0:
        return None
    if isfinite(h.min) and isfinite(h.max):  # else NaN among the numbers makes NaN of the sums
        nothing = h.sum_squares == 0 and (h.min != 0 or h.max != 0)
        if isnan(h.sum) or isnan(h.sum_squares) or nothing:
            return None
    return h.sum / h.num, h.sum_squares / h.num


def _means(rows: Sequence[Histogram]) -> Values:
    return [None if (sums := _sums(h)) is None else sums[0] for h in rows]


def _deviations(rows: Sequence[Histogram]) -> Values:
    return [None if (sums := _sums(h)) is None else _root(sums[1] - sums[0] * sums[0]) for h in rows]


def _norms(rows: Sequence[Histogram]) -> Values:
    return [_norm_of_bins(h) if _sums(h) is None else _root(h.sum_squares) for h in rows]


def _norm_of_bins(h: Histogram) -> float | None:
    """Return the norm of numbers spread evenly in their bins, None where it might be wrong by more than ``ROUGH``.

    Writers that leave the sums out: TensorFlow 2, and with it Keras, and W&B.
    """
    if not _whole(h):
        return None
    inside = (h.left < 0) & (h.right > 0)
    least = np.where(inside, 0.0, np.minimum(h.left**2, h.right**2))
    most = np.maximum(h.left**2, h.right**2)
    even = (h.left**2 + h.left * h.right + h.right**2) / 3.0
    low, high, middle = (float(h.counts @ squares) for squares in (least, most, even))
    return _root(middle) if high <= ROUGH**2 * low or high == 0.0 else None


def _root(square: float) -> float:
    """Return the root; 0 for what rounding made negative, NaN for NaN."""
    return sqrt(max(square, 0.0)) if not isnan(square) else nan


def _counted(rows: Sequence[Histogram]) -> Values:
    """Return 0 for each histogram whose bins hold all of its finite numbers, None for one that tells no share."""
    return [0.0 if _whole(h) else None for h in rows]


def _whole(h: Histogram) -> bool:
    if not (h.num > 0 and isfinite(h.min) and isfinite(h.max) and len(h.counts)):
        return False
    top = max(abs(h.min), abs(h.max))
    unset = h.sum_squares > 1.001 * h.num * top * top  # min and max cannot be those of the numbers
    return not unset and abs(float(h.counts.sum()) - h.num) <= 1e-6 * h.num


def _range(rows: Sequence[Histogram], shares: Values) -> tuple[float, float]:
    """Return the smallest and the largest number of the histograms that tell a share; NaN for none."""
    told = [h for h, share in zip(rows, shares, strict=True) if share is not None]
    return min((h.min for h in told), default=nan), max((h.max for h in told), default=nan)


def _zeros(rows: Sequence[Histogram]) -> Values:
    """Return the shares of exact zeros of a layer that is never negative; all None where a bin at zero is wide."""
    shares = _counted(rows)
    low, high = _range(rows, shares)
    if low != 0.0:
        return [None] * len(rows)
    for i, h in enumerate(rows):
        if shares[i] is None:
            continue
        touches = (h.left <= 0) & (h.right >= 0)
        narrow = h.right - h.left <= NARROW * high
        if h.counts[touches & ~narrow].any():
            return [None] * len(rows)  # the zeros of one row may not be left out: they tell most where they are many
        shares[i] = float(h.counts[touches].sum()) / h.num
    return shares


def _saturated(rows: Sequence[Histogram]) -> Values:
    """Return the shares beyond ``CUT`` of the bound of tanh or sigmoid; all None where the layer has no such bound."""
    shares = _counted(rows)
    low, high = _range(rows, shares)
    centre, bound = 0.0, 1.0
    if 0 < low <= (1 - NEAR) and NEAR <= high <= 1 and not _softmax(rows):
        centre, bound = 0.5, 0.5
    elif not (-1 <= low < 0 <= high <= 1 and max(-low, high) >= NEAR):
        return [None] * len(rows)
    out = [None if share is None else _beyond(h, centre, bound) for h, share in zip(rows, shares, strict=True)]
    untold = any(share is not None and value is None for share, value in zip(shares, out, strict=True))
    return [None] * len(rows) if untold else out


def _softmax(rows: Sequence[Histogram]) -> bool:
    """Say whether the mean never moves, as that of probabilities that sum to 1."""
    means = [mean for mean in _means(rows) if mean is not None]
    return bool(means) and max(means) - min(means) <= STEADY * max(means)


def _beyond(h: Histogram, centre: float, bound: float) -> float | None:
    """Return the share beyond ``CUT`` of the bound, None where the bins are too wide to tell.

    A bin around the cut is divided as if its numbers were spread evenly but for a part that sits at its far edge. That
    part is what the sum of squares asks for: saturated units crowd at the bound, and an even spread alone halves them.
    """
    used = h.counts > 0
    counts, left, right = h.counts[used], (h.left[used] - centre) / bound, (h.right[used] - centre) / bound
    far = np.maximum(np.abs(left), np.abs(right))
    near = np.where((left < 0) & (right > 0), 0.0, np.minimum(np.abs(left), np.abs(right)))
    across = (near < CUT) & (far > CUT)
    sure = float(counts[near >= CUT].sum()) / h.num
    if not across.any():
        return sure
    if (far - near)[across].max() > WIDE:
        return None
    held = float(counts[across].sum()) / h.num
    even = float((counts * (far - CUT))[across] @ (1.0 / (far - near)[across])) / h.num
    sums = _sums(h)
    if sums is None:
        return sure + even if held <= LEFT_OPEN else None
    squares = counts * (left * left + left * right + right * right) / (3.0 * h.num)  # of an even spread
    total = (sums[1] - 2.0 * centre * sums[0] + centre * centre) / (bound * bound)
    crowd = _crowd(total - float(squares[~across].sum()), float(squares[across].sum()), counts[across], far[across], h)
    return min(1.0, sure + crowd * held + (1.0 - crowd) * even)


def _crowd(squares: float, even: float, counts: FloatArray, far: FloatArray, h: Histogram) -> float:
    """Return which part of the numbers of some bins sits at the far edge, so that their squares add up."""
    edge = float(counts @ (far * far)) / h.num
    return float(np.clip((squares - even) / (edge - even), 0.0, 1.0)) if edge > even else 0.0


@dataclass(frozen=True, slots=True)
class Measure:
    """A quantity that the histograms of a tensor tell."""

    tensor: str
    quantity: str
    measure: Callable[[Sequence[Histogram]], Values]
    why: str


MEASURES = (
    Measure("activations", "act_mean", _means, "the sum over the number of its values"),
    Measure("activations", "act_std", _deviations, "from the sum of squares of its values"),
    Measure("activations", "zero_frac", _zeros, "the share of its values in the bin at zero"),
    Measure("activations", "saturated_frac", _saturated, f"estimated share beyond {CUT} of the bound"),
    Measure("gradients", "grad_norm", _norms, "the root of the sum of squares, or of those in the bins"),
    Measure("weights", "weight_norm", _norms, "the root of the sum of squares, or of those in the bins"),
)
