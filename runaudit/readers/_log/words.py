"""The words of a line: what is a counter, a split of the data, a unit, or the name of a number."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

from runaudit.readers._words import is_metric

Kind = Literal["epoch", "global", "step", "part"]

KINDS: dict[str, Kind] = {
    **dict.fromkeys(("epoch", "epochs", "ep"), "epoch"),
    **dict.fromkeys(("updates", "up", "timesteps"), "global"),
    **dict.fromkeys(
        ("step", "steps", "iter", "iters", "iteration", "iterations", "itr", "it", "update", "episode", "episodes",
         "timestep", "tick", "round", "frame"), "step"),
    **dict.fromkeys(("batch", "batches", "minibatch", "minibatches", "mb"), "part"),
}  # fmt: skip
COUNTS_ALL = re.compile(
    r"(?:^|[/_ ])(?:global[_ ]?(?:step|iter(?:ation)?)|num[_ ]updates|total[_ ]timesteps)s?$", re.IGNORECASE
)
NO_COUNTER = frozenset(
    {"per", "max", "min", "num", "number", "n", "total", "warmup", "warm", "log", "logging", "save", "saving", "eval",
     "every", "best", "sec", "ms", "time", "times", "bad", "since", "skipped", "nan", "remaining", "size", "lr",
     "previous", "prev", "last", "next", "load", "loading", "from", "resume",
     "resuming", "resumed", "over", "samples"}
)  # fmt: skip
BEST = re.compile(r"(?i)(?<![a-z])(?:best|max(?:imum)?|highest|lowest) (?!so far)[a-z]")  # so far: no new measure
EPISODE = re.compile(r"(?i)(?<![a-z])ep(?:isodes?)?(?![a-z])")
SCORE = re.compile(
    r"(?i)(?:(?:running|moving|rolling|total|episode|ep)[ _]?)?"
    r"(?P<mean>(?:avg|average|mean)?)\.?[ _]?(?P<score>(?:scores?)?)"
)
LAYER = re.compile(r"(?i)(?<![a-z])layer[ :=]+(?P<layer>[A-Za-z][\w./-]*)")
SPLIT = re.compile(
    r"(?<![A-Za-z])(?:(?P<train>train(?:ing)?)|(?P<val>val(?:id(?:ation|ating)?)?|dev|eval(?:uation|uating)?|cross-?val)"
    r"|(?P<test>test(?:ing)?))(?![A-Za-z])",
    re.IGNORECASE,
)
KNOWN = re.compile(r"(?i:train(?:ing)?|val(?:id(?:ation)?)?|dev|eval(?:uation)?|test(?:ing)?)")
LONE = re.compile(
    r"(?i)\W*(?:train(?:ing)?|val(?:id(?:ation)?)?|dev|eval(?:uation)?|test(?:ing)?|learn)(?:[ _](?:set|inner))?\W*"
)
OWNED = re.compile(r"(?:training|valid_\d+|cv_agg|\w+)'s +")

CONTROL = re.compile(
    r"(?i)(?:^|[^a-z])(?:lr|learning[ _]?rates?|l\.r|wd|weight[ _]?decay|mom(?:entum)?|grads?|gradients?|g_?norm|norm"
    r"|scale|(?:batch|reader)_cost|time|mem|memory|speed|temp(?:erature)?|eta|data|clip|scaler|samples|tokens|best)(?![a-z])"
)
UNIT = re.compile(
    r"(?!(?:st|nd|rd|th)\b)(?:%|\s+%(?!\s*[\w(])|[A-Za-zµ][\w/]*"
    r"|\s*+(?:-\s*+)?(?:epochs?|steps?|iter(?:ation)?s?|batch(?:es)?)(?=\s*(?:[|,;()\]/]|:(?!\s*\Z)))"
    r"|\s+(?:seconds?|secs?|msecs?|ms|minutes?|mins?|hours?|hrs?|days?|it/s|[KMGT]i?B)(?!\w)"
    r"|\s+\w+/(?:s|sec|second|step|it|batch)(?!\w)"
    r"|\s+s(?=\s*(?:$|[|,;:)\]])))"
)
AXIS_UNIT = re.compile(r"-?\s*(epochs?|steps?|iter(?:ation)?s?|batch(?:es)?)")
MEASURE = re.compile(
    r"(?i)(?<![a-z])(?:costs?|objectives?|objf|xent|energy|elbo|perp|bits|l[12]|mape|ndcg|gini|quantile|fitness|success"
    r"|success_rate|m?iou|kappa|mcc|gan|[dg]_(?:[ab]|real|fake|gan|l1)|(?:cycle|idt)_[ab])(?![a-z])"
)
NO_VALUE = re.compile(
    r"(?i)(?<![a-z])(?:decreased|increased|improv(?:ed|ing|ement)|reached|dropped|best|previous|threshold|cuda|device|rank"
    r"|version|port|seed|early|patience|stalled|pid)(?![a-z])|\.(?:py|cc|cpp|cu|h|sh|txt|json)$|\w[123]d$"
)
CLOSING = re.compile(r"\s*%?\s*[)\]]")

ENDS = " \t:=~>\"'`([{"
WRAPPER = re.compile(r"(?<=[:=\s[])(?:tensor|array|(?:np|numpy|jnp|torch)\.\w+)$|(?<!\s)\s+(?:is|was|are|->|=>)$|:=$")
DELIMITER = re.compile(
    r"[,;|\t{}\[\]<>\"*!?~:=\\]|\s{2,}|\.\s|\s[-\u2013\u2014\u2022\u00b7]+\s|[-=#]{2,}|\A[-#.\s]+|^\d+"
)
STOPS = frozenset(
    {"from", "to", "than", "by", "of", "in", "with", "over", "per", "and", "or", "the", "a", "an", "for", "on", "at",
     "after", "before", "until", "is", "was", "are", "has", "used", "took"}
)  # fmt: skip
LONGEST_NAME = 60
MOST_WRAPPERS = 8  # around one number: " is: tensor(["
MOST_WORDS = 5


@lru_cache(maxsize=4096)
def key_of(text: str) -> tuple[str, str]:
    """Return the name at the end of the text in front of a number, "" if there is none, and what stands before it.

    >>> key_of("], Step ["), key_of(" | Test set: Average loss: "), key_of(", 'grad_norm': tensor(")
    (('Step', ''), ('Average loss', 'Test set'), ('grad_norm', ''))
    >>> key_of(" improved from "), key_of(" - f1-score (micro avg)  ")
    (('', 'improved from'), ('f1-score (micro avg)', ''))
    """
    body = text.rstrip(ENDS)
    for _ in range(MOST_WRAPPERS):
        bare = WRAPPER.sub("", body).rstrip(ENDS)
        if bare == body:
            break
        body = bare
    if body.endswith(")") and body.count("(") != body.count(")"):
        return "", _clean(body)
    start = max((m.end() for m in DELIMITER.finditer(body)), default=0)
    start = _balanced(body, start)
    name, head = _clean(body[start:]), _clean(body[:start])
    words = name.split()
    good = (
        0 < len(words) <= MOST_WORDS + 3
        and len(name) <= LONGEST_NAME
        and words[-1].lower() not in STOPS
        and NO_VALUE.search(name) is None
        and any(c.isalpha() for c in name)
        and (len(words) <= MOST_WORDS or axis_kind(name) is not None)
    )
    return (name, head) if good else ("", _clean(body))


def _balanced(body: str, start: int) -> int:
    """Return where the name begins, behind a bracket that it does not close or open itself."""
    depth = 0
    for at in range(len(body) - 1, start - 1, -1):
        depth += (body[at] == ")") - (body[at] == "(")
        if depth < 0:
            return at + 1
    if depth > 0:
        return body.rindex(")") + 1
    return start


def _clean(text: str) -> str:
    return text.strip(" \t'\"`-.,:;|>*[]{}=")


@lru_cache(maxsize=4096)
def axis_kind(key: str) -> Kind | None:
    """Return what a name counts, None if it is no counter.

    >>> [axis_kind(k) for k in ("Epoch(train)", "global_step", "end of epoch", "max_steps", "ms/batch", "loss")]
    ['epoch', 'global', 'epoch', None, None, None]
    """
    bare = re.sub(r"\([^()]*\)", " ", key).strip(" .:")
    if COUNTS_ALL.search(bare):
        return "global"
    words = [w.lower() for w in re.split(r"[\W_]+", bare) if w]
    if not words or words[-1] not in KINDS or NO_COUNTER.intersection(words[:-1]):
        return None
    before = bare[: -len(words[-1])]
    if is_metric(SPLIT.sub(" ", before)) and not re.search(r"(?i)\b(?:at|after|for|in|on|of)\b", before):
        return None
    return KINDS[words[-1]]


@lru_cache(maxsize=4096)
def split_of(text: str) -> str:
    """Return the last split of the data that is named in the text: train, val, test, or "".

    >>> split_of("| INFO | train_inner"), split_of("Epoch(val)"), split_of("trainer")
    ('train', 'val', '')
    """
    found = ""
    for match in SPLIT.finditer(text):
        found = match.lastgroup or ""
    return found


def is_lone_split(key: str) -> bool:
    """Say whether a name is a split of the data and nothing else, such as ``Train`` or ``[valid]``."""
    return LONE.fullmatch(key) is not None


@lru_cache(maxsize=4096)
def with_split(key: str, split: str) -> tuple[str, str]:
    """Return a name that holds its split in words that every reader of names knows, and the quantity without it.

    >>> with_split("train_loss", "train"), with_split("CROSSVAL AVG.LOSS", "val"), with_split("valid_0's l2", "val")
    (('train_loss', 'loss'), ('val AVG.LOSS', 'AVG.LOSS'), ('val l2', 'l2'))
    """
    owned = OWNED.match(key)
    if owned:
        quantity = key[owned.end() :]
        return f"{split} {quantity}", quantity
    quantity = _clean(re.sub(r"\(\s*\)|__+|//+", " ", SPLIT.sub("", key))).strip("_/ ")
    known = all(KNOWN.fullmatch(m[0]) for m in SPLIT.finditer(key))
    return (key if known else f"{split} {quantity}"), quantity


@lru_cache(maxsize=4096)
def is_measure(name: str) -> bool:
    """Say whether a name sounds like a measure of training."""
    return is_metric(name) or MEASURE.search(name) is not None


@lru_cache(maxsize=4096)
def is_control(key: str) -> bool:
    """Say whether a name is a setting or a state of the optimiser or the machine, which belongs to no split."""
    return CONTROL.search(key) is not None
