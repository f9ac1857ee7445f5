"""A picture of a run for the page: a PNG inside the page itself, as large as it is, each pixel a square."""

from __future__ import annotations

import struct
import zlib
from base64 import b64encode
from dataclasses import dataclass
from typing import ClassVar

from runaudit.model import ByteArray, Picture

WIDEST = 480  # pixels of the page
LARGEST = 6  # pixels of the page for one of the picture


@dataclass(frozen=True, slots=True)
class PictureFigure:
    """A picture: its PNG as an address, and its size in pixels of the page."""

    template: ClassVar[str] = "picture"
    name: str
    title: str
    uri: str
    width: int
    height: int


def picture_figure(name: str, picture: Picture) -> PictureFigure:
    """Return the drawing of a picture; ``name`` is its own in the page."""
    rows, columns, _ = picture.pixels.shape
    scale = max(1, min(LARGEST, WIDEST // columns))
    uri = f"data:image/png;base64,{b64encode(png(picture.pixels)).decode()}"
    return PictureFigure(name, picture.title, uri, columns * scale, rows * scale)


def png(pixels: ByteArray) -> bytes:
    r"""Return rows x columns x 3 pixels as a PNG.

    >>> import numpy as np
    >>> png(np.zeros((2, 2, 3), dtype=np.uint8))[:8]
    b'\x89PNG\r\n\x1a\n'
    """
    rows, columns, _ = pixels.shape
    header = struct.pack(">2I5B", columns, rows, 8, 2, 0, 0, 0)  # 8 bits, red green blue
    lines = b"".join(b"\0" + row.tobytes() for row in pixels)  # each without a filter
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, content) for kind, content in chunks)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
