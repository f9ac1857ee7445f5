"""The Python API on real files: what it returns, in which order, and as which tables."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path

import pytest

import runaudit
from runaudit import api
from runaudit.errors import UsageError
from runaudit.model import Crash, Report, Severity, Unreadable

SAMPLES = Path(__file__).parent.parent / "sample_logs"
SPIKES = SAMPLES / "csv" / "loss-spikes"
HEALTHY = SAMPLES / "csv" / "healthy-cosine"


@pytest.mark.parametrize(
    "before",
    ["pass", "runaudit.audit(HERE)", "runaudit.load(HERE)", "import runaudit.load", "import runaudit.api"],
)
def test_load_is_a_function_whatever_was_imported_before(before: str) -> None:
    code = f"import runaudit; HERE = {str(SPIKES)!r}; {before}; print([run.id for run in runaudit.load(HERE)])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)  # noqa: S603
    assert (done.stdout, done.stderr) == ("['.']\n", "")


def test_load_gives_runs_in_the_order_of_their_folders() -> None:
    runs = runaudit.load([HEALTHY, SPIKES])
    assert [run.id for run in runs] == ["healthy-cosine", "loss-spikes"]
    assert runaudit.load(str(SPIKES))[0].id == "."


def test_the_table_of_a_run_has_a_row_a_step_and_a_column_a_series() -> None:
    (run,) = runaudit.load(SPIKES)
    frame = run.to_frame()
    assert frame.index.name == "step"
    assert frame.index.is_monotonic_increasing
    loss = run.series["train/loss"]
    assert frame["train/loss"].dropna().tolist() == loss.values.tolist()
    assert frame["val/loss"].isna().any()  # validated less often than logged


def test_the_table_of_a_report_has_a_row_a_finding() -> None:
    report = runaudit.audit(SPIKES)
    frame = report.to_frame()
    assert len(frame) == len(report.findings) > 0
    assert frame["rule"].tolist()[0] == "loss-spikes"
    assert set(frame["severity"]) <= {str(s) for s in Severity}
    assert runaudit.audit(HEALTHY).to_frame().empty


def test_select_and_ignore_take_rules_and_families() -> None:
    assert {f.rule for f in runaudit.audit(SPIKES, select=["loss-spikes"]).findings} == {"loss-spikes"}
    assert "loss-spikes" not in {f.rule for f in runaudit.audit(SPIKES, ignore=["stability"]).findings}
    with pytest.raises(UsageError, match="did you mean 'loss-spikes'"):
        runaudit.audit(SPIKES, select=["loss-spike"], ignore=["nonsense"])


def test_a_path_that_does_not_exist_is_wrong_usage(tmp_path: Path) -> None:
    for ask in (runaudit.audit, runaudit.load):
        with pytest.raises(UsageError, match="no such file or folder"):
            ask(tmp_path / "none")
    with pytest.raises(UsageError, match="no path given"):
        runaudit.audit([])


def test_fail_on_decides_the_exit_code() -> None:
    worst = {f.severity for f in runaudit.audit(SPIKES).findings}
    assert Severity.ERROR not in worst
    codes = {bar: runaudit.audit(SPIKES, fail_on=bar).exit_code for bar in ("error", "warning", "note", "never")}
    assert codes == {"error": 0, "warning": 1, "note": 1, "never": 0}


def test_a_crash_and_a_corrupt_file_make_the_audit_incomplete() -> None:
    runs = runaudit.audit(HEALTHY).runs
    assert Report(".", runs, crashes=(Crash("a", ".", "e"),)).exit_code == 4
    assert Report(".", runs, unreadable=(Unreadable("x", "cut off", "corrupt"),)).exit_code == 4
    assert Report(".", runs, unreadable=(Unreadable("x", "no metric", "not-a-log"),)).exit_code == 0
    assert Report(".", ()).exit_code == 3


def test_progress_tells_the_run_that_was_read_last() -> None:
    told: list[tuple[int, int, str]] = []
    report = runaudit.audit([HEALTHY, SPIKES], progress=lambda *now: told.append(now))
    assert told == [(1, 2, "healthy-cosine"), (2, 2, "loss-spikes")]
    told.clear()
    found = api.load_all([HEALTHY, SPIKES], progress=lambda *now: told.append(now))
    assert told == [(1, 2, "healthy-cosine"), (2, 2, "loss-spikes")]
    assert [r.id for r in found.runs] == [r.id for r in report.runs]
    assert (found.root, found.ignored_files) == (report.root, report.ignored_files)


def test_the_same_input_gives_the_same_report() -> None:
    first, again = runaudit.audit(SPIKES), runaudit.audit(SPIKES)
    assert first.findings == again.findings
    assert first.skips == again.skips


def test_a_line_is_that_of_the_last_value_before_a_step() -> None:
    (run,) = runaudit.load(SPIKES)
    loss = run.series["train/loss"]
    assert loss.line_at(int(loss.steps[5])) == int(loss.lines[5])
    assert loss.line_at(-10) == int(loss.lines[0])
    (events,) = runaudit.load(SAMPLES / "tensorboard" / "healthy-step-decay")
    assert events.series["train/loss"].line_at(5) is None
    assert not math.isnan(float(loss.values[0]))
