"""Read a text as ``text_log`` does, and look at what came out."""

from __future__ import annotations

from pathlib import Path

from runaudit.model import RawLog, RawSeries
from runaudit.readers import text_log

EPOCHS = "".join(f"epoch {i} loss {1 / (i + 1):.4f} val_loss {1.1 / (i + 1):.4f}\n" for i in range(6))


def logs_of(text: str, tmp_path: Path, name: str = "train.log") -> tuple[RawLog, ...]:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8", newline="")
    return text_log.READER.read(path)


def log_of(text: str, tmp_path: Path) -> RawLog:
    (log,) = logs_of(text, tmp_path)
    return log


def named(log: RawLog, name: str) -> RawSeries:
    return next(s for s in log.series if s.name == name)


def steps_of(log: RawLog, name: str) -> list[float]:
    """Return the steps of the values of a series, by the rows that they share with the counter."""
    counter = log.series[0]
    at = dict(zip(counter.rows.tolist(), counter.values.tolist(), strict=True))
    return [at[row] for row in named(log, name).rows.tolist()]
