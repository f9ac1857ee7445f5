"""Which optimizer a configuration names, and what its averages forget."""

from __future__ import annotations

import re

FAMILIES = (
    ("other adam", re.compile(r"adabelief|adafactor|adadelta|adamp|ademamix|adahessian|soap|muon|lion|sophia|shampoo")),
    ("adam", re.compile(r"adam|lamb(?!da)")),
    ("adagrad", re.compile(r"adagrad")),
    ("rmsprop", re.compile(r"rms_?prop")),
    ("lbfgs", re.compile(r"bfgs|conjugate_?grad|newton")),
    ("sgd", re.compile(r"sgd|momentum|nesterov|signum|lars")),
)
"""In this order: the first that a name holds is its family; ``other adam`` have plain values of their own."""


def family_of(optimizer: str | None) -> str:
    """Return the family of an optimizer by its name, "" where it is not known.

    >>> [family_of(n) for n in ("adamw_torch", "torch.optim.SGD", "RMSpropTF", "LBFGS", "AdaBelief", "auto", None)]
    ['adam', 'sgd', 'rmsprop', 'lbfgs', 'other adam', '', '']
    """
    word = (optimizer or "").lower().replace("-", "_")
    return next((name for name, pattern in FAMILIES if pattern.search(word)), "")


def memory(beta: float) -> float:
    """Return over how many steps an average with that decay reaches back; infinity from 1 on.

    >>> round(memory(0.9)), memory(1.0)
    (10, inf)
    """
    return 1.0 / (1.0 - beta) if beta < 1.0 else float("inf")
