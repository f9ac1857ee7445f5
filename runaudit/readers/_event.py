"""TensorBoard's Event message: where its numbers lie, and the numbers of many events of one layout at once.

A run logs the same few tags again and again, so nearly all records of one length differ only in a few bytes: time,
step and value. One event of each layout is parsed in Python, which tells where those bytes are; numpy reads the others
along with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

import numpy as np
import numpy.typing as npt

from runaudit.readers._crc32c import I64Array, U8Array, ranges
from runaudit.readers._wire import BYTES, FIXED32, FIXED64, VARINT, Field, Frames, WireError, fields, signed, varint

FloatArray = npt.NDArray[np.float64]

FIXED, HIGH_BIT, FREE = b"\xff", b"\x80", b"\x00"  # the bits that are layout: all, a varint's "more follows", none
FEW = 4  # as many events of one length, or fewer, are parsed each by itself
LONG = 4096  # and so are events longer than this: they hold pictures or text, and no two are alike
ROUNDS = 8  # layouts of one length that are tried before the rest is parsed one by one

SESSION_START = 1
HISTO, OTHER, IMAGE, TEXTS = "histo", "other", "image", "texts"
# TensorProto.dtype -> how its tensor_content is read
CONTENT = {1: "<f4", 2: "<f8", 3: "<i4", 4: "u1", 5: "<i2", 6: "i1", 9: "<i8", 10: "u1", 14: "bfloat16", 17: "<u2"}
CONTENT |= {19: "<f2", 22: "<u4", 23: "<u8"}
BFLOAT16, STRING = 14, 7
# the TensorProto fields that hold values one by one: float_val, double_val, int_val, int64_val, bool_val, uint32_val,
# uint64_val, half_val
TYPED = {5: "<f4", 6: "<f8", 7: "varint", 10: "varint", 11: "varint", 16: "varint", 17: "varint", 13: "half"}
WIRE = {"<f4": FIXED32, "<f8": FIXED64}
WIDTH = {FIXED32: 4, FIXED64: 8}


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a summary: its tag, and how the bytes ``[start, stop)`` of the record are to be read.

    ``form`` is a numpy type, ``bfloat16``, ``varint``, ``half`` or ``brain`` (a varint that holds the bits of a half
    or a bfloat16), ``histo`` (a HistogramProto), ``image`` (a Summary.Image), ``texts`` (a TensorProto of byte strings,
    as TensorFlow 2 writes pictures), ``other`` (numbers in a form that is not read) or "" (sound and the like).
    ``shape`` is that of the numbers, () for a scalar. ``plugin`` is "" where the event does not name it, as most do
    not, and ``content`` is what the event holds for the plug-in.
    """

    tag: str
    form: str = ""
    start: int = 0
    stop: int = 0
    shape: tuple[int, ...] = ()
    tensor: bool = False
    plugin: str = ""
    content: bytes = b""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where an event keeps its time, its step, its tags and its values.

    ``mask`` has the bits that are neither tag nor number: events that agree in them are laid out alike.
    """

    mask: bytes
    time: int | None
    tags: tuple[tuple[int, int], ...]
    step: tuple[int, int]
    session_start: bool
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Events of one layout: ``records`` has a row each, and ``positions`` are those in the frames they came from.

    ``layout`` is None for an event that is no protobuf message.
    """

    layout: Layout | None
    positions: I64Array
    records: U8Array

    def steps(self) -> I64Array:
        """Return the step of each event; an event without one is of step 0."""
        if self.layout is None or self.layout.step[1] == 0:
            return np.zeros(len(self.positions), dtype=np.int64)
        return _varints(self.records[:, slice(*self.layout.step)])

    def times(self) -> FloatArray:
        """Return when each event was written, in seconds since 1970; NaN where it does not say."""
        if self.layout is None or self.layout.time is None:
            return np.full(len(self.positions), np.nan)
        octets = np.ascontiguousarray(self.records[:, self.layout.time : self.layout.time + 8])
        with np.errstate(invalid="ignore"):
            return octets.view("<f8")[:, 0].astype(np.float64)

    def numbers(self, value: Value) -> FloatArray:
        """Return the numbers of ``value``, one row an event."""
        with np.errstate(invalid="ignore"):  # a signalling NaN is a NaN like any other
            return self._numbers(value)

    def _numbers(self, value: Value) -> FloatArray:
        octets = np.ascontiguousarray(self.records[:, value.start : value.stop])
        if value.form in {"varint", "half", "brain"}:
            whole = _varints(octets)[:, None]
            if value.form == "varint":
                return whole.astype(np.float64)
            bits = (whole & 0xFFFF).astype("<u2")
            return bits.view("<f2").astype(np.float64) if value.form == "half" else _widened(bits)
        if value.form == "bfloat16":
            return _widened(octets.view("<u2"))
        return octets.view(value.form).astype(np.float64)


