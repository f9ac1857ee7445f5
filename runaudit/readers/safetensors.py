"""Weights in `.safetensors`: of the file only its header and the filters of the first layer are read, however large.

Tested against safetensors 0.8.0.
"""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Mapping
from math import prod
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from runaudit.errors import LogError
from runaudit.model import FloatArray, RawLog
from runaudit.readers import Grouping, Reader
from runaudit.readers._filters import Tensor, first_layer, home, raw_log, widened

LENGTH = struct.Struct("<Q")
MOST_HEADER = 1 << 24  # bytes; the format allows 100 MB, which unpack to gigabytes of objects
KINDS = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2"}


def claims(path: PurePosixPath, head: bytes) -> bool:
    """Say whether the file is of that format by its name and first bytes."""
    return path.suffix.lower() == ".safetensors" and head[LENGTH.size : LENGTH.size + 1] == b"{"


def read(path: Path) -> tuple[RawLog, ...]:
    """Return the filters as ``tables["filters"]``; raises ``LogError`` where there are none, or the file is damaged."""
    with path.open("rb") as stream:
        size = os.fstat(stream.fileno()).st_size
        length = stream.read(LENGTH.size)
        if len(length) < LENGTH.size or not 2 <= LENGTH.unpack(length)[0] <= size - LENGTH.size:
            raise LogError("the header is cut off or damaged")
        start = LENGTH.size + LENGTH.unpack(length)[0]
        if start - LENGTH.size > MOST_HEADER:
            raise LogError(f"the header is {start - LENGTH.size:,} bytes long, {MOST_HEADER:,} are read at most")
        header = _header(stream.read(start - LENGTH.size))
        tensor = first_layer(Tensor(name, one[1]) for name, one in header.items())
        if tensor is None:
            raise LogError("no tensor in it is named and shaped like a first layer", kind="not-a-log")
        kind, shape, (first, last) = header[tensor.name]
        if last - first != prod(shape) * np.dtype(KINDS[kind]).itemsize or not 0 <= first <= last <= size - start:
            raise LogError(f"the file is cut off before the end of {tensor.name}")
        stream.seek(start + first)
        return (raw_log("safetensors", tensor.name, _numbers(stream.read(last - first), kind).reshape(shape)),)


def _header(text: bytes) -> dict[str, tuple[str, tuple[int, ...], tuple[int, int]]]:
    """Return type, shape and place of each tensor of floating-point numbers."""
    try:
        content = json.loads(text)
        return {name: _entry(one) for name, one in content.items() if name != "__metadata__" and one["dtype"] in KINDS}
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise LogError("the header is damaged") from error


def _entry(one: Mapping[str, Any]) -> tuple[str, tuple[int, ...], tuple[int, int]]:
    first, last = one["data_offsets"]
    return one["dtype"], tuple(map(int, one["shape"])), (int(first), int(last))


def _numbers(octets: bytes, kind: str) -> FloatArray:
    return widened(octets) if kind == "BF16" else np.frombuffer(octets, KINDS[kind]).astype(np.float64)


READER = Reader("safetensors", "safetensors weights", claims, read, priority=60, grouping=Grouping.BESIDE, home=home)
