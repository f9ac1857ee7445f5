"""Logs in compressed files and archives: read as if they lay in a folder, refused in a sentence where that fails."""

from __future__ import annotations

import bz2
import gc
import gzip
import io
import lzma
import struct
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

from runaudit.load import Loaded, load, packed, unpack

CSV = "epoch,loss,val_loss\n" + "".join(f"{i},{2 / (i + 1):.4f},{2 / (i + 1) + 0.1:.4f}\n" for i in range(30))
LOGS = {"b/training.csv": CSV, "a/training.csv": CSV.replace("2", "3"), "b/photo.png": "no log", "b/notes": "no log"}


def zstd(data: bytes) -> bytes:
    if sys.version_info >= (3, 14):
        from compression import zstd as codec

        return codec.compress(data)
    module = pytest.importorskip("zstandard")
    return bytes(module.ZstdCompressor().compress(data))


CODECS: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": zstd,
}


def tarred(files: Mapping[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def zipped(files: Mapping[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def put(path: Path, data: bytes) -> Loaded:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return load([path.parent])


def reasons(loaded: Loaded) -> dict[str, str]:
    return {u.path: u.reason for u in loaded.unreadable}


@pytest.mark.parametrize("suffix", CODECS)
def test_a_compressed_file_keeps_its_path(tmp_path: Path, suffix: str) -> None:
    (run,) = put(tmp_path / f"training.csv{suffix}", CODECS[suffix](CSV.encode())).runs
    assert run.paths == (f"training.csv{suffix}",)
    assert run.id == "."
    assert run.format == "keras_csv"
    assert run.series["val/loss"].path == f"training.csv{suffix}"
    assert run.series["train/loss"].lines.tolist() == list(range(2, 32))
    assert not run.notes


def test_a_reader_sees_the_name_without_the_suffix(tmp_path: Path) -> None:
    (run,) = put(tmp_path / "train_loss.txt.gz", gzip.compress(b"3\n2\n1\n")).runs
    assert [n.message for n in run.notes if "line of names" in n.message] == [
        "no line of names: the columns are called train_loss"
    ]
    assert {n.path for n in run.notes} == {"train_loss.txt.gz"}


@pytest.mark.parametrize("name", ["r.zip", "r.tar", "r.tgz", *(f"r.tar{s}" for s in CODECS)])
def test_an_archive_is_like_a_folder(tmp_path: Path, name: str) -> None:
    suffix = {".tgz": ".gz"}.get(Path(name).suffix, Path(name).suffix)
    data = zipped(LOGS) if name == "r.zip" else CODECS.get(suffix, bytes)(tarred(LOGS))
    loaded = put(tmp_path / "in" / name, data)
    assert [r.id for r in loaded.runs] == [f"{name}/a", f"{name}/b"]
    assert loaded.runs[1].paths == (f"{name}/b/training.csv",)
    assert not loaded.unreadable
    assert loaded.ignored_files == 1
    assert [r.id for r in load([tmp_path / "in" / name]).runs] == [f"{name}/a", f"{name}/b"]
    folder = tmp_path / "plain"
    for path, content in LOGS.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content)
    for mine, same in zip(loaded.runs, load([folder]).runs, strict=True):
        assert mine.series["train/loss"].values.tolist() == same.series["train/loss"].values.tolist()


def test_event_files_of_an_archive_make_one_run(tmp_path: Path) -> None:
    samples = Path(__file__).parent.parent / "sample_logs" / "tensorboard" / "not-learning"
    files = {f"run/{p.relative_to(samples).as_posix()}": p.read_bytes() for p in samples.rglob("*tfevents*")}
    loaded = put(tmp_path / "r.tar.gz", gzip.compress(tarred(files)))
    assert [r.id for r in loaded.runs] == ["r.tar.gz/run"]
    assert len(loaded.runs[0].paths) == len(files)


def test_a_compressed_file_in_an_archive_is_read_and_an_archive_in_one_is_not(tmp_path: Path) -> None:
    inner = {"a.csv.gz": gzip.compress(CSV.encode()), "b.csv.bz2": bz2.compress(LOGS["a/training.csv"].encode())}
    loaded = put(tmp_path / "r.zip", zipped({**inner, "more.zip": zipped(LOGS)}))
    assert [r.paths for r in loaded.runs] == [("r.zip/a.csv.gz",), ("r.zip/b.csv.bz2",)]
    assert reasons(loaded) == {"r.zip/more.zip": "an archive inside an archive is not opened: unpack it first"}
    assert [u.kind for u in loaded.unreadable] == ["not-a-log"]


def test_a_truncated_file_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    long = CSV + "".join(f"{i},1.{i % 7919},2.{i % 6007}\n" for i in range(30, 30_000))
    (run,) = put(tmp_path / "a" / "training.csv.gz", gzip.compress(long.encode())[:-5000]).runs
    assert 1000 < len(run.series["train/loss"]) < 30_000
    assert any("cut off or damaged" in n.message and "as far as it goes" in n.message for n in run.notes)
    loaded = put(tmp_path / "b" / "r.tar.gz", gzip.compress(tarred({**LOGS, "c/log.csv": long}))[:-5000])
    assert [r.id for r in loaded.runs] == ["r.tar.gz/a", "r.tar.gz/b", "r.tar.gz/c"]
    assert any("as far as it goes" in n.message for n in loaded.runs[2].notes)
    assert "cut off" in reasons(loaded)["r.tar.gz"]
    assert [u.kind for u in loaded.unreadable] == ["corrupt"]


def test_a_tar_without_its_end_is_noticed(tmp_path: Path) -> None:
    whole = tarred(LOGS)
    at = whole.index(b"b/notes")
    assert "behind its first 3 files" in reasons(put(tmp_path / "r.tar", whole[:at]))["r.tar"]
    broken = whole[: at + 148] + b"7777777\0" + whole[at + 156 :]
    assert "damaged" in reasons(put(tmp_path / "r.tar", broken))["r.tar"]


def test_no_name_leads_out_of_the_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    names = ["../out.csv", "x/../../out.csv", "..\\out.csv", "C:\\out.csv", "/etc/out.csv"]
    for name, pack in (("r.zip", zipped), ("r.tar", tarred)):
        loaded = put(tmp_path / name / name, pack(dict.fromkeys(names, CSV)))
        assert [r.paths for r in loaded.runs] == [(f"{name}/etc/out.csv",)]
        assert list(reasons(loaded).values()) == ["its name leads out of the archive: not unpacked"] * 4
    assert [p.parent.name for p in tmp_path.rglob("out.csv")] == ["etc"] * len(list(tmp_path.glob("runaudit-*")))


def test_links_and_devices_in_an_archive_are_passed_over(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE):
            info = tarfile.TarInfo("link.csv")
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
    loaded = put(tmp_path / "r.tar", buffer.getvalue())
    assert (loaded.runs, loaded.unreadable, loaded.ignored_files) == ((), (), 1)


def test_too_much_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "FREE", 100_000)
    long = CSV + "30,1,1\n" * 200_000
    loaded = put(tmp_path / "training.csv.gz", gzip.compress(long.encode()))
    assert "200 times its packed size" in reasons(loaded)["training.csv.gz"]
    assert [u.kind for u in loaded.unreadable] == ["corrupt"]
    loaded = put(tmp_path / "z" / "r.zip", zipped({"a.csv": CSV.replace("2", "4"), "b.csv": long}))
    assert [r.paths for r in loaded.runs] == [("r.zip/a.csv",)]
    assert "200 times" in reasons(loaded)["r.zip/b.csv"]
    loaded = put(tmp_path / "t" / "r.tar.gz", gzip.compress(tarred({"a.csv": CSV, "b.csv": long, "c.csv": CSV})))
    assert [r.paths for r in loaded.runs] == [("r.tar.gz/a.csv",)]
    assert "200 times" in reasons(loaded)["r.tar.gz/b.csv"]


def test_an_archive_has_an_end_of_its_size_and_of_its_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpack, "MOST_UNPACKED", 1000)
    loaded = put(tmp_path / "r.zip", zipped({"a.csv": CSV, "b.csv": CSV.replace("2", "4")}))
    assert [r.paths for r in loaded.runs] == [("r.zip/a.csv",)]
    assert "which is the most" in reasons(loaded)["r.zip/b.csv"]
    monkeypatch.setattr(packed, "MOST_MEMBERS", 2)
    loaded = put(tmp_path / "r.zip", zipped({f"{i}.txt": "x" for i in range(3)}))
    assert reasons(loaded) == {"r.zip": "the archive holds more than 2 files: unpack it first"}
    monkeypatch.setattr(packed, "MOST_DIRECTORY", 10)
    assert "more than" in reasons(put(tmp_path / "r.zip", zipped(LOGS)))["r.zip"]


def test_a_tar_that_goes_back_does_not_go_on_for_ever(tmp_path: Path) -> None:
    whole = bytearray(tarred({"a.csv": CSV, "b.csv": CSV}))
    whole[124:136] = b"\xff" * 8 + struct.pack(">i", -512)  # a negative size, in base 256
    whole[148:156] = b" " * 8
    whole[148:156] = f"{sum(whole[:512]):06o}\0 ".encode()
    assert reasons(put(tmp_path / "r.tar", bytes(whole)))


def test_an_encrypted_member_is_refused(tmp_path: Path) -> None:
    data = bytearray(zipped({"a.csv": CSV}))
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + at] |= 1
    assert "encrypted" in reasons(put(tmp_path / "r.zip", bytes(data)))["r.zip/a.csv"]


