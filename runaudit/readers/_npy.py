"""The format of NumPy's arrays, by itself and in `.npz`: shapes without their numbers, and numbers without pickle."""

from __future__ import annotations

from typing import IO

import numpy as np
from numpy.lib import format as npy

from runaudit.model import FloatArray
from runaudit.readers._filters import widened

MAGIC = b"\x93NUMPY"


def shape_of(stream: IO[bytes]) -> tuple[int, ...] | None:
    """Return the shape of the array at the front of the stream, None where it holds no real numbers.

    bfloat16, which NumPy does not know, is written as two bytes of anything. Raises ``ValueError`` for another format.
    """
    shape, _, kind = _head(stream)
    return shape if kind.kind == "f" or kind.str[1:] == "V2" else None


def numbers(stream: IO[bytes]) -> FloatArray:
    """Return the array at the front of the stream; raises ``ValueError`` where it is cut off."""
    shape, by_columns, kind = _head(stream)
    size = int(np.prod(shape)) * kind.itemsize
    octets = stream.read(size)
    if len(octets) != size:
        raise ValueError(f"{len(octets)} of {size} bytes")
    flat = widened(octets) if kind.kind == "V" else np.frombuffer(octets, kind).astype(np.float64)
    return flat.reshape(shape, order="F" if by_columns else "C")


def _head(stream: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[np.generic]]:
    version = npy.read_magic(stream)
    if version == (1, 0):
        return npy.read_array_header_1_0(stream)
    if version == (2, 0):
        return npy.read_array_header_2_0(stream)
    raise ValueError(f"version {version} of the format")
