"""A picture in characters: two pixels one above the other in each, in shades of gray."""

from __future__ import annotations

import numpy as np

from runaudit.model import ByteArray, IntArray, Picture
from runaudit.pen import Pen

ROWS = 48  # pixels, two in a line
SHADES = (" ░▒▓█", " .:*#")
GRAYS = 232, 24  # the first gray of a terminal's 256 colours, and how many there are
LINE = 255  # the brightness of the lines that divide a picture


def picture_lines(pen: Pen, picture: Picture, width: int) -> list[str]:
    """Return the title and the picture in at most ``width`` columns; of a wide or high one the left upper part."""
    pixels = _cut(picture.pixels, ROWS, width)
    gray = np.round(pixels.mean(axis=2)).astype(np.int64)
    if len(gray) % 2:
        gray = np.vstack([gray, np.zeros((1, gray.shape[1]), dtype=np.int64)])
    part = "" if pixels.shape == picture.pixels.shape else ", some of them here"
    lines = [pen.paint("dim", pen.clean(picture.title + part))]
    return [*lines, *(_line(pen, gray[i], gray[i + 1]) for i in range(0, len(gray), 2))]


def _cut(pixels: ByteArray, rows: int, columns: int) -> ByteArray:
    """Return the left upper part of the picture, cut where a dividing line is, if there is one."""
    return pixels[: _edge(pixels, 0, rows), : _edge(pixels, 1, columns)]


def _edge(pixels: ByteArray, axis: int, most: int) -> int:
    size = (len(pixels), len(pixels[0]))[axis]
    if size <= most:
        return size
    across = tuple(k for k in range(3) if k != axis)
    lines: list[int] = np.flatnonzero((pixels == LINE).all(axis=across)[:most]).tolist()
    return lines[-1] + 1 if len(lines) > 1 else most


def _line(pen: Pen, upper: IntArray, lower: IntArray) -> str:
    if not pen.options.color or pen.options.ascii:
        shades = SHADES[pen.options.ascii]
        levels = (upper + lower) * (len(shades) - 1) // 510
        return "".join(shades[level] for level in levels.tolist()).rstrip()
    first, number = GRAYS
    colours = zip((first + upper * number // 256).tolist(), (first + lower * number // 256).tolist(), strict=True)
    return "".join(f"\x1b[38;5;{top};48;5;{bottom}m▀" for top, bottom in colours) + "\x1b[0m"
