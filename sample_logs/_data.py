"""The data sets of the sample runs: digits and friedman1 of scikit-learn, a noisy sine, the text of a small grammar."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from _spec import Spec
from sklearn.datasets import load_digits, make_friedman1
from torch import Tensor
from torch.nn import functional

CONTEXT = 8


@dataclass(frozen=True)
class Data:
    """Inputs and targets of the training and of the validation split, and how the targets are judged."""

    name: str
    train: tuple[Tensor, Tensor]
    val: tuple[Tensor, Tensor]
    loss: str
    classes: int = 0
    vocabulary: int = 0

    @property
    def outputs(self) -> int:
        """Return the width of the last layer: a class each, a mean and a log s.d., or one number."""
        return self.classes or (2 if self.loss == "gaussian_nll" else 1)


def load(spec: Spec) -> Data:
    """Return the data set of a run with only the first ``samples`` training samples, if given, and its faults."""
    data = {"digits": _digits, "friedman": _friedman, "sine": _sine, "chars": _chars}[spec.data]()
    x, y = (part[: spec.samples] for part in data.train)
    if spec.label_noise:
        random = torch.Generator().manual_seed(4)
        drawn = torch.randint(data.classes, (len(y),), generator=random)
        y = torch.where(torch.rand(len(y), generator=random) < spec.label_noise, drawn, y)
    if spec.input_scale != 1.0:
        return replace(data, train=(spec.input_scale * x, y), val=(spec.input_scale * data.val[0], data.val[1]))
    return replace(data, train=(x, y))


def loss_of(data: Data, output: Tensor, target: Tensor) -> Tensor:
    """Return the mean loss of a batch: cross-entropy, squared error, or a Gaussian's negative log-likelihood."""
    if data.classes:
        return functional.cross_entropy(output, target)
    if data.loss == "gaussian_nll":
        mean, log_sd = output[:, 0], output[:, 1].clamp(-6, 6)
        return (log_sd + 0.5 * ((target - mean) / log_sd.exp()) ** 2).mean()
    return functional.mse_loss(output[:, 0], target)


def _split(x: Tensor, y: Tensor, train: int, seed: int) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    order = torch.from_numpy(np.random.default_rng(seed).permutation(len(x)))
    return (x[order[:train]], y[order[:train]]), (x[order[train:]], y[order[train:]])


def _digits() -> Data:
    digits = load_digits()
    x = torch.tensor(digits.data / 8.0 - 1.0, dtype=torch.float32)
    train, val = _split(x, torch.tensor(digits.target, dtype=torch.int64), 1200, seed=0)
    return Data("digits", train, val, "cross_entropy", classes=10)


def _friedman() -> Data:
    x, y = make_friedman1(n_samples=2500, n_features=10, noise=1.0, random_state=0)
    inputs = torch.tensor(2 * x - 1, dtype=torch.float32)
    train, val = _split(inputs, torch.tensor((y - y.mean()) / y.std(), dtype=torch.float32), 2000, seed=1)
    return Data("friedman1", train, val, "mse")


def _sine() -> Data:
    rng = np.random.default_rng(2)
    x = rng.uniform(-1, 1, size=(2500, 4))
    sd = 0.05 + 0.1 * np.abs(x[:, 1])
    y = np.sin(3 * x[:, 0]) * x[:, 2] + 0.5 * x[:, 3] + sd * rng.standard_normal(len(x))
    train, val = _split(torch.tensor(x, dtype=torch.float32), torch.tensor(y, dtype=torch.float32), 2000, seed=2)
    return Data("noisy-sine", train, val, "gaussian_nll")


def _chars() -> Data:
    codes = torch.from_numpy(np.unique(np.array(list(_text(6000))), return_inverse=True)[1].astype(np.int64))
    windows = codes.unfold(0, CONTEXT + 1, 1)
    x, y = windows[:, :CONTEXT], windows[:, CONTEXT]
    vocabulary = int(codes.max()) + 1
    cut = 20_000
    train, val = (x[:cut], y[:cut]), (x[cut + 500 : cut + 1500], y[cut + 500 : cut + 1500])
    return Data("grammar-char", train, val, "cross_entropy", classes=vocabulary, vocabulary=vocabulary)


def _text(sentences: int) -> str:
    """Return sentences of a small grammar, always the same."""
    rng = np.random.default_rng(3)
    subjects = ["the loss", "a gradient", "the rate", "one layer", "this batch", "our model", "the noise"]
    verbs = ["falls", "rises", "stays", "jumps", "drifts", "settles", "returns"]
    places = ["near zero", "at the edge", "after a while", "too quickly", "for good", "by chance"]
    joins = [".\n", ", and then ", "; but "]
    parts: list[str] = []
    for _ in range(sentences):
        parts += [str(rng.choice(words)) + " " for words in (subjects, verbs)]
        parts += [str(rng.choice(places)), str(rng.choice(joins, p=[0.6, 0.2, 0.2]))]
    return "".join(parts)[:24_000]
