"""Lists of losses without names, as VITS prints them: named by their place, left alone where it is not certain."""

from __future__ import annotations

import pytest

from runaudit.readers._log.bare import Lists

EPOCH = "INFO Train Epoch: 8 [14%]"


def taken(*lines: str) -> str:
    """Return what becomes of the last line."""
    lists = Lists()
    return [lists.take(line) for line in lines][-1]


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("[1, 2, 3, 4, 5, 200, 1e-4]", "disc gen fm mel kl"),
        ("INFO [1.5, 2, nan, 4, 5, 6, 200, 1e-4]", "disc gen fm mel dur kl"),
        ("[1, 2, 3, 4, 5, 6, 7, 200, 1e-4]", "disc gen fm mel dur kl part_7"),
        ("[1, 2, 200, 1e-4]", "part_1 part_2"),
        ("[200, 1e-4]", ""),
    ],
)
def test_the_losses_are_named_by_their_number(line: str, named: str) -> None:
    found = taken(EPOCH, line)
    assert [pair.split(":")[0] for pair in found.split(", ")] == [
        "global_step",
        *(f"train loss {name}" for name in named.split()),
        "lr",
    ]
    assert found.startswith("global_step: 200")
    assert found.endswith("lr: 1e-4")


@pytest.mark.parametrize(
    "line",
    [
        "[1.5, 2.5, 0.2, 1e-4]",  # no step
        "[1.5, a, 200, 1e-4]",
        "[1.5, 2.5, 200, 1_0]",
        "shape [1, 3, 224, 224] done",
        "[]",
        "[12345]",
        "[[1, 2], [3, 4]]",
    ],
)
def test_other_lists_are_left_alone(line: str) -> None:
    assert taken(EPOCH, line) == line


def test_a_list_that_follows_no_epoch_is_left_alone() -> None:
    line = "[1, 2, 3, 4, 5, 200, 1e-4]"
    assert taken(line) == line
    assert taken(EPOCH, "something else", line) == line
    assert taken("Train Epoch: 8 [14%] and more", line) == line


def test_the_step_may_stand_beside_the_list() -> None:
    assert taken("INFO Losses: [1.5, 2], step: 7, lr: 0.1, reference_loss: 3.5") == (
        "global_step: 7, train loss part_1: 1.5, train loss part_2: 2, lr: 0.1, reference_loss: 3.5"
    )
    assert taken("Losses: [1.5, x], step: 7") == "Losses: [1.5, x], step: 7"
