"""The filters of a first layer -> one picture: a grid in which each filter has its own full range of brightness."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil, sqrt
from typing import Any

import numpy as np

from runaudit.model import ByteArray, FloatArray, Picture

TABLE = "filters"
MOST = 192  # filters that are shown
LINE = 255  # the brightness of the lines between them


def pictures_of(tables: Mapping[str, Any]) -> tuple[Picture, ...]:
    """Return the picture of the filters in the tables of a run; none where there are no filters."""
    rows: Sequence[Mapping[str, Any]] = tables.get(TABLE, ())
    return tuple(_picture(str(row["name"]), np.asarray(row["weights"], dtype=np.float64)) for row in rows)


def _picture(name: str, filters: FloatArray) -> Picture:
    number, channels, rows, columns = filters.shape
    shown = f", the first {MOST} are shown" if number > MOST else ""
    size = f"{rows}x{columns}" + (f"x{channels}" if channels > 1 else "")
    return Picture(f"{number} filters of {name}, {size}{shown}", grid(filters[:MOST]))


def grid(filters: FloatArray) -> ByteArray:
    """Return filters x channels x rows x columns side by side with lines between them, as rows x columns x 3.

    Three channels are colours; of any other number the mean is shown in gray. The smallest number of a filter is black
    and its largest white; one that does not vary is gray, and what is not finite counts as 0.
    """
    number, channels, rows, columns = filters.shape
    across = max(ceil(sqrt(2 * number)), 1)
    down = ceil(number / across)
    seen = np.where(np.isfinite(filters), filters, 0.0)
    colours = seen if channels == 3 else np.repeat(seen.mean(axis=1, keepdims=True), 3, axis=1)
    sheet = np.full((down * (rows + 1) + 1, across * (columns + 1) + 1, 3), LINE, dtype=np.uint8)
    for i, one in enumerate(_stretched(colours)):
        top, left = (i // across) * (rows + 1) + 1, (i % across) * (columns + 1) + 1
        sheet[top : top + rows, left : left + columns] = one.transpose(1, 2, 0)
    return sheet


def _stretched(filters: FloatArray) -> ByteArray:
    """Return each filter with its numbers spread over 0 to 255."""
    low = filters.min(axis=(1, 2, 3), keepdims=True)
    size = filters.max(axis=(1, 2, 3), keepdims=True) / 2 - low / 2  # halves: the difference could overflow
    place = np.divide(filters / 2 - low / 2, size, out=np.full_like(filters, 0.5), where=size > 0)
    return np.asarray(np.round(place * 255), dtype=np.uint8)
