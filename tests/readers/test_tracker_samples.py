"""Five trackers wrote the log of the same training: what their readers say must be the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from runaudit.load import load
from runaudit.model import Run

SAMPLES = Path(__file__).parents[2] / "sample_logs/formats"
TRACKERS = ("dvclive", "mlflow_db", "mlflow_files", "sacred", "trackio")


def points(run: Run, name: str) -> dict[int, float]:
    series = run.series[name]
    return dict(zip(series.steps.tolist(), series.values.tolist(), strict=True))


def only_run(tracker: str) -> Run:
    (run,) = load([SAMPLES / tracker]).runs
    return run


@pytest.mark.parametrize("tracker", TRACKERS)
@pytest.mark.parametrize("name", ["train/loss", "val/loss", "val/accuracy", "lr", "grad_norm"])
def test_every_value_is_that_of_wandb(tracker: str, name: str) -> None:
    reference, found = points(only_run("wandb_offline"), name), points(only_run(tracker), name)
    assert len(found) >= (12 if name.startswith("val") else 40)
    assert found.items() <= reference.items()


@pytest.mark.parametrize("tracker", [*TRACKERS, "wandb_offline"])
def test_the_configuration_is_read(tracker: str) -> None:
    config = only_run(tracker).config
    assert (config["learning_rate"], config["classes"], config["optimizer"]) == (0.1, 4, "sgd")


@pytest.mark.parametrize("tracker", [*TRACKERS, "wandb_offline"])
def test_nothing_had_to_be_noted(tracker: str) -> None:
    assert only_run(tracker).notes == ()
