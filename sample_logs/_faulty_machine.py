"""The faulty sample runs whose training is right and whose machine, simulated by ``_machine``, is not."""

from __future__ import annotations

from _case import Case
from _spec import Machine, Spec

FAULTY_MACHINE = (
    Case(
        "jsonl/slow-steps",
        Spec(schedule="cosine", steps=400, evals=8, machine=Machine(("_runtime",), evaluation=12.0)),
        "real losses, simulated clock: every 50 steps the loop stands still for an evaluation of 12 s, "
        "{r.machine.evaluating:.0f} of {r.machine.took:.0f} s in all; with evaluations of 0.2 s the run takes "
        "{c.machine.took:.0f} s",
        config="config.json",
        cure={"machine": Machine(("_runtime",))},
        better="machine.took",
        findings={"slow-steps": "warning"},
    ),
    Case(
        "tensorboard/slowdown",
        Spec(schedule="cosine", steps=400, every=2, evals=20, machine=Machine(compute=0.5, slower=3.0)),
        "real losses, simulated wall times: from one row of the log to the next, two steps, it is 1 s at the start and "
        "ever more, 3 s at the end; a step takes {r.machine.early:.2g} s in the first fifth and {r.machine.late:.2g} s "
        "in the last, at an even pace {c.machine.early:.2g} s and {c.machine.late:.2g} s",
        config="config.yaml",
        cure={"machine": Machine(compute=0.5)},
        better="machine.took",
        findings={"slowdown": "warning"},
    ),
    Case(
        "csv/stalled",
        Spec(schedule="cosine", every=2, machine=Machine(("_timestamp",), pause=3600.0)),
        "real losses, simulated clock: after half of the steps nothing happens for an hour, as with a file system that "
        "does not answer; the run takes {r.machine.took:.0f} s, without the pause {c.machine.took:.0f} s",
        cure={"machine": Machine(("_timestamp",))},
        better="machine.took",
        findings={"stalled": "note"},
    ),
    Case(
        "jsonl/input-bound",
        Spec(schedule="cosine", every=2, machine=Machine(("time", "data_time"), wait=0.4)),
        "real losses, simulated step times: the loader takes 0.4 s for a batch and the computation 0.1 s, so that "
        "{r.machine.waiting:.0%} of a step is waiting; with a loader that keeps up {c.machine.waiting:.0%}",
        config="config.json",
        cure={"machine": Machine(("time", "data_time"))},
        better="machine.waiting",
        findings={"input-bound": "note"},
    ),
    Case(
        "jsonl/gpu-idle",
        Spec(schedule="cosine", every=2, machine=Machine(("system.gpu.0.gpu",), gpu=5.0)),
        "real losses, simulated readings of the GPU: a network this small leaves it idle for {r.machine.idle:.0%} of "
        "the time at the median, one that keeps it fed for {c.machine.idle:.0%}",
        config="config.yaml",
        cure={"machine": Machine(("system.gpu.0.gpu",))},
        better="machine.idle",
        findings={"gpu-idle": "note"},
    ),
    Case(
        "jsonl/memory-growth",
        Spec(schedule="cosine", every=2, machine=Machine(("system.proc.memory.rssMB",), memory=(1000.0, 3000.0))),
        "real losses, simulated memory: the process grows by as much in every step, as with losses that are kept with "
        "their graph, from 1,000 to {r.machine.memory:,.0f} MB; without the leak it ends at {c.machine.memory:,.0f} MB",
        cure={"machine": Machine(("system.proc.memory.rssMB",))},
        better="machine.memory",
        findings={"memory-growth": "warning"},
    ),
    Case(
        "csv/crash-in-log",
        Spec(schedule="cosine", steps=500, planned=600, every=2, evals=25, machine=Machine(crash=True)),
        "real losses of a run that was ended after 500 of 600 steps; the text log beside it is made up and ends as "
        "that of a GPU that ran out of memory: {r.machine.missing:.0%} of the plan was not trained, of the whole run "
        "{c.machine.missing:.0%}",
        cure={"steps": 600, "machine": Machine()},
        better="machine.missing",
        findings={"crash-in-log": "warning"},
    ),
)
