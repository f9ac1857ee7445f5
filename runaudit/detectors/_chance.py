"""The loss of guessing: what an untrained network should cost, by the kind of the loss."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from runaudit.errors import NotJudged

SIGMOID = re.compile(r"bce|binary|sigmoid|logistic")
SOFTMAX = re.compile(r"cross.?ent|softmax|crossentropy|nll|log_?loss|(?<![a-z])(?:ce|xent|xe)(?![a-z])")
HINGE = re.compile(r"hinge|svm|weston|crammer|multi_?margin")
SQUARED = re.compile(r"mse|squared|l2_?loss|(?<![a-z])l2(?![a-z])")
OTHER = re.compile(
    r"ctc|rnnt|transducer|(?<![a-z])(?:info_?)?nce|contrast|triplet|cosine|arc_?face|cos_?face|dice|iou|tversky|elbo|gauss"
    r"|poisson|(?<![a-z])kld?(?![a-z])|distill|huber|smooth_?l1|mae|l1|absolute|quantile|yolo|multibox|lovasz|dpo|ranking"
    r"|wasserstein"
)
NO_SOFTMAX = re.compile(r"(?<![a-z])(?:info_?)?nce(?![a-z])|contrast|gauss|poisson|arc_?face|cos_?face")


@dataclass(frozen=True, slots=True)
class Chance:
    """What guessing costs: between ``low`` and ``high``, which differ where the settings leave a choice open.

    ``words`` name it. ``spread`` says that random outputs alone may cost several times as much, ``open_sum`` that the
    loss may be a sum over outputs of which nothing is said.
    """

    low: float
    high: float
    words: str
    spread: bool = False
    open_sum: bool = False


@dataclass(frozen=True, slots=True)
class Settings:
    """What the configuration says of the loss; None where it says nothing."""

    classes: float | None = None
    kind: str | None = None
    reduction: str | None = None
    batch: float | None = None
    shares: Sequence[float] | None = None
    variance: float | None = None
    gamma: float | None = None
    margin: float | None = None
    positive_weight: float | None = None


def chance_of(given: Settings) -> Chance:
    """Return the loss of guessing; raises ``NotJudged`` where the settings do not tell it.

    Softmax: ln C, and down to the entropy of the class shares for a bias that knows them; smoothed labels do not
    change it. Focal: that times (1 - 1/C)^gamma, times alpha, 0.25 at least. Sigmoid: ln 2 an output. Hinge: C - 1
    times the margin, summed; 1 or (C - 1)/C in other definitions. Squared error: the variance of the targets, or half.
    """
    word = (given.kind or "").lower()
    if "focal" in word and "sigmoid" not in word:
        return _summed(_focal(given), given)
    if HINGE.search(word) and "rank" not in word and "triplet" not in word:
        return _summed(_hinge(given, word), given)
    if (OTHER.search(word) and not SOFTMAX.search(word)) or NO_SOFTMAX.search(word):
        raise NotJudged(f"an untrained network has no known {given.kind}")
    if SQUARED.search(word) or (not word and given.classes is None and given.variance is not None):
        return _squared(given)
    if SIGMOID.search(word) and "focal" not in word and "categorical" not in word and "multinomial" not in word:
        return _summed(_sigmoid(given, word), given)
    if "focal" in word or (word and not SOFTMAX.search(word) and "lm" not in word and "classif" not in word):
        raise NotJudged(f"the loss {given.kind!r} is not known, nor what guessing costs in it")
    return _summed(_softmax(given), given)


def bits(vocabulary: float | None) -> Chance:
    """Return what guessing a byte or character costs in bits, log2 of their number; of tokens it cannot be known."""
    if vocabulary is None or not 2 <= vocabulary <= 512:
        raise NotJudged("bits of guessing are known only where bytes or characters are predicted", "vocab_size")
    level = float(np.log2(vocabulary))
    return Chance(level, level, f"the bits of guessing among {vocabulary:,.0f} symbols")


def entropy(shares: Sequence[float] | None) -> float | None:
    """Return the entropy of class shares or counts in nats; None without any, or where they are none.

    >>> entropy([1, 1]), entropy([90, 10]), entropy([-1, 2])
    (0.6931471805599453, 0.3250829733914482, None)
    """
    if shares is None:
        return None
    parts = np.asarray(shares, dtype=np.float64)
    if len(parts) < 2 or not np.isfinite(parts).all() or parts.min() < 0 or not parts.sum() > 0:
        return None
    parts = parts[parts > 0] / parts.sum()
    return float(-(parts * np.log(parts)).sum())


def _classes(given: Settings) -> float:
    count = given.classes
    if count is None or not 2 <= count < np.inf:
        raise NotJudged("the number of classes is not known", "num_classes in the config")
    return count


def _softmax(given: Settings) -> Chance:
    count = _classes(given)
    level = float(np.log(count))
    least = entropy(given.shares) if given.shares is not None and len(given.shares) == count else None
    return Chance(level if least is None else least, level, f"the loss of guessing among {count:,.0f} classes")


def _focal(given: Settings) -> Chance:
    plain = _softmax(given)
    gamma = 2.0 if given.gamma is None else given.gamma
    factor = (1.0 - np.exp(-plain.high)) ** gamma
    return Chance(float(0.25 * factor * plain.low), plain.high, plain.words)


def _sigmoid(given: Settings, word: str) -> Chance:
    level = float(np.log(2.0))
    least = entropy(given.shares) if given.shares is not None and len(given.shares) == 2 else None
    weight = given.positive_weight or 1.0
    low, high = (level if least is None else least) * min(1.0, weight), level * max(1.0, weight)
    words = "the loss of guessing, ln 2 an output"
    if "sum" not in word and "sum" not in (given.reduction or "").lower():
        return Chance(low, high, words, open_sum=given.reduction is None)
    outputs = _classes(given)
    return Chance(low * outputs, high * outputs, f"the loss of guessing, ln 2 for each of {outputs:,.0f} outputs")


def _hinge(given: Settings, word: str) -> Chance:
    margin = given.margin if given.margin is not None and given.margin > 0 else 1.0
    if "binary" in word or (given.classes is not None and given.classes <= 2):
        return Chance(0.5 * margin, margin, f"a margin of {margin:g} that is missed")
    count = _classes(given)
    if "categorical" in word or "crammer" in word:
        return Chance(margin, margin, f"a margin of {margin:g} that is missed")
    low, high = margin * (count - 1) / count, margin * (count - 1)
    if "weston" in word or "svm" in word:
        low = high
    elif "margin" in word:
        high = low
    return Chance(low, high, f"the loss of guessing, all {count - 1:,.0f} margins missed")


def _squared(given: Settings) -> Chance:
    variance = given.variance
    if variance is None or not 0 < variance < np.inf:
        raise NotJudged("the variance of the targets is not known", "target_variance in the config (1 if standardised)")
    if given.reduction is not None and "sum" in given.reduction.lower():
        raise NotJudged("the loss is a sum over the batch, so the variance is not its expected start", "the mean loss")
    return Chance(0.5 * variance, variance, "the variance of the targets", spread=True)


def _summed(chance: Chance, given: Settings) -> Chance:
    """Return the chance of the sum over a batch, which some divide by its size again; the mean stays as it is."""
    if given.reduction is None or "sum" not in given.reduction.lower():
        return chance
    if given.batch is None or not given.batch >= 1:
        raise NotJudged("the loss is a sum over a batch of unknown size", "batch_size in the config", "the mean loss")
    return Chance(chance.low, chance.high * given.batch, f"{chance.words}, times at most {given.batch:,.0f} samples")
