from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path, PurePosixPath

import numpy as np
import pytest

from runaudit.model import RawLog, RawSeries
from runaudit.readers import _event
from runaudit.readers._summary import Histogram
from runaudit.readers.tfevents import READER, claims, home
from tests.readers import event_writer as w

NAME = "events.out.tfevents.1700000000.host.1.0"


def read(path: Path) -> RawLog:
    """Return the log of the file without its clock, which test_the_clock is about."""
    (log,) = READER.read(path)
    return replace(log, series=tuple(one for one in log.series if one.name != "wall_time"))


def only(log: RawLog) -> RawSeries:
    (series,) = log.series
    return series


def messages(log: RawLog) -> list[str]:
    return [note.message for note in log.notes]


# --- values ------------------------------------------------------------------------------------------------


def test_scalars_keep_their_order_steps_and_record_numbers(tmp_path: Path) -> None:
    events = [w.event(step, w.scalar("loss", 0.5 * step)) for step in range(300)]
    events.insert(1, w.event(0, w.scalar("lr", 0.25)))
    log = read(w.write(tmp_path / NAME, *events))
    loss, lr = log.series
    assert (log.format, loss.name, lr.name) == ("tfevents", "loss", "lr")
    np.testing.assert_array_equal(loss.values, 0.5 * np.arange(300))
    np.testing.assert_array_equal(loss.steps, np.arange(300))
    np.testing.assert_array_equal(loss.rows, [1, *range(3, 302)])
    assert lr.rows.tolist() == [2]
    assert not loss.lines.any()
    assert log.notes == ()


def test_the_clock_has_the_times_of_the_tag_with_the_most_points(tmp_path: Path) -> None:
    events = [w.event(step, w.scalar("loss", 0.5), wall_time=1.7e9 + 2.5 * step) for step in range(6)]
    later = w.event(3, w.scalar("val", 0.5), wall_time=1.7e9 + 100)
    (log,) = READER.read(w.write(tmp_path / NAME, *events[:4], later, *events[4:]))
    clock = log.series[-1]
    assert [one.name for one in log.series] == ["loss", "val", "wall_time"]
    assert clock.steps is not None
    assert clock.steps.tolist() == [0, 1, 2, 3, 4, 5]
    assert (clock.values - 1.7e9).tolist() == [0.0, 2.5, 5.0, 7.5, 10.0, 12.5]
    assert clock.rows.tolist() == [1, 2, 3, 4, 6, 7]


def test_a_tag_that_is_called_wall_time_stays(tmp_path: Path) -> None:
    (log,) = READER.read(w.write(tmp_path / NAME, w.event(1, w.scalar("wall_time", 3.0))))
    assert [one.values.tolist() for one in log.series] == [[3.0]]


def test_values_of_one_event_share_its_row(tmp_path: Path) -> None:
    events = [w.event(step, w.scalar("a", step), w.scalar("bb", -step)) for step in range(9)]
    a, bb = read(w.write(tmp_path / NAME, *events)).series
    np.testing.assert_array_equal(a.rows, bb.rows)
    np.testing.assert_array_equal(a.values, -bb.values)


def test_nan_and_infinities_are_logged_values(tmp_path: Path) -> None:
    values = [1.0, np.nan, np.inf, -np.inf, 2.0, -0.0, 7.0]
    log = read(w.write(tmp_path / NAME, *(w.event(k, w.scalar("loss", v)) for k, v in enumerate(values))))
    np.testing.assert_array_equal(only(log).values, values)


def test_a_signalling_nan_is_a_nan(tmp_path: Path) -> None:
    value = w.message(1, b"loss") + w.varint(2 << 3 | 5) + b"\x01\x00\x80\x7f"
    assert np.isnan(only(read(w.write(tmp_path / NAME, w.event(1, value)))).values).all()


@pytest.mark.parametrize("steps", [[0, 1, 127, 128, 16383, 16384, 2**31, 2**53], [-5, -1, 0, 3], [7]])
def test_steps_of_every_varint_length(tmp_path: Path, steps: list[int]) -> None:
    log = read(w.write(tmp_path / NAME, *(w.event(s, w.scalar("loss", 1.0)) for s in steps * 6)))
    assert only(log).steps is not None
    np.testing.assert_array_equal(only(log).steps, steps * 6)


