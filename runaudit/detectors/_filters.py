"""What the detectors of first-layer filters share: the table's row, and how far neighbouring pixels agree."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np

from runaudit.detectors import Table
from runaudit.errors import NotJudged
from runaudit.model import FloatArray

NEEDS = "the weights of the first convolution beside the log, as .npy, .npz or .safetensors"


@dataclass(frozen=True, slots=True, eq=False)
class Filters:
    """The filters of one layer: ``weights`` is filters x channels x rows x columns, all finite.

    ``picture``: they were read from a picture, which tells neither their size against each other nor their mean.
    """

    name: str
    weights: FloatArray
    path: str
    picture: bool

    @property
    def size(self) -> str:
        """Return the size of a filter in words."""
        _, channels, rows, columns = self.weights.shape
        return f"{rows}x{columns}" + (f"x{channels}" if channels > 1 else "")


def filters_of(table: Table | None, least: int) -> Filters:
    """Return the filters of the table without those that are not finite.

    Raises ``NotJudged`` where the run has none, and where fewer than ``least`` are left.
    """
    if not table:
        raise NotJudged("no weights of a first layer beside this log", NEEDS)
    row = table[-1]
    weights = np.asarray(row["weights"], dtype=np.float64)
    weights = weights[np.isfinite(weights).all(axis=(1, 2, 3))]
    if len(weights) < least:
        raise NotJudged(f"{row['name']} has {len(weights)} filters of finite numbers, {least} needed", NEEDS)
    return Filters(str(row["name"]), weights, str(row.get("path", "")), bool(row.get("picture", False)))


@dataclass(frozen=True, slots=True, eq=False)
class Smoothness:
    """Moran's I of each filter, less what shuffled pixels give: ``agreement`` is 0 for noise and 1 for a plane.

    ``z`` is the same in standard deviations of the shuffles.
    """

    agreement: FloatArray
    z: FloatArray


def smoothness(weights: FloatArray) -> Smoothness:
    """Return how far pixels of each filter agree with those beside, above and below them.

    Each channel is taken against its own mean and counts by its energy; mean and variance under shuffling are those of
    Moran's I under normality. A filter that does not vary is left out.
    """
    _, _, rows, columns = weights.shape
    pixels = rows * columns
    pairs = rows * (columns - 1) + columns * (rows - 1)
    scale = np.max(np.abs(weights), axis=(1, 2, 3), keepdims=True)
    apart = np.divide(weights, scale, out=np.zeros_like(weights), where=scale > 0)  # squares of 1e200 would overflow
    apart = apart - apart.mean(axis=(2, 3), keepdims=True)
    energy = np.sum(apart**2, axis=(2, 3))
    beside = np.sum(apart[..., 1:] * apart[..., :-1], axis=(2, 3))
    below = np.sum(apart[..., 1:, :] * apart[..., :-1, :], axis=(2, 3))
    whole = energy.sum(axis=1)
    varied = whole > 1e-12
    moran = pixels / pairs * (beside + below).sum(axis=1)[varied] / whole[varied]
    expected = -1.0 / (pixels - 1)
    shares = energy[varied] / whole[varied][:, None]
    spread = _spread(rows, columns) * np.sqrt(np.sum(shares**2, axis=1))
    return Smoothness((moran - expected) / (1.0 - expected), (moran - expected) / spread)


def _spread(rows: int, columns: int) -> float:
    """Return the standard deviation of Moran's I of noise on a grid whose pixels have two to four neighbours.

    >>> round(_spread(5, 5), 3), round(_spread(11, 11), 3)
    (0.146, 0.066)
    """
    pixels = rows * columns
    pairs = rows * (columns - 1) + columns * (rows - 1)
    across = np.full(columns, 2.0) - (np.arange(columns) % max(columns - 1, 1) == 0)
    down = np.full(rows, 2.0) - (np.arange(rows) % max(rows - 1, 1) == 0)
    s0, s1 = 2.0 * pairs, 4.0 * pairs
    s2 = 4.0 * float(np.sum((down[:, None] + across[None, :]) ** 2))
    square = (pixels**2 * s1 - pixels * s2 + 3.0 * s0**2) / ((pixels**2 - 1.0) * s0**2)
    return sqrt(max(square - 1.0 / (pixels - 1.0) ** 2, 1e-12))
