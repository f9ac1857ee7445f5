"""The networks of the sample runs, and the diagnostics of their layers."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Mapping

import torch
from _data import CONTEXT, Data
from _spec import Spec
from torch import Tensor, nn

EMBEDDING = 10
ACTIVATIONS: Mapping[str, Callable[[], nn.Module]] = {"relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}


class LastState(nn.Module):
    """A recurrent layer over the 8 rows of a digit, or over 8 characters, that gives its last state."""

    def __init__(self, inputs: int, width: int, activation: str) -> None:
        super().__init__()
        self.cell = nn.RNN(inputs, width, nonlinearity=activation, batch_first=True)

    @property
    def weight(self) -> nn.Parameter:
        """Return the recurrent weight matrix."""
        return self.cell.get_parameter("weight_hh_l0")

    def forward(self, x: Tensor) -> Tensor:
        """Return the state after the last row, one row a sample."""
        states: Tensor = self.cell(x)[0]
        return states[:, -1]


def build(spec: Spec, data: Data) -> nn.Sequential:
    """Return the network with its initial weights, scaled and shifted as the run asks for."""
    torch.manual_seed(spec.seed)
    net = nn.Sequential(OrderedDict(_modules(spec, data)))
    gain = math.sqrt(2.0) if spec.activation == "relu" else 1.0
    with torch.no_grad():
        for name in layer_names(net):
            weight = weight_of(net, name)
            if name == "head":
                weight.mul_(spec.head_scale)
            elif name == "rnn":
                nn.init.orthogonal_(weight).mul_(spec.weight_scale)
            elif name != "emb":
                nn.init.normal_(weight, std=spec.weight_scale * gain / math.sqrt(weight[0].numel()))
                net.get_parameter(f"{name}.bias").fill_(spec.hidden_bias)
    return net


def _modules(spec: Spec, data: Data) -> list[tuple[str, nn.Module]]:
    activation = ACTIVATIONS[spec.activation]
    if spec.net == "cnn":
        first, second = spec.hidden
        return [
            ("image", nn.Unflatten(1, (1, 8, 8))),
            ("conv1", nn.Conv2d(1, first, 3, padding=1)),
            ("act1", activation()),
            ("pool1", nn.MaxPool2d(2)),
            ("conv2", nn.Conv2d(first, second, 3, padding=1)),
            ("act2", activation()),
            ("pool2", nn.MaxPool2d(2)),
            ("flat", nn.Flatten()),
            ("head", nn.Linear(4 * second, data.outputs)),
        ]
    if spec.net == "rnn":
        rows: list[tuple[str, nn.Module]] = [("rows", nn.Unflatten(1, (8, 8)))]
        if data.vocabulary:
            rows = [("emb", nn.Embedding(data.vocabulary, 8))]
        width = spec.hidden[0]
        return [*rows, ("rnn", LastState(8, width, spec.activation)), ("head", nn.Linear(width, data.outputs))]
    modules: list[tuple[str, nn.Module]] = []
    width = data.train[0].shape[1]
    if data.vocabulary:
        modules = [("emb", nn.Embedding(data.vocabulary, EMBEDDING)), ("flat", nn.Flatten())]
        width = CONTEXT * EMBEDDING
    for i, units in enumerate(spec.hidden, start=1):
        modules += [(f"fc{i}", nn.Linear(width, units)), (f"act{i}", activation())]
        if spec.dropout:
            modules.append((f"drop{i}", nn.Dropout(spec.dropout)))
        width = units
    return [*modules, ("head", nn.Linear(width, data.outputs))]


def layer_names(net: nn.Sequential) -> list[str]:
    """Return the names of the layers that have a weight matrix, the first layer first."""
    return [name for name, layer in net.named_children() if hasattr(layer, "weight")]


def weight_of(net: nn.Sequential, layer: str) -> nn.Parameter:
    """Return the weight matrix of a layer; the recurrent one of a recurrent layer."""
    weight: nn.Parameter = net.get_submodule(layer).weight  # type: ignore[assignment]
    return weight


class Probe:
    """Measures, at one step, each layer's gradient, update, weights and activations."""

    def __init__(self, net: nn.Sequential, activation: str) -> None:
        self.net = net
        self.bounded = activation in {"tanh", "sigmoid"}
        self.activation = activation
        self.layers = layer_names(net)

    def outputs(self, x: Tensor) -> dict[str, Tensor]:
        """Return the activations of each hidden layer on a batch, by the name of the layer."""
        found: dict[str, Tensor] = {}
        layer = ""
        with torch.no_grad():
            for name, module in self.net.named_children():
                x = module(x)
                layer = name if name in self.layers else layer
                if name.startswith("act") or name == "rnn":
                    found[layer] = x
        return found

    def activations(self, x: Tensor) -> dict[tuple[str, str], float]:
        """Return mean, s.d. and the share of zero or saturated outputs of each hidden layer on a batch."""
        shares = {layer: self._shares(output) for layer, output in self.outputs(x).items()}
        return {(layer, key): value for layer, found in shares.items() for key, value in found.items()}

    def histograms(self, x: Tensor) -> dict[str, Tensor]:
        """Return the activations of a batch and the gradients, by tag; call it after the backward pass."""
        found = {f"activations/{layer}": output for layer, output in self.outputs(x).items()}
        for layer in self.layers:
            gradient = weight_of(self.net, layer).grad
            if gradient is not None:
                found[f"gradients/{layer}.weight"] = gradient.clone()
        return found

    def _shares(self, x: Tensor) -> dict[str, float]:
        shares = {"mean": float(x.mean()), "std": float(x.std())}
        if self.bounded:
            low = 0.0 if self.activation == "sigmoid" else -1.0
            margin = 0.015 * (1 - low)
            shares["saturated"] = float(((x < low + margin) | (x > 1 - margin)).float().mean())
        else:
            shares["zero"] = float((x == 0).float().mean())
            units = x.flatten(2).transpose(1, 2).flatten(0, 1) if x.ndim > 2 else x
            shares["dead"] = float((units == 0).all(dim=0).float().mean())
        return shares

    def gradients(self) -> dict[tuple[str, str], float]:
        """Return each layer's gradient norm; call it after the backward pass."""
        return {(name, "grad_norm"): float(_norm(weight_of(self.net, name).grad)) for name in self.layers}

    def weights(self) -> dict[str, Tensor]:
        """Return a copy of each layer's weights, to be given to :meth:`updates` after the step."""
        return {name: weight_of(self.net, name).detach().clone() for name in self.layers}

    def updates(self, before: Mapping[str, Tensor]) -> dict[tuple[str, str], float]:
        """Return each layer's weight norm, and the norm of its update over that."""
        found: dict[tuple[str, str], float] = {}
        for name, old in before.items():
            found[name, "weight_norm"] = float(old.norm())
            found[name, "update_ratio"] = float((weight_of(self.net, name).detach() - old).norm() / old.norm())
        return found


def _norm(gradient: Tensor | None) -> Tensor:
    return torch.zeros(()) if gradient is None else gradient.norm()
