"""The test set of gradient checks: backward passes with one planted mistake, and right ones that look hard."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tests.gradcheck import nets
from tests.gradcheck.nets import Problem

Maker = Callable[[np.random.Generator], Problem]

WRONG: dict[str, Maker] = {}
RIGHT: dict[str, Maker] = {}
PLANTED: dict[Callable[..., Problem], tuple[str, ...]] = {
    nets.regression: (
        "sign",
        "factor 2 forgotten",
        "1/N forgotten",
        "transpose forgotten",
        "gradient transposed",
        "bias summed over the wrong axis",
        "bias averaged",
        "bias not summed",
        "bias forgotten",
    ),
    nets.softmax: ("onehot not subtracted", "regularisation forgotten", "regularisation without factor 2"),
    nets.hinge: ("one count too many", "count forgotten", "counted once"),
    nets.logistic: ("derivative of the sigmoid twice", "labels of the other class"),
    nets.mlp: ("one tensor off by 1 %", "one tensor off by 0.1 %", "one bias forgotten", "dropout mask forgotten"),
    nets.batch_norm: (
        "mean term forgotten",
        "variance term forgotten",
        "gamma without normalisation",
        "epsilon forgotten",
    ),
    nets.layer_norm: ("statistics over the wrong axis",),
    nets.conv: ("padding off by one", "kernel flipped", "bias of one sample"),
    nets.lstm: (
        "cell path forgotten",
        "forget gate with the candidate",
        "shared weights overwritten",
        "one step back only",
    ),
    nets.attention: ("softmax by its diagonal", "scale forgotten", "keys not transposed"),
    nets.embedding: ("repeated token overwritten",),
    nets.tied: ("shared use forgotten",),
    nets.norm: ("0/0 at zero",),
    nets.absolute: ("too steep at the kink",),
    nets.gelu: ("derivative of another formula",),
    nets.huber: ("not clipped",),
}


def _planted(make: Callable[..., Problem], bug: str) -> Maker:
    return lambda rng: make(rng, bug)


for _make, _bugs in PLANTED.items():
    for _bug in _bugs:
        WRONG[f"{_make.__name__}: {_bug}"] = _planted(_make, _bug)
WRONG |= {
    "softmax: sign of L1": lambda rng: nets.softmax(rng, "sign of L1", l1=0.1),
    "softmax: L1 without a sign": lambda rng: nets.softmax(rng, "L1 without a sign", l1=0.1),
    "mlp: dropout scale forgotten": lambda rng: nets.mlp(rng, "dropout scale forgotten"),
    "tanh: derivative of the pre-activation": lambda rng: nets.mlp(rng, act="tanh of the pre-activation"),
    "tanh: derivative without square": lambda rng: nets.mlp(rng, act="tanh without square"),
    "sigmoid: derivative of the pre-activation": lambda rng: nets.mlp(rng, act="sigmoid of the pre-activation"),
    "relu: mask of another sign": lambda rng: nets.mlp(rng, act="mask of another sign"),
    "relu: no mask": lambda rng: nets.mlp(rng, act="mask of all"),
    "relu: mask of the wrong tensor": lambda rng: nets.mlp(rng, "mask of the wrong tensor", "relu", (6, 6, 6, 3)),
    "leaky relu: slope forgotten": lambda rng: nets.mlp(rng, act="leaky slope forgotten"),
    "residual: skip path forgotten": lambda rng: nets.mlp(
        rng, "skip path forgotten", "tanh", (5, 5, 5, 3), residual=True
    ),
    "deep: one tensor off by 1 %": lambda rng: nets.mlp(rng, "one tensor off by 1 %", "tanh", (5, *[6] * 11, 3)),
    "deep relu: one bias forgotten": lambda rng: nets.mlp(
        rng, "one bias forgotten", "relu", (5, *[12] * 5, 3), gain=1.5
    ),
    "pool: gradient to every tie": lambda rng: nets.conv(rng, "gradient to every tie", pool=True, tied=True),
    "pool: gradient to every input": lambda rng: nets.conv(rng, "gradient to every input of the pool", pool=True),
    "float32: sign": lambda rng: nets.single(nets.regression(rng, "sign")),
    "float32: factor 2": lambda rng: nets.single(nets.regression(rng, "factor 2 forgotten")),
    "float32 loss, sigmoid": lambda rng: nets.single(
        nets.mlp(rng, act="sigmoid of the pre-activation"), gradient=False
    ),
    "tiny loss: sign": lambda rng: nets.scaled(nets.regression(rng, "sign"), 1e-12),
    "loss of thousands: factor 2": lambda rng: nets.regression(rng, "factor 2 forgotten", scale=2000.0),
    "loss beside a million: axis": lambda rng: nets.offset(nets.regression(rng, "bias averaged"), 1e6),
}
RIGHT |= {
    "regression": nets.regression,
    "softmax with L2": nets.softmax,
    "softmax with L1": lambda rng: nets.softmax(rng, l1=0.1),
    "hinge": nets.hinge,
    "hinge, scores near zero": lambda rng: nets.hinge(rng, spread=1e-6),
    "hinge at zero weights": lambda rng: nets.hinge(rng, spread=0.0),
    "logistic": nets.logistic,
    "tanh net": nets.mlp,
    "sigmoid net": lambda rng: nets.mlp(rng, act="sigmoid"),
    "softplus net": lambda rng: nets.mlp(rng, act="softplus"),
    "relu net": lambda rng: nets.mlp(rng, act="relu"),
    "relu net, many units": lambda rng: nets.mlp(rng, act="relu", sizes=(20, 100, 100, 5), n=16),
    "leaky relu net": lambda rng: nets.mlp(rng, act="leaky"),
    "dropout with its mask": lambda rng: nets.mlp(rng, "dropout"),
    "residual net": lambda rng: nets.mlp(rng, "", "relu", (5, 5, 5, 3), residual=True),
    "twelve tanh layers": lambda rng: nets.mlp(rng, sizes=(5, *[6] * 11, 3)),
    "twelve relu layers": lambda rng: nets.mlp(rng, act="relu", sizes=(5, *[8] * 11, 3), gain=1.4),
    "twenty sigmoid layers that vanish": lambda rng: nets.mlp(rng, act="sigmoid", sizes=(5, *[5] * 19, 3)),
    "saturated tanh": lambda rng: nets.mlp(rng, gain=10.0),
    "weights that explode": lambda rng: nets.mlp(rng, act="relu", gain=30.0),
    "batch norm": nets.batch_norm,
    "batch norm after a bias": lambda rng: nets.batch_norm(rng, bias=True),
    "layer norm": nets.layer_norm,
    "convolution": nets.conv,
    "convolution, relu and pool": lambda rng: nets.conv(rng, act="relu", pool=True),
    "pool of ties": lambda rng: nets.conv(rng, pool=True, tied=True),
    "LSTM": nets.lstm,
    "LSTM, ten steps": lambda rng: nets.lstm(rng, steps=10),
    "attention": nets.attention,
    "embedding": nets.embedding,
    "tied weights": nets.tied,
    "norm with a row of zeros": nets.norm,
    "absolute values, some at zero": nets.absolute,
    "GELU": nets.gelu,
    "Huber": nets.huber,
    "loss of thousands": lambda rng: nets.regression(rng, scale=2000.0),
    "loss beside a million": lambda rng: nets.offset(nets.mlp(rng), 1e6),
    "tiny gradients": lambda rng: nets.scaled(nets.mlp(rng), 1e-12),
    "huge loss": lambda rng: nets.scaled(nets.regression(rng), 1e200),
    "float32": lambda rng: nets.single(nets.mlp(rng)),
    "float32, relu": lambda rng: nets.single(nets.mlp(rng, act="relu", sizes=(5, 12, 12, 3))),
    "float32 inside a double": lambda rng: nets.single(nets.softmax(rng), hidden=True),
    "float32 gradient alone": lambda rng: nets.Problem(
        lambda p: (
            nets.regression(np.random.default_rng(1)).both(p)[0],
            nets.single(nets.regression(np.random.default_rng(1))).both(p)[1],
        ),
        nets.regression(rng).x,
    ),
}
