"""Pictures in event files that show the filters of a first layer: a grid of small squares, cut into its squares.

Needs the extra ``images`` (Pillow). Tested against torchvision's ``make_grid`` in the event files of torch 2.13.
"""

from __future__ import annotations

import io
import re
import warnings

import numpy as np

from runaudit.model import FloatArray
from runaudit.numerics import runs_of_true
from runaudit.readers._filters import FEWEST, LARGEST
from runaudit.readers._wire import BYTES, fields

FILTERS = re.compile(
    r"filter|kernel|first.?layer|patch.?embed|(?:^|[/_. -])(?:conv_?[01]?|stem)(?:[/_. -]|$)", re.IGNORECASE
)
OTHERS = re.compile(
    r"feature|activation|input|output|grad|recon|sample|pred|attention|map|image(?!/\d)|batch|mask", re.IGNORECASE
)
LEAST = 3  # pixels across a filter
MOST_PIXELS = 1 << 22  # in all pictures that are unpacked together: a small file can unpack to gigabytes
MOST_FILTERS = 4096
HINT = "a picture of filters is read with Pillow: pip install 'runaudit[images]'"


class NoFiltersError(ValueError):
    """A picture that is not read, or that shows no filters; the text says why."""


def may_show_filters(tag: str) -> bool:
    """Say whether the tag is that of a picture of filters.

    >>> [may_show_filters(t) for t in ("conv1/weights", "filters", "val/samples", "conv1/feature_maps")]
    [True, True, False, False]
    """
    return bool(FILTERS.search(tag)) and not OTHERS.search(tag)


def filters_in(message: bytes, *, tensor: bool) -> FloatArray:
    """Return the filters (filters x channels x rows x columns) that a Summary.Image, or a TensorProto of such, shows.

    One picture is a grid of them; of several each is one. Raises ``NoFiltersError`` and ``WireError``.
    """
    number = 8 if tensor else 4
    encoded = [message[f.start : f.stop] for f in fields(message) if (f.number, f.wire) == (number, BYTES)]
    encoded = encoded[2:] if tensor else encoded  # a tensor begins with width and height
    if not encoded:
        raise NoFiltersError("it holds no picture")
    if len(encoded) > MOST_FILTERS:
        raise NoFiltersError(f"it holds {len(encoded):,} pictures")
    pictures: list[FloatArray] = []
    left = MOST_PIXELS
    for one in encoded:
        pictures.append(decoded(one, left))
        left -= pictures[-1].shape[0] * pictures[-1].shape[1]
    if len(pictures) >= FEWEST and len({one.shape for one in pictures}) == 1 and max(pictures[0].shape) <= LARGEST:
        return np.stack(pictures).transpose(0, 3, 1, 2)
    return cut(pictures[0])


def decoded(encoded: bytes, most: int = MOST_PIXELS) -> FloatArray:
    """Return the picture as rows x columns x channels, 1 where it is gray.

    Raises ``NoFiltersError``, also where it has more than ``most`` pixels.
    """
    try:
        from PIL import Image
    except ImportError as error:
        raise NoFiltersError(HINT) from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of sizes and of broken pieces that are no pixels
            with Image.open(io.BytesIO(encoded), formats=("PNG", "JPEG")) as image:
                small = image.width * image.height <= most
                pixels = np.asarray(image.convert("RGB") if small else (), dtype=np.float64)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise NoFiltersError("the picture is damaged") from error
    if not small:
        raise NoFiltersError("it is too large for a grid of filters")
    gray = bool(np.all(pixels == pixels[..., :1]))
    return pixels[..., :1] if gray else pixels


def cut(pixels: FloatArray) -> FloatArray:
    """Return the cells of a grid that lines of one colour divide; cells that are all of that colour are none.

    The lines have the colour of the left upper corner. Raises ``NoFiltersError`` where there are none, or the cells are
    not alike, no squares, too small or too few.
    """
    line = (pixels == pixels[0, 0]).all(axis=2)
    rows, columns = (runs_of_true(~line.all(axis=axis)) for axis in (1, 0))
    sizes = {int(stop - start) for start, stop in (*rows, *columns)}
    if len(sizes) != 1 or not LEAST <= min(sizes) <= LARGEST:
        raise NoFiltersError("it is no grid of squares with lines between them, as torchvision's make_grid draws it")
    if len(rows) * len(columns) > MOST_FILTERS:
        raise NoFiltersError(f"it shows up to {len(rows) * len(columns):,} filters, {MOST_FILTERS:,} are read at most")
    cells = [pixels[a:b, c:d] for a, b in rows for c, d in columns if not line[a:b, c:d].all()]
    if len(cells) < FEWEST:
        raise NoFiltersError(f"it shows {len(cells)} filters, {FEWEST} needed")
    return np.stack(cells).transpose(0, 3, 1, 2)
