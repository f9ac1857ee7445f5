"""Files that are no logs, or no longer: one clear sentence and the exit code of the design, never a traceback."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import runaudit
from runaudit.__main__ import main
from runaudit.errors import UsageError
from runaudit.load import Done, discover, iter_runs, load
from runaudit.model import Report, Run, Unreadable
from runaudit.readers import Reader, csv_table, readers

SAMPLES = Path(__file__).parent.parent / "sample_logs"
CLEAN, FOUND, NO_RUN, INCOMPLETE = 0, 1, 3, 4
ENDS = {CLEAN, FOUND, NO_RUN, INCOMPLETE}


def sample(pattern: str) -> bytes:
    (path,) = SAMPLES.glob(pattern)
    return path.read_bytes()


WHOLE = {
    "log.csv": sample("csv/healthy-cosine/log.csv"),
    "log.tsv": sample("csv/healthy-cosine/log.csv").replace(b",", b"\t"),
    "training.csv": sample("keras_csv/healthy-dropout/training.csv"),
    "metrics.csv": sample("lightning_csv/healthy-warmup/metrics.csv"),
    "metrics.jsonl": sample("jsonl/healthy-pretrained/metrics.jsonl"),
    "metrics.json": sample("jsonl/healthy-pretrained/metrics.jsonl"),
    "trainer_state.json": sample("hf_trainer_state/healthy-linear/trainer_state.json"),
    "log.txt": sample("nanogpt_text/healthy-char-lm/log.txt"),
    "events.out.tfevents.17.h.1.0": sample("tensorboard/healthy-step-decay/events*"),
    "run-.-tag-loss.csv": sample("tensorboard_csv/healthy-regression/run-.-tag-Loss_train.csv"),
    "run-.-tag-loss.json": sample("tensorboard_json/healthy-likelihood/run-.-tag-train_loss.json"),
}
Damage = Callable[[bytes], bytes]
DAMAGES: dict[str, Damage] = {
    "nothing": lambda _: b"",
    "a line end": lambda _: b"\n",
    "three bytes": lambda whole: whole[:3],
    "the first line": lambda whole: whole.partition(b"\n")[0],
    "half": lambda whole: whole[: len(whole) // 2 + 3],
    "the other half": lambda whole: whole[len(whole) // 2 + 3 :],
    "half and bytes": lambda whole: whole[: len(whole) // 2] + bytes(range(256)) * 40,
    "zeros inside": lambda whole: whole[:100] + bytes(500) + whole[100:],
    "zeros at the end": lambda whole: whole + bytes(5000),
    "bytes": lambda _: bytes(range(256)) * 40,
    "Latin-1": lambda whole: whole.replace(b"loss", b"loss\xe9", 1),
    "UTF-16": lambda whole: b"\xff\xfe" + b"".join(bytes((byte, 0)) for byte in whole)[:-1],
    "carriage returns": lambda whole: whole.replace(b"\n", b"\r"),
    "one column": lambda _: b"loss\n" + b"".join(b"%d\n" % i for i in range(50)),
    "words": lambda _: b"step,loss\na,b\nc,d\n",
    "ragged rows": lambda _: b"step,loss,val_loss\n" + b"".join(b"1," * (i % 7) + b"\n" for i in range(60)),
    "many columns": lambda _: b"step,loss" + b",x" * 200 + b"\n" + (b"1,2" + b",3" * 200 + b"\n") * 9,
    "deep lists": lambda _: b"[" * 100_000 + b"]" * 100_000,
    "deep objects": lambda _: b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "an endless integer": lambda _: b'{"step": 1, "loss": ' + b"9" * 5000 + b"}\n",
    "a page": lambda _: b"<!DOCTYPE html><html><body>404: Not Found</body></html>",
    "a pointer": lambda _: b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n",
    "gzip": lambda whole: b"\x1f\x8b\x08" + whole,
    "escapes": lambda _: b"step,loss\n1,2\n2,\x1b[31mred\x1b]0;x\x07\n3,1\n",
}


def reasons(report: Report) -> list[tuple[str, str, str]]:
    return [(u.path, u.kind, u.reason) for u in report.unreadable]


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", WHOLE)
def test_a_damaged_file_gives_a_run_or_one_sentence(name: str, damage: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(DAMAGES[damage](WHOLE[name]))
    for given in (path, tmp_path):
        found = load([given])
        told = [*found.runs, *found.unreadable]
        assert len(told) == 1 or (given is tmp_path and found.ignored_files == 1)
        for bad in found.unreadable:
            assert bad.kind in {"corrupt", "not-a-log"}
            assert "reader failed" not in bad.reason
            assert "\n" not in bad.reason


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_ends_the_program_as_designed(
    damage: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "log.csv"
    path.write_bytes(DAMAGES[damage](WHOLE["log.csv"]))
    code = main(["check", str(path)])
    out, err = capsys.readouterr()
    assert code in ENDS
    assert err == ""
    assert "Traceback" not in out
    assert "crash" not in out
    assert ("not read: 1 file" in out) == (code in {NO_RUN, INCOMPLETE})


@pytest.mark.parametrize("name", WHOLE)
def test_every_whole_file_is_a_run(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(WHOLE[name])
    report = runaudit.audit(tmp_path)
    assert len(report.runs) == 1
    assert not report.unreadable


@pytest.mark.parametrize("name", ["log.csv", "log.tsv", "metrics.csv", "metrics.jsonl", "events.out.tfevents.17.h.1.0"])
@pytest.mark.parametrize(
    ("damage", "reason"),
    [("nothing", "empty"), ("a line end", ""), ("bytes", ""), ("a pointer", "git lfs pull"), ("gzip", "unpack")],
)
def test_in_a_folder_a_file_named_like_a_log_is_never_just_counted(
    name: str, damage: str, reason: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(DAMAGES[damage](WHOLE[name]))
    report = runaudit.audit(tmp_path)
    ((path, kind, said),) = reasons(report)
    assert (path, kind, report.exit_code, report.ignored_files) == (name, "corrupt", INCOMPLETE, 0)
    assert reason in said


def test_a_pointer_that_does_not_sound_like_a_log_is_only_counted(tmp_path: Path) -> None:
    (tmp_path / "prices.csv").write_bytes(DAMAGES["a pointer"](b""))
    (tmp_path / "tokenizer.json").write_bytes(DAMAGES["a pointer"](b""))
    report = runaudit.audit(tmp_path)
    assert (reasons(report), report.ignored_files, report.exit_code) == ([], 2, NO_RUN)


def test_nan_everywhere_is_found_and_read(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("step,loss,val_loss\n" + "".join(f"{i},nan,nan\n" for i in range(60)))
    report = runaudit.audit(tmp_path)
    assert report.exit_code == FOUND
    assert "non-finite" in {f.rule for f in report.findings}


# --- what is no file ---------------------------------------------------------------------------------------


def test_folders_with_the_names_of_logs_are_folders(tmp_path: Path) -> None:
    for name in WHOLE:
        (tmp_path / name).mkdir()
    (tmp_path / "log.csv" / "log.csv").write_bytes(WHOLE["log.csv"])
    report = runaudit.audit(tmp_path)
    assert [r.id for r in report.runs] == ["log.csv"]
    assert reasons(report) == []


def test_links_that_lead_nowhere_are_told(tmp_path: Path) -> None:
    (tmp_path / "log.csv").symlink_to("gone.csv")
    (tmp_path / "a.csv").symlink_to("b.csv")
    (tmp_path / "b.csv").symlink_to("a.csv")
    (tmp_path / "notes").symlink_to("gone")
    (tmp_path / "self").symlink_to(".")
    report = runaudit.audit(tmp_path)
    assert [(path, kind) for path, kind, _ in reasons(report)] == [
        ("a.csv", "corrupt"), ("b.csv", "corrupt"), ("log.csv", "corrupt"),
    ]  # fmt: skip
    assert "links" in report.unreadable[0].reason
    assert report.unreadable[2].reason == "the link leads to nothing"
    assert report.ignored_files == 1


def test_a_link_within_the_folder_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "log.csv").write_bytes(WHOLE["log.csv"])
    (tmp_path / "latest").symlink_to("run")
    (tmp_path / "log.csv").symlink_to("run/log.csv")
    assert [r.id for r in runaudit.audit(tmp_path).runs] == ["run"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_is_never_opened(tmp_path: Path) -> None:
    for name in ("log.csv", "trainer_state.json", "config.json"):
        os.mkfifo(tmp_path / name)
    (tmp_path / "training.csv").write_bytes(WHOLE["training.csv"])
    report = runaudit.audit(tmp_path)
    assert (len(report.runs), reasons(report)) == (1, [])
    assert reasons(runaudit.audit(tmp_path / "log.csv"))[0][1:] == (
        "not-a-log", "it is no regular file (a pipe, socket or device)",
    )  # fmt: skip


# --- permissions, and files that vanish --------------------------------------------------------------------


def forbid(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse to open or look at anything below a folder called ``secret``, also to the superuser."""
    plain, look = Path.open, Path.lstat

    def refuse(path: Path, *args: str, **options: str) -> object:
        if "secret" in path.parts:
            raise PermissionError(13, "Permission denied", str(path))
        return plain(path, *args, **options)  # type: ignore[call-overload]

    def refuse_look(path: Path) -> os.stat_result:
        if "secret" in path.parts:
            raise PermissionError(13, "Permission denied", str(path))
        return look(path)

    monkeypatch.setattr(Path, "open", refuse)
    monkeypatch.setattr(Path, "lstat", refuse_look)


