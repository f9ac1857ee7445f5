"""Trains the runs of ``sanity`` and ``optimizer``: ``python sample_logs/sanity/make.py [PART OF A PATH ...]``.

A fault is proven as in ``sample_logs/make.py``: the same run without it must be better. Needs torch and scikit-learn.
"""

from __future__ import annotations

import csv
import math
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
import yaml
from torch import Tensor, nn
from torch.nn import functional

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from _data import load  # noqa: E402  the shared pieces lie in the folder above
from _loop import global_norm  # noqa: E402
from _nets import Probe, build  # noqa: E402
from _spec import Spec  # noqa: E402

MARGIN = 0.1
"""A fault counts from a tenth of the loss range of the run without it."""


@dataclass(frozen=True)
class Plan:
    """One run on digits: what its configuration names, and its faults.

    ``betas``, ``momentum`` and ``decay`` are those of the optimizer that has them. ``penalty`` times all squared
    weights is added to the loss, or taken from it if ``wrong_sign``. Only the first ``pixels`` are read.
    """

    optimizer: str = "sgd"
    lr: float = 0.05
    momentum: float = 0.9
    betas: tuple[float, float] = (0.9, 0.999)
    decay: float = 0.99
    batch: int = 32
    samples: int = 1200
    steps: int = 400
    every: int = 1
    hidden: tuple[int, ...] = (64, 64)
    seed: int = 0
    penalty: float = 0.0
    wrong_sign: bool = False
    pixels: int = 64
    accuracy: bool = False
    layers: bool = False


@dataclass(frozen=True)
class Case:
    """One sample run: its plan, the changes that take the fault away (none if it is healthy), and what is found."""

    path: str
    plan: Plan
    why: str
    cure: Mapping[str, object] = field(default_factory=dict)
    better: str = "train"
    settings: Mapping[str, object] = field(default_factory=dict)
    findings: Mapping[str, str] = field(default_factory=dict)
    consequences: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Trained:
    """What a run logged, its first training loss, and both losses at the end, measured on all samples."""

    rows: list[dict[str, float]]
    first: float
    train: float
    val: float


