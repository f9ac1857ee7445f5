"""What a gradient check came to: its rows, its findings, a table to print and a log to write."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from runaudit.errors import UsageError
from runaudit.gradcheck._verdict import Status

LOG_NAME = "gradcheck.jsonl"
FAULTS = frozenset({Status.WRONG, Status.SUSPECT})


@dataclass(frozen=True, slots=True)
class Row:
    """One checked coordinate: one line of ``gradcheck.jsonl``, with the fields of this class as keys.

    ``index`` is the place in the parameter, ``size`` how many numbers the parameter has. ``rel_error`` is |analytic -
    numeric| / max(|analytic|, |numeric|), ``limit`` the value up to which that is right, ``uncertainty`` how far the
    two may lie apart by rounding alone, ``h`` the smallest step behind ``numeric``. ``at_1e5`` is the centred
    difference at the usual step of 1e-5. ``low`` and ``high`` are the slopes on both sides of a kink within that step
    (NaN: there is none) and ``crossed`` says that some step crossed a kink. ``repeat`` is the relative difference of
    the loss between calls at one point. ``phase`` is ``start`` or ``burn-in``, ``part`` the part of the loss. Numbers
    that are not finite are the texts ``NaN``, ``Infinity`` and ``-Infinity``, as strict JSON has none.
    """

    parameter: str
    index: tuple[int, ...]
    analytic: float
    numeric: float
    rel_error: float
    status: str
    limit: float
    uncertainty: float
    h: float
    at_1e5: float
    low: float
    high: float
    crossed: bool
    size: int
    dtype: str
    phase: str
    part: str
    loss: float
    repeat: float

    def to_json(self) -> str:
        """Return the row as one line of strict JSON."""
        return json.dumps({key: _plain(value) for key, value in asdict(self).items()}, allow_nan=False)


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing that a gradient check found: the rule that says the same of its log, how bad it is, and its words."""

    rule: str
    severity: str
    text: str

    def __str__(self) -> str:
        return f"{self.severity}[{self.rule}]: {self.text}"


@dataclass(frozen=True, slots=True)
class Result:
    """A gradient check. ``ok`` is False where a gradient is wrong or suspect, or could not be judged at all."""

    ok: bool
    rows: tuple[Row, ...]
    findings: tuple[Remark, ...]

    def __bool__(self) -> bool:
        return self.ok

    def __str__(self) -> str:
        return "\n".join([*_table(self.rows), *map(str, self.findings), f"gradient check: {_verdict(self)}"])

    def __add__(self, other: Result) -> Result:
        """Return both checks as one, for a log of the start and of the time after a burn-in."""
        findings = dict.fromkeys((*self.findings, *other.findings))
        phases = {row.phase for row in (*self.rows, *other.rows)}
        if len(phases) > 1:
            findings = {f: None for f in findings if f.rule != "gradient-coverage" or "burn-in" not in f.text}
        return Result(self.ok and other.ok, (*self.rows, *other.rows), tuple(findings))

    def write(self, path: str | Path) -> Path:
        """Write one line a checked coordinate and return the file; a folder gets a ``gradcheck.jsonl``.

        Raises ``UsageError`` where it cannot be written.
        """
        file = Path(path)
        file = file / LOG_NAME if file.is_dir() else file
        try:
            file.write_text("".join(f"{row.to_json()}\n" for row in self.rows), "utf-8", newline="\n")
        except OSError as error:
            raise UsageError(f"{file} cannot be written: {error.strerror or error}") from error
        return file


def _plain(value: object) -> object:
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return list(value) if isinstance(value, tuple) else value


def _verdict(result: Result) -> str:
    faults = sum(row.status in FAULTS for row in result.rows)
    checked = f"{len(result.rows)} coordinates of {len({row.parameter for row in result.rows})} parameters"
    if result.ok:
        return f"ok, {checked}"
    return f"FAILED, {faults} of {checked}" if faults else f"FAILED, {checked} told nothing"


def _table(rows: Sequence[Row]) -> Iterator[str]:
    """Yield a line for each parameter with its worst coordinate."""
    groups: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row.phase, row.part, row.parameter), []).append(row)
    lines = [("phase", "part", "parameter", "checked", "worst", "at", "analytic", "numeric", "")]
    order = list(Status)
    for (phase, part, name), many in groups.items():
        worst = max(many, key=lambda r: (order.index(Status(r.status)), _finite(r.rel_error)))
        at = ",".join(map(str, worst.index))
        numbers = (f"{worst.rel_error:.1e}", at, f"{worst.analytic:.6g}", f"{worst.numeric:.6g}")
        lines.append((phase, part, name, f"{len(many)}/{many[0].size}", *numbers, worst.status))
    if len(lines) > 1:
        widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
        for line in lines:
            cells = (
                f"{c:<{w}}" if i < 3 else f"{c:>{w}}" for i, (c, w) in enumerate(zip(line[:-1], widths, strict=False))
            )
            yield "  ".join((*cells, line[-1])).rstrip()


def _finite(value: float) -> float:
    return value if not math.isnan(value) else -1.0
