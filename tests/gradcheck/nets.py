"""Losses with hand-written gradients, each right, or with one planted mistake by the name of ``bug``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Params = dict[str, Array]
Both = Callable[[Params], tuple[Any, Params]]
"""Loss and gradient at a point."""


@dataclass(frozen=True)
class Problem:
    """A loss with its gradient, the point, and what to tell the check."""

    both: Both
    x: Params
    options: dict[str, Any] = field(default_factory=dict)


def _normal(rng: np.random.Generator, *shape: int) -> Array:
    return rng.normal(size=shape)


def _softmax(scores: Array) -> Array:
    e = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(e / e.sum(axis=-1, keepdims=True))


def _cross_entropy(scores: Array, y: Array) -> tuple[float, Array]:
    p = _softmax(scores)
    n = len(y)
    d = p.copy()
    d[np.arange(n), y] -= 1.0
    top = scores.max(axis=1)
    loss = np.mean(top + np.log(np.exp(scores - top[:, None]).sum(axis=1)) - scores[np.arange(n), y])
    return loss, d / n


# --- one layer ------------------------------------------------------------------------------------------------


def regression(rng: np.random.Generator, bug: str = "", scale: float = 1.0) -> Problem:
    n = 4
    inputs, targets = _normal(rng, n, 4), _normal(rng, n, 4) + 0.5

    def both(p: Params) -> tuple[Any, Params]:
        apart = inputs @ p["w"] + p["b"] - targets
        d = scale * 2.0 * apart / n
        if bug == "factor 2 forgotten":
            d = d / 2
        if bug == "1/N forgotten":
            d = d * n
        dw, db = inputs.T @ d, d.sum(axis=0)
        if bug == "sign":
            dw = -dw
        if bug == "transpose forgotten":
            dw = inputs @ d
        if bug == "gradient transposed":
            dw = dw.T
        if bug == "bias summed over the wrong axis":
            db = d.sum(axis=1)
        if bug == "bias averaged":
            db = d.mean(axis=0)
        if bug == "bias not summed":
            db = d
        grads = {"w": dw, "b": db}
        if bug == "bias forgotten":
            del grads["b"]
        return scale * np.sum(apart**2) / n, grads

    return Problem(both, {"w": _normal(rng, 4, 4), "b": _normal(rng, 4)})


def softmax(rng: np.random.Generator, bug: str = "", l2: float = 0.1, l1: float = 0.0) -> Problem:
    n, classes = 6, 4
    inputs, y = _normal(rng, n, 5), rng.integers(0, classes, n)

    def both(p: Params) -> tuple[Any, Params]:
        scores = inputs @ p["w"] + p["b"]
        loss, d = _cross_entropy(scores, y)
        if bug == "onehot not subtracted":
            d = _softmax(scores) / n
        dw = inputs.T @ d
        if bug != "regularisation forgotten":
            dw = dw + (l2 if bug == "regularisation without factor 2" else 2 * l2) * p["w"]
        dw = dw + l1 * (-1 if bug == "sign of L1" else 1) * np.sign(p["w"])
        if bug == "L1 without a sign":
            dw = dw + l1 - l1 * np.sign(p["w"])
        return loss + l2 * np.sum(p["w"] ** 2) + l1 * np.sum(np.abs(p["w"])), {"w": dw, "b": d.sum(axis=0)}

    return Problem(both, {"w": _normal(rng, 5, classes), "b": _normal(rng, classes)})


def hinge(rng: np.random.Generator, bug: str = "", spread: float = 1.0) -> Problem:
    n, classes = 8, 5
    inputs, y = _normal(rng, n, 6), rng.integers(0, classes, n)
    rows = np.arange(n)

    def both(p: Params) -> tuple[Any, Params]:
        scores = inputs @ p["w"]
        margins = np.maximum(0.0, scores - scores[rows, y][:, None] + 1.0)
        margins[rows, y] = 0.0
        d = (margins > 0).astype(float)
        if bug == "one count too many":
            d[rows, y] = -d.sum(axis=1) - 1.0
        elif bug != "count forgotten":
            d[rows, y] = -1.0 if bug == "counted once" else -d.sum(axis=1)
        return margins.sum() / n, {"w": inputs.T @ d / n}

    return Problem(both, {"w": spread * _normal(rng, 6, classes)})


def logistic(rng: np.random.Generator, bug: str = "") -> Problem:
    n = 10
    inputs, y = _normal(rng, n, 5), rng.integers(0, 2, n).astype(float)

    def both(p: Params) -> tuple[Any, Params]:
        z = inputs @ p["w"] + p["b"]
        s = 1 / (1 + np.exp(-z))
        d = (s - y) * (s * (1 - s) if bug == "derivative of the sigmoid twice" else 1.0)
        if bug == "labels of the other class":
            d = s - (1 - y)
        return np.mean(np.logaddexp(0, z) - y * z), {"w": inputs.T @ d / n, "b": np.array(d.mean())}

    return Problem(both, {"w": _normal(rng, 5), "b": np.array(0.3)})


# --- networks -------------------------------------------------------------------------------------------------

Act = tuple[Callable[[Array], Array], Callable[[Array, Array], Array]]
ACTS: dict[str, Act] = {
    "tanh": (np.tanh, lambda z, a: 1 - a**2),
    "sigmoid": (lambda z: 1 / (1 + np.exp(-z)), lambda z, a: a * (1 - a)),
    "relu": (lambda z: np.maximum(z, 0), lambda z, a: (z > 0) * 1.0),
    "leaky": (lambda z: np.where(z > 0, z, 0.1 * z), lambda z, a: np.where(z > 0, 1.0, 0.1)),
    "softplus": (lambda z: np.logaddexp(0, z), lambda z, a: 1 / (1 + np.exp(-z))),
    "tanh of the pre-activation": (np.tanh, lambda z, a: 1 - z**2),
    "tanh without square": (np.tanh, lambda z, a: 1 - a),
    "sigmoid of the pre-activation": (lambda z: 1 / (1 + np.exp(-z)), lambda z, a: z * (1 - z)),
    "mask of another sign": (lambda z: np.maximum(z, 0), lambda z, a: (z < 0) * 1.0),
    "mask of all": (lambda z: np.maximum(z, 0), lambda z, a: np.ones_like(z)),
    "leaky slope forgotten": (lambda z: np.where(z > 0, z, 0.1 * z), lambda z, a: (z > 0) * 1.0),
}


def mlp(
    rng: np.random.Generator,
    bug: str = "",
    act: str = "tanh",
    sizes: tuple[int, ...] = (5, 7, 6, 3),
    residual: bool = False,
    gain: float = 1.0,
    n: int = 4,
) -> Problem:
    layers = len(sizes) - 1
    inputs, y = _normal(rng, n, sizes[0]), rng.integers(0, sizes[-1], n)
    keep = [(rng.random((n, size)) < 0.7) / 0.7 for size in sizes[1:-1]]
    forward, slope = ACTS[act]
    masked = bug.startswith("dropout")

    def both(p: Params) -> tuple[Any, Params]:
        a, cache = inputs, []
        for i in range(layers - 1):
            z = a @ p[f"w{i}"] + p[f"b{i}"]
            out = forward(z)
            cache.append((a, z, out))
            a = out * keep[i] if masked else out
            if residual and a.shape == cache[-1][0].shape:
                a = a + cache[-1][0]
        scores = a @ p[f"w{layers - 1}"] + p[f"b{layers - 1}"]
        loss, d = _cross_entropy(scores, y)
        grads: Params = {}
        for i in reversed(range(layers)):
            below, z, out = cache[i] if i < layers - 1 else (a, scores, scores)
            if i < layers - 1:
                if masked and bug != "dropout mask forgotten":
                    d = d * (keep[i] > 0 if bug == "dropout scale forgotten" else keep[i])
                wrong = bug == "mask of the wrong tensor" and below.shape == z.shape
                skip = d if residual and below.shape == out.shape and bug != "skip path forgotten" else None
                d = d * (slope(below, below) if wrong else slope(z, out))
            else:
                skip = None
            grads[f"w{i}"], grads[f"b{i}"] = below.T @ d, d.sum(axis=0)
            d = d @ p[f"w{i}"].T
            if skip is not None:
                d = d + skip
        if bug == "one tensor off by 1 %":
            grads["w1"] = grads["w1"] * 1.011
        if bug == "one tensor off by 0.1 %":
            grads["w1"] = grads["w1"] * 1.001
        if bug == "one bias forgotten":
            grads["b0"] = np.zeros_like(grads["b0"])
        return loss, grads

    x: Params = {}
    for i, (into, out) in enumerate(pairwise(sizes)):
        x[f"w{i}"] = gain * _normal(rng, into, out) / np.sqrt(into)
        x[f"b{i}"] = 0.1 * _normal(rng, out)
    return Problem(both, x, {"depth": layers})


def batch_norm(rng: np.random.Generator, bug: str = "", bias: bool = False, eps: float = 1e-3) -> Problem:
    n, d_in, d_out = 8, 4, 5
    inputs, target = _normal(rng, n, d_in), _normal(rng, n, d_out)

    def both(p: Params) -> tuple[Any, Params]:
        z = inputs @ p["w"] + (p["b"] if bias else 0.0)
        mean, var = z.mean(axis=0), z.var(axis=0)
        inverse = 1 / np.sqrt(var + eps)
        hat = (z - mean) * inverse
        apart = p["gamma"] * hat + p["beta"] - target
        d = 2 * apart / n
        dh = d * p["gamma"]
        first = 0.0 if bug == "mean term forgotten" else dh.mean(axis=0)
        second = 0.0 if bug == "variance term forgotten" else hat * (dh * hat).mean(axis=0)
        if bug == "epsilon forgotten":
            inverse = 1 / np.sqrt(var)
        dz = inverse * (dh - first - second)
        grads = {"w": inputs.T @ dz, "gamma": (d * hat).sum(axis=0), "beta": d.sum(axis=0)}
        if bug == "gamma without normalisation":
            grads["gamma"] = (d * z).sum(axis=0)
        return np.sum(apart**2) / n, grads | ({"b": dz.sum(axis=0)} if bias else {})

    x = {"w": _normal(rng, d_in, d_out), "gamma": 1 + 0.2 * _normal(rng, d_out), "beta": _normal(rng, d_out)}
    return Problem(both, x | ({"b": _normal(rng, d_out)} if bias else {}))


def layer_norm(rng: np.random.Generator, bug: str = "") -> Problem:
    n, width = 5, 6
    inputs, target = _normal(rng, n, width), _normal(rng, n, width)

    def both(p: Params) -> tuple[Any, Params]:
        z = inputs @ p["w"]
        inverse = 1 / np.sqrt(z.var(axis=1, keepdims=True) + 1e-5)
        hat = (z - z.mean(axis=1, keepdims=True)) * inverse
        apart = p["gamma"] * hat - target
        dh = 2 * apart * p["gamma"]
        axis = 0 if bug == "statistics over the wrong axis" else 1
        dz = inverse * (dh - dh.mean(axis, keepdims=True) - hat * (dh * hat).mean(axis, keepdims=True))
        return np.sum(apart**2), {"w": inputs.T @ dz, "gamma": (2 * apart * hat).sum(axis=0)}

    return Problem(both, {"w": _normal(rng, width, width), "gamma": 1 + 0.1 * _normal(rng, width)})


def conv(rng: np.random.Generator, bug: str = "", act: str = "tanh", pool: bool = False, tied: bool = False) -> Problem:
    """Return a convolution of two channels with three filters of 3 x 3, padded by one, perhaps pooled by 2 x 2."""
    image = _normal(rng, 2, 2, 6, 6)
    if tied:
        image = np.repeat(np.repeat(_normal(rng, 2, 2, 3, 3), 2, axis=2), 2, axis=3)
    target = _normal(rng, 2, 3, 3, 3) if pool else _normal(rng, 2, 3, 6, 6)
    forward, slope = ACTS[act]
    size = 1 if tied else 3
    pad = size // 2
    padded = np.pad(image, ((0, 0), (0, 0), (pad, pad), (pad, pad)))

    def both(p: Params) -> tuple[Any, Params]:
        z = np.zeros((2, 3, 6, 6), p["w"].dtype) + p["b"][:, None, None]
        for i in range(size):
            for j in range(size):
                z += np.einsum("nchw,fc->nfhw", padded[:, :, i : i + 6, j : j + 6], p["w"][:, :, i, j])
        a = forward(z)
        out = a
        if pool:
            blocks = a.reshape(2, 3, 3, 2, 3, 2)
            out = blocks.max(axis=(3, 5))
        apart = out - target
        d = 2 * apart
        if pool:
            hit = blocks == out[:, :, :, None, :, None]
            share = np.ones_like(hit) if bug == "gradient to every input of the pool" else hit
            if bug != "gradient to every tie" and bug != "gradient to every input of the pool":
                share = hit / hit.sum(axis=(3, 5), keepdims=True)
            d = (share * d[:, :, :, None, :, None]).reshape(z.shape)
        d = d * slope(z, a)
        dw = np.zeros_like(p["w"])
        off = 1 if bug == "padding off by one" else 0
        source = np.pad(padded, ((0, 0), (0, 0), (off, off), (off, off)))
        for i in range(size):
            for j in range(size):
                dw[:, :, i, j] = np.einsum("nchw,nfhw->fc", source[:, :, i : i + 6, j : j + 6], d)
        if bug == "kernel flipped":
            dw = dw[:, :, ::-1, ::-1]
        db = d.sum(axis=(0, 2, 3))
        return np.sum(apart**2), {"w": dw, "b": d[0].sum(axis=(1, 2)) if bug == "bias of one sample" else db}

    return Problem(both, {"w": 0.5 * _normal(rng, 3, 2, size, size), "b": _normal(rng, 3)})


def lstm(rng: np.random.Generator, bug: str = "", steps: int = 4) -> Problem:
    n, d_in, width = 3, 3, 4
    inputs, target = _normal(rng, steps, n, d_in), _normal(rng, n, width)

    def both(p: Params) -> tuple[Any, Params]:
        h, c, cache = np.zeros((n, width)), np.zeros((n, width)), []
        for t in range(steps):
            z = inputs[t] @ p["wx"] + h @ p["wh"] + p["b"]
            gates = 1 / (1 + np.exp(-z[:, : 3 * width]))
            i, f, o = gates[:, :width], gates[:, width : 2 * width], gates[:, 2 * width :]
            g = np.tanh(z[:, 3 * width :])
            cache.append((inputs[t], h, c, i, f, o, g))
            c = f * c + i * g
            h = o * np.tanh(c)
        loss, dh, dc = np.sum((h - target) ** 2), 2 * (h - target), np.zeros((n, width))
        grads = {name: np.zeros_like(value) for name, value in p.items()}
        for t, (x, before, cell, i, f, o, g) in reversed(list(enumerate(cache))):
            after = np.tanh(f * cell + i * g)
            dc = dc * (bug != "cell path forgotten") + dh * o * (1 - after**2)
            dz = np.hstack(
                [
                    dc * g * i * (1 - i),
                    dc * (g if bug == "forget gate with the candidate" else cell) * f * (1 - f),
                    dh * after * o * (1 - o),
                    dc * i * (1 - g**2),
                ]
            )
            new = {"wx": x.T @ dz, "wh": before.T @ dz, "b": dz.sum(axis=0)}
            add = bug != "shared weights overwritten"
            grads = {name: add * grads[name] + new[name] for name in grads}
            dh, dc = dz @ p["wh"].T, dc * f
            if bug == "one step back only" and t == steps - 2:
                break
        return loss, grads

    return Problem(
        both,
        {"wx": _normal(rng, d_in, 4 * width), "wh": 0.7 * _normal(rng, width, 4 * width), "b": _normal(rng, 4 * width)},
    )


def attention(rng: np.random.Generator, bug: str = "") -> Problem:
    n, d = 5, 4
    inputs, target = _normal(rng, n, d), _normal(rng, n, d)
    root = np.sqrt(d)

    def both(p: Params) -> tuple[Any, Params]:
        q, k, v = inputs @ p["q"], inputs @ p["k"], inputs @ p["v"]
        a = _softmax(q @ k.T / root)
        apart = a @ v - target
        dout = 2 * apart
        da = dout @ v.T
        ds = a * da if bug == "softmax by its diagonal" else a * (da - (a * da).sum(axis=1, keepdims=True))
        ds = ds / (1 if bug == "scale forgotten" else root)
        return np.sum(apart**2), {
            "q": inputs.T @ (ds @ k),
            "k": inputs.T @ ((ds if bug == "keys not transposed" else ds.T) @ q),
            "v": inputs.T @ (a.T @ dout),
        }

    return Problem(both, {name: _normal(rng, d, d) for name in ("q", "k", "v")})


def embedding(rng: np.random.Generator, bug: str = "") -> Problem:
    tokens, y = np.array([1, 3, 1, 7, 3, 1]), rng.integers(0, 3, 6)

    def both(p: Params) -> tuple[Any, Params]:
        loss, d = _cross_entropy(p["table"][tokens] @ p["w"], y)
        table = np.zeros_like(p["table"])
        if bug == "repeated token overwritten":
            table[tokens] = d @ p["w"].T
        else:
            np.add.at(table, tokens, d @ p["w"].T)
        return loss, {"table": table, "w": p["table"][tokens].T @ d}

    return Problem(both, {"table": _normal(rng, 200, 5), "w": _normal(rng, 5, 3)})


def tied(rng: np.random.Generator, bug: str = "") -> Problem:
    """Return an autoencoder whose decoder is the transposed encoder."""
    inputs = _normal(rng, 5, 4)

    def both(p: Params) -> tuple[Any, Params]:
        h = np.tanh(inputs @ p["w"])
        apart = h @ p["w"].T - inputs
        d = 2 * apart
        encoder = inputs.T @ (d @ p["w"] * (1 - h**2))
        return np.sum(apart**2), {"w": encoder if bug == "shared use forgotten" else encoder + d.T @ h}

    return Problem(both, {"w": _normal(rng, 4, 3)})


def norm(rng: np.random.Generator, bug: str = "") -> Problem:
    """Return the Euclidean norms of rows, one of which is zero: a kink at the point itself."""
    inputs = np.vstack([_normal(rng, 3, 4), np.zeros((1, 4))])

    def both(p: Params) -> tuple[Any, Params]:
        size = np.sqrt(np.sum(p["x"] ** 2, axis=1, keepdims=True))
        with np.errstate(invalid="ignore"):
            d = p["x"] / size
        return size.sum(), {"x": d if bug == "0/0 at zero" else np.where(size > 0, d, 0.0)}

    return Problem(both, {"x": inputs})


def absolute(rng: np.random.Generator, bug: str = "") -> Problem:
    """Return a sum of absolute values, of which half the arguments are exactly zero."""
    factors = 1 + rng.random(8)
    point = _normal(rng, 8) * np.array([0.0, 1.0] * 4)

    def both(p: Params) -> tuple[Any, Params]:
        sign = np.sign(p["x"])
        if bug == "too steep at the kink":
            sign = np.where(p["x"] == 0, 2.0, sign)
        return np.sum(factors * np.abs(p["x"])), {"x": factors * sign}

    return Problem(both, {"x": point})


def gelu(rng: np.random.Generator, bug: str = "") -> Problem:
    """Return a sum of GELUs by the tanh formula; the derivative of the sigmoid formula is close to it and wrong."""
    point = _normal(rng, 12)
    root = np.sqrt(2 / np.pi)

    def both(p: Params) -> tuple[Any, Params]:
        x = p["x"]
        t = np.tanh(root * (x + 0.044715 * x**3))
        slope = 0.5 * (1 + t) + 0.5 * x * (1 - t**2) * root * (1 + 3 * 0.044715 * x**2)
        if bug == "derivative of another formula":
            s = 1 / (1 + np.exp(-1.702 * x))
            slope = s + 1.702 * x * s * (1 - s)
        return np.sum(0.5 * x * (1 + t)), {"x": slope}

    return Problem(both, {"x": point})


def huber(rng: np.random.Generator, bug: str = "") -> Problem:
    inputs, target = _normal(rng, 12, 5), 3 * _normal(rng, 12)

    def both(p: Params) -> tuple[Any, Params]:
        r = inputs @ p["w"] - target
        loss = np.where(np.abs(r) < 1, 0.5 * r**2, np.abs(r) - 0.5)
        d = r if bug == "not clipped" else np.clip(r, -1, 1)
        return loss.sum(), {"w": inputs.T @ d}

    return Problem(both, {"w": _normal(rng, 5)})


def scaled(problem: Problem, factor: float) -> Problem:
    def both(p: Params) -> tuple[Any, Params]:
        loss, grads = problem.both(p)
        return factor * loss, {name: factor * g for name, g in grads.items()}

    return Problem(both, problem.x, problem.options)


def offset(problem: Problem, by: float) -> Problem:
    def both(p: Params) -> tuple[Any, Params]:
        loss, grads = problem.both(p)
        return loss + by, grads

    return Problem(both, problem.x, problem.options)


def single(problem: Problem, *, gradient: bool = True, hidden: bool = False) -> Problem:
    """Return the problem with its loss (``hidden``: inside, as a double) and perhaps its gradient in float32."""

    def both(p: Params) -> tuple[Any, Params]:
        loss, _ = problem.both({name: v.astype(np.float32).astype(np.float64) for name, v in p.items()})
        _, grads = problem.both(p)
        low = np.float32(loss)
        if gradient:
            grads = {name: g.astype(np.float32) for name, g in grads.items()}
        return (float(low) * 1.1 if hidden else low), ({n: 1.1 * g for n, g in grads.items()} if hidden else grads)

    return Problem(both, problem.x, problem.options)
