from __future__ import annotations

import struct
import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runaudit.errors import LogError
from runaudit.model import RawLog, RawSeries
from runaudit.readers import _wire
from runaudit.readers._crc32c import masked_crc32c
from runaudit.readers.tfevents import READER
from tests.readers import event_writer as w

NAME = "events.out.tfevents.1700000000.host.1.0"
SMALL = [
    w.event(
        step,
        w.scalar("loss", 1.0 / (step + 1)),
        w.tensor("acc", w.FLOAT, w.content(struct.pack("<f", step / 4)), plugin="scalars"),
        w.histogram("weights", -1.0, 1.0, [0.0, 1.0], [3.0, 4.0]),
    )
    for step in range(4)
]


def read(path: Path) -> RawLog:
    """Return the log of the file without its clock, which test_the_clock is about."""
    (log,) = READER.read(path)
    return replace(log, series=tuple(one for one in log.series if one.name != "wall_time"))


def only(log: RawLog) -> RawSeries:
    (series,) = log.series
    return series


def messages(log: RawLog) -> list[str]:
    return [note.message for note in log.notes]


@pytest.mark.parametrize(
    ("data", "kind", "part"),
    [
        (b"", "corrupt", "empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "corrupt", "run `git lfs pull`"),
        (b"\x1f\x8b\x08\x00", "corrupt", "gzip"),
        (w.frame(w.version()), "not-a-log", "holds no event"),
        (w.frame(w.version()) + w.frame(w.event(1)), "not-a-log", "2 events, but no scalar"),
        (w.frame(w.version())[:-1], "corrupt", "ends inside the record at byte 0"),
        (w.frame(w.version()) + b"\x01", "corrupt", "ends inside the record at byte 40"),
        (b"loss,step\n1,2\n" * 9, "corrupt", "length at byte 0 is wrong"),
        (bytes(1000), "corrupt", "length at byte 0 is wrong"),
        ("é".encode("latin-1") * 500, "corrupt", "length at byte 0 is wrong"),
        (w.frame(b"\xff" * 30), "corrupt", "the record at byte 0 is damaged"),
        (w.frame(b""), "not-a-log", "holds no event"),
    ],
)
def test_what_is_no_log_says_why(tmp_path: Path, data: bytes, kind: str, part: str) -> None:
    path = tmp_path / NAME
    path.write_bytes(data)
    with pytest.raises(LogError) as caught:
        READER.read(path)
    assert caught.value.kind == kind
    assert part in caught.value.reason


def test_a_folder_with_the_name_of_an_event_file_is_an_os_error(tmp_path: Path) -> None:
    (tmp_path / NAME).mkdir()
    with pytest.raises(OSError, match="directory"):
        READER.read(tmp_path / NAME)


@pytest.mark.parametrize("block", [100, _wire.READ_BYTES])
def test_a_wrong_data_checksum_leaves_out_that_record_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    monkeypatch.setattr(_wire, "READ_BYTES", block)
    frames = [w.frame(w.event(k, w.scalar("loss", k))) for k in range(20)]
    start = w.frame(w.version())
    frames[7] = frames[7][:-6] + bytes([frames[7][-6] ^ 1]) + frames[7][-5:]
    path = tmp_path / NAME
    path.write_bytes(start + b"".join(frames))
    log = read(path)
    assert only(log).values.tolist() == [k for k in range(20) if k != 7]
    assert only(log).rows.tolist() == [k + 1 for k in range(20) if k != 7]
    offset = len(start) + sum(map(len, frames[:7]))
    assert messages(log) == [f"1 damaged records are left out, the first at byte {offset}"]


def test_a_wrong_length_checksum_ends_the_reading(tmp_path: Path) -> None:
    good = [w.frame(p) for p in (w.version(), w.event(1, w.scalar("loss", 1.0)))]
    bad = bytearray(w.frame(w.event(2, w.scalar("loss", 2.0))))
    bad[0] ^= 1
    path = tmp_path / NAME
    path.write_bytes(b"".join(good) + bad + good[1])
    log = read(path)
    assert only(log).values.tolist() == [1.0]
    where = sum(map(len, good))
    assert messages(log) == [
        f"read up to record 2: the checksum of the record length at byte {where} is wrong, nothing from there on can"
        " be read"
    ]


def test_absurd_lengths_allocate_nothing(tmp_path: Path) -> None:
    good = b"".join(w.frame(p) for p in (w.version(), w.event(1, w.scalar("loss", 1.0))))
    for length in (2**63, 2**40, 2**64 - 1, 1 << 25):
        header = struct.pack("<Q", length)
        path = tmp_path / NAME
        path.write_bytes(good + header + w.masked(header) + b"abc")
        tracemalloc.start()
        log = read(path)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert only(log).values.tolist() == [1.0]
        assert "ends inside the record at byte" in messages(log)[0]
        assert peak < 3 * _wire.READ_BYTES


def test_a_record_that_is_too_large_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_wire, "READ_BYTES", 64)
    monkeypatch.setattr(_wire, "LARGEST_FRAME", 300)
    loss = [w.event(k, w.scalar("loss", k)) for k in range(2)]
    log = read(w.write(tmp_path / NAME, loss[0], w.message(4, bytes(400)), loss[1]))
    assert only(log).rows.tolist() == [1, 3]
    assert messages(log) == [f"1 damaged records are left out, the first at byte {40 + len(w.frame(loss[0]))}"]