def test_a_name_twice_is_said(tmp_path: Path) -> None:
    double = tarred(dict(LOGS)).rstrip(b"\0")
    double += bytes(-len(double) % 512)
    loaded = put(tmp_path / "r.tar", double + tarred({"b/training.csv": LOGS["a/training.csv"]}))
    assert len(loaded.runs) == 2
    assert reasons(loaded) == {"r.tar/b/training.csv": "the archive holds this name twice: the last counts"}


@pytest.mark.parametrize("data", [b"", b"version https://git-lfs.github.com/spec/v1\n", CSV.encode()])
@pytest.mark.parametrize("name", ["r.zip", "r.tar.gz", "training.csv.gz", "training.csv.zst"])
def test_what_is_no_archive_is_refused(tmp_path: Path, name: str, data: bytes) -> None:
    loaded = put(tmp_path / name, data)
    assert not loaded.runs
    assert "no such file" in reasons(loaded)[name]


def test_what_holds_no_log_is_ignored_unless_named(tmp_path: Path) -> None:
    loaded = put(tmp_path / "r.zip", zipped({"photo.png": "x", "notes.md": "y", "x.txt": "z", ".h.csv": CSV}))
    assert (loaded.runs, loaded.unreadable, loaded.ignored_files) == ((), (), 1)
    assert reasons(load([tmp_path / "r.zip"])) == {"r.zip": "there is no log in it"}
    put(tmp_path / "scan.nii.gz", gzip.compress(b"\0" * 5000))
    assert load([tmp_path]).ignored_files == 2
    assert reasons(load([tmp_path / "scan.nii.gz"])) == {"scan.nii.gz": "no reader knows this format"}


