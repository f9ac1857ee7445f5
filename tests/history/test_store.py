"""The file of a history: what comes out is what went in, whoever writes beside it, and whatever was done to it."""

from __future__ import annotations

import math
import os
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from runaudit.errors import UsageError
from runaudit.history import store
from runaudit.history.rows import Audit, FindingState, RunState
from runaudit.history.store import opened
from runaudit.model import Severity
from tests.render.hostile import TEXTS

ROOT = Path(__file__).parents[2]
RUN = RunState("logs/a", "warn", "val/loss", "min", 0.5, 0.25)
FINDING = FindingState("logs/a", "overfitting", Severity.WARNING, "val/loss", "0123456789abcdef")
AUDIT = Audit("2026-01-02T03:04:05+00:00", "proj", "logs", "main", "a" * 40, "0.1.0", 0, "error", (RUN,), (FINDING,))


def test_what_comes_out_is_what_went_in(tmp_path: Path) -> None:
    path = tmp_path / ".runaudit" / "history.sqlite"
    with opened(path, create=True) as one:
        assert [one.record(AUDIT), one.record(replace(AUDIT, branch="b", exit_code=1))] == [1, 2]
    with opened(path) as two:
        assert two.groups() == [("proj", "logs")]
        assert two.audits(("proj", "logs"))[0] == replace(AUDIT, number=1)
        assert [a.number for a in two.audits(("proj", "logs"), branches=["b"])] == [2]
        assert [a.number for a in two.audits(("proj", "logs"), good=True)] == [1]
        assert [a.number for a in two.audits(("proj", "logs"), before=2)] == [1]
        assert [a.number for a in two.audits(("proj", "logs"), last=1)] == [2]
        assert two.audits(("proj", "")) == []
    assert (path.parent / ".gitignore").read_text() == "*\n"
    assert sorted(p.name for p in path.parent.iterdir()) == [".gitignore", "history.sqlite"]  # one file to cache


def test_values_that_are_not_finite(tmp_path: Path) -> None:
    path = tmp_path / "h.sqlite"
    with opened(path, create=True) as one:
        one.record(replace(AUDIT, runs=(replace(RUN, last=math.nan, best=math.inf),)))
        (run,) = one.audits(("proj", "logs"))[0].runs
    assert math.isnan(run.last)
    assert run.best == math.inf


def test_hostile_names(tmp_path: Path) -> None:
    path = tmp_path / "a 'b' %20#?.sqlite"
    with opened(path, create=True) as one:
        for text in TEXTS:
            one.record(replace(AUDIT, project=text, runs=(replace(RUN, run=text),), branch=f"{text}\udcff"))
        for text in TEXTS:
            (audit,) = one.audits((text, "logs"), last=1)
            kept = text.encode("utf-8", "backslashreplace").decode()
            assert (audit.runs[0].run, audit.branch) == (kept, f"{kept}\\udcff")


WRITER = """
import sys
from dataclasses import replace
from pathlib import Path
from runaudit.history.store import opened
from tests.history.test_store import AUDIT
sys.stdin.readline()
for i in range(20):
    with opened(Path(sys.argv[1]), create=True) as one:
        one.record(replace(AUDIT, branch=sys.argv[2], commit=f"{i:040x}"))
"""


