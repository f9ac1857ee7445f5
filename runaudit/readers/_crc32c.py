"""CRC-32C of many byte ranges at once, in numpy: TFRecord guards every length and every record with one."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

U8Array = npt.NDArray[np.uint8]
U32Array = npt.NDArray[np.uint32]
I64Array = npt.NDArray[np.int64]

POLYNOMIAL = 0x82F63B78
MASK_DELTA = 0xA282EAD8  # TFRecord's masking, so that a checksum of checksums does not degenerate
# These four bytes take the register from 0 to 0xFFFFFFFF, where CRC-32C starts. Zeros leave a register of 0 alone, so a
# range with them in front may be padded on the left, and ranges of different lengths fit one matrix.
START = np.frombuffer(b"\x54\x64\x1f\x64", dtype=np.uint8)
BLOCK = 64  # bytes that are walked through one after the other; longer ranges are cut into blocks and joined
CHUNK_BYTES = 1 << 20


def masked_crc32c(data: U8Array, starts: I64Array, lengths: I64Array) -> U32Array:
    """Return TFRecord's masked CRC-32C of each range ``data[start : start + length]``.

    ``starts`` and ``lengths`` are (n,) and lie inside ``data``; an empty range has the CRC 0, masked.

    >>> text = np.frombuffer(b"123456789", dtype=np.uint8)
    >>> masked = masked_crc32c(text, np.array([0]), np.array([9]))
    >>> crc = masked - np.uint32(MASK_DELTA)
    >>> hex(int(crc[0] << 15 | crc[0] >> 17))
    '0xe3069283'
    """
    crcs = np.zeros(len(starts), dtype=np.uint32)
    widths, ends = _widths(lengths), starts + lengths
    for width in np.unique(widths):
        members = np.flatnonzero(widths == width)
        chunk = max(CHUNK_BYTES // int(width), 1)
        padded = np.concatenate((np.zeros(width, dtype=np.uint8), data))
        for first in range(0, len(members), chunk):
            part = members[first : first + chunk]
            crcs[part] = _crc_of_width(padded, ends[part], lengths[part], int(width))
    crcs = ~crcs
    return (crcs >> np.uint32(15) | crcs << np.uint32(17)) + np.uint32(MASK_DELTA)


def _widths(lengths: I64Array) -> I64Array:
    """Return for each range the power of two, at least 16, that holds it and the four start bytes."""
    widths = np.full(len(lengths), 16, dtype=np.int64)
    while np.any(short := widths < lengths + len(START)):
        widths[short] *= 2
    return widths


def _crc_of_width(padded: U8Array, ends: I64Array, lengths: I64Array, width: int) -> U32Array:
    """Return the unfinished CRC of the ranges that end at ``ends``; ``padded`` has ``width`` zeros in front."""
    rows = ranges(padded, ends, width)
    rows *= np.arange(width) >= (width - lengths)[:, None]  # what lies before the range is not part of it
    offsets = np.arange(width - len(START), width) - lengths[:, None]
    np.put_along_axis(rows, offsets, START, axis=1)
    block = min(width, BLOCK)
    pairs = rows.reshape(-1, block).view("<u2")
    table = _two_byte_table()
    crcs: U32Array = np.zeros(len(pairs), dtype=np.uint32)
    for column in np.ascontiguousarray(pairs.T):
        crcs = table[(crcs & np.uint32(0xFFFF)) ^ column] ^ (crcs >> np.uint32(16))
    crcs = crcs.reshape(len(rows), -1)
    while (
        crcs.shape[1] > 1
    ):  # the CRC of two neighbours: that of the left one, moved past the right one's bytes, xor the right
        crcs = _moved(crcs[:, 0::2], _mover(block)) ^ crcs[:, 1::2]
        block *= 2
    return crcs[:, 0]


def ranges(data: U8Array, starts: I64Array, length: int) -> U8Array:
    """Return a copy of ranges of one length, one row each; ``data`` must hold them all."""
    if length == 0 or len(starts) == 0:
        return np.zeros((len(starts), length), dtype=np.uint8)
    windows = np.lib.stride_tricks.sliding_window_view(data, length)
    return np.asarray(windows[starts])


@lru_cache(maxsize=1)
def _two_byte_table() -> U32Array:
    """Return what each of the 65,536 values of the lower half of the register adds after two bytes."""
    crcs = np.arange(1 << 16, dtype=np.uint32)
    for _ in range(16):
        crcs = (crcs >> np.uint32(1)) ^ np.where(crcs & np.uint32(1), np.uint32(POLYNOMIAL), np.uint32(0))
    return crcs


@lru_cache(maxsize=64)
def _mover(count: int) -> tuple[int, ...]:
    """Return where each bit of the register goes when ``count`` (a power of two, at least 2) zero bytes follow."""
    bits = np.uint32(1) << np.arange(32, dtype=np.uint32)
    if count == 2:
        images = _two_byte_table()[bits & np.uint32(0xFFFF)] ^ (bits >> np.uint32(16))
    else:
        half = _mover(count // 2)
        images = _moved(_moved(bits, half), half)
    return tuple(images.tolist())


def _moved(crcs: U32Array, mover: tuple[int, ...]) -> U32Array:
    moved = np.zeros_like(crcs)
    for bit, image in enumerate(mover):
        moved ^= (crcs >> np.uint32(bit) & np.uint32(1)) * np.uint32(image)
    return moved
