"""Shared by the rules on searches: which settings work on a log scale, and on which they were drawn."""

from __future__ import annotations

import math
import re

import numpy as np

from runaudit.model import FloatArray

SPAN = 10.0  # a range below one decade is much the same on both scales
# What multiplies: ten times as much is as far from it as a tenth.
SCALE = re.compile(
    r"(?:\w+_)?(?:(?:lr|learning_?rate|weight_?decay|wd|l1|l2|reg(?:ulari[sz]ation)?|lambda)(?:_\w+)?"
    r"|step_?size|eta0?|alpha|penalty|eps(?:ilon)?|tol|c|gamma|coef)\d*"
)
# What is a share or a count of few: plain steps are right.
PLAIN = re.compile(
    r"(?:\w*_)?(?:drop_?out|momentum|beta_?\d?|betas|prob(?:ability)?|p|ratio|frac(?:tion)?|share|percent(?:age)?|subsample|seed"
    r"|colsample\w*|smoothing|mixup|cutmix|keep|layers?|depth|heads|blocks|epochs?)(?:_\w+)?|n_?layers|num_layers"
    r"|(?:lr|learning_?rate)_(?:decay|factor|gamma|drop\w*|schedule\w*|warmup\w*|steps?\w*|patience|power)"
)
SHARES = re.compile(
    r"(?:\w*_)?(?:drop_?out|momentum|beta_?\d?|prob(?:ability)?|p|frac(?:tion)?|share|subsample|colsample\w*|smoothing|keep)(?:_\w+)?"
)


def leaf(name: str) -> str:
    """Return the last part of a dotted name, in small letters with underscores.

    >>> leaf("optim.lr"), leaf("params/weight-decay"), leaf("learningRate")
    ('lr', 'weight_decay', 'learning_rate')
    """
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", re.split(r"[./:]", name.strip())[-1])
    return re.sub(r"[\s-]+", "_", spaced).lower()


def is_plain(name: str) -> bool:
    """Say whether the name is that of a share or of a small count."""
    return PLAIN.fullmatch(leaf(name)) is not None


def is_scale(name: str) -> bool:
    """Say whether the name is that of a setting that multiplies, such as a learning rate.

    >>> [is_scale(n) for n in ("lr", "optim.weight_decay", "l2", "dropout", "n_layers", "lr_decay")]
    [True, True, True, False, False, False]
    """
    return SCALE.fullmatch(leaf(name)) is not None and not is_plain(name)


def is_share(name: str) -> bool:
    """Say whether the name is that of a share, which ends at 1."""
    return SHARES.fullmatch(leaf(name)) is not None


def is_log(name: str, values: FloatArray, low: float, high: float) -> bool:
    """Say whether a setting works on a log axis: it spans a decade, and its name or how it was drawn says so."""
    positive = values[values > 0]
    if is_scale(name):
        return len(positive) > 1 and high / (low if low > 0 else float(positive.min())) >= SPAN
    if low <= 0 or high / low < SPAN or is_plain(name):
        return False
    return log_margin(values, low, high) > 0


def log_margin(values: FloatArray, low: float, high: float) -> float:
    """Return by how much the values are likelier drawn evenly in their logarithm than evenly: a log-likelihood ratio.

    NaN and what lies outside of the range, which is positive, do not count.

    >>> log_margin(np.logspace(-4, 0, 20), 1e-4, 1.0) > 5, log_margin(np.linspace(1e-4, 1, 20), 1e-4, 1.0) < -5
    (True, True)
    """
    if not 0 < low < high:
        return 0.0
    inside = values[(values >= low) & (values <= high)]
    even = len(inside) * math.log(high - low)
    return even - float(np.log(inside).sum()) - len(inside) * math.log(math.log(high / low))


def bell_margin(values: FloatArray, low: float, high: float) -> float:
    """Return by how much positive values are likelier a bell on the log axis (less its two numbers) than even.

    Trials that crowd where a search is good look like that, whichever scale they were drawn on.

    >>> bell_margin(np.linspace(1e-3, 1, 30), 1e-3, 1.0) < 0 < bell_margin(np.logspace(-1.2, -0.8, 30), 1e-3, 1.0)
    True
    """
    logs = np.log(values)
    n, sd = len(logs), max(float(logs.std()), 1e-9)
    bell = -n * (math.log(sd) + 0.5 * math.log(2.0 * math.pi) + 0.5) - float(logs.sum()) - math.log(n)
    return bell + n * math.log(high - low)


def far_from_even(positions: FloatArray) -> float:
    """Return how far positions from 0 to 1 are from even: the Kolmogorov distance times the root of their number.

    Above 1.63 that is chance once in a hundred times.

    >>> far_from_even(np.linspace(0, 1, 50)) < 0.5, far_from_even(np.full(50, 0.9)) > 5
    (True, True)
    """
    ordered = np.sort(positions[np.isfinite(positions)])
    n = len(ordered)
    if not n:
        return 0.0
    upper = np.arange(1, n + 1) / n - ordered
    lower = ordered - np.arange(n) / n
    return float(max(upper.max(), lower.max())) * math.sqrt(n)


def even_steps(distinct: FloatArray) -> bool:
    """Say whether some different values lie at equal distances, as those of a plain grid.

    >>> even_steps(np.array([0.01, 0.04, 0.07, 0.1])), even_steps(np.array([0.001, 0.01, 0.1, 1.0]))
    (True, False)
    """
    steps = np.diff(np.sort(distinct))
    return len(steps) > 1 and float(np.ptp(steps)) <= 0.05 * float(steps.mean())
