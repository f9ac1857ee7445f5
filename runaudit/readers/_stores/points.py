"""Shared by the stores of experiment trackers: points collected name by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from runaudit.model import RawSeries
from runaudit.readers._json import as_number, flatten


@dataclass(slots=True)
class _Column:
    values: list[float] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    steps: list[float] = field(default_factory=list)


class Points:
    """The points of a log, row by row; ``stepped`` says that each carries its own step.

    Rows must not decrease. Of two values of one name in one row the first counts.
    """

    def __init__(self, *, stepped: bool = False) -> None:
        self.stepped = stepped
        self.columns: dict[str, _Column] = {}

    def add(self, name: str, value: float, row: int, *, line: int = 0, step: float = 0.0) -> None:
        """Take one point."""
        column = self.columns.get(name)
        if column is None:
            column = self.columns[name] = _Column()
        if column.rows and column.rows[-1] == row:
            return
        column.values.append(value)
        column.rows.append(row)
        column.lines.append(line)
        column.steps.append(step)

    def add_row(self, values: Mapping[str, object], row: int, *, line: int = 0, step: float = 0.0) -> None:
        """Take the numbers of a record, nested ones under ``outer/inner``; text, lists and media are no points.

        Trackers log pictures, tables and histograms as mappings that name their ``_type``.
        """
        plain = {name: value for name, value in values.items() if not is_media(value)}
        for name, value in flatten(plain):
            number = as_number(value)
            if number is not None:
                self.add(name, number, row, line=line, step=step)

    def series(self) -> tuple[RawSeries, ...]:
        """Return a series for each name, in the order in which they came."""
        return tuple(
            RawSeries(
                name,
                np.array(column.values, dtype=np.float64),
                np.array(column.rows, dtype=np.int64),
                np.array(column.lines, dtype=np.int64),
                steps=np.array(column.steps, dtype=np.float64) if self.stepped else None,
            )
            for name, column in self.columns.items()
        )


def is_media(value: object) -> bool:
    """Say whether a logged value is a picture, a table, a histogram or the like."""
    return isinstance(value, Mapping) and "_type" in value
