"""Losses and rewards that a log tells without logging them."""

from pathlib import Path

import numpy as np
import pytest

from runaudit.load import load
from runaudit.model import Run


def only(folder: Path, text: str, name: str = "log.csv") -> Run:
    (folder / name).write_text(text, "utf-8")
    loaded = load([folder])
    assert not loaded.unreadable
    return loaded.runs[0]


def rows(head: str, *columns: object) -> str:
    return "\n".join([head, *(",".join(map(str, row)) for row in zip(*columns, strict=True))]) + "\n"


def test_the_loss_of_a_likelihood_is_its_negative(tmp_path: Path) -> None:
    run = only(
        tmp_path, rows("epoch,train_log_likelihood,val_log_likelihood", range(4), [-9, -5, "nan", -2], [-9, -6, -4, -3])
    )
    np.testing.assert_array_equal(run.series["train/loss"].values, [9, 5, np.nan, 2])
    np.testing.assert_array_equal(run.series["val/loss"].values, [9, 6, 4, 3])
    assert "no total train loss is logged: train/loss is the negated train_log_likelihood" in [
        n.message for n in run.notes
    ]


def test_the_loss_of_a_perplexity_is_its_logarithm(tmp_path: Path) -> None:
    run = only(tmp_path, rows("epoch,train_perplexity", range(3), [np.exp(3), 0.0, np.e]))
    np.testing.assert_allclose(run.series["train/loss"].values, [3, np.nan, 1])


@pytest.mark.parametrize("logged", ["train_loss", "train_loss_kl"])
def test_a_logged_loss_is_left_alone(tmp_path: Path, logged: str) -> None:
    run = only(tmp_path, rows(f"epoch,{logged},train_log_likelihood", range(3), [3, 2, 1], [-9, -8, -7]))
    assert not any("negated" in note.message for note in run.notes)


def test_the_rate_of_success_is_the_reward_of_an_agent_without_one(tmp_path: Path) -> None:
    run = only(
        tmp_path,
        rows("epoch,train/episode,train/success_rate", range(3), [10, 20, 30], [0.0, 0.5, 0.75]),
        "progress.csv",
    )
    assert run.task == "rl"
    np.testing.assert_array_equal(run.series["reward"].values, [0, 0.5, 0.75])


def test_a_logged_reward_stands(tmp_path: Path) -> None:
    run = only(
        tmp_path, rows("epoch,reward,train/success_rate", range(3), [-10, -5, -4], [0.0, 0.5, 0.75]), "progress.csv"
    )
    np.testing.assert_array_equal(run.series["reward"].values, [-10, -5, -4])
