from __future__ import annotations

import math
from pathlib import Path, PurePosixPath

import numpy as np
import pytest

from runaudit.errors import LogError
from runaudit.model import RawLog, RawSeries
from runaudit.readers.wandb_offline import READER, claims
from tests.readers import wandb_writer as w
from tests.readers.mutations import survives

SAMPLE = Path(__file__).parents[2] / "sample_logs/formats/wandb_offline/healthy/run-k3yr1ng5.wandb"


def read(tmp_path: Path, *records: bytes) -> RawLog:
    (log,) = READER.read(w.write(tmp_path / "run-abc123.wandb", records))
    return log


def series(log: RawLog) -> dict[str, RawSeries]:
    return {s.name: s for s in log.series}


def messages(log: RawLog) -> list[str]:
    return [note.message for note in log.notes]


def refusal(tmp_path: Path, data: bytes) -> LogError:
    path = tmp_path / "run-abc123.wandb"
    path.write_bytes(data)
    with pytest.raises(LogError) as caught:
        READER.read(path)
    return caught.value


def test_history_rows_share_their_row_with_what_was_logged_with_them(tmp_path: Path) -> None:
    log = read(
        tmp_path,
        w.history({"_step": 0, "train/loss": 2.5, "lr": 1e-3}),
        w.stats({"cpu": 3.5}),
        w.history({"_step": 10, "train/loss": 1.5, "val/loss": 2.0}),
        w.ended(0),
    )
    found = series(log)
    assert found["train/loss"].values.tolist() == [2.5, 1.5]
    assert found["train/loss"].rows.tolist() == found["_step"].rows.tolist() == [0, 2]
    assert found["val/loss"].rows.tolist() == [2]
    assert found["system/cpu"].values.tolist() == [3.5]
    assert all(s.steps is None for s in log.series)
    assert log.notes == ()


def test_logged_nan_and_infinities_stay_and_other_values_are_no_points(tmp_path: Path) -> None:
    values = {"_step": 0, "loss": math.nan, "up": math.inf, "down": -math.inf, "text": "high", "flag": True, "no": None}
    log = read(tmp_path, w.history({**values, "ids": [1, 2], "spelled": "NaN"}), w.ended(0))
    found = series(log)
    assert sorted(found) == ["_step", "down", "loss", "spelled", "up"]
    assert np.isnan(found["loss"].values).all()
    assert np.isnan(found["spelled"].values).all()
    assert (found["up"].values[0], found["down"].values[0]) == (math.inf, -math.inf)
    assert messages(log) == ["ids: lists of numbers are not read"]


HISTOGRAM = {"_type": "histogram", "values": [1, 3], "bins": [-1.0, 0.0, 2.0]}
PACKED = {"_type": "histogram", "values": [1, 3], "packedBins": {"min": -1.0, "size": 1.5, "count": 2}}


@pytest.mark.parametrize(
    ("logged", "parts", "edges"),
    [(HISTOGRAM, False, [-1.0, 0.0, 2.0]), (HISTOGRAM, True, [-1.0, 0.0, 2.0]), (PACKED, False, [-1.0, 0.5, 2.0])],
)
def test_histograms_are_read_whole_and_in_parts(
    tmp_path: Path, logged: dict[str, object], parts: bool, edges: list[float]
) -> None:
    name = "gradients/fc1.weight"
    values: dict[str, object] = {f"{name}.{part}": value for part, value in logged.items()} if parts else {name: logged}
    log = read(tmp_path, w.history({"_step": 7, "loss": 1.0, **values}), w.ended(0))
    ((step, one),) = log.tables["histograms"][name]
    assert (step, one.num, one.min, one.max) == (7, 4.0, -1.0, 2.0)
    assert [*one.left.tolist(), one.right[-1]] == edges
    assert one.counts.tolist() == [1.0, 3.0]
    assert math.isnan(one.sum)
    assert sorted(series(log)) == ["_step", "loss"]
    assert log.notes == ()


