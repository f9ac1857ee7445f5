"""A method that needs the whole training set at every step, on batches of it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from runaudit.detectors import Detector
from runaudit.detectors._optimizer import family_of
from runaudit.errors import NotJudged, NotMeant
from runaudit.model import Hit, Series
from runaudit.numerics import finite

STOCHASTIC = re.compile(r"stoch|online|multi_?batch|mini_?batch")  # kinds that were made for batches


def second_order_full_batch(
    loss: Series | None,
    optimizer: str | None,
    batch: float | None,
    samples: float | None,
    accumulation: float | None,
    *,
    share: float,
    rising: float,
    min_points: int,
) -> Iterator[Hit]:
    """Report L-BFGS, conjugate gradients or Newton steps on batches below ``share`` of the training set.

    They take the change of the gradient between two steps for curvature; between two batches it is noise. Decisive
    where the loss shows it: of its steps, at least ``rising`` go up, or it ends in no number; with a line search on
    one loss none would. Else weak, as under ``min_points`` finite values. Other optimizers, kinds made for
    batches, and unknown sizes raise ``NotJudged``.
    """
    if optimizer is None:
        raise NotJudged("the optimizer is not known", "optimizer in the config")
    if family_of(optimizer) != "lbfgs":
        raise NotMeant(f"{optimizer} is not of second order")
    if STOCHASTIC.search(str(optimizer).lower()):
        raise NotMeant(f"{optimizer} was made for batches")
    if batch is None or samples is None or not (batch >= 1 and samples >= 1):
        raise NotJudged("the size of the batch or of the training set is not known", "batch_size and train_samples")
    whole = batch * (accumulation if accumulation is not None and accumulation >= 1 else 1.0)
    if whole >= share * samples:
        return
    values = loss.values if loss is not None else np.empty(0)
    good = finite(values)
    up = float(np.mean(np.diff(good) > 0)) if len(good) >= min_points else float("nan")
    lost = bool(len(values)) and not np.isfinite(values[-1])
    facts: dict[str, float | str] = {"optimizer": str(optimizer), "batch": whole, "samples": samples}
    if np.isfinite(up):
        facts["up"] = up
    steps = (int(loss.steps[0]), int(loss.steps[-1])) if loss is not None and len(loss) else (0, 0)
    yield Hit(*steps, facts, weak=not (lost or up >= rising), series=loss.name if loss is not None else "")


DETECTOR = Detector(
    "second-order-full-batch",
    second_order_full_batch,
    frozenset({"optimizer", "batch", "samples"}),
    frozenset({"up"}),
)
