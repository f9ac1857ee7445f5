"""Betas and epsilon of Adam outside what is in use."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from runaudit.detectors import Detector
from runaudit.detectors._optimizer import family_of
from runaudit.errors import NotJudged, NotMeant
from runaudit.model import Hit, Series
from runaudit.numerics import finite

LEAST_HALF = 5.97e-8  # the smallest number that half precision holds
LISTED = ("rl", "gan")  # the tasks with plain values of their own


def adam_unusual(
    loss: Series | None,
    optimizer: str | None,
    betas: Sequence[float] | None,
    beta1: float | None,
    beta2: float | None,
    epsilon: float | None,
    precision: str | None,
    grad_norm: Series | None,
    parameters: float | None,
    task: str,
    *,
    high1: float,
    low1: float,
    low2: float,
    high2: float,
    large: float,
    large_rl: float,
) -> Iterator[Hit]:
    """Report a beta or an epsilon of Adam, AdamW, NAdam, RAdam, AdaMax or LAMB that no published recipe has.

    Decisive: a beta of 1; beta1 squared not below beta2, where Adam may diverge (swapped betas too); beta1
    above ``high1``; an epsilon of 0, or one that is 0 in pure half precision; one above ``large`` that is also larger
    than the gradient of a usual parameter (norm over the root of ``parameters``), so that nothing is adaptive. Weak:
    beta1 between 0 and ``low1``, beta2 below ``low2`` or from ``high2`` on, epsilon above ``large`` alone.
    In a GAN any beta1 up to 0.9 is plain, in reinforcement learning an epsilon up to ``large_rl``. Other optimizers
    raise ``NotMeant``; betas without a named optimizer are taken for Adam's, those that no Adam takes for another's.
    """
    if optimizer is not None and family_of(optimizer) != "adam":
        raise NotMeant(f"{optimizer} is not known as Adam")
    first, second = betas if betas is not None and len(betas) == 2 else (beta1, beta2)
    if not _of_adam(first, second):
        first = second = None
    if first is None and second is None and epsilon is None:
        raise NotJudged("neither betas nor epsilon are known", "betas and eps in the config")
    found = [
        *_betas(first, second, task, high1=high1, low1=low1, low2=low2, high2=high2),
        *_epsilon(epsilon, precision or "", large_rl if task == "rl" else large, _usual(grad_norm, parameters)),
    ]
    if not found:
        return
    name, value, why, weak = min(found, key=lambda f: f[3])
    facts: dict[str, float | str] = {"name": name, "value": value, "reason": why}
    if len(found) > 1:
        facts["also"] = "; ".join(f"{n} {v:g}: {w}" for n, v, w, _ in found if n != name)
    steps = (int(loss.steps[0]), int(loss.steps[-1])) if loss is not None and len(loss) else (0, 0)
    yield Hit(*steps, facts, weak=weak, series=loss.name if loss is not None else "")


def _of_adam(first: float | None, second: float | None) -> bool:
    """Say whether two betas can be Adam's: weights of losses are above 1, those of a noise schedule both near 0.

    >>> _of_adam(0.9, 1.0), _of_adam(1e-4, 0.02), _of_adam(5.0, None)
    (True, False, False)
    """
    known = [b for b in (first, second) if b is not None]
    return all(0 <= b <= 1 for b in known) and not (second is not None and max(known) < 0.5)


def _betas(
    first: float | None, second: float | None, task: str, *, high1: float, low1: float, low2: float, high2: float
) -> Iterator[tuple[str, float, str, bool]]:
    endless = [(n, b) for n, b in (("beta1", first), ("beta2", second)) if b == 1]
    if endless:
        yield from ((n, b, "an average with that decay never changes", False) for n, b in endless)
        return
    if first is not None and second is not None and first > 0 and first * first >= second:
        yield "beta1", first, f"its square is not below beta2, {second:g}, where Adam may diverge", False
        return
    if first is not None and first > high1:
        yield "beta1", first, f"at most {high1:g} is in use", False
    elif first is not None and 0 < first < low1 and task not in LISTED:
        yield "beta1", first, f"0 or {low1:g} to {high1:g} are in use", True
    if second is not None and (second < low2 or second >= high2):
        yield "beta2", second, f"{low2:g} to below {high2:g} are in use", True


def _epsilon(
    epsilon: float | None, precision: str, large: float, usual: float | None
) -> Iterator[tuple[str, float, str, bool]]:
    if epsilon is None or not np.isfinite(epsilon):
        return
    if epsilon <= 0:
        yield "epsilon", epsilon, "a weight without a gradient is divided by 0", False
    elif epsilon < LEAST_HALF and _pure_half(precision):
        yield "epsilon", epsilon, f"in pure half precision it is 0, as all below {LEAST_HALF:.0e}", False
    elif epsilon > large:
        drowned = usual is not None and epsilon > usual
        text = (
            f"more than the gradient of a usual parameter, {usual:.1e}" if drowned else f"at most {large:g} is in use"
        )
        yield "epsilon", epsilon, text, not drowned


def _pure_half(precision: str) -> bool:
    """Say whether weights and states are in float16 themselves; mixed precision keeps them in float32.

    >>> _pure_half("16-true"), _pure_half("float16"), _pure_half("16-mixed"), _pure_half("bf16"), _pure_half("16")
    (True, True, False, False, False)
    """
    word = precision.lower().removeprefix("torch.")
    return word in {"16-true", "fp16-true", "pure_fp16", "float16", "half"}


def _usual(grad_norm: Series | None, parameters: float | None) -> float | None:
    """Return the root mean square of the gradient over the parameters, at the median of the steps; None if unknown."""
    norms = finite(grad_norm.values) if grad_norm is not None else np.empty(0)
    if not len(norms) or parameters is None or not parameters >= 1 or not np.median(norms) > 0:
        return None
    return float(np.median(norms) / np.sqrt(parameters))


DETECTOR = Detector("adam-unusual", adam_unusual, frozenset({"name", "value", "reason"}), frozenset({"also"}))
