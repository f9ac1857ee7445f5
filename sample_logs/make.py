"""Trains the sample runs and writes their logs: ``python sample_logs/make.py [PART OF A PATH ...]``.

Every fault is proven first: the same run without it must measure better. Needs torch, scikit-learn, tensorboard,
lightning, transformers, accelerate, keras and PyYAML; README.md says which versions wrote the logs.
"""

from __future__ import annotations

import math
import shutil
import sys
import tempfile
import time
from dataclasses import replace
from importlib.metadata import version
from operator import attrgetter
from pathlib import Path

import torch
import yaml
from _case import Case
from _faulty import FAULTY
from _faulty_machine import FAULTY_MACHINE
from _faulty_plan import FAULTY_PLAN
from _faulty_setup import FAULTY_SETUP
from _healthy import HEALTHY
from _loop import train
from _machine import simulated, write_output
from _spec import Measured, Spec
from _trainers import TRAINERS
from _writers import WRITERS, write_config

HERE = Path(__file__).parent
CASES = HEALTHY + FAULTY + FAULTY_PLAN + FAULTY_SETUP + FAULTY_MACHINE
LIBRARIES = ("torch", "scikit-learn", "tensorboard", "lightning", "transformers", "accelerate", "keras", "numpy")
MARGIN = 0.1
"""A fault counts from a tenth of the loss range of the run without it, one of an accuracy from 0.1.

One of the simulated machine counts from 0.1 if it is a share, else from a tenth of what the run without it has.
"""
SHARES = {"gap", "wrong", "machine.waiting", "machine.idle", "machine.missing"}
AMOUNTS = {"machine.took", "machine.memory"}


class UnprovenError(Exception):
    """A run is not what its case says."""


def measure(log_format: str, spec: Spec, folder: Path) -> Measured:
    """Train a run, write its log into a folder, and return what it came to."""
    if log_format in TRAINERS:
        return Measured.of(TRAINERS[log_format](spec, folder))
    record = simulated(train(spec), spec)
    WRITERS[log_format](record, spec, folder)
    if spec.machine and spec.machine.crash:
        write_output(record, spec, folder)
    return Measured.of(record.outcome)


def try_out(case: Case, **changes: object) -> Measured:
    """Return what the run comes to with some fields of its spec changed; nothing is kept."""
    with tempfile.TemporaryDirectory() as scratch:
        return measure(case.format, replace(case.spec, **changes), Path(scratch))  # type: ignore[arg-type]


def make(case: Case) -> str:
    """Write the folder of a case and return a line of numbers; raise if the run is not what it claims to be."""
    folder = HERE / case.path
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    run = measure(case.format, case.spec, folder)
    if case.config:
        write_config(case.spec, folder / case.config)
    elif case.format == "lightning_csv":
        write_config(case.spec, folder / "hparams.yaml")
    why, numbers = prove(case, run) if case.cure else prove_healthy(case, run)
    expected = {"why": why, "findings": dict(case.findings), "consequences": dict(case.consequences)}
    (folder / "expected.yaml").write_text(yaml.safe_dump(expected, sort_keys=False, width=100))
    return numbers


def prove(case: Case, run: Measured) -> tuple[str, str]:
    """Return why a run is faulty, and the numbers; the run without the fault must be better by the margin."""
    cured = try_out(case, **case.cure)
    bad, good = (attrgetter(case.better)(measured) for measured in (run, cured))
    scale = 1.0 if case.better in SHARES else good if case.better in AMOUNTS else cured.first - cured.final
    if not math.isfinite(good) or bad - good < MARGIN * scale:
        raise UnprovenError(f"{case.better} {bad:.4g}, without the fault {good:.4g}")
    return case.why.format(r=run, c=cured), f"{case.better} {bad:.4g}, without the fault {good:.4g}"