def test_files_without_permission_are_told_and_configurations_noted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret").mkdir()
    for name, whole in WHOLE.items():
        (tmp_path / "secret" / name).write_bytes(whole)
    (tmp_path / "secret" / "config.json").write_text("{}")
    (tmp_path / "secret" / "picture.png").write_text("")
    forbid(monkeypatch)
    report = runaudit.audit(tmp_path)
    assert sorted(reasons(report)) == [(f"secret/{name}", "corrupt", "permission denied") for name in sorted(WHOLE)]
    assert (report.exit_code, report.ignored_files) == (INCOMPLETE, 2)


def test_a_path_that_may_not_be_looked_at_is_not_called_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "log.csv").write_text("")
    forbid(monkeypatch)
    with pytest.raises(UsageError, match=r"secret/log\.csv: permission denied"):
        runaudit.audit(tmp_path / "secret" / "log.csv")
    with pytest.raises(UsageError, match=r"log\.csv/x: no such file or folder"):
        runaudit.audit(tmp_path / "log.csv" / "x")


def test_a_file_that_vanishes_while_others_are_read_is_told(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).mkdir()
        (tmp_path / name / "log.csv").write_bytes(WHOLE["log.csv"])
    items = iter_runs([tmp_path])
    assert isinstance(next(items), Run)
    shutil.rmtree(tmp_path / "b")
    gone, done = items
    assert isinstance(gone, Unreadable)
    assert (gone.path, gone.kind, gone.reason) == ("b/log.csv", "corrupt", "no such file or directory")
    assert isinstance(done, Done)


# --- readers that fail -------------------------------------------------------------------------------------


def broken_claims(*_: object) -> bool:
    raise ZeroDivisionError("division by zero")


def test_a_reader_that_fails_to_claim_stops_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = Reader("bad", "A plug-in", broken_claims, csv_table.read, priority=99)
    monkeypatch.setattr(discover, "_readers", lambda: (bad, *readers()))
    (tmp_path / "log.csv").write_bytes(WHOLE["log.csv"])
    (tmp_path / "x.py").write_text("print()\n")
    report = runaudit.audit(tmp_path)
    assert [r.format for r in report.runs] == ["csv_table"]
    said = "the bad reader failed to look at it: ZeroDivisionError: division by zero"
    assert reasons(report) == [("log.csv", "corrupt", said), ("x.py", "corrupt", said)]
    assert report.exit_code == INCOMPLETE