def test_broken_histograms_are_left_out_with_a_note(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [
        {"values": [1, 3], "bins": [0.0, 1.0]},
        {"values": [0], "bins": [0.0, 1.0]},
        {"values": "x"},
        {"bins": None},
    ]
    logged: dict[str, object] = {f"gradients/{i}": {**row, "_type": "histogram"} for i, row in enumerate(rows)}
    log = read(tmp_path, w.history({"_step": 0, "loss": 1.0, **logged}), w.ended(0))
    assert "histograms" not in log.tables
    assert messages(log) == ["histograms left out: 4, whose edges and counts do not belong together"]


def test_nested_keys_are_joined_and_media_are_left_out(tmp_path: Path) -> None:
    picture = {"_type": "image-file", "width": 10}
    old = w.history({"_step": 0, "a": {"b": 1, "c": {"d": 2}}, "picture": picture})
    new = w.history({"_step": 1, "a.b": 3}, nested=True)
    found = series(read(tmp_path, old, new, w.ended(0)))
    assert sorted(found) == ["_step", "a.b", "a.c.d"]
    assert found["a.b"].values.tolist() == [1, 3]


def test_the_step_beside_the_items_counts_where_none_is_among_them(tmp_path: Path) -> None:
    log = read(tmp_path, w.history({"loss": 1.0}, step=0), w.history({"loss": 0.5}, step=300), w.ended(0))
    assert series(log)["_step"].values.tolist() == [0, 300]


def test_long_items_and_keys_are_read_like_short_ones(tmp_path: Path) -> None:
    name = "layer." + "x" * 200
    log = read(tmp_path, w.history({"_step": 0, name: 0.25, "y" * 126: 1.0, "note": "z" * 200_000}), w.ended(0))
    assert {name: 0.25, "y" * 126: 1.0}.items() <= {n: s.values[0] for n, s in series(log).items()}.items()


def test_a_long_item_that_looks_like_a_short_one(tmp_path: Path) -> None:
    key = b"k" * 17 + b"\x82\x01" + bytes([105]) + b"k" * 80
    body = w.part(2, key) + w.part(16, b"0." + b"1" * 1172)
    assert len(body) == 1280  # its length ends in the byte that begins a key
    (found,) = read(tmp_path, w.part(2, w.part(1, body)), w.ended(0)).series
    assert (len(found.name), round(found.values[0], 3)) == (100, 0.111)


def test_a_name_that_is_given_twice_in_one_row_counts_once(tmp_path: Path) -> None:
    log = read(tmp_path, w.history({"_step": 0, "a": {"b": 1}, "a.b": 2}), w.ended(0))
    assert series(log)["a.b"].values.tolist() == [1]


def test_configuration_and_summary(tmp_path: Path) -> None:
    first = w.run({"lr": 0.1, "model": {"depth": 3}, "_wandb": {"cli": "x"}})
    log = read(
        tmp_path,
        first,
        w.config({"late": "yes"}),
        w.history({"loss": 1.0}, step=0),
        w.summary({"loss": 1.0, "best": 0.5, "_runtime": 3}),
        w.ended(0),
    )
    assert log.config == {"lr": 0.1, "model": {"depth": 3}, "late": "yes"}
    assert log.tables == {"summary": {"loss": 1.0, "best": 0.5}}


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        ([w.ended(0)], []),
        ([w.ended(137)], ["the program ended with exit code 137"]),
        ([], ["no end of the run is recorded: it was killed, or goes on"]),
    ],
)
def test_how_the_run_ended_is_noted(tmp_path: Path, records: list[bytes], expected: list[str]) -> None:
    assert messages(read(tmp_path, w.history({"loss": 1.0}, step=0), *records)) == expected


def test_a_run_without_history_says_what_it_holds(tmp_path: Path) -> None:
    data = w.log([w.run({"lr": 1}), w.stats({"gpu": 1}), w.stats({"gpu": 2}), w.summary({"val_acc": 0.5}), w.ended(1)])
    error = refusal(tmp_path, data)
    expected = "no row of history, 2 of the machine, a summary of val_acc, exit code 1"
    assert (error.kind, error.reason) == ("not-a-log", f"a W&B run without any metric: {expected}")


def test_records_over_several_blocks_are_whole(tmp_path: Path) -> None:
    rows = [w.history({"_step": i, "loss": i / 7, "big": "x" * (i % 5 * 9000)}) for i in range(60)]
    found = series(read(tmp_path, *rows, w.ended(0)))
    assert found["loss"].values.tolist() == [i / 7 for i in range(60)]


def test_a_wrong_checksum_costs_one_record(tmp_path: Path) -> None:
    data = bytearray(w.log([w.history({"_step": i, "loss": float(i)}) for i in range(10)] + [w.ended(0)]))
    data[data.index(b"4.0")] ^= 1
    path = tmp_path / "run-abc123.wandb"
    path.write_bytes(data)
    (log,) = READER.read(path)
    assert series(log)["loss"].values.tolist() == [0, 1, 2, 3, 5, 6, 7, 8, 9]
    begin = data.index(b"_step", data.index(b"3.0")) - 7 - 8
    assert len(log.notes) == 1
    assert messages(log)[0].startswith("1 damaged piece of records left out, the first at byte ")
    assert abs(int(messages(log)[0].rpartition(" ")[2]) - begin) < 8


