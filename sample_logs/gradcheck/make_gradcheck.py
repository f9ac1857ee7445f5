"""Makes the samples of gradient checks: ``python sample_logs/gradcheck/make_gradcheck.py``. Needs numpy and runaudit.

A network with a hand-written backward pass learns a made-up task for a while; it is checked before and after that, once
as it is and once with each fault. The logs are written by runaudit.gradcheck itself; expected.yaml stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np

import runaudit
from runaudit.gradcheck import Result

HERE = Path(__file__).parent
SAMPLES = 40
Params = dict[str, np.ndarray]
Loss = Callable[[Params], tuple[float, Params]]


def network(seed: int, *, relu: bool = False, l1: float = 0.0, fault: str = "") -> Loss:
    """Return loss and gradient of a network with two hidden layers, squared error, and an L1 penalty perhaps."""
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(5, 6)), rng.normal(size=(5, 2))

    def loss(p: Params) -> tuple[float, Params]:
        first = np.tanh(x @ p["w1"] + p["b1"])
        z = first @ p["w2"] + p["b2"]
        second = np.maximum(z, 0) if relu else np.tanh(z)
        apart = second @ p["w3"] + p["b3"] - y
        d3 = 2 * apart / len(x)
        d2 = (d3 @ p["w3"].T) * ((z > 0) if relu else 1 - second**2)
        d1 = (d2 @ p["w2"].T) * (1 - first**2)
        g = {"w1": x.T @ d1, "b1": d1.sum(0), "w2": first.T @ d2, "b2": d2.sum(0), "w3": second.T @ d3, "b3": d3.sum(0)}
        g["w3"] = g["w3"] + l1 * np.where(p["w3"] >= 0, 1.0, -1.0)
        if fault:
            g["b2"] = -g["b2"]
            g["w1"] = g["w1"] * 1.002
        return float(np.sum(apart**2) / len(x) + l1 * np.sum(np.abs(p["w3"]))), g

    return loss


def start(seed: int, sizes: tuple[int, ...] = (6, 8, 7, 2)) -> Params:
    """Return initial parameters."""
    rng = np.random.default_rng(seed)
    out: Params = {}
    for i, (into, to) in enumerate(pairwise(sizes), start=1):
        out[f"w{i}"] = rng.normal(size=(into, to)) / np.sqrt(into)
        out[f"b{i}"] = 0.1 * rng.normal(size=to)
    return out


def trained(loss: Loss, p: Params, steps: int = 100) -> Params:
    """Return the parameters after some steps of gradient descent."""
    for _ in range(steps):
        gradient = loss(p)[1]
        p = {name: value - 0.05 * gradient[name] for name, value in p.items()}
    return p


def twice(loss: Loss, p: Params) -> Result:
    """Return the checks at the start and after a burn-in, as one."""
    after = trained(loss, p)
    return runaudit.gradcheck(loss, None, p, samples=SAMPLES) + runaudit.gradcheck(
        loss, None, after, samples=SAMPLES, phase="burn-in"
    )


def low(loss: Loss) -> Loss:
    """Return the loss and gradient computed in single precision."""

    def single(p: Params) -> tuple[float, Params]:
        value, gradient = loss({name: x.astype(np.float32).astype(np.float64) for name, x in p.items()})
        return np.float32(value), {name: g.astype(np.float32) for name, g in gradient.items()}

    return single


def vanishing(p: Params) -> tuple[float, Params]:
    """Return a chain of 16 sigmoid units each with the next, whose first gradients are next to nothing, plus one."""
    values = [np.array([0.5])]
    for i in range(16):
        values.append(1 / (1 + np.exp(-p["w"][i] * values[-1])))
    d = np.ones(1)
    gradient = np.zeros(16)
    for i in reversed(range(16)):
        d = d * values[i + 1] * (1 - values[i + 1])
        gradient[i] = float((d * values[i])[0])
        d = d * p["w"][i]
    return 1.0 + float(values[-1][0]), {"w": gradient}


def main() -> None:
    """Write the logs."""
    p = start(1)
    at_kink = p | {"w3": np.where(np.arange(14).reshape(7, 2) < 4, 0.0, p["w3"])}
    chain = {"w": np.full(16, 0.1)}
    checks = {
        "healthy": twice(network(1), p),
        "wrong": runaudit.gradcheck(network(1, relu=True, l1=0.05, fault="two"), None, at_kink, samples=SAMPLES),
        "float32": twice(low(network(1)), {name: value * 0.02 for name, value in p.items()}),
        "tiny": runaudit.gradcheck(vanishing, None, chain)
        + runaudit.gradcheck(vanishing, None, {"w": np.full(16, 0.2)}, phase="burn-in"),
    }
    for name, result in checks.items():
        (HERE / name).mkdir(exist_ok=True)
        result.write(HERE / name)
        print(f"{name}\n{result}\n")


if __name__ == "__main__":
    main()
