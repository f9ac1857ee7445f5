"""Zstandard files where Python has no module for them (before 3.14), by the package ``zstandard``."""

from __future__ import annotations

import io
from typing import IO, Any

FED = 1 << 10  # a kibibyte can unpack to 32 MiB at most, which then lie in memory


class _Raw(io.RawIOBase):
    def __init__(self, packed: IO[bytes]) -> None:
        self.packed = packed
        self.frame = _new_frame()
        self.begun = False
        self.ready = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # any buffer in 3.12
        """Fill ``buffer`` with what comes next and return how much. Raises ``EOFError`` within a frame."""
        rest = b""
        while not self.ready:
            piece = rest or self.packed.read(FED)
            if not piece:
                if self.begun:
                    raise EOFError("it ends within a frame")
                return 0
            self.ready = memoryview(self.frame.decompress(piece))
            self.begun = not self.frame.eof
            rest = self.frame.unused_data if self.frame.eof else b""
            if self.frame.eof:
                self.frame = _new_frame()
                if rest and self.ready:
                    self.packed.seek(-len(rest), 1)
        count = min(len(buffer), len(self.ready))
        buffer[:count] = self.ready[:count]
        self.ready = self.ready[count:]
        return count


def _new_frame() -> Any:  # noqa: ANN401  zstandard is no dependency: its types are not known
    from zstandard import ZstdDecompressor

    return ZstdDecompressor().decompressobj()


def open(packed: IO[bytes]) -> io.BufferedReader:  # noqa: A001  the name in compression.zstd
    """Return the unpacked bytes of an open file; ``ZstdError`` or ``EOFError`` come where they break off."""
    return io.BufferedReader(_Raw(packed))
