"""Shared by the text formats: bytes to text, text to numbered lines, cells to numbers."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from runaudit.errors import LogError
from runaudit.model import Note
from runaudit.readers import HEAD_BYTES

BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
LFS_POINTER = b"version https://git-lfs"
GZIP = b"\x1f\x8b"
COLOUR = re.compile(r"\x1b(?:\[[0-9;?]*[A-Za-z]|\][^\x07\x1b]*(?:\x07|\x1b\\))")
DIGITS = r"[-+.\w]+"
WRAPPED = re.compile(
    rf"(?:tensor|array|(?:np|numpy|jnp)\.\w+)\((?:\[({DIGITS})\]|({DIGITS}))(?:,[^)\]]*)?\)|\[({DIGITS})\]|({DIGITS})\s?%"
)
LARGE, PART = 1 << 26, 1 << 20  # bytes of a file that is read in parts, and of a part
ABSENT = frozenset({"", "-", "--", "_", "?", "na", "n/a", "#n/a", "<na>", "none", "null", "nil"})


def read_text(path: Path) -> tuple[str, tuple[Note, ...]]:
    """Return the text of a file without colour codes, and a note for each thing that had to be repaired.

    A file that is not UTF-8 (or UTF-16 with its mark) is read as Latin-1. Zero bytes at the end, which a crash of
    the machine leaves behind, are cut off. Raises ``LogError`` for an empty or binary file, and ``OSError``.
    """
    data, zeros = _octets(path)
    if not data:
        raise LogError("the file is empty (0 bytes)")
    foreign = foreign_content(data)
    if foreign:
        raise LogError(foreign)
    encoding = _marked(data)
    notes: list[Note] = []
    if encoding != "utf-16" and b"\0" in data:
        whole = data.rstrip(b"\0")
        if not whole or b"\0" in whole:
            line = whole.count(b"\n", 0, max(whole.find(b"\0"), 0)) + 1
            raise LogError("the file is binary (zero bytes), not text", line=line)
        zeros += len(data) - len(whole)
        notes.append(Note(f"the file ends in {zeros} zero bytes, ignored", str(path), whole.count(b"\n") + 1))
        data = whole
    text, note = _decode(data, encoding or "utf-8", str(path))
    if "\x1b" in text:
        text = COLOUR.sub("", text)
    return text, (*notes, *note)


def _octets(path: Path) -> tuple[bytes, int]:
    """Return the bytes of a file, and how many zero bytes at its end are left out: gigabytes of them take no memory.

    One of them is always kept. Raises ``LogError`` where something stands behind a million zeros, and ``OSError``.
    """
    try:
        small = path.stat().st_size <= LARGE
    except OSError:
        small = True
    if small:
        return path.read_bytes(), 0
    parts: list[bytes] = []
    nothing, zeros = bytes(PART), 0
    with path.open("rb") as file:
        while part := file.read(PART):
            if part == nothing[: len(part)]:
                zeros += len(part) + _hole(file)
            elif zeros:
                line = sum(one.count(b"\n") for one in parts) + 1
                raise LogError("the file is binary (zero bytes), not text", line=line)
            else:
                parts.append(part)
    return b"".join(parts) + nothing[: min(zeros, 1)], max(zeros - 1, 0)


def _hole(file: IO[bytes]) -> int:
    """Pass over the rest of a file if the file system knows that it is nothing but zeros; return its length, or 0."""
    at = file.tell()
    try:
        file.seek(at, os.SEEK_DATA)
    except AttributeError:  # Windows cannot be asked
        return 0
    except OSError as error:
        if error.errno == errno.ENXIO:
            return file.seek(0, os.SEEK_END) - at
    file.seek(at)
    return 0


def foreign_content(head: bytes) -> str:
    """Return what a file holds instead of the log it is named after, "" if its first bytes do not tell."""
    if head.startswith(LFS_POINTER):
        return "this is a git-LFS pointer, not the file itself: run `git lfs pull`"
    return "the file is compressed with gzip: unpack it first" if head.startswith(GZIP) else ""


def head_lines(head: bytes) -> list[str]:
    """Return the whole lines of the first bytes of a file, none if it is binary; never raises.

    A last line that the end of ``head`` may have cut is left out unless it is the only one.
    """
    encoding = _marked(head)
    if encoding != "utf-16" and b"\0" in head.rstrip(b"\0"):
        return []
    text = COLOUR.sub("", head.decode(encoding or "utf-8", errors="replace"))
    lines = [line for _, line in numbered_lines(text)]
    return lines[:-1] if len(head) >= HEAD_BYTES and len(lines) > 1 else lines


def split_lines(text: str) -> list[str]:
    r"""Return the physical lines, without their ends: LF, CR LF or CR CR LF, or CR in a file without LF.

    >>> split_lines("a\r\nb\r\r\n\nc")
    ['a', 'b', '', 'c']
    >>> split_lines("a\rb\r")
    ['a', 'b']
    """
    if "\r" not in text:
        lines = text.split("\n")
    elif "\n" in text:
        lines = [line.rstrip("\r") for line in text.split("\n")]
    else:
        lines = text.split("\r")
    if lines[-1] == "":
        lines.pop()
    return lines


def numbered_lines(text: str) -> Iterator[tuple[int, str]]:
    r"""Yield the 1-based number and the text of every line; what a progress bar overwrote shares its line.

    >>> list(numbered_lines("10%\r20%\nloss 1\n"))
    [(1, '10%'), (1, '20%'), (2, 'loss 1')]
    """
    for number, line in enumerate(split_lines(text), start=1):
        if "\r" in line:
            yield from ((number, part) for part in line.split("\r") if part)
        else:
            yield number, line


def to_number(cell: str) -> float | None:
    """Return the number in a cell, None where nothing was logged; raise ``ValueError`` for other text.

    Only what the writer spelled as such is NaN or infinite; a number beyond the range of a double is infinite. A tensor
    of one number is that number, and so is a percentage.

    >>> to_number(" 1e-3 "), to_number("NaN"), to_number("-inf"), to_number("N/A")
    (0.001, nan, -inf, None)
    >>> to_number("tensor(0.5, device='cuda:0')"), to_number("[0.5]"), to_number("45 %")
    (0.5, 0.5, 45.0)
    """
    try:
        return spelled(cell)
    except ValueError:
        if cell.strip().lower() in ABSENT:
            return None
        inner = WRAPPED.fullmatch(cell.strip())
        if inner is None:
            raise
        return spelled(inner[inner.lastindex or 0])


def is_number(cell: str) -> bool:
    """Say whether the cell holds a number, NaN and infinities included."""
    try:
        spelled(cell)
    except ValueError:
        return False
    return True


def spelled(text: str) -> float:
    """Return the number that a text spells as programs print numbers; raise ``ValueError`` for other text.

    Python's own ``float`` takes its literals as well: with it the label ``43088_00000`` would be a number, and so would
    the digits of other scripts.

    >>> spelled(" 1e-3"), spelled("Infinity")
    (0.001, inf)
    >>> is_number("43088_00000"), is_number("\u0661")
    (False, False)
    """
    if "_" in text or not text.isascii():
        raise ValueError(f"no number: {text[:40]!r}")
    return float(text)


def _marked(data: bytes) -> str | None:
    return next((encoding for bom, encoding in BOMS if data.startswith(bom)), None)


def _decode(data: bytes, encoding: str, path: str) -> tuple[str, tuple[Note, ...]]:
    try:
        return data.decode(encoding), ()
    except UnicodeDecodeError as error:
        if encoding == "utf-16":
            text = data.decode(encoding, errors="replace")
            return text, (Note("broken UTF-16, repaired with replacement characters", path),)
        line = data.count(b"\n", 0, error.start) + 1
        bad = f"byte 0x{data[error.start]:02x}"
        return data.decode("latin-1"), (Note(f"not UTF-8 ({bad}), read as Latin-1", path, line),)
