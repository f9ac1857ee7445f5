"""The names of the series of a log, where two kinds of line share one or a line says too little."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from runaudit.readers._log.place import Placed
from runaudit.readers._log.tokens import Plan, Value
from runaudit.readers._log.words import is_control, is_measure, split_of

NO_NAME = re.compile(r"(?i)train(?:ing)?|avg|average|mean|epoch|total|running|\W|_")
PART = re.compile(
    r"(?i)(?<![a-z])(?:kld?|rec(?:on\w*)?|ce|bce|mse|mae|l1|l2|nll|reg\w*|adv|gan|cls|box|aux|vq|commit\w*)(?![a-z])"
)
BOOSTED = re.compile(
    r"(?P<data>train|training|val|valid|validation|eval|test|learn)(?:_(?P<number>\d+))?[- ](?P<measure>"
    r"rmsl?e|mae|mape|mse|l1|l2|huber|fair|poisson|quantile|gamma|tweedie|m?logloss|(?:binary|multi)_logloss|cross_entropy"
    r"|\w+-(?:nloglik|deviance))"
)

Names = Mapping[tuple[bool, Plan], tuple[str, ...]]


def names_of(rows: Sequence[Placed], *, stepwise: bool) -> Names:
    """Return the names of the series for each form of line, apart for lines that have a step of their own.

    Where lines of steps and a line at the end of an epoch share a name, the latter is called ``epoch ...``; a training
    loss beside a validation loss, where another loss is logged more often, was measured for that: ``... (eval)``.
    """
    counts = Counter((placed.own, placed.row.plan) for placed in rows)
    often: Counter[str] = Counter()
    kinds: dict[str, set[str]] = defaultdict(set)
    bare: set[str] = set()
    for (own, how), count in counts.items():
        for name in (v.name for v in how.values if own and _of_training(v.name)):
            often[plain(name)] += count
            kinds[plain(name)].update(axis.kind for axis in how.axes)
            if not split_of(name):
                bare.add(plain(name))
    boosted = _catboost(rows) or _boosted({v.name for _, how in counts for v in how.values})

    def name_of(value: Value, how: Plan, own: bool, count: int) -> str:
        name = boosted.get(value.name, value.name)
        short = plain(name)
        if stepwise and _of_training(name) and is_measure(name) and 2 * count <= often[short]:
            axes = {axis.kind for axis in how.axes}
            both = split_of(name) == "train" and any(split_of(v.name) == "val" for v in how.values)
            if own and both and short in bare:
                name = f"{name} (eval)"
            elif not own or ("epoch" in axes and axes < kinds[short]):
                name = f"epoch {name}"
        if name.lower() == "total" and any(PART.search(v.name) for v in how.values):
            name = f"{name} loss"
        return f"{name} (%)" if value.percent else name

    return {
        (own, how): tuple(name_of(value, how, own, count) for value in how.values)
        for (own, how), count in counts.items()
    }


@lru_cache(maxsize=4096)
def plain(name: str) -> str:
    """Return what a name measures, without the words that say over what.

    >>> plain("avg_train_loss") == plain("Loss") == plain("Epoch Loss")
    True
    """
    return NO_NAME.sub("", name).lower()


def _of_training(name: str) -> bool:
    return split_of(name) in {"", "train"} and not is_control(name)


def _boosted(names: Iterable[str]) -> Mapping[str, str]:
    """Return the names that boosting programs give to their losses, as losses: only the first measure is one.

    The first of several data sets that scikit-learn's interface numbers is the one that is trained on, by convention.
    """
    found = {name: match for name in sorted(names) if (match := BOOSTED.fullmatch(name))}
    if not found:
        return {}
    several = len({m["number"] for m in found.values() if m["number"]}) > 1
    out: dict[str, str] = {}
    for name, match in found.items():
        trained = match["data"] in {"train", "training", "learn"} or (several and match["number"] == "0")
        split = "train" if trained else "test" if match["data"] == "test" else "val"
        out[name] = f"{split} loss {match['measure']}"
    return out


def _catboost(rows: Sequence[Placed]) -> Mapping[str, str]:
    """Return names for the columns ``learn`` and ``test`` of CatBoost, which does not say what it measures.

    What falls is called a loss, what rises a score.
    """
    learn = [r.row.values[i] for r in rows for i, v in enumerate(r.row.plan.values) if v.name == "learn"]
    if not learn:
        return {}
    measure = "score" if learn[-1] > learn[0] else "loss"
    return {"learn": f"train {measure}", "test": f"val {measure}"}
