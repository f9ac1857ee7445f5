"""Parameters and phases that a gradient check leaves out."""

from __future__ import annotations

from collections.abc import Iterator

from runaudit.detectors import Detector, Table
from runaudit.detectors._gradient_rows import best_rows
from runaudit.gradcheck._verdict import WRONG, Status
from runaudit.model import Hit


def gradient_coverage(checks: Table | None, *, least: int) -> Iterator[Hit]:
    """Report parameters with fewer than ``least`` compared coordinates, or all of them if there are fewer.

    Weak evidence is what the check may well have meant: a parameter of unknown size with few rows beside others with
    ten times as many, one where both gradients are zero everywhere, and a check at the start alone where the log has
    phases. Raises ``NotJudged`` without a gradient check.
    """
    rows = best_rows(checks)
    found = rows.statuses(wrong=WRONG, good=WRONG)
    sizes = rows.numbers("size", 0.0)
    groups = rows.groups()
    most = max(map(len, groups.values()))
    few, maybe, silent = [], [], []
    for name, many in groups.items():
        count = sum(found[i] not in {Status.UNRESOLVED, Status.KINK} for i in many)
        size = int(max(sizes[i] for i in many))
        if size and count < min(least, size):
            few.append(f"{name or 'unnamed'} ({count} of {size})")
        elif not size and name and count < least and most >= 10 * count:
            maybe.append(f"{name} ({count})")
        if count and all(found[i] == Status.ZERO for i in many):
            silent.append(name or "unnamed")
    phases = {phase for phase in rows.texts("phase") if phase}
    early = phases == {"start"}
    if not (few or maybe or silent or early):
        return
    told = [f"too few coordinates of {_listed(few or maybe)}"] if few or maybe else []
    told += [f"both gradients are zero wherever compared in {_listed(silent)}"] if silent else []
    told += ["it was checked at the start only, not after a burn-in"] if early else []
    yield Hit(0, 0, {"what": "; ".join(told), "compared": len(rows), "named": len(groups)}, weak=not few)


def _listed(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


DETECTOR = Detector("gradient-coverage", gradient_coverage, frozenset({"what", "compared", "named"}))