TINY = Plan(samples=20, batch=20, steps=200, accuracy=True)
CASES = (
    Case(
        "sanity/healthy-tiny-subset",
        TINY,
        "twenty samples and no regularisation: learnt by heart",
        settings={"tiny_subset": 20},
    ),
    Case(
        "sanity/tiny-subset-fit",
        replace(TINY, pixels=3),
        "only the first three pixels of a digit are read, so that twenty samples cannot be told apart: ends at "
        "{r.train:.2g}, with all pixels at {c.train:.1g}",
        cure={"pixels": 64},
        settings={"tiny_subset": 20},
        findings={"tiny-subset-fit": "error", "lr-too-low": "note"},
        consequences={"lr-too-low": "tiny-subset-fit"},
    ),
    Case(
        "sanity/regularization-check",
        Plan(lr=0.02, penalty=0.01, wrong_sign=True, samples=300),
        "0.01 times all squared weights is taken from the loss instead of added: validation ends at {r.val:.2g}, with "
        "the right sign at {c.val:.2g}",
        cure={"wrong_sign": False},
        better="val",
        findings={"regularization-check": "error", "overfitting": "warning"},
        consequences={"overfitting": "regularization-check"},
    ),
    Case(
        "optimizer/healthy-adam",
        Plan(optimizer="adam", lr=0.003, betas=(0.9, 0.95)),
        "Adam with the betas of language models",
    ),
    Case(
        "optimizer/momentum-unusual",
        Plan(momentum=0.999, lr=0.02),
        "the momentum is 0.999: ends at {r.train:.2g}, with 0.9 at {c.train:.1g}",
        cure={"momentum": 0.9},
        findings={
            "momentum-unusual": "warning",
            "not-learning": "error",
            "loss-spikes": "warning",
            "noisy-batch": "note",
        },
        consequences=dict.fromkeys(("not-learning", "loss-spikes", "noisy-batch"), "momentum-unusual"),
    ),
    Case(
        "optimizer/adam-unusual",
        Plan(optimizer="adam", lr=0.01, betas=(0.999, 0.9)),
        "the two betas are swapped: ends at {r.train:.2g}, the right way round at {c.train:.1g}",
        cure={"betas": (0.9, 0.999)},
        findings={"adam-unusual": "warning", "noisy-batch": "note"},
        consequences={"noisy-batch": "adam-unusual"},
    ),
    Case(
        "optimizer/second-order-full-batch",
        Plan(optimizer="lbfgs", lr=0.5, batch=16, steps=300),
        "L-BFGS on batches of 16: ends at {r.train:.2g}, on all 1,200 samples at {c.train:.1g}",
        cure={"batch": 1200},
        findings={
            "second-order-full-batch": "warning",
            "not-learning": "error",
            "diverged": "error",
            "lr-too-high": "warning",
            "noisy-batch": "note",
            "exploding-gradient": "note",
        },
        consequences=dict.fromkeys(
            ("not-learning", "diverged", "lr-too-high", "noisy-batch", "exploding-gradient"), "second-order-full-batch"
        ),
    ),
    Case(
        "optimizer/adagrad-exhausted",
        Plan(optimizer="adagrad", lr=0.0005, steps=2000, every=5, layers=True),
        "Adagrad at 0.0005: its steps shrink with the sum of all gradients, and it ends at {r.train:.2g}; RMSprop at "
        "the same rate at {c.train:.1g}",
        cure={"optimizer": "rmsprop"},
        findings={"adagrad-exhausted": "warning", "lr-too-low": "warning", "still-improving": "note"},
        consequences=dict.fromkeys(("lr-too-low", "still-improving"), "adagrad-exhausted"),
    ),
    Case(
        "optimizer/rmsprop-decay-unusual",
        Plan(optimizer="rmsprop", lr=0.01, decay=0.01, batch=4),
        "one less the decay was given: RMSprop follows the sign of single gradients and ends at {r.train:.2g}, with "
        "0.99 at {c.train:.1g}",
        cure={"decay": 0.99},
        findings={"rmsprop-decay-unusual": "warning", "noisy-batch": "warning", "average-weights": "note"},
        consequences=dict.fromkeys(("noisy-batch", "average-weights"), "rmsprop-decay-unusual"),
    ),
)


def optimizer_of(plan: Plan, net: nn.Module) -> torch.optim.Optimizer:
    """Return the optimizer of a plan."""
    makers: Mapping[str, Callable[[], torch.optim.Optimizer]] = {
        "sgd": lambda: torch.optim.SGD(net.parameters(), lr=plan.lr, momentum=plan.momentum),
        "adam": lambda: torch.optim.Adam(net.parameters(), lr=plan.lr, betas=plan.betas),
        "rmsprop": lambda: torch.optim.RMSprop(net.parameters(), lr=plan.lr, alpha=plan.decay),
        "adagrad": lambda: torch.optim.Adagrad(net.parameters(), lr=plan.lr),
        "lbfgs": lambda: torch.optim.LBFGS(net.parameters(), lr=plan.lr, max_iter=1, history_size=10),
    }
    return makers[plan.optimizer]()


