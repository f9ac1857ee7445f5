"""Shared by the rules on gradient checks: the rows of the table as arrays, one for each compared coordinate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from runaudit.detectors import Table
from runaudit.errors import NotJudged
from runaudit.gradcheck._verdict import Status, Statuses, classify, relative_error
from runaudit.model import BoolArray, FloatArray

NEED = "a gradient check (runaudit.gradcheck, or a table of analytic and numeric gradients)"
SINGLE = ("float32", "single", "float16", "half", "bfloat16", "fp32", "fp16", "bf16")
ENOUGH = 5  # rows of a parameter from where on a share of them says something


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Compared coordinates. ``own`` says that ``runaudit.gradcheck`` wrote them: it knows their rounding and kinks."""

    rows: Sequence[Mapping[str, Any]]
    analytic: FloatArray
    numeric: FloatArray
    error: FloatArray
    own: bool

    def __len__(self) -> int:
        return len(self.rows)

    def numbers(self, name: str, otherwise: float) -> FloatArray:
        """Return a column of numbers, ``otherwise`` where a row has none."""
        return np.array([_float(row.get(name), otherwise) for row in self.rows])

    def texts(self, name: str) -> list[str]:
        """Return a column of texts, "" where a row has none."""
        return [str(row.get(name) or "") for row in self.rows]

    def single(self) -> BoolArray:
        """Say which rows have single precision or less by what they say of themselves."""
        return np.array([any(word in text.lower() for word in SINGLE) for text in self.texts("dtype")], dtype=bool)

    def statuses(self, *, wrong: float, good: float) -> Statuses:
        """Return the status of each row; ``good`` counts for rows that do not say up to what error they are right."""
        limits = self.numbers("limit", np.nan)
        limits = np.where(np.isfinite(limits), limits, np.where(self.single(), wrong, good))
        return classify(
            self.analytic,
            self.numeric,
            uncertainty=self.numbers("uncertainty", 0.0),
            low=self.numbers("low", np.nan),
            high=self.numbers("high", np.nan),
            good=limits,
            wrong=wrong,
        )

    def groups(self) -> dict[str, list[int]]:
        """Return the positions of the rows of each parameter, in the order of the log."""
        out: dict[str, list[int]] = {}
        for i, name in enumerate(self.texts("parameter")):
            out.setdefault(name, []).append(i)
        return out

    def where(self, i: int) -> str:
        """Return the name and place of a row, as a reader finds it in the log.

        >>> Rows([{"parameter": "w", "index": "0,1"}], np.ones(1), np.ones(1), np.zeros(1), True).where(0)
        'w[0,1]'
        """
        row = self.rows[i]
        name, index = str(row.get("parameter") or ""), str(row.get("index", "")).strip("[]() ")
        line = row.get("line")
        named = f"{name}[{index}]" if index else name
        return named or (f"line {line}" if line else f"row {i + 1}")

    def shown(self, i: int) -> str:
        """Return both values of a row for a sentence."""
        return f"analytic {self.analytic[i]:.6g}, numeric {self.numeric[i]:.6g}"


def every_row(table: Table | None) -> Rows:
    """Return all rows; raises ``NotJudged`` where the run has no gradient check, or an empty one."""
    if not table:
        raise NotJudged("no gradient check in this log", NEED)
    rows = list(table)
    analytic = np.array([_float(row.get("analytic"), np.nan) for row in rows])
    numeric = np.array([_float(row.get("numeric"), np.nan) for row in rows])
    return Rows(rows, analytic, numeric, relative_error(analytic, numeric), all("uncertainty" in row for row in rows))


def best_rows(table: Table | None) -> Rows:
    """Return one row a coordinate: of several that differ in their step, the one that agrees best.

    A right gradient agrees at some step; a wrong one agrees at none.
    """
    every = every_row(table)
    if "h" not in every.rows[0] or every.own:
        return every
    best: dict[tuple[str, ...], int] = {}
    for i, key in enumerate(_coordinates(every)):
        known = best.get(key)
        if known is None or not every.error[i] >= every.error[known]:
            best[key] = i
    kept = sorted(best.values())
    return Rows([every.rows[i] for i in kept], every.analytic[kept], every.numeric[kept], every.error[kept], every.own)


def by_coordinate(rows: Rows) -> dict[tuple[str, ...], list[int]]:
    """Return the positions of the rows of each coordinate: several where the step was swept."""
    out: dict[tuple[str, ...], list[int]] = {}
    for i, key in enumerate(_coordinates(rows)):
        out.setdefault(key, []).append(i)
    return out


def _coordinates(rows: Rows) -> Iterator[tuple[str, ...]]:
    """Yield what tells a coordinate; rows without a place are each their own."""
    for i, row in enumerate(rows.rows):
        place = str(row.get("index", ""))
        names = (str(row.get(name) or "") for name in ("parameter", "phase", "part"))
        yield (*names, place or (f"{row['analytic']!r}" if row.get("parameter") else f"#{i}"))


def faulty(rows: Rows, status: Status, found: Statuses, share: float) -> tuple[list[int], bool]:
    """Return the positions of the rows with a status, and whether they are too few and scattered to be sure.

    A log of runaudit's own check has left out rounding and kinks; in others a kink makes single rows wrong.
    """
    bad = [i for i in range(len(rows)) if found[i] == status]
    if rows.own or any(not np.isfinite(rows.analytic[i]) for i in bad):
        return bad, False
    for positions in rows.groups().values():
        live = [i for i in positions if found[i] != Status.ZERO]
        hit = [i for i in live if found[i] == status]
        if hit and len(hit) >= share * len(live) and (len(hit) > 1 or len(live) < ENOUGH):
            return bad, False
    return bad, True


def told(rows: Rows, bad: Sequence[int]) -> str:
    """Return the parameters of some rows with how many of each, the worst first.

    >>> some = Rows([{"parameter": "w"}, {"parameter": "b"}], np.ones(2), np.ones(2), np.zeros(2), True)
    >>> told(some, [0, 1])
    'w (1 of 1), b (1 of 1)'
    """
    chosen = set(bad)
    groups = [(name, len(chosen & set(many)), len(many)) for name, many in rows.groups().items()]
    hit = sorted((g for g in groups if g[1]), key=lambda g: -g[1] / g[2])
    shown = ", ".join(f"{name or 'unnamed'} ({some} of {size})" for name, some, size in hit[:6])
    return shown + (f" and {len(hit) - 6} more" if len(hit) > 6 else "")


def _float(value: object, otherwise: float) -> float:
    return float(value) if isinstance(value, int | float) else otherwise
