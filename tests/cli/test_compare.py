"""``runaudit compare`` as people call it: paths, options, files, exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from runaudit.__main__ import main
from runaudit.cli.compare import repeated


@pytest.fixture
def logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with five seeds of an old setting, of a better and of a worse one."""
    monkeypatch.chdir(tmp_path)
    for side, best in (("old", 0.5), ("better", 0.3), ("worse", 0.7)):
        for seed in range(5):
            folder = tmp_path / side / f"seed{seed}"
            folder.mkdir(parents=True)
            rows = [f"{100 * i},{best + seed / 100 + 2.0 / (i + 1) ** 2:.4f}" for i in range(30)]
            (folder / "log.csv").write_text("\n".join(["step,val_loss", *rows]) + "\n")
    return tmp_path


def call(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(["compare", *words])
    shown = capsys.readouterr()
    return code, shown.out, shown.err


@pytest.mark.parametrize(
    ("run", "fail_if", "code"),
    [
        ("worse", None, 1), ("better", None, 0), ("worse", "never", 0), ("better", "different", 1),
        ("better", "not-better", 0), ("old/seed1", "not-better", 1),
    ],
)  # fmt: skip
def test_exit_codes(run: str, fail_if: str | None, code: int, logs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--fail-if", fail_if] if fail_if else []
    assert call(capsys, run, "--against", "old", *words)[0] == code


def test_every_word_behind_against_is_a_reference(logs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    refs = [f"old/seed{i}" for i in range(5)]
    code, out, _ = call(capsys, "worse/seed0", "--against", *refs, "--by", "step", "--format", "json")
    told = json.loads(out)
    assert (code, [m["id"] for m in told["references"]]) == (1, refs)
    assert told["runs"][0]["paths"] == ["worse/seed0/log.csv"]
    assert repeated(["--against=a", "b", "--by", "c"]) == ["--against=a", "b", "--by", "c"]


def test_files_have_the_format_of_their_suffix(logs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [word for name in ("a.md", "a.html", "a.json", "a.txt") for word in ("-o", name)]
    code, out, err = call(capsys, "better", "--against", "old", *files)
    assert (code, out) == (0, "")
    assert err.count("better, exit 0") == 4
    assert (logs / "a.md").read_text("utf-8").startswith("<!-- runaudit compare -->")
    assert (logs / "a.html").read_text("utf-8").startswith("<!doctype html>")
    assert json.loads((logs / "a.json").read_text("utf-8"))["verdict"] == "better"
    assert "BETTER" in (logs / "a.txt").read_text("utf-8")
    code, out, _ = call(capsys, "better", "--against", "old", "-o", "a.md", "--format", "rich", "--quiet")
    assert (code, "BETTER" in out, len(out.splitlines()) < 8) == (0, True, True)


def test_wrong_usage_is_said(logs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words, said in (
        (["better", "--against", "old", "-o", "a.pdf"], ".pdf"),
        (["better", "--against", "old", "-o", "no/a.md"], "cannot be written"),
        (["better", "--against", "nowhere"], "no such file"),
        (["better", "--against", "old", "--metric", "val/f1"], "all runs have: val/loss"),
        (["better", "--against", "old", "--by", "time"], "not aligned by time"),
        (["better"], "--against"),
        (["--against", "old", "better"], "RUN"),
        (["better", "--against", "old", "--by", "moon"], "moon"),
    ):
        code, _, err = call(capsys, *words)
        assert (code, said in err) == (2, True), (words, err)


def test_no_run_and_corrupt_files(logs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (logs / "empty").mkdir()
    code, _, err = call(capsys, "empty", "--against", "old")
    assert (code, "no run found" in err) == (3, True)
    (logs / "better" / "seed5").mkdir()
    (logs / "better" / "seed5" / "log.csv").write_bytes(b"step,val_loss\n1,\n")
    code, _, err = call(capsys, "better", "--against", "old")
    assert (code, "better/seed5/log.csv: no training metric" in err) == (0, True)
    (logs / "better" / "seed5" / "events.out.tfevents.1").write_bytes(b"\x18\x00\x00\x00")
    code, _, err = call(capsys, "better", "--against", "old")
    assert (code, "events.out.tfevents.1" in err) == (4, True)
