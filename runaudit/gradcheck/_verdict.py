"""What an analytic and a numeric derivative say together: the notes' limits, and what rounding and kinks excuse."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
import numpy.typing as npt

from runaudit.model import BoolArray, FloatArray

GOOD, FAIR, WRONG = 1e-7, 1e-4, 1e-2
"""Relative errors: at most ``GOOD`` is right, ``FAIR`` is right with kinks, above ``WRONG`` is wrong."""
TINY = 1e-10
DEEP = 10


class Status(StrEnum):
    """What one coordinate came to."""

    OK = "ok"
    ZERO = "zero"  # both derivatives are zero, or zero within rounding
    KINK = "kink"  # the analytic value lies between the slopes on the two sides of a kink
    UNRESOLVED = "unresolved"  # the numeric value is too uncertain to tell
    SUSPECT = "suspect"
    WRONG = "wrong"


Statuses = npt.NDArray[np.str_]


def limit(*, kinks: bool, depth: int, single: bool = False) -> float:
    """Return the relative error up to which a derivative is right.

    >>> limit(kinks=False, depth=1), limit(kinks=True, depth=2), limit(kinks=True, depth=12)
    (1e-07, 0.0001, 0.01)
    """
    if single:
        return WRONG
    return (GOOD, FAIR, WRONG)[kinks + (depth >= DEEP)]


def relative_error(analytic: FloatArray, numeric: FloatArray) -> FloatArray:
    """Return |fa - fn| / max(|fa|, |fn|); 0 where both are zero, infinite where only the analytic one is not finite.

    >>> relative_error(np.array([1.0, 0.0, -1.0]), np.array([1.1, 0.0, 1.0])).round(4).tolist()
    [0.0909, 0.0, 2.0]
    """
    with np.errstate(invalid="ignore", over="ignore"):
        largest = np.maximum(np.abs(analytic), np.abs(numeric))
        error = np.abs(analytic - numeric) / np.where(largest > 0, largest, 1.0)
    return np.where(np.isfinite(numeric) & ~np.isfinite(analytic), np.inf, error)


def classify(
    analytic: FloatArray,
    numeric: FloatArray,
    *,
    uncertainty: FloatArray | float = 0.0,
    low: FloatArray | float = np.nan,
    high: FloatArray | float = np.nan,
    good: FloatArray | float = GOOD,
    wrong: float = WRONG,
) -> Statuses:
    """Return the status of each coordinate.

    ``uncertainty`` is how far the two may lie apart by rounding alone. ``low`` and ``high`` are the slopes beside a
    kink, NaN without one. A loss that is not finite leaves a coordinate unresolved, a gradient that is not is wrong.

    >>> classify(np.array([1.0, 1.0, 0.0, np.nan]), np.array([1.0, 1.001, 0.0, 1.0])).tolist()
    ['ok', 'suspect', 'zero', 'wrong']
    """
    error = relative_error(analytic, numeric)
    with np.errstate(invalid="ignore", over="ignore"):
        apart = np.abs(analytic - numeric)
        largest = np.maximum(np.abs(analytic), np.abs(numeric))
        rounded: BoolArray = apart <= uncertainty
        zero = (largest <= uncertainty) & (np.abs(analytic) <= 1e-3 * np.asarray(uncertainty))
        vague = rounded & (uncertainty > wrong * largest)
        room = np.maximum(uncertainty, good * largest)
        excused = (analytic >= low - room) & (analytic <= high + room)
    checks = [
        (~np.isfinite(numeric), Status.UNRESOLVED),
        ((largest == 0) | zero, Status.ZERO),
        (error <= good, Status.OK),
        (vague, Status.UNRESOLVED),
        (rounded, Status.OK),
        (excused, Status.KINK),
        (error <= wrong, Status.SUSPECT),
    ]
    return np.select([mask for mask, _ in checks], [s.value for _, s in checks], Status.WRONG.value)


def pattern(analytic: FloatArray, numeric: FloatArray) -> str:
    """Return what the wrong coordinates of one parameter have in common, "" if nothing.

    >>> pattern(np.array([-1.0, 2.0]), np.array([1.0, -2.0])), pattern(np.array([2.0, 1.0]), np.array([1.0, 0.5]))
    ('the sign is wrong', 'the analytic value is 2 times the numeric one')
    >>> pattern(np.zeros(2), np.array([1.0, 2.0])), pattern(np.array([np.nan]), np.array([1.0]))
    ('the analytic gradient is zero: it is missing', 'the analytic gradient is not finite')
    """
    if not len(analytic):
        return ""
    if not np.all(np.isfinite(analytic)):
        return "the analytic gradient is not finite"
    if not np.any(analytic):
        return "the analytic gradient is zero: it is missing"
    if not np.all(numeric) or len(analytic) < 2:
        return "the loss does not depend on it" if not np.any(numeric) else ""
    ratio = analytic / numeric
    middle = float(np.median(ratio))
    if np.max(np.abs(ratio - middle)) > 1e-3 * abs(middle):
        offset = analytic - numeric
        same = np.ptp(offset) <= 1e-3 * np.max(np.abs(offset))
        return f"the analytic value is {float(np.median(offset)):.3g} above the numeric one everywhere" if same else ""
    if abs(middle + 1.0) < 1e-3:
        return "the sign is wrong"
    return f"the analytic value is {middle:.4g} times the numeric one"
