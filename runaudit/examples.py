"""The examples of a rule file -> runs: one notation, used by the tests and drawn on the pages.

A series is a list of pieces, joined in order: a number, ``{line: [from, to, points]}``, ``{decay: [from, floor,
points]}`` (an exponential that covers five time constants) or ``{repeat: [[values], times]}``. An example may add
deterministic ``noise`` (standard deviation for every series, or one by name), ``every`` (distance of the steps of a
series, 1 unless given), ``reduction`` (by series), ``config``, ``tables`` and ``step_unit``. In a row of a table
``{random: [shape], blur: times, copies: times}`` stands for noise, smoothed along its last two axes, and repeated along
its first one.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from runaudit.model import FloatArray, Reduction, Run, Series
from runaudit.tasks import task_of


def example_run(example: Mapping[str, Any], name: str = "example") -> Run:
    """Return the run that an example describes; raises ``ValueError`` for a piece that is none of the notation."""
    series = {n: _series(n, pieces, example) for n, pieces in example["series"].items()}
    config = example.get("config", {})
    return Run(
        id=name,
        paths=(f"{name}.csv",),
        format="example",
        series=series,
        config=config,
        tables={kind: _rows(rows) for kind, rows in example.get("tables", {}).items()},
        step_unit=example.get("step_unit", "step"),
        task=task_of(series, config)[0],
    )


def expand(pieces: Sequence[Any]) -> FloatArray:
    """Return the values that a list of pieces stands for.

    >>> expand([3, {"line": [0, 1, 3]}, {"repeat": [[5, 6], 2]}]).tolist()
    [3.0, 0.0, 0.5, 1.0, 5.0, 6.0, 5.0, 6.0]
    """
    return np.concatenate([_piece(p) for p in pieces]) if pieces else np.empty(0)


def _piece(piece: Any) -> FloatArray:  # noqa: ANN401  a piece comes from YAML
    if isinstance(piece, int | float):
        return np.array([float(piece)])
    if isinstance(piece, Mapping) and len(piece) == 1:
        ((kind, spec),) = piece.items()
        if kind == "line":
            return np.linspace(spec[0], spec[1], spec[2])
        if kind == "decay":
            return np.asarray(spec[1] + (spec[0] - spec[1]) * np.exp(-5.0 * np.arange(spec[2]) / spec[2]))
        if kind == "repeat":
            return np.tile(np.array(spec[0], dtype=np.float64), spec[1])
    raise ValueError(f"{piece!r} is no number, line, decay or repeat")


def _rows(rows: Any) -> Any:  # noqa: ANN401  a table may hold anything
    """Return the rows of a table with their noise drawn."""
    if not isinstance(rows, Sequence) or not all(isinstance(row, Mapping) for row in rows):
        return rows
    return [{name: _drawn(value) for name, value in row.items()} for row in rows]


def _drawn(value: Any) -> Any:  # noqa: ANN401
    if not (isinstance(value, Mapping) and "random" in value):
        return value
    noise = np.random.default_rng(0).standard_normal(value["random"])
    for _ in range(int(value.get("blur", 0))):
        for axis in (-2, -1):
            noise = noise + 0.5 * (np.roll(noise, 1, axis) + np.roll(noise, -1, axis))
    return np.concatenate([noise] * int(value.get("copies", 1)))


def _series(name: str, pieces: Sequence[Any], example: Mapping[str, Any]) -> Series:
    values = expand(pieces)
    noise = _of(example.get("noise", 0.0), name, 0.0)
    if noise:
        values = values + noise * np.random.default_rng(zlib.crc32(name.encode())).standard_normal(len(values))
    every = int(_of(example.get("every", 1), name, 1))
    n = len(values)
    return Series(
        name=name,
        steps=np.arange(n, dtype=np.int64) * every,
        values=values,
        lines=np.arange(n, dtype=np.int64) + 2,
        source_name=name,
        path="example.csv",
        reduction=Reduction(_of(example.get("reduction", "step"), name, "step")),
    )


def _of(spec: Any, name: str, otherwise: Any) -> Any:  # noqa: ANN401  a scalar for every series, or one by name
    return spec.get(name, otherwise) if isinstance(spec, Mapping) else spec
