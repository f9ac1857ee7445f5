"""Crashes in text logs: the lines that real programs wrote, what is none, and which run they belong to."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from runaudit.api import audit
from runaudit.load.crashes import MOST_BYTES, MOST_LINES, CrashRow, crashes_in

CSV = "step,loss\n" + "".join(f"{i},{2.3 - 0.01 * i}\n" for i in range(100))
OOM = (
    "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 1.53 GiB. GPU 0 has a total capacity of 15.78 GiB "
    "of which 1.19 GiB is free."
)
MESSAGES = {
    "gpu-out-of-memory": [
        OOM,
        "RuntimeError: CUDA out of memory. Tried to allocate 20.00 MiB (GPU 0; 11.17 GiB total capacity)",
        "[rank3]: torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB",
        "RuntimeError: CUDA error: out of memory",
        "jaxlib.xla_extension.XlaRuntimeError: RESOURCE_EXHAUSTED: Out of memory while trying to allocate 1073 bytes.",
        "tensorflow.python.framework.errors_impl.ResourceExhaustedError: OOM when allocating tensor with shape[64,128]",
        "RuntimeError: MPS backend out of memory (MPS allocated: 5.05 GB)",
    ],
    "data-worker-killed": [
        "RuntimeError: DataLoader worker (pid 4921) is killed by signal: Killed. ",
        "RuntimeError: DataLoader worker (pid(s) 13, 14) exited unexpectedly",
        "ERROR: Unexpected bus error encountered in worker. This might be caused by insufficient shared memory (shm).",
    ],
    "host-out-of-memory": [
        "slurmstepd: error: Detected 1 oom_kill event in StepId=123.batch. Some of the step tasks have been OOM.",
        "Killed",
        "/var/spool/job/script: line 12: 31337 Killed                  python train.py",
        "RuntimeError: [enforce fail at alloc_cpu.cpp:114] err == 0. DefaultCPUAllocator: can't allocate memory",
        "numpy.core._exceptions._ArrayMemoryError: Unable to allocate 7.45 GiB for an array",
        "traceback : Signal 9 (SIGKILL) received by PID 4711",
    ],
    "communication": [
        "[E ProcessGroupNCCL.cpp:474] [Rank 1] Watchdog caught collective operation timeout: WorkNCCL(SeqNum=1216)",
        "torch.distributed.DistBackendError: NCCL error in: ../torch/csrc/distributed/c10d/NCCLUtils.hpp:219",
        "RuntimeError: [../third_party/gloo/gloo/transport/tcp/pair.cc:589] Connection closed by peer",
        "RuntimeError: Rank 0 successfully reached monitoredBarrier, but received errors: Socket Timeout",
    ],
    "loss-scale": [
        "FloatingPointError: Minimum loss scale reached (0.0001). Your loss is probably exploding.",
        "Gradient overflow.  Skipping step, loss scaler 0 reducing loss scale to 0.0",
        "Gradient overflow.  Skipping step, loss scaler 0 reducing loss scale to 1.1754943508222875e-38",
        "Exception: Current loss scale already at minimum - cannot decrease scale anymore. Exiting run.",
    ],
    "device-assert": [
        "../aten/src/ATen/native/cuda/Loss.cu:242: nll_loss_forward_reduce_cuda_kernel_2d: block: [0,0,0], "
        "thread: [2,0,0] Assertion `t >= 0 && t < n_classes` failed.",
    ],
    "gpu-fault": ["RuntimeError: CUDA error: an illegal memory access was encountered"],
    "disk-full": [
        "OSError: [Errno 28] No space left on device",
        "OSError: [Errno 122] Disk quota exceeded: 'checkpoint.pt'",
    ],
    "segmentation-fault": ["Segmentation fault (core dumped)"],
    "time-limit": [
        "slurmstepd: error: *** JOB 4711 ON node1 CANCELLED AT 2024-05-01T12:00:00 DUE TO TIME LIMIT ***",
        "=>> PBS: job killed: walltime 86401 exceeded limit 86400",
    ],
    "interrupted": ["KeyboardInterrupt"],
    "assertion": ["AssertionError: labels must be below the number of classes"],
}
HARMLESS = [
    "Gradient overflow.  Skipping step, loss scaler 0 reducing loss scale to 32768.0",
    "    except torch.cuda.OutOfMemoryError:",
    '    raise RuntimeError("CUDA out of memory")',
    "assert loss < 100, 'AssertionError'",
    "| WARNING: attempting to recover from OOM in forward/backward pass",
    "NCCL version 2.18.1+cuda12.1",
    "[INFO] [launch.py:139:main] 0 NCCL_SOCKET_IFNAME=eno2np0",
    "killed 3 hanging jobs; Killed processes are restarted",
    "  - CXX_FLAGS= -Wno-error=out-of-memory CUDA",
    "warning: DataLoader worker count reduced to 4",
    "except KeyboardInterrupt:",
]


def found(tmp_path: Path, text: str | bytes, name: str = "run.log") -> tuple[CrashRow, ...]:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    rows = crashes_in(path, PurePosixPath(name))
    assert rows is not None
    return rows


def trace(last: str, more: str = "") -> str:
    return f'step 1 loss 2\nTraceback (most recent call last):\n  File "train.py", line 3, in <module>\n{last}\n{more}'


@pytest.mark.parametrize(("kind", "message"), [(k, m) for k, many in MESSAGES.items() for m in many])
def test_a_known_message_is_found_with_its_line(tmp_path: Path, kind: str, message: str) -> None:
    row = found(tmp_path, f"step 1 loss 2.0\n\x1b[31m{message}\x1b[0m\n")[0]
    assert (row["kind"], row["line"], row["end"]) == (kind, 2, True)
    assert row["cure"]


@pytest.mark.parametrize("line", HARMLESS)
def test_what_only_speaks_of_a_crash_is_none(tmp_path: Path, line: str) -> None:
    assert found(tmp_path, f"step 1 loss 2.0\n{line}\nstep 2 loss 1.9\n") == ()


def test_an_exception_without_a_name_of_its_own_counts_at_the_end_only(tmp_path: Path) -> None:
    (row,) = found(tmp_path, trace("ValueError: shapes (3,4) and (5,) do not fit"))
    assert (row["kind"], row["line"]) == ("traceback", 4)
    assert found(tmp_path, trace("ValueError: caught", "step 2 loss 1\n" * 100)) == ()
    assert found(tmp_path, trace("no exception follows")) == ()


def test_a_traceback_of_a_known_crash_is_said_once(tmp_path: Path) -> None:
    (row,) = found(tmp_path, trace(OOM))
    assert row["kind"] == "gpu-out-of-memory"


def test_the_last_crash_of_a_file_counts_and_of_its_echo_the_first(tmp_path: Path) -> None:
    text = f"{OOM}\n" + "step 1 loss 2\n" * (MOST_LINES + 10) + f"{OOM}\n{OOM}\n"
    (row,) = found(tmp_path, text)
    assert (row["line"], row["end"]) == (MOST_LINES + 12, True)
    (row,) = found(tmp_path, text.rpartition("step")[0])
    assert (row["line"], row["end"]) == (1, False)


def test_a_text_is_cleaned_and_shortened(tmp_path: Path) -> None:
    (row,) = found(tmp_path, b"RuntimeError: CUDA out of memory \x07\xff\xe2\x80\xae" + b"x" * 5000 + b"\n")
    assert len(str(row["text"])) <= 160
    assert str(row["text"]).isprintable()


def test_of_a_large_file_the_end_is_read_and_the_line_is_right(tmp_path: Path) -> None:
    lines = MOST_BYTES // 10
    (row,) = found(tmp_path, "step 1234\n" * lines + "\n" * 50 + f"{OOM}\n")
    assert row["line"] == lines + 51


def test_what_is_no_text_cannot_tell(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(b"\0\1CUDA out of memory")
    (tmp_path / "b.log").mkdir()
    (tmp_path / "c.csv").write_text(OOM)
    for name in ("a.log", "b.log", "c.csv", "missing.log"):
        assert crashes_in(tmp_path / name, PurePosixPath(name)) is None


def test_hostile_lines_take_no_time(tmp_path: Path) -> None:
    assert found(tmp_path, "Error: CUDA " * 300_000) == ()
    assert found(tmp_path, "Killed by\n" * 300_000) == ()


# --- which run it belongs to -------------------------------------------------------------------------------


def write(folder: Path, **files: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)


def test_the_text_beside_a_table_belongs_to_its_run(tmp_path: Path) -> None:
    write(tmp_path / "a", metrics__csv=CSV, slurm__out=f"start\n{OOM}\n")
    write(tmp_path / "b", metrics__csv=CSV)
    report = audit(tmp_path, select=["process"])
    (finding,) = report.findings
    assert (finding.run, finding.path, finding.line, finding.last_step) == ("a", "a/slurm.out", 2, 99)
    assert finding.message.startswith("the GPU ran out of memory, a/slurm.out line 2: torch.OutOfMemoryError")
    assert finding.evidence[0].startswith("the usual cure: a smaller batch")
    assert str(finding.severity) == "warning"
    assert [skip.run for skip in report.skips] == ["b"]
    assert (report.unreadable, report.ignored_files) == ((), 1)


def test_of_several_runs_in_a_folder_the_one_of_its_name(tmp_path: Path) -> None:
    other = CSV.replace("2.", "3.")
    write(tmp_path, one__csv=CSV, two__csv=other, two__err=f"{OOM}\n", job__err="Killed\n")
    report = audit(tmp_path, select=["process"])
    assert [f.run for f in report.findings] == ["two.csv"]
    (left,) = report.unreadable
    assert (left.path, left.kind, left.line) == ("job.err", "not-a-log", 1)
    assert left.reason.startswith("no curve, but a crash: the machine ran out of memory")


def test_a_crash_is_dated_by_the_last_step_before_it(tmp_path: Path) -> None:
    lines = [f"iter {i}: loss {2.3 - 0.01 * i:.4f}, time 20.0ms" for i in range(50)]
    write(tmp_path, train__log="\n".join([*lines[:30], OOM, *lines[30:]]) + "\n")
    (finding,) = audit(tmp_path, select=["process"]).findings
    assert (finding.first_step, finding.line, str(finding.severity)) == (29, 31, "note")
    assert "the log goes on after it" in finding.evidence
    write(tmp_path, train__log="\n".join([*lines, trace("ValueError: no")]) + "\n")
    (finding,) = audit(tmp_path, select=["process"]).findings
    assert (finding.first_step, finding.facts["kind"], str(finding.severity)) == (49, "traceback", "warning")


def test_a_crash_without_a_curve_is_no_silence(tmp_path: Path) -> None:
    write(tmp_path, slurm_1__out=f"starting\n{OOM}\n", notes__txt=OOM, fine__log="done\n")
    report = audit(tmp_path)
    plain, left = report.unreadable
    assert (left.path, left.line, report.exit_code, report.ignored_files) == ("slurm_1.out", 2, 3, 1)
    assert (plain.path, plain.kind) == ("fine.log", "not-a-log")


def test_an_end_by_hand_is_a_note(tmp_path: Path) -> None:
    write(tmp_path, metrics__csv=CSV, output__log="^CTraceback (most recent call last):\nKeyboardInterrupt\n")
    (finding,) = audit(tmp_path, select=["process"]).findings
    assert str(finding.severity) == "note"


def test_a_clean_text_passes_but_does_not_vouch_for_the_training(tmp_path: Path) -> None:
    write(tmp_path, metrics__csv=CSV, output__log="done\n")
    (run,) = audit(tmp_path, select=["process"]).runs
    assert (run.passed, run.verdict) == (("crash-in-log",), "unknown")
