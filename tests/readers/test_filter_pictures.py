"""Pictures of filters in event files: decoded with Pillow, cut by the lines between them."""

from __future__ import annotations

import struct
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from runaudit.readers._picture import NoFiltersError, cut, decoded, filters_in, may_show_filters
from runaudit.readers.tfevents import read
from runaudit.render._html.picture import png

from . import event_writer as w

NAME = "events.out.tfevents.1700000000.host"
PIXELS = np.random.default_rng(0).integers(1, 256, (10, 5, 5, 3)).astype(np.uint8)


def grid(cells: npt.NDArray[np.uint8], across: int = 4, line: int = 2) -> npt.NDArray[np.uint8]:
    """Return what torchvision's make_grid draws: black lines, the last row filled up with black."""
    size, down = cells.shape[1] + line, -(-len(cells) // across)
    sheet = np.zeros((down * size + line, across * size + line, 3), dtype=np.uint8)
    for i, cell in enumerate(cells):
        top, left = i // across * size + line, i % across * size + line
        sheet[top : top + cells.shape[1], left : left + cells.shape[1]] = cell
    return sheet


def image(tag: str, encoded: bytes) -> bytes:
    return w.message(1, tag.encode()) + w.message(4, w.number(1, 9) + w.number(2, 9) + w.message(4, encoded))


def test_a_grid_is_cut_into_its_cells() -> None:
    assert np.array_equal(cut(grid(PIXELS).astype(np.float64)), PIXELS.transpose(0, 3, 1, 2))


def test_a_gray_picture_has_one_channel() -> None:
    gray = np.repeat(PIXELS[..., :1], 3, axis=3)
    assert decoded(png(grid(gray))).shape[2] == 1


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((30, 30, 3)),
        np.random.default_rng(0).random((30, 30, 3)),
        grid(PIXELS[:3]).astype(float),
        np.ones((1, 1, 3)),
    ],
)
def test_what_is_no_grid_of_squares_is_refused(pixels: npt.NDArray[np.float64]) -> None:
    with pytest.raises(NoFiltersError):
        cut(pixels)


def test_the_last_picture_of_a_tag_that_names_filters_counts(tmp_path: Path) -> None:
    first, last = png(grid(255 - PIXELS // 2)), png(grid(PIXELS))
    path = w.write(
        tmp_path / NAME, w.event(0, image("conv1/filters", first)), w.event(1, w.scalar("loss", 1.0)),
        w.event(9, image("conv1/filters", last), image("val/samples", first)),
    )  # fmt: skip
    (log,) = read(path)
    (row,) = log.tables["filters"]
    assert (row["name"], row["picture"]) == ("conv1/filters", True)
    assert np.array_equal(row["weights"], PIXELS.transpose(0, 3, 1, 2))
    assert not log.notes


def test_tensorflow_writes_pictures_as_texts(tmp_path: Path) -> None:
    for name, encoded in (("grid", [png(grid(PIXELS))]), ("each", [png(cell) for cell in PIXELS])):
        payload = b"".join(w.message(w.STRING_VAL, one) for one in (b"9", b"9", *encoded))
        value = w.tensor("conv1/kernel", w.STRING, payload, (2 + len(encoded),), plugin="images")
        (log,) = read(w.write(tmp_path / f"{name}.{NAME}", w.event(3, value)))
        assert np.array_equal(log.tables["filters"][0]["weights"], PIXELS.transpose(0, 3, 1, 2))


@pytest.mark.parametrize("encoded", [b"", b"no picture", png(grid(PIXELS))[:60], png(PIXELS[0])], ids=range(4))
def test_a_picture_that_gives_no_filters_is_a_note(tmp_path: Path, encoded: bytes) -> None:
    path = w.write(tmp_path / NAME, w.event(0, image("filters", encoded)), w.event(1, w.scalar("loss", 1.0)))
    (log,) = read(path)
    assert "filters" not in log.tables
    assert [n.message.startswith("the picture filters gives no filters: ") for n in log.notes] == [True]


def test_a_picture_of_gigantic_size_is_refused_before_it_is_unpacked() -> None:
    header = struct.pack(">2I5B", 60000, 60000, 8, 2, 0, 0, 0)
    encoded = png(PIXELS[0]).replace(png(PIXELS[0])[16:29], header)
    with pytest.raises(NoFiltersError):
        decoded(encoded)


def test_without_pillow_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    event = image("filters", png(grid(PIXELS)))
    (log,) = read(w.write(tmp_path / NAME, w.event(0, event), w.event(1, w.scalar("loss", 1.0))))
    assert "pip install 'runaudit[images]'" in log.notes[0].message


def test_tags_of_other_pictures_are_passed_over() -> None:
    assert not any(map(may_show_filters, ("val/samples", "conv1/activations", "kernel_output", "input/images")))
    with pytest.raises(NoFiltersError):
        filters_in(b"", tensor=False)
