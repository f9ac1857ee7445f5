"""Runs against reference runs: laid over each other, measured, and judged by one metric with a test.

The verdict is ``better``, ``worse`` or ``cannot tell``. Of two sides that do not truly differ at most 5 % are called
better or worse; where the noise between seeds cannot be measured, it is assumed on the safe side.
"""

from __future__ import annotations

from runaudit.compare.build import compare
from runaudit.compare.result import FAIL_IF, Comparison, Difference, Measures, Member, Metric, Test, Verdict

__all__ = ["FAIL_IF", "Comparison", "Difference", "Measures", "Member", "Metric", "Test", "Verdict", "compare"]
