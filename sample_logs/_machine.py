"""A seeded model of the machine that trains: clock, waits, utilisation, memory, and what it prints as it crashes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from _data import load
from _loop import Record
from _spec import Machine, Readings, Spec
from _writers import START

OUTPUT = """\
Starting job 1 on node-03
python train.py
{samples} training samples
{evaluations}
Traceback (most recent call last):
  File "train.py", line 88, in <module>
    main()
  File "train.py", line 71, in main
    output = net(inputs.to(device))
  File "torch/nn/modules/linear.py", line 125, in forward
    return F.linear(input, self.weight, self.bias)
torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 15.77 GiB of \
which 1.12 GiB is free. Process 4711 has 14.64 GiB memory in use.
srun: error: node-03: task 0: Exited with exit code 1
"""


@dataclass(frozen=True)
class Steps:
    """What the machine shows of every step: seconds of all of it and of the wait for data, percent, MB."""

    seconds: np.ndarray
    wait: np.ndarray
    gpu: np.ndarray
    memory: np.ndarray


def simulated(record: Record, spec: Spec) -> Record:
    """Return the record with the readings of the machine in its rows; unchanged if the run has no machine."""
    machine = spec.machine
    if machine is None:
        return record
    steps = _steps(machine, spec)
    pauses = np.zeros(spec.steps)
    pauses[spec.steps // 2] = machine.pause
    clock = np.concatenate([[0.0], np.cumsum(steps.seconds + pauses)])
    rows, evaluating = [], 0.0
    for row in record.rows:
        shown: Mapping[str, float] = {}
        if row.kind == "val":
            evaluating += machine.evaluation
            now = float(clock[row.step]) + evaluating
        else:
            now = float(clock[row.step + 1]) + evaluating
            shown = {
                "time": round(float(steps.seconds[row.step]), 4),
                "data_time": round(float(steps.wait[row.step]), 4),
                "system.gpu.0.gpu": round(float(steps.gpu[row.step])),
                "system.proc.memory.rssMB": round(float(steps.memory[row.step]), 1),
            }
        shown = {"_runtime": round(now, 3), "_timestamp": round(START + now, 3), **shown}
        logged = {name: value for name, value in shown.items() if name in machine.logs}
        rows.append(replace(row, machine=logged, seconds=now))
    fifth = spec.steps // 5
    readings = Readings(
        took=float(clock[-1]) + evaluating,
        evaluating=evaluating,
        early=float(np.median(steps.seconds[:fifth])),
        late=float(np.median(steps.seconds[-fifth:])),
        waiting=float(np.median(steps.wait / steps.seconds)),
        idle=1 - float(np.median(steps.gpu)) / 100,
        memory=float(steps.memory[-1]),
        missing=1 - spec.steps / (spec.planned or spec.steps),
    )
    return replace(record, rows=rows, outcome=replace(record.outcome, machine=readings))


def _steps(machine: Machine, spec: Spec) -> Steps:
    """Return what every step shows: times scatter by 3% (waits by 10%), the GPU by 2 percent points, memory by 2 MB."""
    random = np.random.default_rng(2000 + spec.seed)
    wait = machine.wait * random.lognormal(0.0, 0.1, spec.steps)
    compute = machine.compute * random.lognormal(0.0, 0.03, spec.steps) * np.linspace(1, machine.slower, spec.steps)
    gpu = np.clip(random.normal(machine.gpu, 2.0, spec.steps), 0, 100)
    memory = np.linspace(*machine.memory, spec.steps) + random.normal(0.0, 2.0, spec.steps)
    return Steps(compute + wait, wait, gpu, memory)


def write_output(record: Record, spec: Spec, folder: Path) -> None:
    """Write what the training printed up to its crash, as Slurm keeps it."""
    done = [f"{row.step} of {spec.planned} batches done, evaluated" for row in record.rows if row.kind == "val"]
    text = OUTPUT.format(samples=len(load(spec).train[0]), evaluations="\n".join(done))
    (folder / "slurm-1.out").write_text(text)
