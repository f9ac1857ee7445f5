"""Physical lines to statements: without times and levels, with bars and the forms of known programs spelled out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from runaudit.readers._log.bare import Lists
from runaudit.readers._log.tables import Tables
from runaudit.readers._text import numbered_lines

LONGEST = 20_000  # letters of a line that are looked at

_DATE = (
    r"(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/]\d{1,2}(?:[-/]\d{2,4})?(?= \d\d:)"
    r"|(?:\w{3} )?\w{3} +\d{1,2}(?= \d\d:\d\d))"
)
_CLOCK = r"\d{1,2}:\d\d(?::\d\d)?(?:[.,]\d+)?(?: ?[AP]M)?(?:Z|[+-]\d\d:?\d\d)?(?: \d{4})?"
_NAMED = r"(?: [A-Za-z][\w.]*(?=\]))?"  # of the logger, behind the time: [09/18 09:47:58 d2.utils.events]
_HOST = r"(?<![^\n])\[[^\[\]]{1,60}\] (?=\d{4}-\d\d-)"
_LEVEL = r"[IWEF]\d{4}(?= )|(?:INFO|WARNING|WARN|DEBUG|ERROR|NOTICE|LOG)(?![\w=])(?::(?:root|tensorflow|[\w.]+)(?=:))?"
_PLACE = (
    r"gpu:\d+|[\w.]+:\d+(?= +(?:INFO|WARN|DEBUG))|\(?<?[\w./-]{1,200}\.(?:py|cc|cpp|cu|h|sh)(?::\d+| \d+|>)\)?(?::\w+)?"
    r"|\([\w.]+:\d+\)|\d+ (?=[\w.]+:\d+\])|\w+:\d+(?=\])"
)
PREFIX = re.compile(
    rf"(?:[\s\[\]|,:>-]*(?:{_HOST}|{_DATE}[T _-]?|{_CLOCK}{_NAMED}|{_LEVEL}|{_PLACE}))*+[\s\]]*(?:>>|:)?"
)
RANK = re.compile(r"\s*\[?(?:rank|default)[ _]?(\d+)\]?[:>\s]+", re.IGNORECASE)

BAR = re.compile(
    r"\d{1,3}%\|[^|]*\|\s*(?P<done>[\d.]+\w?)/(?P<all>[\d.]+\w?)"
    r"\s*\[[^\],]*(?:,\s*[^\],]*/(?:s|\w+))?(?P<more>[^\]]*)\](?P<rest>.*)",
    re.DOTALL,
)
OPEN_BAR = re.compile(r"(?<!\d)(?P<done>\d+)it \[[^\],]*,[^\],]*(?P<more>[^\]]*)\](?P<rest>.*)", re.DOTALL)
KERAS = re.compile(r"\s*(?P<done>\d+)/(?P<all>\d+|Unknown)\s*(?:\[[=>.]*\]|[━╸╺─]+|-)\s*(?P<rest>.*)", re.DOTALL)
GLUED = re.compile(r"(?=\(epoch: )|(?<=[\]s])(?=\{')")
CYCLE = re.compile(r"\(epoch: *(\d+), iters: *(\d+),[^)]*\) *")
ESPNET = re.compile(r"(?<!\d)(\d+)epoch:(\w+):(\d+)-(\d+)batch:")
DARKNET = re.compile(r"\A\s*(\d+): ([-\d.naif]+), ([-\d.naif]+) avg(?: loss)?, ([\d.]+) rate.*")
TACOTRON = re.compile(r"\A(Train|Validation) loss (\d+):? +(?=[-\d.naif]+(?:\s|$))")  # the step behind the name
HYPHEN = re.compile(r"(?i)\b(epoch) (\d+)-(\d+)(?=,)")
KALDI = re.compile(r"for minibatches (\d+)-(\d+) is ")
SPELLINGS = (
    ("Saving dict for", "eval"),  # TensorFlow estimators
    ("(lrate", "(lr: "),  # Kaldi
    ("loss value:", "loss:"),  # Megatron
    ("loss PPL:", "ppl:"),
    ("cur metric,", "eval,"),  # Paddle
    ("Mel-Spec. Error", "mel_spec_error"),  # HiFi-GAN
)
PAIR = re.compile(r"(\w[\w.]*): ")


Bar = Literal["", "keras", "tqdm"]


@dataclass(frozen=True, slots=True)
class Statement:
    """What a line says.

    ``rank``: of which process it is; ``bar``: it is a progress bar, which repeats itself; ``tabled``: a row of a table.
    """

    line: int
    text: str
    rank: int = 0
    bar: Bar = ""
    tabled: bool = False


def statements(text: str) -> Iterator[Statement]:
    """Yield what every line says, in order; several where a bar or a program glued them together."""
    tables, lists = Tables(), Lists()
    for number, piece in numbered_lines(text.replace("\b", "") if "\b" in text else text):
        if not piece or piece.isspace():
            continue
        line = lists.take(piece if len(piece) <= LONGEST else piece[:LONGEST])
        told = tables.take(number, line)
        if told is not None:
            yield from (Statement(at, row, tabled=True) for at, row in told.rows)
            if told.all:
                continue
        glued = ("(epoch: " in line or "{'" in line) and len(parts := GLUED.split(line)) > 1
        for part in parts if glued else (line,):
            yield from _statement(number, part)
    yield from (Statement(at, row, tabled=True) for at, row in tables.flush())


def _statement(number: int, line: str) -> Iterator[Statement]:
    if "Namespace(" in line:  # the arguments of the script
        return
    rank = 0
    if "rank" in line[:12].lower() or "default" in line[:12]:
        found = RANK.match(line)
        if found:
            rank, line = int(found[1]), line[found.end() :]
    if "/" in line[:40]:
        keras = KERAS.match(line)
        if keras:
            yield Statement(number, f"[{keras['done']}/{keras['all']}] - {keras['rest']}", rank, bar="keras")
            return
    start = PREFIX.match(line)
    if start:
        line = line[start.end() :]
    if "%|" in line or "it [" in line:
        bar = BAR.search(line) or OPEN_BAR.search(line)
        if bar:
            yield from _bar(number, line[: bar.start()].strip(" \t:"), bar, rank)
            return
    if line and not line.isspace():
        yield Statement(number, _known(line), rank)


def _bar(number: int, name: str, bar: re.Match[str], rank: int) -> Iterator[Statement]:
    """Yield a bar of tqdm as its counter and its metrics, and what was printed behind it.

    At its beginning it still shows the metrics of the bar before.
    """
    if bar["done"] == "0":
        yield Statement(number, name, rank)
    else:
        count = f"{bar['done']}/{bar['all']}" if "all" in bar.groupdict() else bar["done"]
        yield Statement(number, f"{name} [{count}] {bar['more'].lstrip(', ')}".strip(), rank, bar="tqdm")
    if bar["rest"].strip():
        yield from _statement(number, bar["rest"])


def _part(pair: re.Match[str]) -> str:
    """Return the name of a number of CycleGAN's lines, which hold nothing but losses of rivals; no sum is theirs."""
    return f"train {pair[1]}: " if "loss" in pair[1].lower() else f"train loss {pair[1]}: "


def _known(line: str) -> str:
    """Return a line of a known program in words that any reader understands."""
    if "epoch:" in line and "batch:" in line:
        return ESPNET.sub(r"epoch: \1, batch: \4, \2: ", line)
    if line.startswith("(epoch: ") and (head := CYCLE.match(line)):
        return f"epoch: {head[1]}, iters: {head[2]}, " + PAIR.sub(_part, line[head.end() :])
    if " avg" in line and "rate," in line:
        return DARKNET.sub(r"iteration: \1, loss: \2, loss average: \3, lr: \4", line, count=1)
    if "minibatches" in line:
        return KALDI.sub(r"[minibatch \2] objective: ", line)
    if " loss " in line[:16]:
        line = TACOTRON.sub(r"step \2, \1 loss ", line)
    if "-" in line[:20] and line[:6].lower() == "epoch ":
        return HYPHEN.sub(r"\1 \2 [\3]", line)
    for spelling, words in SPELLINGS:
        if spelling in line:
            line = line.replace(spelling, words)
    return line
