"""Fill the words of a rule with numbers, so that no number is longer than what it says."""

from __future__ import annotations

import math
import string
from collections.abc import Mapping

from runaudit.numerics import formed

MOST_PERCENT = 1_000_000
"""Above it a percentage says that it is huge and no more."""


class _Words(string.Formatter):
    """Writes percentages and powers of ten as the reports do."""

    def format_field(self, value: object, format_spec: str) -> str:
        """Return the value in that form."""
        if not isinstance(value, int | float):
            return str(format(value, format_spec))
        if math.isnan(value):
            return "NaN"
        if format_spec.endswith("%"):
            return _percent(value, format_spec)
        return formed(value, format_spec)


def filled(template: str, words: Mapping[str, object]) -> str:
    """Return the template with its fields filled in; raises ``KeyError`` for a field without a word.

    >>> filled("{a:.0%}, {b:+.0%}, {c:.0%}", {"a": 0.5, "b": 297.01, "c": float("inf")})
    '50%, +29,701%, over 1,000,000%'
    >>> filled("{a:.0e} and {b:.3g}", {"a": 1e-3, "b": 1170.0})
    '1e-3 and 1.17e3'
    """
    return _WORDS.vformat(template, (), words)


def _percent(value: float, spec: str) -> str:
    if abs(value) * 100 > MOST_PERCENT:
        sign = "-" if value < 0 else "+" if spec.startswith("+") else ""
        return f"over {sign}{MOST_PERCENT:,}%"
    if abs(value) >= 10:
        return format(value, "+,.0%" if spec.startswith("+") else ",.0%")
    return format(value, spec)


_WORDS = _Words()
