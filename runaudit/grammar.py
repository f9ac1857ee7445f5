"""What one name means by itself: canonical names from the spellings, patterns and word lists of ``names.yaml``."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from runaudit.model import Reduction
from runaudit.wordbook import UNDERSCORES, Pattern, Role, book, ignored, patterns, spelling

LONGEST = 300

_WEIGHT = re.compile(r"[._/]weight$")
_PERCENT = re.compile(r"\s*(?:\(\s*%\s*\)|\[\s*%\s*\]|%|[_ /.](?:percent|pct))\s*$", re.IGNORECASE)
_HEAD = re.compile(r"\((\w)\)$")
_OF_SET = re.compile(r"^(?:(training|train|valid)(?:_0)?'s\s+|(validation)_0-)")  # LightGBM: valid_0's l2; XGBoost
_FIRM = frozenset({"train", "training", "val", "valid", "validation", "test"})  # a split inside a name as well
_RECORD = frozenset({"best", "lowest", "highest", "patience"})  # the best so far is no curve of the training
_ACCURACY = frozenset({"acc", "accuracy"})
_NO_ACCURACY = frozenset({"grad", "gradient", "steps", "step", "iters", "time", "size", "count", "num"})


@dataclass(frozen=True, slots=True)
class Meaning:
    """How a name was understood.

    ``canonical`` is the canonical name (the axis for a column of steps, "" for what is ignored, the name itself
    for what is unknown). ``scale`` turns the logged number into the canonical unit: 0.01 for percents.
    ``reduction`` is what one value stands for where the name says so. ``rank`` orders the spellings of one
    canonical name, the best first.
    """

    canonical: str
    role: Role
    why: str
    scale: float = 1.0
    reduction: Reduction | None = None
    rank: int = 0


@lru_cache(maxsize=4096)
def understand(name: str) -> Meaning:
    """Return what the name means by itself; the other names of the log may add to it (``understand_all``).

    >>> understand("Loss/val").canonical, understand("fc1.weight/update_to_weight").canonical
    ('val/loss', 'update_ratio/fc1')
    """
    if len(name) > LONGEST:
        return Meaning(name, "unknown", "a name of that length is no name of a metric")
    plain = _PERCENT.sub("", _OF_SET.sub(r"\1\2/", name))
    scale = 0.01 if _PERCENT.search(name) else 1.0
    key = spelling(plain)
    known = book().exact.get(key)
    if known is not None:
        what = f"a spelling of {known.canonical}" if known.canonical else "a timing or progress column"
        return Meaning(known.canonical, known.role, f"'{name}' is {what}", rank=known.rank)
    meant = _in_folder(plain) or _by_words(plain, key)
    if meant.role == "unknown":
        return Meaning(name, "unknown", f"nothing is known about '{name}'")
    return replace(meant, scale=scale if meant.role == "metric" else 1.0)


def _in_folder(name: str) -> Meaning | None:
    """Return the meaning of a tag below the folder of another split: in train/val_loss the tag knows better."""
    outer, _, inner = name.partition("/")
    split = book().splits.get(spelling(outer))
    if not inner or not split or _split(inner, spelling(inner).split("_"))[0] in {"", None, split}:
        return None
    return understand(inner)


def _by_words(name: str, key: str) -> Meaning:
    words = key.strip("_").split("_")
    in_training = book().splits.get(spelling(name.partition("/")[0])) == "train"
    inner = name.partition("/")[2] if in_training else ""
    return _plain(name, words) or _formed(inner or name) or _loss_or_split(name, words)


def _formed(name: str) -> Meaning | None:
    """Return the meaning of a name that fits one of the patterns."""
    text = UNDERSCORES.sub("_", name.strip().strip("\"'").strip().replace(" ", "_"))
    if ignored().fullmatch(text):
        return Meaning("", "ignore", f"'{name}' is a timing, progress or system column")
    for pattern in patterns():
        found = pattern.match.match(text)
        if found and not _excluded(pattern, found):
            groups = {k: _group(k, v) for k, v in found.groupdict().items()}
            return Meaning(pattern.to.format(**groups), "metric", f"'{name}' has the form of {pattern.to}")
    return None


def _excluded(pattern: Pattern, found: re.Match[str]) -> bool:
    return pattern.unless is not None and any(pattern.unless.match(g) for g in found.groups() if g)


def _group(kind: str, text: str) -> str:
    if kind == "layer":
        return _WEIGHT.sub("", text)
    if kind == "metric":
        return quantity_of(text)
    return text


def quantity_of(text: str) -> str:
    """Return the canonical quantity of a text such as ``mAP50(B)``, or the text in lower case."""
    head = _HEAD.search(text)
    suffix = f"_{head[1].lower()}" if head and head[1].lower() != "b" else ""
    key = spelling(_HEAD.sub("", text))
    known = book().quantities.get(key)
    return (known[0] if known else key) + suffix


def _split(name: str, words: list[str]) -> tuple[str | None, list[str], list[str], str | None]:
    """Take a name apart: its split (None where two contradict), the rest, the rest without hints, the hint."""
    inner = next((i for i, w in enumerate(words) if w not in book().hints), 0)
    ends = [words[inner], words[-1], *(spelling(part) for part in name.split("/")[:-1])]
    splits = {book().splits[w] for w in ends if w in book().splits}
    splits = splits or {book().splits[w] for w in words if w in _FIRM}
    split = None if len(splits) > 1 else next(iter(splits), "")
    rest = [w for w in words if not split or book().splits.get(w) != split]
    hint = next((book().hints[w] for w in rest if book().hints.get(w, "none") != "none"), None)
    return split, rest, [w for w in rest if w not in book().hints] or rest, hint


def _plain(name: str, words: list[str]) -> Meaning | None:
    """Return the meaning of a split, hints and one known quantity, in any order."""
    split, rest, core, hint = _split(name, words)
    if split is None or (words[0] == "metrics" and not split):
        return None
    for candidate in ("_".join(rest), "_".join(core)):
        if candidate in book().quantities:
            quantity, rank = book().quantities[candidate]
            return _of_quantity(name, split, quantity, hint, rank + len(rest) - len(core))
    return None


def _loss_or_split(name: str, words: list[str]) -> Meaning:
    """Return the meaning of a part of a loss, or of an unknown quantity of a known split."""
    unknown = Meaning(name, "unknown", f"nothing is known about '{name}'")
    split, rest, core, hint = _split(name, words)
    if split is None or _RECORD.intersection(core):
        return unknown
    if "_".join(core) in book().loss_parts:
        return _of_part(name, split, "_".join(core), hint)
    if len(core) > 1 and core[0] in {"loss", "losses"}:
        inner = core[1:-1] if len(core) > 2 and core[-1] == "loss" else core[1:]  # losses/value_loss
        return _of_part(name, split, "_".join(inner), hint)
    if len(core) > 1 and core[-1] in {"loss", "losses"}:
        part = "_".join(core[:-1])
        if words[0] == "eval" and not book().part_words.intersection(core[:-1]):
            return Meaning(f"val/{part}/loss", "metric", f"'{name}' is the loss on the data set {part}")
        return _of_part(name, split, part, hint)
    if not split and len(core) > 1 and {core[0], core[-1]} & _ACCURACY and not _NO_ACCURACY.intersection(core):
        of = "_".join(w for w in core if w not in _ACCURACY)
        return Meaning(f"train/accuracy_{of}", "metric", f"'{name}' is the accuracy of {of}") if of else unknown
    if split and rest and (words[0] in book().splits or "/" in name) and words[0] not in {"tr", "learn"}:
        quantity = quantity_of("_".join(rest))
        return Meaning(f"{split}/{quantity}", "metric", f"'{name}' names the split {split}")
    return unknown


def _of_quantity(name: str, split: str, quantity: str, hint: str | None, rank: int) -> Meaning:
    home = split or ("train" if quantity in book().bare_train else "")
    canonical = f"{home}/{quantity}" if home else quantity
    reduction = Reduction(hint) if hint else None
    why = f"'{name}' is {quantity}" + (f" of {split}" if split else ", and no word says of which data")
    if home == "train" and reduction is Reduction.EPOCH_MEAN:
        canonical += "_epoch"
    elif home in {"val", "test"} and reduction is Reduction.STEP:
        canonical += "_step"
    return Meaning(canonical, "metric", why, reduction=reduction, rank=rank + (0 if split else 10))


def _of_part(name: str, split: str, part: str, hint: str | None) -> Meaning:
    canonical = f"{split or 'train'}/loss/{part}"
    if hint == "epoch-mean":
        canonical += "_epoch"
    reduction = Reduction(hint) if hint else None
    return Meaning(canonical, "metric", f"'{name}' is the part {part} of a loss", reduction=reduction)