@pytest.mark.parametrize("block", [1, 7, 40, 41, 1000])
def test_blocks_of_any_size_give_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    path = w.write(tmp_path / NAME, *SMALL)
    whole = read(path)
    monkeypatch.setattr(_wire, "READ_BYTES", block)
    parts = read(path)
    for a, b in zip(whole.series, parts.series, strict=True):
        np.testing.assert_array_equal(a.values, b.values)
        np.testing.assert_array_equal(a.rows, b.rows)
    assert len(parts.tables["histograms"]["weights"]) == 4
    assert parts.notes == ()


def test_a_file_cut_anywhere_is_read_up_to_there(tmp_path: Path) -> None:
    data = w.write(tmp_path / NAME, *SMALL).read_bytes()
    ends = np.cumsum([len(w.frame(payload)) for payload in (w.version(), *SMALL)])
    path = tmp_path / ("cut." + NAME)
    for size in range(len(data)):
        path.write_bytes(data[:size])
        whole = int(np.searchsorted(ends, size, side="right")) - 1
        if whole < 1:
            with pytest.raises(LogError):
                READER.read(path)
            continue
        log = read(path)
        assert [len(one.values) for one in log.series] == [whole, whole]
        assert len(log.notes) == (size not in ends)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(1, 255)), min_size=1, max_size=4))
def test_flipped_bits_never_raise_anything_else(
    tmp_path_factory: pytest.TempPathFactory, flips: list[tuple[int, int]]
) -> None:
    path = w.write(tmp_path_factory.mktemp("flip") / NAME, *SMALL)
    data = bytearray(path.read_bytes())
    before = bytes(data)
    for position, bits in flips:
        data[position % len(data)] ^= bits
    path.write_bytes(data)
    try:
        log = read(path)
    except LogError:
        return
    assert log.notes or bytes(data) == before


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_messages_damaged_under_an_intact_checksum_never_raise_anything_else(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    events = [
        bytearray(
            w.event(
                k,
                w.scalar("loss", k),
                w.tensor("t", w.INT64, w.number(w.INT64_VAL, k)),
                w.histogram("h", 0, 1, [1], [k]),
            )
        )
        for k in range(8)
    ]
    for event in events:
        position = data.draw(st.integers(0, len(event) - 1))
        event[position] = data.draw(st.integers(0, 255))
    path = w.write(tmp_path_factory.mktemp("damage") / NAME, *map(bytes, events))
    try:
        READER.read(path)
    except LogError as error:
        assert error.reason  # noqa: PT017  either answer is right, any other exception is not


@pytest.mark.parametrize("message", [b"\x00\x00", b"\x0b", b"\x08", b"\x08" + b"\xff" * 11, b"\x0a\x05abc", b"\x09abc"])
def test_bytes_that_are_no_message(message: bytes) -> None:
    with pytest.raises(_wire.WireError):
        list(_wire.fields(message))


@given(st.lists(st.binary(max_size=300), max_size=6), st.binary(max_size=8))
@settings(max_examples=60, deadline=None)
def test_checksums_of_ranges_of_any_length(pieces: list[bytes], front: bytes) -> None:
    data = front + b"".join(pieces)
    lengths = np.array([len(piece) for piece in pieces], dtype=np.int64)
    starts = len(front) + np.cumsum(lengths) - lengths
    expected = [int.from_bytes(w.masked(piece), "little") for piece in pieces]
    assert masked_crc32c(np.frombuffer(data, dtype=np.uint8), starts, lengths).tolist() == expected
