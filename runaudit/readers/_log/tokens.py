"""What the numbers of a line are: a counter, its total, a named value, or nothing of interest.

The text between two numbers decides, so lines that differ in their numbers alone share one plan.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from runaudit.readers._log.words import (
    AXIS_UNIT,
    BEST,
    CLOSING,
    EPISODE,
    LAYER,
    SCORE,
    SPLIT,
    UNIT,
    Kind,
    axis_kind,
    is_control,
    is_lone_split,
    is_measure,
    key_of,
    split_of,
    with_split,
)

_UNSIGNED = r"(?:\d{1,3}(?:,\d{3})++(?![\d,])(?:\.\d++)?+|\d++(?:\.\d++)?+|\.\d++)(?:\.?[eE][-+]?\d++)?+"
_WORDS = r"(?:(?i:nan)(?! (?:iter|val|grad|loss|count|check|det|found))|(?i:inf(?:inity)?))(?<!of nan)(?!\w)"
NUMBER = re.compile(rf"(?<![\w@#$])(?<!\w[-'.@])((?>[-+]?(?:{_UNSIGNED}|{_WORDS}))(?!\.\d))")
INTEGER = re.compile(r"\d[\d,]*")

TOTAL = re.compile(r"\s*(?:/|of|out of)\s*")
MEAN = re.compile(r"\s*[(\[]\s*+(?:avg|mean|ave)?\.?[:= ]*", re.IGNORECASE)
NEXT = re.compile(r"[\]\s)]*[\[(]\s*|\s*,\s+|\]\s*-?\s*")
SAME = re.compile(r"\s*+(?:(?:[:=)\]]|is|was|->|=>)\s*+)+", re.IGNORECASE)
STARTS = re.compile(r"[\[(\s]*")
MOST_NUMBERS = 1_000  # of a line that are looked at
CLOCK = re.compile(r"\d\d(?:\.\d+)?")
DAY = re.compile(r"[-/.]\d\d[-/.]\d\d(?!\d)")
FOLLOWS = frozenset("])|:,\t ")
AT = re.compile(r"(?P<what>.+?) (?:at|after|for|in|on) (?:the )?(?:end of )?\S+(?: \S+)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Axis:
    """A counter in a line: what it counts, the number that holds it, and the number that holds its total, if any."""

    kind: Kind
    slot: int
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Value:
    """A named number; ``total`` is set in ``correct/all``, ``mean`` in ``now (mean)``; ``percent`` by its sign."""

    name: str
    slot: int
    total: int | None = None
    mean: int | None = None
    percent: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """How the lines of one template are read.

    ``split`` is what their first words say: train, val, test or nothing. ``form`` numbers the kind of line: it is the
    same where split, counters and names are. ``measures``: a value has the name of a measure of training; ``weak``: no
    counter has a name, so that it may be the number of anything; ``episodic``: a counter counts episodes.
    """

    axes: tuple[Axis, ...] = ()
    values: tuple[Value, ...] = ()
    split: str = ""
    form: int = 0
    measures: bool = False
    weak: bool = False
    episodic: bool = False

    @property
    def held_out(self) -> bool:
        """Say whether the line is about other data than those trained on."""
        return self.split in {"val", "test"}


def plan(parts: Sequence[str]) -> Plan:
    """Return how a line is read that ``NUMBER.split`` took apart.

    >>> made = plan(NUMBER.split("Epoch [3/10], Loss: 0.5 (0.6)"))
    >>> made.axes, made.values
    ((Axis(kind='epoch', slot=0, total=1),), (Value(name='Loss', slot=2, total=None, mean=3, percent=False),))
    """
    between = parts[0::2]
    if BEST.search(between[0]):
        return Plan()
    layer = next((found for text in between if (found := LAYER.search(text))), None)
    if layer:
        between = [text.replace(layer[0], "", 1) for text in between]
    line = _Line(between, parts[1::2])
    for slot in range(min(len(line.numbers), MOST_NUMBERS)):
        line.take(slot)
    return line.plan(f"/{layer['layer']}" if layer else "")


def measures(name: str) -> bool:
    """Say whether a name is that of a measure; a split of the data alone stands for the measure itself."""
    return is_lone_split(name) or is_measure(SPLIT.sub(" ", name))


def _scored(values: tuple[Value, ...]) -> tuple[Value, ...]:
    """Return the values of a line that counts episodes: a score, or what is averaged, is the reward where none is."""
    if any(re.search(r"(?i)reward|return", v.name) for v in values):
        return values
    out: list[Value] = []
    for value in values:
        found = SCORE.fullmatch(value.name)
        scored = found is not None and bool(found["mean"] or found["score"])
        out.append(replace(value, name="mean reward" if found["mean"] else "reward") if found and scored else value)
    return tuple(out)


class _Line:
    """Reads one line from left to right."""

    def __init__(self, between: Sequence[str], numbers: Sequence[str]) -> None:
        self.between = list(between)
        self.numbers = numbers
        self.axes: list[Axis] = []
        self.values: list[Value] = []
        self.last: Literal["axis", "value", "clock", "none"] = "none"
        self.split = ""  # of the line, as its first words or counters say
        self.sticky = ""  # of the latest name
        self.pending = ""  # a name whose value comes behind a counter: "loss after epoch 3: 0.5"
        self.quantity = ""  # of the latest name that has a split, without it
        self.averaged = False  # the line gives means, those in brackets over the whole
        self.led = False  # the first counter has no name
        self.named = False  # a counter has one
        self.episodic = False  # a counter counts episodes

    def plan(self, ending: str) -> Plan:
        """Return what was read; ``ending`` goes behind every name."""
        values = tuple(replace(v, name=v.name + ending) if ending else v for v in self.values)
        split = self.split or (split_of(self.between[-1]) if self.axes and not self.values else "")
        weak = not self.named and bool(self.axes)
        if self.episodic:
            values = _scored(values)
        known = any(measures(v.name) for v in values)
        return Plan(self._settled(), values, split, measures=known, weak=weak, episodic=self.episodic)

    def take(self, slot: int) -> None:
        """Decide what the number is."""
        before, after = self.between[slot], self.between[slot + 1]
        if self._is_clock(slot):
            self._hear(key_of(before)[1])
            self.last = "clock"
            return
        unit = UNIT.match(after)
        word = unit[0].strip() if unit else ""
        if self.last == "value" and MEAN.fullmatch(before) and CLOSING.match(after):
            self._mean(slot, word)
            return
        if TOTAL.fullmatch(before) and self.last in {"axis", "value"}:
            self._total(slot, after, word)
            return
        if unit:
            self.between[slot + 1] = after[unit.end() :]
        key, head = key_of(before)
        self._hear(head)
        if key and is_lone_split(key):
            self._behind_split(slot, key, before, word)
        elif key:
            self._named(slot, key, word)
        else:
            self._nameless(slot, before, word, attached=not after.startswith(" "))

    def _is_clock(self, slot: int) -> bool:
        """Say whether the number is a part of a time such as 2:05:05."""
        following = self.numbers[slot + 1] if slot + 1 < len(self.numbers) else ""
        after = self.between[slot + 1]
        begins = (after == ":" and CLOCK.fullmatch(following) is not None) or DAY.match(after) is not None
        return begins or (self.last == "clock" and self.between[slot] == ":")

    def _hear(self, head: str) -> None:
        split = split_of(head)
        self.averaged = self.averaged or head.lower().startswith("averaged")
        if split:
            self.sticky = split
            self.split = self.split or ("" if self.values else split)

    # --- numbers that belong to the one before ---

    def _mean(self, slot: int, word: str) -> None:
        value = self.values[-1]
        if word == "" and not value.name.startswith("avg_"):  # Coqui writes the change behind a mean
            self.values[-1] = replace(value, slot=slot) if self.averaged else replace(value, mean=slot)

    def _total(self, slot: int, after: str, word: str) -> None:
        counted = AXIS_UNIT.fullmatch(word)
        if word:
            self.between[slot + 1] = after.lstrip()[len(word) :]
        if self.last == "value":
            self.values[-1] = replace(self.values[-1], total=slot)
        elif word and not counted:  # 120/118 tok/s
            self.axes.pop()
            self.last = "none"
        else:
            kind = axis_kind(counted[1]) if counted and self.axes[-1].kind == "part" else None
            self.axes[-1] = replace(self.axes[-1], total=slot, kind=kind or self.axes[-1].kind)

    # --- numbers without a name ---

    def _nameless(self, slot: int, before: str, word: str, *, attached: bool) -> None:
        whole = INTEGER.fullmatch(self.numbers[slot]) is not None
        counted = AXIS_UNIT.fullmatch(word) if attached else None
        starts = not slot and STARTS.fullmatch(before) is not None
        after = self.between[slot + 1]
        if whole and counted:
            self.named = True
            self._axis(axis_kind(counted[1]) or "step", slot)
        elif word not in {"", "%"}:
            self.last = "none"
        elif starts and whole and not word and (self._has_total(slot) or after[:1] in FOLLOWS) and after.strip():
            self._axis("part", slot)
            self.led = True
        elif whole and self._has_total(slot) and not self._counts("part"):
            self._axis("part", slot)
        elif self.pending and SAME.fullmatch(before):
            self._value(slot, self.pending, percent=word == "%")
            self.pending = ""
        elif self.last == "axis" and whole and NEXT.fullmatch(before) and (self.led or not self._counts("part")):
            self._axis("part", slot)
        elif self.last == "value":
            self.last = "none"

    def _has_total(self, slot: int) -> bool:
        """Say whether the number is followed by a second one as in ``12/600``."""
        following = self.numbers[slot : slot + 2]
        near = len(following) == 2 and TOTAL.fullmatch(self.between[slot + 1]) is not None
        return near and all(INTEGER.fullmatch(n) for n in following)

    def _counts(self, kind: Kind) -> bool:
        return any(a.kind == kind for a in self.axes)

    # --- numbers with a name ---

    def _named(self, slot: int, key: str, word: str) -> None:
        kind = axis_kind(key)
        if kind is None and word in {"", "%"}:
            self._value(slot, key, percent=word == "%")
        elif kind is None or word:
            self.last = "none"
        else:
            at = AT.fullmatch(key)
            self.pending = at["what"] if at and is_measure(at["what"]) else ""
            split = split_of(key)
            if split:
                self.split = self.sticky = split
            self.named = True
            self.episodic = self.episodic or (kind == "step" and EPISODE.search(key) is not None)
            self._axis(kind, slot)

    def _behind_split(self, slot: int, key: str, before: str, word: str) -> None:
        """Take the number behind a lone ``Train`` or ``val``: a counter in brackets, or the quantity named before."""
        split = split_of(key) or "train"
        whole = INTEGER.fullmatch(self.numbers[slot]) is not None and not word
        bracket = before.rstrip().endswith(("[", "("))
        opens = self.between[slot + 1].strip() in {"[", "("}
        self.sticky = split
        if whole and not self.values and ((bracket and self._has_total(slot)) or opens):
            self.split = self.split or split
            self.named = self.led = True
            self._axis("part", slot)
        elif word not in {"", "%"}:
            self.last = "none"
        elif self.quantity:
            self._value(slot, f"{split} {self.quantity}", percent=word == "%")
        else:
            self.values.append(Value(key, slot, percent=word == "%"))
            self.last = "value"

    def _axis(self, kind: Kind, slot: int) -> None:
        self.axes.append(Axis(kind, slot))
        self.last = "axis"

    def _value(self, slot: int, key: str, *, percent: bool) -> None:
        own = split_of(key)
        if own:
            self.sticky = own
            name, self.quantity = with_split(key, own)
        else:
            apart = self.sticky and not is_control(key) and (is_measure(key) or self.split in {"val", "test"})
            name = f"{self.sticky} {key}" if apart else key
        self.values.append(Value(name, slot, percent=percent))
        self.last = "value"

    def _settled(self) -> tuple[Axis, ...]:
        """Return the counters: one without a name counts epochs before another such, nothing beside a named one."""
        if not self.led or len(self.axes) < 2:
            return tuple(self.axes)
        first, *rest = self.axes
        if all(a.kind == "part" for a in rest):
            return (replace(first, kind="epoch"), *rest[:1])
        return tuple(rest)
