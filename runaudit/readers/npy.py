"""NumPy's `.npy` with the filters of a first layer: `conv1.npy`, `filters.npy`; the name and the shape must say so.

Only the head of any other array is looked at, and it is merely counted: data sets have the same format.
"""

from __future__ import annotations

import io
from pathlib import Path, PurePosixPath

from runaudit.errors import LogError
from runaudit.model import RawLog
from runaudit.readers import Grouping, Reader
from runaudit.readers._filters import Tensor, home, is_first_layer, raw_log
from runaudit.readers._npy import MAGIC, numbers, shape_of


def claims(path: PurePosixPath, head: bytes) -> bool:
    """Say whether it is an array that by name and shape holds the filters of a first layer."""
    if not head.startswith(MAGIC):
        return False
    try:
        shape = shape_of(io.BytesIO(head))
    except ValueError:
        return False
    return shape is not None and is_first_layer(Tensor(path.stem, shape))


def read(path: Path) -> tuple[RawLog, ...]:
    """Return the filters as ``tables["filters"]``; raises ``LogError`` where the array is cut off or no filters."""
    with path.open("rb") as stream:
        try:
            shape = shape_of(stream)
            if shape is None or not is_first_layer(Tensor(path.stem, shape)):
                raise LogError("the array is not named and shaped like the filters of a first layer", kind="not-a-log")
            stream.seek(0)
            values = numbers(stream)
        except (ValueError, EOFError) as error:
            raise LogError("the array is cut off or damaged") from error
    return (raw_log("npy", path.stem, values),)


READER = Reader("npy", "NumPy array of filters", claims, read, priority=60, grouping=Grouping.BESIDE, home=home)
