"""Heat maps and pictures in the terminal and in the page."""

from __future__ import annotations

import base64
import re
import struct
import zlib
from dataclasses import replace

import numpy as np
import pytest

from runaudit.model import FloatArray, Heatmap, Picture
from runaudit.pen import Options, Pen
from runaudit.render import html, rich
from runaudit.render._heat import heat_lines, heat_of
from runaudit.render._html.heatmap import heat_figure
from runaudit.render._html.picture import picture_figure
from runaudit.render._picture import picture_lines
from runaudit.text import cells

from .fixtures import finding, one_run

PLAIN = Pen(Options(width=60))


def heatmap(values: FloatArray, quantity: str = "update_ratio") -> Heatmap:
    layers = tuple(f"fc{i}" for i in range(len(values)))
    return Heatmap(
        quantity, layers, 100.0 * np.arange(values.shape[1], dtype=np.float64), np.asarray(values, dtype=np.float64)
    )


RATIOS = heatmap(np.array([[1e-6, 1e-5, 1e-4, 1e-3], [1e-3, 1e-2, 1e-1, np.nan]]))


def test_an_update_ratio_is_taken_against_a_thousandth() -> None:
    heat = heat_of(RATIOS)
    assert heat.levels.tolist() == [[0, 0, 1, 2], [2, 3, 4, -1]]
    assert [words for _, words in heat.legend()][-1] == "nothing finite"


def test_a_share_is_only_ever_too_high() -> None:
    heat = heat_of(heatmap(np.array([[0.0, 0.1, 0.2], [0.5, 0.9, 1.0]]), "zero_frac"))
    assert heat.levels.tolist() == [[0, 1, 1], [2, 4, 4]]
    assert heat.healthy == 0


def test_a_norm_is_taken_against_the_median_and_its_range() -> None:
    heat = heat_of(heatmap(np.array([[1e-8, 1e-8], [1.0, 1.0], [1.0, 1e8]]), "grad_norm"))
    assert heat.levels.tolist() == [[0, 0], [2, 2], [2, 4]]
    assert heat_of(heatmap(np.zeros((2, 2)), "grad_norm")).levels.tolist() == [[0, 0], [0, 0]]
    assert heat_of(heatmap(np.full((2, 2), np.nan), "grad_norm")).levels.tolist() == [[-1, -1], [-1, -1]]


@pytest.mark.parametrize(
    "values", [np.full((2, 3), 1e308), np.full((2, 3), 5e-324), np.array([[-1.0, 2.0], [0.0, 1e300]])]
)
def test_extreme_numbers_are_drawn(values: FloatArray) -> None:
    for quantity in ("grad_norm", "update_ratio", "zero_frac"):
        assert heat_lines(PLAIN, heatmap(values, quantity), 60)
        assert heat_figure("a", heatmap(values, quantity)).levels


def test_in_a_terminal_shapes_tell_the_levels() -> None:
    lines = heat_lines(PLAIN, RATIOS, 60)
    assert lines[1:3] == ["fc0 │····░░▒▒", "fc1 │▒▒▓▓██\u00d7\u00d7"]
    assert "· under 3.2e-5" in lines[4]
    ascii_only = heat_lines(Pen(Options(width=60, ascii=True)), RATIOS, 60)
    assert ascii_only[1:3] == ["fc0 |11112233", "fc1 |334455xx"]
    assert all(line.isascii() for line in ascii_only)


@pytest.mark.parametrize("width", [20, 40, 80, 120])
def test_a_map_fits_into_its_width(width: int) -> None:
    wide = replace(
        heatmap(np.geomspace(1e-6, 1.0, 1800).reshape(30, 60)), layers=tuple(f"encoder.{i}.fc" for i in range(30))
    )
    lines = heat_lines(PLAIN, wide, width, ["update_ratio/encoder.13.fc"])
    assert max(map(cells, lines)) <= max(width, 28)
    assert sum("│" in line for line in lines) == 12
    assert "18 layers between them left out" in " ".join(lines)


def test_a_name_of_a_layer_cannot_command_the_terminal() -> None:
    nasty = replace(RATIOS, layers=("\x1b[31mred", "<b>a|b</b>"))
    assert "\x1b" not in "".join(heat_lines(PLAIN, nasty, 60))
    page = html.render(report_with(nasty), Options())
    assert "<b>a|b" not in page


def report_with(*maps: Heatmap, pictures: tuple[Picture, ...] = ()):  # type: ignore[no-untyped-def]  # noqa: ANN201
    report = one_run()
    (run,) = report.runs
    about = finding(series=f"{maps[0].quantity}/fc0") if maps else finding()
    return replace(
        report, runs=(replace(run, heatmaps=maps, pictures=pictures),), findings=(replace(about, run=run.id),)
    )


def test_only_the_map_that_a_finding_is_about_is_shown_unless_verbose() -> None:
    report = report_with(RATIOS, heatmap(np.ones((2, 4)), "weight_norm"))
    text = rich.render(report, Options())
    assert "update_ratio by layer" in text
    assert "weight_norm by layer" not in text
    assert rich.render(report, Options(verbosity=1)).count("weight_norm by layer") == 1


def test_the_page_has_the_map_as_a_drawing_and_as_a_table() -> None:
    page = html.render(report_with(RATIOS), Options())
    assert "<title>fc0: median 1e-4, 1e-6 to 1e-3</title>" in page
    assert re.search(r'<path class="h0" d="M0 0h2v1H0z"/>', page)
    assert "Layers in numbers" in page


def test_a_picture_is_a_png_that_holds_its_pixels() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, 3)).astype(np.uint8)
    figure = picture_figure("a", Picture("filters", pixels))
    data = base64.b64decode(figure.uri.removeprefix("data:image/png;base64,"))
    assert struct.unpack(">2I", data[16:24]) == (7, 5)
    start = data.index(b"IDAT") + 4
    raw = zlib.decompress(data[start : data.index(b"IEND") - 8])
    rows = np.frombuffer(raw, dtype=np.uint8).reshape(5, 22)
    assert (rows[:, 0] == 0).all()
    assert np.array_equal(rows[:, 1:].reshape(5, 7, 3), pixels)


def test_the_page_shows_a_picture_with_words_for_it() -> None:
    page = html.render(
        report_with(RATIOS, pictures=(Picture("16 <filters>", np.zeros((3, 3, 3), dtype=np.uint8)),)), Options()
    )
    assert 'alt="16 &lt;filters&gt;"' in page
    assert "img-src data:" in page


def test_a_picture_is_shown_in_the_terminal_only_if_verbose() -> None:
    pixels = np.full((90, 200, 3), 255, dtype=np.uint8)
    report = report_with(pictures=(Picture("16 filters of conv1", pixels),))
    assert "16 filters of conv1" not in rich.render(report, Options())
    assert "16 filters of conv1" in rich.render(report, Options(verbosity=1))
    for options in (Options(), Options(color=True), Options(ascii=True)):
        lines = picture_lines(Pen(options), Picture("a", pixels), 78)
        assert len(lines) == 25
        assert all(len(re.sub(r"\x1b\[[0-9;]*m", "", line)) <= 78 for line in lines)