def test_a_codec_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "CODECS", {**packed.CODECS, ".zst": packed.ZSTD_BEFORE, ".xz": "lzma"})
    for name in ("zstandard", "lzma"):
        monkeypatch.setitem(sys.modules, name, None)
    loaded = put(tmp_path / "training.csv.zst", b"\x28\xb5\x2f\xfd")
    hint = ".zst files cannot be unpacked here: pip install 'runaudit[fast]'"
    assert reasons(loaded) == {"training.csv.zst": hint}
    assert [u.kind for u in loaded.unreadable] == ["corrupt"]
    loaded = put(tmp_path / "x" / "r.tar.xz", lzma.compress(tarred(LOGS)))
    assert reasons(loaded) == {"r.tar.xz": ".xz files cannot be unpacked here: this Python has no module lzma"}
    assert [u.kind for u in loaded.unreadable] == ["not-a-log"]


def test_no_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", denied)
    (tmp_path / "training.csv.gz").touch()
    (tmp_path / "r.zip").touch()
    assert reasons(load([tmp_path])) == {"training.csv.gz": "permission denied", "r.zip": "permission denied"}


def test_nothing_stays_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    for i in range(5):
        put(tmp_path / f"in{i}" / "r.tar", tarred(LOGS))
        assert len(list(temporary.iterdir())) <= 2
    unpack._unpacked.cache_clear()
    gc.collect()
    assert not list(temporary.iterdir())


@pytest.mark.parametrize("name", ["r.zip", "r.tar", *(f"r.tar{s}" for s in CODECS), *(f"t.csv{s}" for s in CODECS)])
def test_damaged_bytes_give_a_run_or_a_sentence(tmp_path: Path, name: str) -> None:
    one = name.startswith("t.")
    content = CSV.encode() if one else zipped(LOGS) if name == "r.zip" else tarred(LOGS)
    good = CODECS.get(Path(name).suffix, bytes)(content)
    chance = np.random.default_rng(len(name))
    for i in range(40):
        data = bytearray(good)
        if chance.random() < 0.5:
            del data[int(chance.integers(len(data))) :]
        for _ in range(int(chance.integers(4))):
            if data:
                data[int(chance.integers(len(data)))] ^= 1 << int(chance.integers(8))
        loaded = put(tmp_path / str(i) / name, bytes(data))
        assert loaded.runs or loaded.unreadable or loaded.ignored_files
        for bad in loaded.unreadable:
            assert bad.reason
            assert "\n" not in bad.reason
            assert "reader failed" not in bad.reason
