"""Parts of a loss that are regularisation, the data loss beside them, and whether more strength costs more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from runaudit.model import Series

PENALTY = {"regularization", "regularisation", "regularizer", "regulariser", "penalty", "wd", "weight_decay"}
MAYBE = {"reg", "l1", "l2", "kl", "kld", "kl_div", "kl_loss", "kl_divergence", "prior"}
"""Box regression and pixel losses bear these names as well, and KL is half of what a VAE optimises."""
SIGNED = {"entropy", "ent", "kl", "kld", "prior", "diversity", "confidence"}
"""What may be below 0 and yet be a regularisation as it should be: a bonus for entropy, a logarithm of a prior."""
DATA = {
    "data",
    "ce",
    "xent",
    "cross_entropy",
    "crossentropy",
    "nll",
    "task",
    "error",
    "main",
    "mse",
    "hinge",
    "softmax",
}


@dataclass(frozen=True, slots=True)
class Step:
    """From one strength of the regularisation to the next: both strengths, and the mean initial loss at each."""

    weaker: float
    stronger: float
    loss: float
    stronger_loss: float


@dataclass(frozen=True, slots=True)
class Pairs:
    """Neighbouring strengths by what the initial loss does: it rises as it should, stays the same, or falls."""

    rises: tuple[Step, ...]
    same: tuple[Step, ...]
    falls: tuple[Step, ...]


def judge_pairs(strengths: Sequence[float], initial_losses: Sequence[float], *, tolerance: float) -> Pairs:
    """Return how the initial loss answers to the strength of the regularisation, one run an entry.

    Runs of one strength are averaged. A fall counts beyond ``tolerance`` of the loss and three standard errors by the
    scatter of repeated runs; ``same`` is a change of less than a millionth (a decay inside the optimizer
    is no part of the loss), and a rise or fall between the two is left out. Strengths below 0 and losses that are
    not finite do not count. Fewer than two strengths give no step. Raises ``ValueError`` for unequal lengths.

    >>> judge_pairs([0.0, 0.01, 0.1], [2.3, 2.35, 2.2], tolerance=0.01).falls
    (Step(weaker=0.01, stronger=0.1, loss=2.35, stronger_loss=2.2),)
    """
    if len(strengths) != len(initial_losses):
        raise ValueError(f"{len(strengths)} strengths and {len(initial_losses)} losses")
    x, y = np.asarray(strengths, dtype=np.float64), np.asarray(initial_losses, dtype=np.float64)
    good = np.isfinite(x) & np.isfinite(y) & (x >= 0)
    x, y = x[good], y[good]
    levels = np.unique(x)
    groups = [y[x == level] for level in levels]
    spare = sum(len(g) - 1 for g in groups)
    scatter = np.sqrt(sum(float(((g - g.mean()) ** 2).sum()) for g in groups) / spare) if spare else 0.0
    rises, same, falls = [], [], []
    for i in range(len(levels) - 1):
        before, after = groups[i], groups[i + 1]
        step = Step(float(levels[i]), float(levels[i + 1]), float(before.mean()), float(after.mean()))
        change, size = step.stronger_loss - step.loss, max(abs(step.loss), abs(step.stronger_loss))
        room = 3.0 * scatter * np.sqrt(1.0 / len(before) + 1.0 / len(after))
        if abs(change) <= 1e-6 * size:
            same.append(step)
        elif change > room:
            rises.append(step)
        elif change < -max(room, tolerance * size):
            falls.append(step)
    return Pairs(tuple(rises), tuple(same), tuple(falls))


def kind_of_part(name: str) -> str:
    """Return ``penalty`` for the name of a regularisation, ``maybe`` for one that may be, else nothing.

    >>> [kind_of_part(n) for n in ("weight_decay", "l2_reg", "l2", "box_reg", "mse")]
    ['penalty', 'penalty', 'maybe', '', '']
    """
    word = _plain(name)
    pieces = set(word.split("_"))
    if (
        word in PENALTY
        or pieces & (PENALTY - {"wd"})
        or ("reg" in pieces and pieces & {"l1", "l2", "weight", "weights"})
    ):
        return "penalty"
    return "maybe" if word in MAYBE else ""


def penalties(parts: Mapping[str, Series]) -> dict[str, Series]:
    """Return the parts that are a penalty on the weights by their name, and so never below 0.

    ``reg`` and ``l2`` count where a data loss is logged beside them.
    """
    beside = data_loss(parts) is not None
    return {n: s for n, s in parts.items() if not _pieces(n) & SIGNED and _is_penalty(n, beside)}


def data_loss(parts: Mapping[str, Series]) -> Series | None:
    """Return the part of the loss that the data cost, None where no part, or not the only one, is named so."""
    others = [n for n in parts if not kind_of_part(n) and (_plain(n) in DATA or not _pieces(n) & SIGNED)]
    if len(others) != 1 or _plain(others[0]) not in DATA:
        return None
    return parts[others[0]]


def _is_penalty(name: str, beside: bool) -> bool:
    return kind_of_part(name) == "penalty" or (beside and _plain(name) in {"reg", "l1", "l2"})


def _plain(name: str) -> str:
    return name.lower().replace("-", "_").replace(" ", "_").removesuffix("_loss")


def _pieces(name: str) -> set[str]:
    return set(_plain(name).split("_"))