def prove_healthy(case: Case, run: Measured) -> tuple[str, str]:
    """Return why a run is healthy, and the numbers; a rate four times larger or smaller must not be better."""
    rivals: dict[str, dict[str, object]] = {f"rate x{factor:g}": {"lr": case.spec.lr * factor} for factor in (0.25, 4)}
    if case.spec.schedule == "constant":
        rivals["late cut"] = {"schedule": "late_cut"}
    finals = {name: try_out(case, **changes).final for name, changes in rivals.items()}
    span = run.first - run.final
    numbers = f"final {run.final:.4g}, " + ", ".join(f"{name} {final:.4g}" for name, final in finals.items())
    numbers += f"; validation {run.val:.4g}, {run.rise:.2g} above its best"
    best = min(final for final in finals.values() if math.isfinite(final))
    if not max(run.final - best, run.rise) <= MARGIN / 2 * span:
        raise UnprovenError(f"not healthy: {numbers}")
    return f"{case.why}: {numbers}", numbers


def readme() -> str:
    """Return the page on all sample runs that are there, those of other scripts last; a page of its own has formats."""
    ours = [case.path for case in CASES]
    found = sorted(path.parent.relative_to(HERE).as_posix() for path in HERE.rglob("expected.yaml"))
    others = [run for run in found if run not in ours and not run.startswith("formats/")]
    rows = []
    for run in [*(run for run in ours if run in found), *others]:
        expected = yaml.safe_load((HERE / run / "expected.yaml").read_text())
        consequences = ", ".join(expected["consequences"])
        roots = ", ".join(rule for rule in expected["findings"] if rule not in expected["consequences"]) or "none"
        rows.append(f"| {run} | {roots} | {consequences} | {expected['why']} |")
    versions = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return TEXT.format(versions=versions, rows="\n".join(rows), count=len(rows))


TEXT = """# Sample logs

{count} real training runs, seconds each, one folder a run: `<format>/<case>/` holds the log, in most runs a
configuration (which never names a fault), and `expected.yaml`: `why` (what was done and what was measured),
`findings` (the severity of every rule that must report the run; no other may) and `consequences` (the rule that each
of them follows from, where it is no root cause). `python sample_logs/expect.py` prints the last two as an audit now
gives them, and writes nothing: each is reviewed by hand against how the run was trained.

`python sample_logs/make.py` trains them all again and proves each fault by training the run without it; name a part
of a path to make only those. The scripts of `sanity` (with `optimizer`), `filters`, `gradcheck`, `recorder` and
`sweep` are their own. Seeds are fixed and wall times are made up, so that the bytes stay the same on one
machine. Versions that wrote these logs: {versions}.

In the seven runs with a fault of the machine (below: "simulated") the training and its losses are as real as in the
others, but nobody waited an hour for a pause or filled a GPU: clock, waits for data, utilisation, memory and the text
of the crash come from a seeded model of a machine, `_machine.py`, which has the fault that is named. The run without
the fault is simulated by the same model, so that it proves the size of the fault and not its cause.

Lightning's CSVLogger, the transformers Trainer, Keras's CSVLogger and torch's SummaryWriter wrote their own formats.
`_writers.py` writes the others from a plain loop: `csv`, `jsonl`, `tensorboard_csv` and `tensorboard_json` (what
TensorBoard's download buttons give), `nanogpt_text`. The data are digits and friedman1 of scikit-learn, a noisy sine,
and the text of a small grammar; "final" and "ends at" mean the training loss in evaluation mode over the last tenth
of the evaluations.

The seven samples of `sweep` are searches of many short trainings, run by Optuna, scikit-learn and Keras Tuner
(optuna 5.0.0, keras-tuner 1.4.8) or drawn by hand.

| run | root causes | consequences | why |
|---|---|---|---|
{rows}

## One log of every other writer

The folder formats holds a short, healthy log made by the real writer of each further format, with the script that made
it (`make_<writer>.py`) beside them. They show that the reader reads what the writer writes, and that nothing is found
in it.
"""


def main(parts: list[str]) -> int:
    """Make the cases whose path holds one of the parts, all by default, and the page; return how many failed."""
    torch.set_num_threads(1)
    failed = 0
    for case in CASES:
        if not parts or any(part in case.path for part in parts):
            start = time.perf_counter()
            try:
                line = make(case)
            except UnprovenError as error:
                line, failed = f"FAILED: {error}", failed + 1
            print(f"{case.path:36} {line}  [{time.perf_counter() - start:.1f} s]", flush=True)
    (HERE / "README.md").write_text(readme())
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
