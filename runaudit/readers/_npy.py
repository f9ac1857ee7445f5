"""The format of NumPy's arrays, by itself and in `.npz`: shapes without their numbers, and numbers without pickle."""

from __future__ import annotations

import io
import warnings
from tokenize import TokenError
from typing import IO

import numpy as np
from numpy.lib import format as npy

from runaudit.model import FloatArray
from runaudit.readers._filters import widened

MAGIC = b"\x93NUMPY"
LENGTHS = {(1, 0): 2, (2, 0): 4}  # bytes of the length of the header, by version
MOST_HEADER = 10_000  # bytes, as NumPy itself allows: the length is not to be trusted


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
    with np.errstate(over="ignore", invalid="ignore"):
        flat = widened(octets) if kind.kind == "V" else np.frombuffer(octets, kind).astype(np.float64)
    return flat.reshape(shape, order="F" if by_columns else "C")


def _head(stream: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[np.generic]]:
    """Return shape, order and type, and leave the stream at the numbers; raises ``ValueError`` for a damaged header."""
    version = npy.read_magic(stream)
    if version not in LENGTHS:
        raise ValueError(f"version {version} of the format")
    length = stream.read(LENGTHS[version])
    if int.from_bytes(length, "little") > MOST_HEADER:
        raise ValueError(f"a header of {int.from_bytes(length, 'little')} bytes")
    header = io.BytesIO(length + stream.read(int.from_bytes(length, "little")))
    parse = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what the file spells in an old way is none of the user's concern
            return parse(header)
    except (TokenError, SyntaxError, TypeError, MemoryError, RecursionError) as error:  # it is parsed as Python
        raise ValueError("a damaged header") from error