@pytest.mark.parametrize(
    ("dtype", "payload", "expected"),
    [
        (w.FLOAT, w.single(w.FLOAT_VAL, 1.5), 1.5),
        (w.FLOAT, w.message(w.FLOAT_VAL, struct.pack("<f", 1.5)), 1.5),
        (w.DOUBLE, w.double(w.DOUBLE_VAL, 0.1), 0.1),
        (w.INT32, w.number(w.INT_VAL, -3), -3.0),
        (w.INT32, w.message(w.INT_VAL, w.varint(300)), 300.0),
        (w.INT64, w.number(w.INT64_VAL, 2**40), 2.0**40),
        (w.BOOL, w.number(w.BOOL_VAL, 1), 1.0),
        (w.HALF, w.number(w.HALF_VAL, 0x3E00), 1.5),
        (w.BFLOAT16, w.number(w.HALF_VAL, 0x3FC0), 1.5),
        (w.FLOAT, w.content(struct.pack("<f", 1.5)), 1.5),
        (w.DOUBLE, w.content(struct.pack("<d", 0.1)), 0.1),
        (w.HALF, w.content(struct.pack("<e", 1.5)), 1.5),
        (w.BFLOAT16, w.content(b"\xc0\x3f"), 1.5),
        (w.INT32, w.content(struct.pack("<i", -3)), -3.0),
        (w.INT64, w.content(struct.pack("<q", 2**40)), 2.0**40),
    ],
)
@pytest.mark.parametrize("shape", [(), (1,), (1, 1)])
@pytest.mark.parametrize("copies", [1, 20])
def test_tensors_of_one_number_are_scalars(
    tmp_path: Path, dtype: int, payload: bytes, expected: float, shape: tuple[int, ...], copies: int
) -> None:
    events = [w.event(k, w.tensor("loss", dtype, payload, shape, "scalars")) for k in range(copies)]
    np.testing.assert_array_equal(only(read(w.write(tmp_path / NAME, *events))).values, [expected] * copies)


def test_the_plugin_named_once_holds_for_later_events_of_the_tag(tmp_path: Path) -> None:
    other = w.single(w.FLOAT_VAL, 1.0)
    events = [w.event(0, w.tensor("t", w.FLOAT, other, plugin="pr_curves"), w.scalar("loss", 1.0))]
    events += [w.event(k, w.tensor("t", w.FLOAT, other)) for k in range(1, 9)]
    log = read(w.write(tmp_path / NAME, *events))
    assert [one.name for one in log.series] == ["loss"]
    assert log.notes == ()


def test_text_and_pictures_are_passed_over_without_a_note(tmp_path: Path) -> None:
    text = w.tensor("note", w.STRING, w.message(w.STRING_VAL, b"hello"), plugin="text")
    picture = w.message(1, b"img") + w.message(4, b"\x08\x01")
    log = read(w.write(tmp_path / NAME, w.event(1, text, picture), w.event(1, w.scalar("loss", 1.0))))
    assert [one.name for one in log.series] == ["loss"]
    assert log.notes == ()


FLOATS = struct.pack("<5f", *range(5))


@pytest.mark.parametrize(
    "value",
    [
        w.tensor("v", w.FLOAT, w.content(FLOATS), (5,), "scalars"),
        w.tensor("v", w.FLOAT, w.content(FLOATS[:2]), (), "scalars"),
        w.tensor("v", w.FLOAT, w.content(FLOATS[:8]), (), "scalars"),
        w.tensor("v", w.FLOAT, b"", (), "scalars"),
        w.tensor("v", w.FLOAT, w.single(w.FLOAT_VAL, 1.0) * 2, (), "scalars"),
        w.tensor("v", w.INT32, w.number(w.INT_VAL, 1), (2,)),
        w.tensor("v", w.INT32, w.number(w.INT_VAL, 1), (2, 3)),
        w.tensor("v", w.INT32, w.message(w.INT_VAL, b"\1\2")),
        w.tensor("v", w.FLOAT, w.content(bytes(24)), (2, 3)),
        w.histogram("v", 0, 1, [1, 2], [3]),
        w.message(1, b"v") + w.message(5, w.message(6, b"short")),
    ],
)
@pytest.mark.parametrize("copies", [1, 20])
def test_numbers_that_are_neither_scalar_nor_histogram_leave_a_note(tmp_path: Path, value: bytes, copies: int) -> None:
    log = read(w.write(tmp_path / NAME, *(w.event(k, value, w.scalar("loss", 1.0)) for k in range(copies))))
    assert [one.name for one in log.series] == ["loss"]
    assert log.tables == {}
    assert messages(log) == [f"v: {copies} values are neither a scalar nor a histogram, left out"]


