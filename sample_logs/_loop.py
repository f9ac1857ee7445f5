"""A plain training loop, for the formats that have no trainer of their own."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import torch
from _data import Data, load, loss_of
from _nets import Probe, build, layer_names, weight_of
from _spec import Evaluation, Layers, Outcome, Spec, spread
from torch import Tensor, nn


@dataclass(frozen=True)
class Row:
    """What was logged at one step: a training step, an evaluation, or a look at the layers.

    Of a simulated machine: ``machine`` has its columns by name, ``seconds`` the time since the start of the run.
    """

    kind: str
    step: int
    values: Mapping[str, float] = field(default_factory=dict)
    layers: Layers = field(default_factory=dict)
    histograms: Mapping[str, Tensor] = field(default_factory=dict)
    machine: Mapping[str, float] = field(default_factory=dict)
    seconds: float | None = None


@dataclass(frozen=True)
class Record:
    """The rows of a run in the order of its steps, what it came to, and its network at the end."""

    rows: list[Row]
    outcome: Outcome
    net: nn.Sequential


def train(spec: Spec) -> Record:
    """Train one network and return everything that it logged."""
    data = load(spec)
    net = initial(spec, data)
    optimizer, probe = optimizer_of(spec, net), Probe(net, spec.activation)
    evaluated, probed = set(spec.evaluation_steps()), set(spec.diagnostic_steps())
    drawn = set(spread(spec.steps - 1, spec.histograms))
    rows: list[Row] = []
    outcome = Outcome([])

    def evaluate_at(step: int) -> None:
        outcome.evaluations.append(evaluate(net, data, spec.mistakes_counted))
        rows.append(Row("val", step, evaluation_row(outcome.evaluations[-1], spec)))

    for step, (x, y) in enumerate(batches(spec, data)):
        if step in evaluated:
            evaluate_at(step)
        rate = spec.rate(step)
        for group in optimizer.param_groups:
            group["lr"] = rate
        layers = probe.activations(x) if step in probed else {}
        loss = batch_loss(spec, data, net(x), y)
        parts = {}
        if spec.penalty:
            penalty = spec.penalty * squared_weights(net)
            loss = loss + penalty
            parts["penalty"] = float(penalty.detach())
            outcome.penalties.append(parts["penalty"])
        net.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        outcome.losses.append(float(loss.detach()))
        outcome.norms.append(global_norm(net))
        if step % spec.every == 0:
            logged = {"loss": outcome.losses[-1], "lr": rate, "grad_norm": outcome.norms[-1]}
            rows.append(Row("train", step, logged | parts))
        if spec.clip:
            nn.utils.clip_grad_norm_(net.parameters(), spec.clip)
        if step in drawn:
            rows.append(Row("histogram", step, histograms=probe.histograms(x)))
        before = probe.weights()
        optimizer.step()
        if step in probed:
            outcome.layers.append({**layers, **probe.gradients(), **probe.updates(before)})
            rows.append(Row("diag", step, layers=outcome.layers[-1]))
    evaluate_at(spec.steps)
    return Record(rows, outcome, net)


def initial(spec: Spec, data: Data) -> nn.Sequential:
    """Return the network as the run starts: fresh, or after a shorter training on part of the data."""
    net = build(spec, data)
    if spec.pretrained:
        earlier = replace(
            spec, pretrained=False, samples=300, steps=100, lr=0.02, schedule="cosine", seed=spec.seed + 1
        )
        net.load_state_dict(train(earlier).net.state_dict())
    return net


def global_norm(net: nn.Module) -> float:
    """Return the norm of all gradients together."""
    return float(nn.utils.get_total_norm([p.grad for p in net.parameters() if p.grad is not None]))


def squared_weights(net: nn.Sequential) -> Tensor:
    """Return the sum of all squared weights, biases left out."""
    return torch.stack([weight_of(net, name).square().sum() for name in layer_names(net)]).sum()


def optimizer_of(spec: Spec, net: nn.Module) -> torch.optim.Optimizer:
    """Return the optimizer; one that holds a copy of the parameters never moves the network."""
    parameters = list(net.parameters())
    if spec.copied_parameters:
        parameters = [nn.Parameter(p.detach().clone()) for p in parameters]
    if spec.optimizer == "adam":
        return torch.optim.AdamW(parameters, lr=spec.lr, weight_decay=spec.weight_decay)
    return torch.optim.SGD(parameters, lr=spec.lr, momentum=0.9, weight_decay=spec.weight_decay)


def batch_loss(spec: Spec, data: Data, output: Tensor, target: Tensor) -> Tensor:
    """Return the loss that the run optimises on a batch."""
    if spec.half_probabilities:
        chosen = torch.softmax(output, dim=1).half().gather(1, target[:, None])
        return -chosen.log().float().mean()
    return loss_of(data, output, target)


def batches(spec: Spec, data: Data) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield one batch a step: every epoch in a new order, or always in the order of the targets."""
    random = torch.Generator().manual_seed(1000 + spec.seed)
    x, y = data.train
    order = torch.argsort(y, stable=True)
    position = len(x)
    for step in range(spec.steps):
        if position >= len(x):
            position = 0
            if not spec.sorted_data:
                order = torch.randperm(len(x), generator=random)
        rows = order[position : position + spec.batch]
        position += spec.batch
        inputs, targets = x[rows], y[rows]
        if step in spec.bad_batches:
            inputs, targets = 5 * inputs, targets[torch.randperm(len(rows), generator=random)]
        if spec.random_labels:
            targets = y[torch.randint(len(y), (len(rows),), generator=random)]
        yield inputs, targets


def evaluate(net: nn.Module, data: Data, mistakes_counted: bool = False) -> Evaluation:
    """Return loss and accuracy of both splits in evaluation mode; counting mistakes spoils the accuracy only."""
    net.eval()
    found: list[float] = []
    with torch.no_grad():
        for x, y in (data.train, data.val):
            output = net(x[:2000])
            hits = (output.argmax(dim=1) == y[:2000]) ^ mistakes_counted
            right = float(hits.float().mean()) if data.classes else float("nan")
            found += [float(loss_of(data, output, y[:2000])), right]
    net.train()
    return Evaluation(found[0], found[2], found[1], found[3])


def evaluation_row(evaluation: Evaluation, spec: Spec) -> dict[str, float]:
    """Return what a run logs of an evaluation: the validation loss, and accuracies where there are any."""
    row = {"val_loss": evaluation.val}
    if not math.isnan(evaluation.val_accuracy):
        row["val_acc"] = evaluation.val_accuracy
        if spec.train_accuracy:
            row["train_acc"] = evaluation.train_accuracy
    return row
