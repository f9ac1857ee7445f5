"""Shared by MLflow's stores: how a run ended, and steps where the program gave none."""

from __future__ import annotations

import numpy as np

from runaudit.model import RawSeries

STATUS = {1: "RUNNING", 2: "SCHEDULED", 3: "FINISHED", 4: "FAILED", 5: "KILLED"}
ENDED_BADLY = {"FAILED", "KILLED"}


def ending(status: str, stage: str) -> list[str]:
    """Return a sentence for a run that failed, was killed, or was deleted in MLflow's page."""
    said = [f"MLflow says that the run was {status.lower()}"] if status == "KILLED" else []
    said += ["MLflow says that the run failed"] if status == "FAILED" else []
    return [*said, "the run is marked as deleted in MLflow"] if stage == "deleted" else said


def counted(series: RawSeries) -> tuple[RawSeries, str]:
    """Return a series with usable steps, and what was done: a program that gives none logs every value at step 0."""
    steps = series.steps
    if steps is None or len(steps) < 2 or np.any(steps != steps[0]):
        return series, ""
    counts = np.arange(len(steps), dtype=np.float64)
    same = RawSeries(series.name, series.values, series.rows, series.lines, steps=counts)
    return same, f"{series.name}: all {len(steps)} values are at step {steps[0]:g}, so they are counted from 0"