def test_two_small_numbers_are_not_one_large_one(tmp_path: Path) -> None:
    """A packed list of two varints is as long as one of two bytes: only the high bits tell them apart."""
    one, two = (w.tensor("n", w.INT32, w.message(w.INT_VAL, octets)) for octets in (w.varint(300), b"\1\2"))
    log = read(w.write(tmp_path / NAME, *(w.event(k, two if k % 3 == 2 else one) for k in range(30))))
    assert only(log).values.tolist() == [300.0] * 20
    assert messages(log) == ["n: 10 values are neither a scalar nor a histogram, left out"]


def test_many_layouts_of_one_length(tmp_path: Path) -> None:
    described = [
        w.message(1, b"t" * size) + w.message(9, w.message(3, b" " * (20 - size))) + w.single(2, size)
        for size in range(1, 19)
    ]
    assert len({len(value) for value in described}) == 1
    log = read(w.write(tmp_path / NAME, *(w.event(k, value) for k in range(6) for value in described)))
    assert {one.name: one.values.tolist() for one in log.series} == {"t" * k: [float(k)] * 6 for k in range(1, 19)}


@pytest.mark.parametrize("count", [1, 100])
def test_a_tag_twice_in_one_event_keeps_the_last_value_and_says_so(tmp_path: Path, count: int) -> None:
    twice = [w.event(k, w.scalar("a", 1.0), w.scalar("a", 2.0)) for k in range(count)]
    log = read(w.write(tmp_path / NAME, *twice, w.event(count, w.scalar("a", 3.0))))
    assert only(log).values.tolist() == [2.0] * count + [3.0]
    assert messages(log) == [f"a: {count} events hold it twice, the last value counts"]


def test_a_tag_of_any_bytes_is_a_name(tmp_path: Path) -> None:
    value = w.message(1, b"\xff\xfeloss") + w.single(2, 1.0)
    assert only(read(w.write(tmp_path / NAME, w.event(1, value)))).name == "\N{REPLACEMENT CHARACTER}" * 2 + "loss"


# --- histograms and hyper-parameters -----------------------------------------------------------------------


def histogram_of(log: RawLog, tag: str) -> tuple[int, Histogram]:
    ((step, one),) = log.tables["histograms"][tag]
    return step, one


def test_histogram_proto(tmp_path: Path) -> None:
    limits = [-1.7e308, -0.5, 0.5, 1.7e308]
    log = read(w.write(tmp_path / NAME, w.event(3, w.histogram("h", -1.0, 2.0, limits, [0.0, 1.0, 5.0, 2.0]))))
    step, one = histogram_of(log, "h")
    assert step == 3
    assert (one.min, one.max, one.num, one.sum, one.sum_squares) == (-1.0, 2.0, 8.0, 1.5, 2.5)
    assert one.left.tolist() == [-1.0, -1.0, -0.5, 0.5]
    assert one.right.tolist() == [-1.0, -0.5, 0.5, 2.0]
    assert one.counts.tolist() == [0.0, 1.0, 5.0, 2.0]


@pytest.mark.parametrize("later", ["", "histograms"])
def test_histogram_tensors_of_tensorflow_2(tmp_path: Path, later: str) -> None:
    rows = [[-1.0, 0.0, 2.0], [0.0, 1.0, 3.0], [1.0, 4.0, 0.0]]
    payload = w.content(struct.pack("<9d", *np.ravel(rows)))
    events = [w.event(k, w.tensor("h", w.DOUBLE, payload, (3, 3), later if k else "histograms")) for k in range(12)]
    log = read(w.write(tmp_path / NAME, *events))
    points = log.tables["histograms"]["h"]
    assert [step for step, _ in points] == list(range(12))
    one = points[7][1]
    assert (one.min, one.max, one.num) == (-1.0, 1.0, 5.0)
    assert np.isnan(one.sum)
    np.testing.assert_array_equal(np.stack([one.left, one.right, one.counts], axis=1), rows)
    assert log.series == ()


