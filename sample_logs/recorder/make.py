"""Trains the runs of ``recorder``: ``python sample_logs/recorder/make.py [PART OF A PATH ...]``.

Each is recorded by ``runaudit.record.watch``, and a fault is proven as in ``sample_logs/make.py``: the same run without
it must be better. Only the clock is made up, so that the bytes stay the same. Needs torch, scikit-learn and PyYAML.
"""

from __future__ import annotations

import math
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import count, pairwise
from pathlib import Path

import torch
import yaml
from torch import Tensor, nn
from torch.nn import functional

from runaudit.record import pytorch, watch

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from _data import load  # noqa: E402  the shared pieces lie in the folder above
from _spec import Spec  # noqa: E402

MARGIN = 0.1
"""A fault counts from a tenth of the loss range of the run without it."""
LARGEST = 120_000
TICK = 0.002


@dataclass(frozen=True)
class Plan:
    """One run: ``data`` is digits or chars; what follows ``seed`` are faults.

    ``bias`` is where the biases of the hidden layers start, and their weights if ``zero``. ``detached`` cuts the first
    layer off from the gradient, ``frozen`` takes it out on purpose.
    """

    net: str = "mlp"
    hidden: tuple[int, ...] = (64, 64)
    data: str = "digits"
    optimizer: str = "adam"
    lr: float = 0.003
    steps: int = 1000
    batch: int = 32
    every: int = 100
    dense: int = 10
    seed: int = 0
    bias: float | None = None
    detached: bool = False
    frozen: bool = False
    zero: bool = False


@dataclass(frozen=True)
class Case:
    """One sample run: its plan, the changes that take the fault away (none if it is healthy), and what is found."""

    path: str
    plan: Plan
    why: str
    cure: Mapping[str, object] = field(default_factory=dict)
    findings: Mapping[str, str] = field(default_factory=dict)
    consequences: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Trained:
    """The first training loss, and both losses at the end, measured on all samples."""

    first: float
    train: float
    val: float


class Block(nn.Module):
    """A block of a transformer that looks back only."""

    def __init__(self, width: int, heads: int = 2) -> None:
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = (nn.LayerNorm(width, bias=False) for _ in range(2))
        self.qkv, self.out = nn.Linear(width, 3 * width, bias=False), nn.Linear(width, width, bias=False)
        self.up, self.down = nn.Linear(width, 2 * width, bias=False), nn.Linear(2 * width, width, bias=False)
        self.act = nn.GELU()

    def forward(self, x: Tensor) -> Tensor:
        """Return samples x places x width."""
        parts = self.qkv(self.norm1(x)).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        seen = functional.scaled_dot_product_attention(*parts, is_causal=True)
        x = x + self.out(seen.transpose(1, 2).flatten(2))
        return x + self.down(self.act(self.up(self.norm2(x))))


class Transformer(nn.Module):
    """Two blocks over characters, which tell the next one from the last place."""

    def __init__(self, vocabulary: int, context: int, width: int = 32) -> None:
        super().__init__()
        self.token_embedding = nn.Embedding(vocabulary, width)
        self.position_embedding = nn.Embedding(context, width)
        self.blocks = nn.ModuleList(Block(width) for _ in range(2))
        self.norm = nn.LayerNorm(width, bias=False)
        self.head = nn.Linear(width, vocabulary)
        for embedding in (self.token_embedding, self.position_embedding):
            nn.init.normal_(embedding.weight, std=0.1)

    def forward(self, x: Tensor) -> Tensor:
        """Return the scores of the next character."""
        h = self.token_embedding(x) + self.position_embedding.weight[: x.shape[1]]
        for block in self.blocks:
            h = block(h)
        return self.head(self.norm(h[:, -1]))


class Cut(nn.Module):
    """Lets values through and no gradient."""

    def forward(self, x: Tensor) -> Tensor:
        """Return the values, detached."""
        return x.detach()