def groups(frames: Frames) -> Iterator[Group]:
    """Yield the events of ``frames``, sorted into groups of one layout."""
    order = np.argsort(frames.lengths, kind="stable")
    edges = np.flatnonzero(np.diff(frames.lengths[order])) + 1
    for members in np.split(order, edges):
        if len(members):
            length = int(frames.lengths[members[0]])
            yield from _alike(ranges(frames.data, frames.starts[members], length), members)


def _alike(records: U8Array, positions: I64Array) -> Iterator[Group]:
    """Yield the groups among records of one length."""
    left = np.arange(len(records))
    length = records.shape[1]
    for _ in range(ROUNDS):
        layout = _layout(records[left[0]]) if len(left) > FEW and length <= LONG else None
        if layout is None:
            break
        mask = np.frombuffer(layout.mask, dtype=np.uint8)
        fixed = records[left] & mask
        same = (fixed == fixed[0]).all(axis=1)
        yield from _by_tags(records, positions, left[same], layout)
        left = left[~same]
    for one in left.tolist():
        yield Group(_layout(records[one]), positions[[one]], records[[one]])


def _by_tags(records: U8Array, positions: I64Array, members: I64Array, layout: Layout) -> Iterator[Group]:
    """Yield the members, which differ in tags and numbers only, by their tags."""
    if not layout.tags:
        yield Group(layout, positions[members], records[members])
        return
    tags = np.hstack([records[members, start:stop] for start, stop in layout.tags])
    keys = tags.view(f"V{tags.shape[1]}")[:, 0].tolist() if tags.shape[1] else [b""] * len(members)
    alike: dict[bytes, list[int]] = {}
    for key, member in zip(keys, members.tolist(), strict=True):
        alike.setdefault(key, []).append(member)
    for same in alike.values():
        yield Group(_layout(records[same[0]]), positions[same], records[same])


def _layout(record: U8Array) -> Layout | None:
    try:
        return parse(record.tobytes())
    except WireError:
        return None


def parse(record: bytes) -> Layout:
    """Return the layout of one event; raises ``WireError``."""
    mask = bytearray(FIXED * len(record))
    time: int | None = None
    step, session_start = (0, 0), False
    tags: list[tuple[int, int]] = []
    values: list[Value] = []
    for item in fields(record):
        match item.number, item.wire:
            case 1, 1:  # wall_time
                time = item.start
                mask[item.start : item.stop] = FREE * 8
            case 2, 0:
                step = item.start, item.stop
                mask[item.start : item.stop] = HIGH_BIT * (item.stop - item.start)
            case 5, 2:  # summary
                parts = fields(record, item.start, item.stop)
                values += [_value(record, part, mask, tags) for part in parts if (part.number, part.wire) == (1, BYTES)]
            case 7, 2:  # session_log, whose field 1 is the status
                numbers = _numbers_of(record, item, 1)
                session_start |= SESSION_START in numbers
            case _:
                pass
    return Layout(bytes(mask), time, tuple(tags), step, session_start, tuple(values))


def _value(record: bytes, where: Field, mask: bytearray, tags: list[tuple[int, int]]) -> Value:
    """Return one value of a summary, add where its tag lies to ``tags``, and free tag and numbers in ``mask``."""
    tag, plugin, content = "", "", b""
    form, start, stop = "", 0, 0
    shape: tuple[int, ...] = ()
    tensor = False
    for item in fields(record, where.start, where.stop):
        match item.number, item.wire:
            case 1, 2:
                tag = record[item.start : item.stop].decode("utf-8", errors="replace")
                mask[item.start : item.stop] = FREE * (item.stop - item.start)
                tags.append((item.start, item.stop))
            case 2, 5:  # simple_value
                form, start, stop, shape, tensor = "<f4", item.start, item.stop, (), False
            case 5, 2:
                form, start, stop, shape, tensor = HISTO, item.start, item.stop, (), False
            case 4, 2:
                form, start, stop, shape, tensor = IMAGE, item.start, item.stop, (), False
            case ((3 | 6), 2):  # an old histogram, sound
                form, start, stop, shape, tensor = "", item.start, item.stop, (), False
            case 8, 2:
                form, start, stop, shape = _tensor(record, item)
                tensor = True
            case 9, 2:
                plugin, content = _plugin(record, item)
            case _:
                pass
    varied = HIGH_BIT if form in {"varint", "half", "brain"} else FREE
    if form != OTHER:
        mask[start:stop] = varied * (stop - start)
    return Value(tag, form, start, stop, shape, tensor, plugin, content)


