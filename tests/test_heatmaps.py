"""Series of layers -> heat maps, and filters -> a picture."""

from __future__ import annotations

import numpy as np
import pytest

from runaudit.heatmaps import COLUMNS, ROWS, heatmaps_of
from runaudit.model import FloatArray, Series
from runaudit.pictures import grid, pictures_of


def series(name: str, values: FloatArray, every: int = 1) -> dict[str, Series]:
    steps = np.arange(len(values), dtype=np.int64) * every
    return {name: Series(name, steps, np.asarray(values, dtype=np.float64), steps, name, "log.csv")}


def test_layers_stand_in_their_depth_and_steps_in_blocks_of_medians() -> None:
    values = np.arange(600.0)
    (found,) = heatmaps_of(series("grad_norm/fc10", values) | series("grad_norm/fc2", -values) | series("lr", values))
    assert (found.quantity, found.layers) == ("grad_norm", ("fc2", "fc10"))
    assert found.values.shape == (2, COLUMNS)
    assert found.steps[:3].tolist() == [0.0, 10.0, 20.0]
    assert found.values[1, :2].tolist() == [4.5, 14.5]


def test_what_is_not_finite_is_left_out_and_an_empty_block_is_nan() -> None:
    values = np.array([np.nan, np.inf, 3.0, 5.0])
    (found,) = heatmaps_of(series("zero_frac/a", values) | series("zero_frac/b", np.ones(4)))
    assert np.array_equal(found.values[0], [np.nan, np.nan, 3.0, 5.0], equal_nan=True)


def test_layers_logged_at_other_steps_share_the_columns() -> None:
    (found,) = heatmaps_of(series("act_std/a", np.ones(3), 10) | series("act_std/b", np.ones(2), 5))
    assert found.steps.tolist() == [0.0, 5.0, 10.0, 20.0]
    assert np.isnan(found.values).tolist() == [[False, True, False, False], [False, False, True, True]]


@pytest.mark.parametrize("names", [["grad_norm/fc1"], ["lr", "grad_norm"]])
def test_one_layer_makes_no_map(names: list[str]) -> None:
    assert heatmaps_of({k: v for name in names for k, v in series(name, np.ones(5)).items()}) == ()


def test_of_very_many_layers_the_wanted_ones_stay() -> None:
    many = {k: v for i in range(300) for k, v in series(f"grad_norm/h.{i}", np.ones(4)).items()}
    (found,) = heatmaps_of(many, ["grad_norm/h.77"])
    assert len(found.layers) == ROWS
    assert {"h.0", "h.77", "h.299"} <= set(found.layers)


def test_each_filter_has_its_own_range_and_colours() -> None:
    filters = np.stack([np.linspace(0, 1, 75).reshape(3, 5, 5), 100 * np.linspace(0, 1, 75).reshape(3, 5, 5)])
    sheet = grid(filters)
    assert sheet.shape == (7, 13, 3)
    assert np.array_equal(sheet[1:6, 1:6], sheet[1:6, 7:12])
    assert sheet[1, 1].tolist() == [0, round(25 / 74 * 255), round(50 / 74 * 255)]
    assert (sheet[0] == 255).all()


def test_filters_that_are_not_finite_or_do_not_vary_are_drawn_all_the_same() -> None:
    filters = np.zeros((3, 1, 3, 3))
    filters[0, 0, 0, 0] = np.nan
    filters[1] = 1e308 * np.array([[1, -1, 1]] * 3)
    sheet = grid(filters)
    assert sheet[1, 1].tolist() == [128, 128, 128]
    assert {tuple(p) for p in sheet[1, 5:8].tolist()} == {(0, 0, 0), (255, 255, 255)}


def test_the_title_says_what_is_shown() -> None:
    (picture,) = pictures_of({"filters": ({"name": "conv1", "weights": np.ones((300, 3, 5, 5))},)})
    assert picture.title == "300 filters of conv1, 5x5x3, the first 192 are shown"
    assert pictures_of({}) == ()