def test_jobs_that_write_at_once_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "h.sqlite"
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    jobs = [
        subprocess.Popen(  # noqa: S603  our own interpreter
            [sys.executable, "-c", WRITER, str(path), name],
            env=env,
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for name in ("a", "b", "c")
    ]
    for job in jobs:  # all are imported before the first begins the file
        assert job.stdin is not None
        job.stdin.write("go\n")
        job.stdin.flush()
    for job in jobs:
        _, said = job.communicate(timeout=120)
        assert (job.returncode, said) == (0, "")
    with opened(path) as one:
        audits = one.audits(("proj", "logs"), last=1000)
    assert [a.number for a in audits] == list(range(1, 61))
    for name in ("a", "b", "c"):
        assert [int(a.commit, 16) for a in audits if a.branch == name] == list(range(20))
    assert all(len(a.runs) == len(a.findings) == 1 for a in audits)


def test_an_audit_is_kept_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "h.sqlite"
    broken = replace(FINDING, rule="x" * 2_000_000)  # longer than the limit: fails after the head is written
    with opened(path, create=True) as one:
        with pytest.raises(UsageError, match="too big"):
            one.record(replace(AUDIT, findings=(broken,)))
        assert one.groups() == []
        assert one.record(AUDIT) == 1


def test_a_file_that_is_locked_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "h.sqlite"
    monkeypatch.setattr(store, "PATIENCE", 0.05)
    with opened(path, create=True) as one:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(UsageError, match="in use by another program"):
            one.record(AUDIT)
        assert one.audits(("proj", "logs")) == []  # reading goes on: the journal is a write-ahead log
        other.rollback()
        other.close()
        assert one.record(AUDIT) == 1


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"no database at all, " * 100, "damaged, or no history of runaudit"),
        (b"SQLite format 3\0" + b"\xff" * 5000, "damaged, or no history|is no history"),
    ],
)
def test_a_damaged_file_is_said_in_a_sentence(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "h.sqlite"
    path.write_bytes(content)
    for create in (False, True):
        with pytest.raises(UsageError, match=reason), opened(path, create=create):
            pass
    assert path.read_bytes() == content


def test_every_cut_of_a_file_is_a_sentence_or_a_history(tmp_path: Path) -> None:
    whole, path = tmp_path / "whole.sqlite", tmp_path / "h.sqlite"
    with opened(whole, create=True) as one:
        for i in range(30):
            one.record(replace(AUDIT, commit=f"{i:040x}", runs=(RUN,) * 20))
    data = whole.read_bytes()
    refused = 0
    for size in range(512, len(data), 3000):
        path.write_bytes(data[:size])
        try:
            with opened(path) as two:
                two.audits(("proj", "logs"))
        except UsageError as error:
            assert len(str(error).splitlines()) == 1  # noqa: PT017  some cuts leave all that is read
            refused += 1
    assert refused > 5


def test_other_databases_are_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "mlflow.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE runs (run_uuid TEXT)")
    other.close()
    with pytest.raises(UsageError, match="no history of runaudit"), opened(path, create=True):
        pass
    (tmp_path / "folder").mkdir()
    with pytest.raises(UsageError, match="cannot be used"), opened(tmp_path / "folder", create=True):
        pass
    with pytest.raises(UsageError, match="check --record begins one"), opened(tmp_path / "none.sqlite"):
        pass


def test_values_that_runaudit_does_not_write(tmp_path: Path) -> None:
    path = tmp_path / "h.sqlite"
    columns = {"audits": "fail_on = 'x'", "runs": "best = 'b'", "findings": "severity = x'ff'"}
    for change in (*(f"{table} SET {value}" for table, value in columns.items()), "runs SET verdict = 7"):
        path.unlink(missing_ok=True)
        with opened(path, create=True) as one:
            one.record(AUDIT)
        with sqlite3.connect(path) as other:
            other.execute(f"UPDATE {change}")
        other.close()
        with opened(path) as one, pytest.raises(UsageError, match="does not write"):
            one.audits(("proj", "logs"))


def test_a_later_schema_is_refused_and_an_earlier_one_brought_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "h.sqlite"
    with opened(path, create=True) as one:
        one.record(AUDIT)
    later = (*store.STEPS, ("ALTER TABLE audits ADD COLUMN host TEXT NOT NULL DEFAULT 'unknown'",))
    with monkeypatch.context() as patched:
        patched.setattr(store, "STEPS", later)
        with opened(path) as two:
            assert two.audits(("proj", "logs")) == [replace(AUDIT, number=1)]
            assert two.record(AUDIT) == 2
        with sqlite3.connect(path) as other:
            assert other.execute("SELECT host FROM audits").fetchall() == [("unknown",), ("unknown",)]
        other.close()
    with pytest.raises(UsageError, match="written by a later runaudit"), opened(path):
        pass


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_history_that_may_only_be_read(tmp_path: Path) -> None:
    path = tmp_path / "kept" / "h.sqlite"
    with opened(path, create=True) as one:
        one.record(AUDIT)
    path.parent.chmod(0o555)
    try:
        with opened(path) as two:
            assert len(two.audits(("proj", "logs"))) == 1
            with pytest.raises(UsageError, match="cannot be used"):
                two.record(AUDIT)
    finally:
        path.parent.chmod(0o755)