def _tensor(record: bytes, where: Field) -> tuple[str, int, int, tuple[int, ...]]:
    """Return the form, the bytes and the shape of a TensorProto's numbers."""
    dtype = 0
    shape: tuple[int, ...] = ()
    payloads: list[tuple[str, Field]] = []
    for item in fields(record, where.start, where.stop):
        if (item.number, item.wire) == (1, VARINT):
            dtype = varint(record, item.start, item.stop)[0]
        elif (item.number, item.wire) == (2, BYTES):
            shape = _shape(record, item)
        elif (item.number, item.wire) == (4, BYTES) and item.stop > item.start:
            payloads.append((CONTENT.get(dtype, ""), item))
        elif item.number in TYPED:
            form = TYPED[item.number]
            payloads.append(("brain" if form == "half" and dtype == BFLOAT16 else form, item))
    if dtype == STRING:
        return TEXTS, where.start, where.stop, shape
    if dtype not in CONTENT:
        return "", 0, 0, shape
    if len(payloads) != 1:
        return OTHER, 0, 0, shape
    form, item = payloads[0]
    return (form, item.start, item.stop, shape) if _fits(record, form, item, prod(shape)) else (OTHER, 0, 0, shape)


def _fits(record: bytes, form: str, item: Field, count: int) -> bool:
    """Say whether the payload holds ``count`` numbers of that form; of varints only one is read."""
    size = item.stop - item.start
    if form in {"varint", "half", "brain"}:
        return count == 1 and size > 0 and varint(record, item.start, item.stop)[1] == item.stop
    itemsize = 2 if form == "bfloat16" else np.dtype(form).itemsize
    return count > 0 and size == count * itemsize


def _shape(record: bytes, where: Field) -> tuple[int, ...]:
    """Return the dimensions of a TensorShapeProto: its fields 2, whose field 1 is the size; a missing size is 0."""
    return tuple(
        ([0, *_numbers_of(record, item, 1)])[-1]
        for item in fields(record, where.start, where.stop)
        if (item.number, item.wire) == (2, BYTES)
    )


def _numbers_of(record: bytes, where: Field, number: int) -> list[int]:
    """Return the varints that the message has under one field number."""
    return [
        signed(varint(record, item.start, item.stop)[0])
        for item in fields(record, where.start, where.stop)
        if (item.number, item.wire) == (number, VARINT)
    ]


def _plugin(record: bytes, where: Field) -> tuple[str, bytes]:
    """Return the name and the content of a SummaryMetadata's plug-in data, its field 1."""
    name, content = "", b""
    for item in fields(record, where.start, where.stop):
        if (item.number, item.wire) == (1, BYTES):
            for part in fields(record, item.start, item.stop):
                if (part.number, part.wire) == (1, BYTES):
                    name = record[part.start : part.stop].decode("utf-8", errors="replace")
                elif (part.number, part.wire) == (2, BYTES):
                    content = record[part.start : part.stop]
    return name, content


def _varints(octets: U8Array) -> I64Array:
    """Return the number in each row, all of whose bytes make one varint."""
    shifts = np.arange(octets.shape[1], dtype=np.uint64) * np.uint64(7)
    parts = (octets & 0x7F).astype(np.uint64) << shifts
    return np.asarray(np.bitwise_or.reduce(parts, axis=1)).view(np.int64)


def _widened(bits: npt.NDArray[np.uint16]) -> FloatArray:
    """Return bfloat16 numbers, which are the upper halves of float32 numbers."""
    return (bits.astype("<u4") << np.uint32(16)).view("<f4").astype(np.float64)