def test_histograms_of_different_lengths_stay_in_the_order_of_the_file(tmp_path: Path) -> None:
    sizes = [3, 1, 2, 3, 1, 2]
    events = [w.event(k, w.histogram("h", 0.0, 9.0, range(n), [1.0] * n)) for k, n in enumerate(sizes)]
    points = read(w.write(tmp_path / NAME, *events)).tables["histograms"]["h"]
    assert [(step, len(one.counts)) for step, one in points] == list(enumerate(sizes))


def test_hyper_parameters_become_the_config(tmp_path: Path) -> None:
    values = {
        b"lr": w.double(2, 0.01),
        b"layers": w.double(2, 3.0),
        b"optimizer": w.message(3, b"adam"),
        b"bn": w.number(4, 1),
        b"nothing": w.number(1, 0),
    }
    info = b"".join(w.message(1, w.message(1, name) + w.message(2, value)) for name, value in values.items())
    value = w.message(1, b"_hparams_/session_start_info") + w.metadata("hparams", w.message(3, info))
    log = read(w.write(tmp_path / NAME, w.event(0, value)))
    assert log.config == {"lr": 0.01, "layers": 3, "optimizer": "adam", "bn": True}
    assert log.series == ()


def test_broken_hyper_parameters_do_not_cost_the_curves(tmp_path: Path) -> None:
    value = w.message(1, b"_hparams_/session_start_info") + w.metadata("hparams", b"\x1a\x7f")
    log = read(w.write(tmp_path / NAME, w.event(0, value), w.event(1, w.scalar("loss", 1.0))))
    assert only(log).values.tolist() == [1.0]
    assert messages(log) == ["the hyper-parameters in the file are damaged, left out"]


# --- restarts ----------------------------------------------------------------------------------------------


def test_steps_that_fall_back_are_kept_with_a_note(tmp_path: Path) -> None:
    steps = [0, 1, 2, 3, 1, 2, 3, 4]
    log = read(w.write(tmp_path / NAME, *(w.event(s, w.scalar("loss", k)) for k, s in enumerate(steps))))
    assert only(log).steps is not None
    np.testing.assert_array_equal(only(log).steps, steps)
    np.testing.assert_array_equal(only(log).values, range(8))
    assert messages(log) == ["loss: the step falls back 1 times, first from 3 to 1"]


def test_a_session_start_in_the_middle_is_a_restart_and_at_the_front_is_not(tmp_path: Path) -> None:
    loss = [w.event(s, w.scalar("loss", 1.0)) for s in range(4)]
    at_front = read(w.write(tmp_path / "a" / NAME, w.session(0), *loss))
    assert messages(at_front) == []
    stopped = read(w.write(tmp_path / "c" / NAME, *loss, w.session(4, status=2)))
    assert messages(stopped) == []
    middle = read(w.write(tmp_path / "b" / NAME, w.session(0), *loss[:2], w.session(2), *loss[2:]))
    assert messages(middle) == ["the training was started again 1 times, first at record 4"]


# --- names and homes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("folder", "tag", "expected"),
    [
        ("validation", "epoch_loss", "validation/epoch_loss"),
        ("train", "epoch_loss", "train/epoch_loss"),
        ("train", "train/loss", "train/loss"),
        ("val", "validation_loss", "validation_loss"),
        ("eval", "loss", "eval/loss"),
        ("exp1", "loss", "loss"),
    ],
)
def test_the_folder_of_a_split_names_its_tags(tmp_path: Path, folder: str, tag: str, expected: str) -> None:
    log = read(w.write(tmp_path / folder / NAME, w.event(1, w.scalar(tag, 1.0))))
    assert only(log).name == expected