def network(plan: Plan, outputs: int, context: int) -> nn.Module:
    """Return the network of a plan, with its faults."""
    cut = [Cut()] if plan.detached else []
    if plan.net == "transformer":
        return Transformer(outputs, context)
    if plan.net == "cnn":
        first = nn.Conv2d(1, 16, 3, padding=1)
        layers = [nn.Unflatten(1, (1, 8, 8)), first, *cut, nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2)]
        net = nn.Sequential(*layers, nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(512, outputs))
    else:
        activation: Callable[[], nn.Module] = nn.Sigmoid if plan.net == "sigmoid" else nn.ReLU
        widths = [64, *plan.hidden]
        hidden: list[nn.Module] = []
        for inputs, width in pairwise(widths):
            hidden += [nn.Linear(inputs, width), *cut, activation()]
            cut = []
        first = hidden[0]  # type: ignore[assignment]
        net = nn.Sequential(*hidden, nn.Linear(widths[-1], outputs))
    for layer in net[:-1]:
        if isinstance(layer, nn.Linear) and plan.bias is not None:
            nn.init.constant_(layer.bias, plan.bias)
        if isinstance(layer, nn.Linear) and plan.zero:
            nn.init.zeros_(layer.weight)
    if plan.frozen:
        first.requires_grad_(False)
    return net


def train(plan: Plan, folder: Path) -> Trained:
    """Train one network, recorded into a folder, and return what it came to."""
    torch.manual_seed(plan.seed)
    data = load(Spec(data=plan.data, seed=plan.seed))
    (x, y), held_out = data.train, data.val
    net = network(plan, data.classes, x.shape[1])
    makers: Mapping[str, Callable[..., torch.optim.Optimizer]] = {
        "adam": torch.optim.Adam,
        "sgd": lambda p, lr: torch.optim.SGD(p, lr, momentum=0.9),
    }
    optimizer = makers[plan.optimizer]([p for p in net.parameters() if p.requires_grad], lr=plan.lr)
    criterion = nn.CrossEntropyLoss()
    clock = count()
    pytorch.perf_counter = lambda: TICK * next(clock)
    said = {"dataset": data.name, "max_steps": plan.steps, "train_samples": len(x), "seed": plan.seed}
    random = torch.Generator().manual_seed(plan.seed)
    order, position, first = torch.randperm(len(x), generator=random), 0, math.nan
    with watch(
        net, optimizer, folder, criterion=criterion, config=said, every=plan.every, dense=plan.dense
    ) as recording:
        for step in range(plan.steps):
            if position + plan.batch > len(x):
                order, position = torch.randperm(len(x), generator=random), 0
            batch = order[position : position + plan.batch]
            position += plan.batch
            optimizer.zero_grad()
            loss = criterion(net(x[batch]), y[batch])
            loss.backward()
            optimizer.step()
            first = float(loss.detach()) if step == 0 else first
            if step % 25 == 24:
                net.eval()
                with torch.no_grad():
                    criterion(net(held_out[0]), held_out[1])
                net.train()
    del recording
    net.eval()
    with torch.no_grad():
        late, val = (float(functional.cross_entropy(net(inputs), wanted)) for inputs, wanted in ((x, y), held_out))
    return Trained(first, late, val)