def test_a_length_beyond_the_block_costs_the_rest_of_the_block(tmp_path: Path) -> None:
    data = bytearray(w.log([w.history({"_step": i, "loss": float(i)}) for i in range(2000)] + [w.ended(0)]))
    data[7 + 4 : 7 + 6] = b"\xff\xff"
    path = tmp_path / "run-abc123.wandb"
    path.write_bytes(data)
    (log,) = READER.read(path)
    loss = series(log)["loss"].values
    assert 0 < loss[0] < 1000
    assert loss[-1] == 1999
    assert messages(log)[0] == "1 damaged piece of records left out, the first at byte 7"


@pytest.mark.parametrize("cut", [1, 6, 7, 30])
def test_a_tail_that_is_cut_off_is_noted(tmp_path: Path, cut: int) -> None:
    rows = [w.history({"_step": i, "loss": float(i)}) for i in range(10)]
    path = tmp_path / "run-abc123.wandb"
    whole = w.log(rows)
    path.write_bytes(whole[:-cut])
    (log,) = READER.read(path)
    assert len(series(log)["loss"].values) == 9
    begin = len(w.log(rows[:-1]))
    assert messages(log)[0] == f"the file ends inside the record at byte {begin}, which is left out"


@pytest.mark.parametrize("left", [1, 6])
def test_a_tail_inside_the_header_of_a_record_is_noted(tmp_path: Path, left: int) -> None:
    first, second = w.history({"loss": 1.0}, step=0), w.history({"loss": 0.5}, step=1)
    begin = len(w.log([first]))
    path = tmp_path / "run-abc123.wandb"
    path.write_bytes(w.log([first, second])[: begin + left])
    (log,) = READER.read(path)
    assert messages(log)[0] == f"the file ends inside the record at byte {begin}, which is left out"


def test_a_file_that_ends_with_a_block_inside_a_record_is_noted(tmp_path: Path) -> None:
    first, second = w.history({"loss": 1.0}, step=0), w.history({"loss": 0.5, "big": "x" * 50_000}, step=1)
    path = tmp_path / "run-abc123.wandb"
    path.write_bytes(w.log([first, second])[: w.BLOCK])
    (log,) = READER.read(path)
    begin = len(w.log([first]))
    assert messages(log)[0] == f"the file ends inside the record at byte {begin}, which is left out"


def test_zeros_at_the_end_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "run-abc123.wandb"
    path.write_bytes(w.log([w.history({"loss": 1.0}, step=0), w.ended(0)]) + b"\0" * 500)
    (log,) = READER.read(path)
    assert log.notes == ()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "the file is empty (0 bytes)"),
        (b":W&", "the file does not begin as W&B's runs do"),
        (b"\0" * 100, "the file does not begin as W&B's runs do"),
        (
            b"version https://git-lfs.github.com/spec/v1\n",
            "this is a git-LFS pointer, not the run itself: run `git lfs pull`",
        ),
        (w.HEADER[:-1] + b"\7", "a W&B log of version 7, of which only version 0 is known"),
        (w.HEADER + b"\1" * 40, "no record is intact, the first is damaged or cut off at byte 7"),
    ],
)
def test_what_is_no_run(tmp_path: Path, data: bytes, reason: str) -> None:
    assert refusal(tmp_path, data).reason == reason


def test_claims() -> None:
    assert claims(PurePosixPath("wandb/run-x/run-x.wandb"), b"")
    assert claims(PurePosixPath("a.bin"), w.HEADER)
    assert not claims(PurePosixPath("wandb-summary.json"), b'{"loss": 1}')


def test_the_sample_of_the_real_writer() -> None:
    (log,) = READER.read(SAMPLE)
    found = series(log)
    assert (len(found["train/loss"].values), len(found["val/loss"].values)) == (120, 12)
    assert found["_step"].values.tolist() == list(range(120))
    assert log.config["optimizer"] == "sgd"
    assert any(name.startswith("system/") for name in found)
    assert log.notes == ()


def test_damaged_files_are_survived(tmp_path: Path) -> None:
    assert 0 < survives(READER, SAMPLE, tmp_path) < 150