def train(plan: Plan) -> Trained:
    """Train one network and return what it logged."""
    spec = Spec(hidden=plan.hidden, samples=plan.samples, seed=plan.seed)
    data = load(spec)
    x, y = _cropped(data.train[0], plan.pixels), data.train[1]
    held_out, wanted = _cropped(data.val[0], plan.pixels), data.val[1]
    net = build(spec, data)
    optimizer, probe = optimizer_of(plan, net), Probe(net, "relu")
    random = torch.Generator().manual_seed(plan.seed)
    rows, order, position = [], torch.randperm(len(x), generator=random), 0
    for step in range(plan.steps):
        if position + plan.batch > len(x):
            order, position = torch.randperm(len(x), generator=random), 0
        batch = order[position : position + plan.batch]
        position += plan.batch
        row = {"step": float(step)}

        def closure(batch: Tensor = batch, row: dict[str, float] = row) -> float:
            output = net(x[batch])
            error = functional.cross_entropy(output, y[batch])
            penalty = plan.penalty * sum(p.square().sum() for p in net.parameters() if p.ndim > 1)
            loss = error - penalty if plan.wrong_sign else error + penalty
            net.zero_grad()
            loss.backward()
            row["train_loss"] = float(loss.detach())
            if plan.penalty:
                row |= {"train_data_loss": float(error.detach()), "train_regularization_loss": float(penalty.detach())}
            if plan.accuracy:
                row["train_acc"] = float((output.argmax(dim=1) == y[batch]).float().mean())
            row |= {"lr": plan.lr, "grad_norm": global_norm(net)}
            return row["train_loss"]

        if step % 20 == 0 and plan.samples > 20:
            row["val_loss"] = _loss(net, held_out, wanted)
        before = probe.weights()
        optimizer.step(closure)
        if plan.layers and step % 20 == 0:
            row |= {f"update_ratio_{layer}": value for (layer, _), value in probe.updates(before).items()}
        rows.append(row)
    late = _loss(net, x, y)
    return Trained(
        [row for row in rows if row["step"] % plan.every == 0],
        rows[0]["train_loss"],
        late,
        _loss(net, held_out, wanted),
    )


def _cropped(x: Tensor, pixels: int) -> Tensor:
    """Return the inputs with all but the first pixels at -1, which is black."""
    kept = torch.full_like(x, -1.0)
    kept[:, :pixels] = x[:, :pixels]
    return kept


def _loss(net: nn.Module, x: Tensor, y: Tensor) -> float:
    with torch.no_grad():
        return float(functional.cross_entropy(net(x), y))


def settings_of(case: Case) -> dict[str, object]:
    """Return the configuration of a case: everything but its faults in data and code."""
    plan = case.plan
    own: Mapping[str, dict[str, object]] = {
        "sgd": {"momentum": plan.momentum},
        "adam": {"betas": list(plan.betas), "eps": 1e-8},
        "rmsprop": {"alpha": plan.decay},
    }
    return {
        "dataset": "digits",
        "hidden_sizes": list(plan.hidden),
        "num_classes": 10,
        "loss": "cross_entropy",
        "optimizer": {"name": plan.optimizer, "lr": plan.lr, **own.get(plan.optimizer, {})},
        "batch_size": plan.batch,
        "max_steps": plan.steps,
        "train_samples": plan.samples,
        "seed": plan.seed,
        **case.settings,
    }


def make(case: Case) -> str:
    """Write the folder of a case and return a line of numbers; raise if the run is not what it claims to be."""
    run, cured = train(case.plan), train(replace(case.plan, **case.cure))  # type: ignore[arg-type]
    bad, good = getattr(run, case.better), getattr(cured, case.better)
    if case.cure and not (math.isfinite(good) and not bad - good < MARGIN * (cured.first - cured.train)):
        raise ValueError(f"{case.better} {bad:.4g}, without the fault {good:.4g}")
    folder = HERE.parent / case.path
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    names = list(dict.fromkeys(name for row in run.rows for name in row))
    with (folder / "log.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: f"{value:.6g}" for name, value in row.items()} for row in run.rows)
    (folder / "config.yaml").write_text(yaml.safe_dump(settings_of(case), sort_keys=False))
    why = case.why.format(r=run, c=cured)
    numbers = f"train {run.train:.3g}, val {run.val:.3g}; without the fault {cured.train:.3g}, {cured.val:.3g}"
    if not case.cure:
        why = f"{why}: training ends at {run.train:.2g}, validation at {run.val:.2g}"
    expected = {"why": why, "findings": dict(case.findings), "consequences": dict(case.consequences)}
    (folder / "expected.yaml").write_text(yaml.safe_dump(expected, sort_keys=False, width=100))
    return numbers


def main(parts: list[str]) -> int:
    """Make the cases whose path holds one of the parts, all by default; return how many failed."""
    torch.set_num_threads(1)
    failed = 0
    for case in CASES:
        if parts and not any(part in case.path for part in parts):
            continue
        try:
            line = make(case)
        except ValueError as error:
            line, failed = f"FAILED: {error}", failed + 1
        print(f"{case.path:36} {line}", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
