"""What TensorBoard's summaries hold beside scalars: histograms and hyper-parameters."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from runaudit.model import FloatArray
from runaudit.readers._wire import BYTES, FIXED64, Field, WireError, fields, varint

HPARAM = str | float | bool | None


@dataclass(frozen=True, slots=True, eq=False)
class Histogram:
    """The distribution of a tensor at one step.

    ``left``, ``right`` and ``counts`` are (k,): the edges of the buckets, ascending, and how many numbers lie in
    each. ``sum`` and ``sum_squares`` are NaN where the writer left them out (TensorFlow 2).
    """

    min: float
    max: float
    num: float
    sum: float
    sum_squares: float
    left: FloatArray
    right: FloatArray
    counts: FloatArray


def read_histogram(message: bytes) -> Histogram:
    """Return the histogram of a HistogramProto; raises ``WireError``."""
    numbers = dict.fromkeys(range(1, 6), 0.0)
    parts: dict[int, list[FloatArray]] = {6: [], 7: []}
    for item in fields(message):
        if item.number in numbers and item.wire == FIXED64:
            numbers[item.number] = float(_doubles(message, item)[0])
        elif item.number in parts and item.wire in {FIXED64, BYTES}:
            parts[item.number].append(_doubles(message, item))
    limits, counts = (np.concatenate([np.zeros(0), *parts[k]]) for k in (6, 7))
    if len(limits) != len(counts):
        raise WireError(f"{len(limits)} limits and {len(counts)} counts")
    low, high, num, total, squares = numbers.values()
    # limits are right edges, and the outermost may be the largest double: no bucket reaches beyond the data
    edges = np.concatenate(([low], limits[:-1], [high])) if len(limits) else np.zeros(1)
    if low <= high:
        edges = np.clip(edges, low, high)
    return Histogram(low, high, num, total, squares, edges[:-1], edges[1:], counts)


def from_triples(triples: FloatArray) -> Histogram:
    """Return the histogram of rows (left edge, right edge, count)."""
    left, right, counts = triples.T
    used = counts > 0
    low = float(left[used].min()) if used.any() else math.nan
    high = float(right[used].max()) if used.any() else math.nan
    return Histogram(low, high, float(counts.sum()), math.nan, math.nan, left, right, counts)


def _doubles(message: bytes, item: Field) -> FloatArray:
    if (item.stop - item.start) % 8:
        raise WireError(f"{item.stop - item.start} bytes are no doubles")
    return np.frombuffer(message[item.start : item.stop], dtype="<f8").astype(np.float64)


def read_hparams(content: bytes) -> dict[str, str | float | bool]:
    """Return the hyper-parameters of the plug-in's session_start_info (field 3): its field 1 maps names to values.

    A list, a struct and null are left out. Raises ``WireError``.
    """
    found: dict[str, str | float | bool] = {}
    for info in (item for item in fields(content) if (item.number, item.wire) == (3, BYTES)):
        for entry in fields(content, info.start, info.stop):
            if (entry.number, entry.wire) == (1, BYTES):
                name, value = _hparam(content, entry)
                if value is not None:
                    found[name] = value
    return found


def _hparam(content: bytes, entry: Field) -> tuple[str, HPARAM]:
    """Return the name and the value of one entry; None for a list, a struct and null."""
    name, value = "", None
    for item in fields(content, entry.start, entry.stop):
        if (item.number, item.wire) == (1, BYTES):
            name = content[item.start : item.stop].decode("utf-8", errors="replace")
        elif (item.number, item.wire) == (2, BYTES):
            for kind in fields(content, item.start, item.stop):
                value = _hparam_value(content, kind)
    return name, value


def _hparam_value(content: bytes, kind: Field) -> HPARAM:
    match kind.number, kind.wire:
        case 2, 1:
            number = float(_doubles(content, kind)[0])
            return int(number) if number.is_integer() else number
        case 3, 2:
            return content[kind.start : kind.stop].decode("utf-8", errors="replace")
        case 4, 0:
            return bool(varint(content, kind.start, kind.stop)[0])
        case _:
            return None