def test_a_name_that_is_taken_is_not_given_twice(tmp_path: Path) -> None:
    log = read(w.write(tmp_path / "train" / NAME, w.event(1, w.scalar("train/loss", 1.0), w.scalar("loss", 2.0))))
    assert {one.name: one.values.tolist() for one in log.series} == {"train/loss": [1.0], "loss": [2.0]}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("runs/a/events", "runs/a"),
        ("runs/a/train/events", "runs/a"),
        ("runs/a/Validation/events", "runs/a"),
        ("train/events", "."),
        ("events", "."),
        ("runs/a/Loss_train/events", "runs/a/Loss_train"),
    ],
)
def test_home_folds_splits_into_their_run(path: str, expected: str) -> None:
    assert str(home(PurePosixPath(path))) == expected


@pytest.mark.parametrize(
    ("name", "head", "expected"),
    [
        (NAME, b"", True),
        (NAME + ".v2", b"anything", True),
        ("events.out.tfevents", b"anything", True),
        ("renamed.bin", w.frame(w.version()), True),
        ("loss.tfevents.csv", b"a,b", False),
        ("read_tfevents.py", b"import", False),
        ("notes.txt", b"", False),
    ],
)
def test_claims(name: str, head: bytes, expected: bool) -> None:
    assert claims(PurePosixPath("a") / name, head) is expected


# --- against TensorBoard itself ----------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore")  # what TensorBoard and protobuf warn about at import is not ours
def test_reads_what_tensorboard_reads(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    rng = np.random.default_rng(0)
    events = [w.session(0)]
    for step in range(400):
        values = [w.scalar("loss", rng.normal()), w.scalar("x" * (1 + step % 5), step)]
        values += [w.tensor("acc", w.FLOAT, w.content(struct.pack("<f", rng.random())), plugin="scalars")]
        if step % 50 == 0:
            edges = np.sort(rng.normal(size=4))
            values.append(w.histogram("old", edges[0] - 1, edges[-1], edges.tolist(), [1.0, 2.0, 0.0, 4.0]))
            rows = np.column_stack([edges[:3], edges[1:], [5.0, 0.0, 2.0]])
            values.append(w.tensor("new", w.DOUBLE, w.content(rows.tobytes()), (3, 3), "histograms"))
        events.append(w.event(step, *values))
    path = w.write(tmp_path / NAME, *events)
    path.write_bytes(path.read_bytes()[:-9])
    log = read(path)
    oracle = EventAccumulator(str(path), {"scalars": 0, "tensors": 0, "histograms": 0}, purge_orphaned_data=False)
    oracle.Reload()
    tags = oracle.Tags()
    expected = {tag: [(p.step, p.value) for p in oracle.Scalars(tag)] for tag in tags["scalars"]}
    for tag in tags["tensors"]:
        points = [(p.step, _ndarray(p.tensor_proto)) for p in oracle.Tensors(tag)]
        if tag == "new":
            ours = log.tables["histograms"][tag]
            assert [step for step, _ in ours] == [step for step, _ in points]
            for (_, one), (_, rows) in zip(ours, points, strict=True):
                np.testing.assert_array_equal(np.column_stack([one.left, one.right, one.counts]), rows)
        else:
            expected[tag] = [(step, float(value)) for step, value in points]
    assert len(expected["loss"]) == 399
    assert {one.name for one in log.series} == set(expected)
    for one in log.series:
        assert one.steps is not None
        assert list(zip(one.steps.tolist(), one.values.tolist(), strict=True)) == expected[one.name]
    for (step, ours), theirs in zip(log.tables["histograms"]["old"], oracle.Histograms("old"), strict=True):
        limits = theirs.histogram_value.bucket_limit
        assert step == theirs.step
        assert [ours.min, *ours.right[:-1]] == [theirs.histogram_value.min, *limits[:-1]]
        assert ours.counts.tolist() == theirs.histogram_value.bucket


def _ndarray(proto: object) -> np.ndarray:
    from tensorboard.util.tensor_util import make_ndarray

    return np.asarray(make_ndarray(proto))


def test_each_layout_and_tag_is_parsed_about_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[bytes] = []

    def counted(record: bytes) -> _event.Layout:
        parsed.append(record)
        return parse(record)

    parse = _event.parse
    monkeypatch.setattr(_event, "parse", counted)
    events = [w.event(k, w.scalar(f"layer{k % 10}", 1.0 / (k + 1))) for k in range(128, 3000)]
    log = read(w.write(tmp_path / NAME, *events))
    assert sum(len(one.values) for one in log.series) == len(events)
    assert len(parsed) < 20