TRANSFORMER = Plan(net="transformer", data="chars", lr=0.001, batch=64, every=200, dense=5)
CASES = (
    Case("recorder/healthy-cnn", Plan(net="cnn", lr=0.002), "two convolutions with batch normalisation, Adam"),
    Case(
        "recorder/healthy-transformer",
        TRANSFORMER,
        "two blocks of a transformer on the text of a small grammar, Adam",
    ),
    Case(
        "recorder/healthy-frozen",
        Plan(net="cnn", lr=0.002, frozen=True),
        "the first convolution is frozen on purpose, as in a fine-tuning",
    ),
    Case(
        "recorder/update-ratio-high",
        replace(TRANSFORMER, lr=0.03),
        "thirty times the tuned rate of 0.001: ends at {r.train:.2g}, at that rate at {c.train:.2g}",
        cure={"lr": 0.001},
        findings={
            "lr-too-high": "warning",
            "update-ratio-high": "warning",
            "missing-decay": "warning",
            "grad-norm-spikes": "note",
            "average-weights": "note",
        },
        consequences=dict.fromkeys(("update-ratio-high", "missing-decay", "grad-norm-spikes"), "lr-too-high"),
    ),
    Case(
        "recorder/update-ratio-low",
        Plan(optimizer="sgd", lr=0.0001),
        "a three hundredth of the tuned rate of 0.03: ends at {r.train:.2g}, at that rate at {c.train:.1g}",
        cure={"lr": 0.03},
        findings={"lr-too-low": "warning", "update-ratio-low": "warning", "still-improving": "note"},
        consequences=dict.fromkeys(("update-ratio-low", "still-improving"), "lr-too-low"),
    ),
    Case(
        "recorder/dead-relu",
        Plan(optimizer="sgd", lr=0.05, bias=-3.0),
        "hidden biases start at -3: ends at {r.train:.2g}, as drawn at {c.train:.1g}",
        cure={"bias": None},
        findings={
            "dead-relu": "warning",
            "not-learning": "error",
            "stuck-at-chance": "error",
            "unchanged-weights": "warning",
            "activation-scale": "note",
            "noisy-batch": "note",
        },
        consequences=dict.fromkeys(
            ("not-learning", "stuck-at-chance", "unchanged-weights", "activation-scale", "noisy-batch"), "dead-relu"
        ),
    ),
    Case(
        "recorder/vanishing-gradient",
        Plan(net="sigmoid", hidden=(32,) * 7, optimizer="sgd", lr=0.1, every=200, dense=5),
        "seven sigmoid layers: ends at {r.train:.2g}, two layers of rectified units at {c.train:.1g}",
        cure={"net": "mlp", "hidden": (32, 32)},
        findings={
            "vanishing-gradient": "warning",
            "not-learning": "error",
            "stuck-at-chance": "error",
            "update-ratio-low": "warning",
            "lr-too-low": "warning",
            "activation-scale": "note",
        },
        consequences=dict.fromkeys(
            ("not-learning", "stuck-at-chance", "update-ratio-low", "lr-too-low", "activation-scale"),
            "vanishing-gradient",
        ),
    ),
    Case(
        "recorder/unchanged-weights",
        Plan(hidden=(8, 32), detached=True),
        "the output of the first layer is detached: ends at {r.train:.2g}, with its gradient at {c.train:.1g}",
        cure={"detached": False},
        findings={"unchanged-weights": "warning"},
    ),
    Case(
        "recorder/zero-weights",
        Plan(bias=0.0, zero=True),
        "the hidden layers start at zero: ends at {r.train:.2g}, drawn at random at {c.train:.1g}",
        cure={"bias": None, "zero": False},
        findings={
            "zero-weights": "warning",
            "not-learning": "error",
            "stuck-at-chance": "error",
            "dead-relu": "warning",
            "unchanged-weights": "warning",
            "activation-scale": "note",
            "noisy-batch": "note",
        },
        consequences=dict.fromkeys(
            ("not-learning", "stuck-at-chance", "dead-relu", "unchanged-weights", "activation-scale", "noisy-batch"),
            "zero-weights",
        ),
    ),
)


def make(case: Case) -> str:
    """Write the folder of a case and return a line of numbers; raise if the run is not what it claims to be."""
    folder = HERE.parent / case.path
    shutil.rmtree(folder, ignore_errors=True)
    run = train(case.plan, folder)
    with tempfile.TemporaryDirectory() as scratch:
        cured = train(replace(case.plan, **case.cure), Path(scratch))  # type: ignore[arg-type]
    if case.cure and not (math.isfinite(cured.train) and not run.train - cured.train < MARGIN * cured.first):
        raise ValueError(f"{run.train:.4g}, without the fault {cured.train:.4g}")
    size = sum(file.stat().st_size for file in folder.iterdir())
    if size > LARGEST:
        raise ValueError(f"{size:,} bytes")
    why = case.why.format(r=run, c=cured)
    if not case.cure:
        why = f"{why}: training ends at {run.train:.2g}, validation at {run.val:.2g}"
    expected = {"why": why, "findings": dict(case.findings), "consequences": dict(case.consequences)}
    (folder / "expected.yaml").write_text(yaml.safe_dump(expected, sort_keys=False, width=100))
    return f"train {run.train:.3g}, val {run.val:.3g}; without the fault {cured.train:.3g}; {size:,} bytes"


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
