"""Gradient checks: analytic beside numeric derivatives, from runaudit.gradcheck or in anyone's table, JSON or print."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from runaudit.errors import LogError
from runaudit.model import Note, RawLog
from runaudit.readers import Reader
from runaudit.readers._json import Record, as_number, decode_list, load_object
from runaudit.readers._json_rows import rows_of
from runaudit.readers._layout import find_layout, records
from runaudit.readers._text import head_lines, is_number, numbered_lines, read_text, split_lines, to_number
from runaudit.readers._words import listed

TABLES = {".csv", ".tsv"}
LINES = {".jsonl", ".ndjson", ".json"}
TEXTS = {".txt", ".log", ".out", ""}
LIST = re.compile(r"\s*\[\s*\{")
FILLING = frozenset(
    {"grad", "grads", "gradient", "gradients", "value", "d", "dx", "dw", "the", "deriv", "derivative", "result"}
)
KINDS: Mapping[str, frozenset[str]] = {
    "analytic": frozenset(
        {"analytic", "analytical", "backprop", "backward", "bp", "autograd", "autodiff", "ad", "fa", "computed"}
    ),
    "numeric": frozenset(
        {"numeric", "numerical", "num", "fd", "finite", "centered", "centred", "central", "approx", "fn", "estimated"}
    ),
}
AMONG = KINDS["analytic"] | KINDS["numeric"] | {"difference", "differences", "diff"} | FILLING
OTHERS: Mapping[str, frozenset[str]] = {
    "parameter": frozenset({"parameter", "param", "param_name", "parameter_name", "tensor", "layer", "name", "weight"}),
    "index": frozenset({"index", "idx", "ix", "i", "coordinate", "coord", "position", "element"}),
    "h": frozenset({"h", "eps", "epsilon", "delta", "step_size", "stepsize"}),
    "dtype": frozenset({"dtype", "precision"}),
    "rel_error": frozenset({"rel_error", "relative_error", "rel_err", "relerr", "rel_diff", "relative_difference"}),
}  # fmt: skip
KEPT = frozenset(
    {"uncertainty", "low", "high", "crossed", "size", "phase", "part", "repeat", "loss", "limit", "status", "at_1e5"}
)
NUMBERS = frozenset(
    {"analytic", "numeric", "rel_error", "h", "uncertainty", "low", "high", "repeat", "loss", "limit", "at_1e5", "size"}
)
# What is repeated is never given back (``++``): a line of nothing but digits or blanks takes no longer than others.
NUMBER = r"[-+]?(?:\d++(?:\.\d*+)?(?:e[-+]?\d++)?|\.\d++(?:e[-+]?\d++)?|nan|inf)"
PRINTED = re.compile(
    rf"(?P<a>numeric(?:al)?|analytic(?:al)?)(?: grad(?:ient)?)?\s*+(?:[:=]\s*+)?(?P<x>{NUMBER})\W++"
    rf"(?P<b>numeric(?:al)?|analytic(?:al)?)(?: grad(?:ient)?)?\s*+(?:[:=]\s*+)?(?P<y>{NUMBER})",
    re.IGNORECASE,
)


def claims(path: PurePosixPath, head: bytes) -> bool:
    """Say whether the head has an analytic and a numeric gradient: as columns, as keys, or printed side by side."""
    suffix = path.suffix.lower()
    if suffix not in TABLES | LINES | TEXTS or not head:
        return False
    lines = head_lines(head)
    if suffix in LINES:
        text = "\n".join(lines)
        first = next(iter(decode_list(text, text.index("[")).records), (0, {}))[1] if LIST.match(text) else None
        row = first if first is not None else next((found for line in lines if (found := load_object(line))), None)
        return row is not None and _columns(row) is not None
    if suffix in TEXTS and any(map(_printed, lines)):
        return True
    layout = find_layout(lines)
    columns = None if layout is None or layout.header < 0 else _columns(layout.names)
    if layout is None or columns is None:
        return False
    at = [layout.names.index(columns[name]) for name in ("analytic", "numeric")]
    return (suffix in TABLES and not layout.body) or any(
        len(row) > max(at) and all(is_number(row[i]) for i in at) for row in layout.body
    )


def read(path: Path) -> tuple[RawLog, ...]:
    """Return one log without curves, whose table ``gradcheck`` has a row for each compared coordinate.

    A row has ``parameter``, ``index``, ``analytic``, ``numeric`` and ``line``, and of the other keys of
    ``runaudit.gradcheck.Row`` those that the file has. Rows without both numbers are left out with a note. Raises
    ``LogError`` where no row has them, and ``OSError``.
    """
    text, repairs = read_text(path)
    notes = list(repairs)
    suffix = path.suffix.lower()
    if suffix in LINES:
        found = _of_json(text, path, notes)
    elif suffix in TEXTS and any(_printed(line) for _, line in numbered_lines(text)):
        found = _of_print(text)
    else:
        found = _of_table(text)
    rows: list[dict[str, Any]] = []
    dropped: list[int] = []
    for line, row in found:
        if isinstance(row.get("analytic"), float) and isinstance(row.get("numeric"), float):
            rows.append({"parameter": "", "index": "", **row, "line": line})
        else:
            dropped.append(line)
    if not rows:
        raise LogError("no row has both an analytic and a numeric gradient", kind="not-a-log")
    if dropped:
        what = f"{len(dropped)} rows lack" if len(dropped) > 1 else "1 row lacks"
        notes.append(Note(f"{what} the analytic or the numeric gradient, left out", str(path), dropped[0]))
    return (RawLog("gradcheck_log", (), tables={"gradcheck": tuple(rows)}, notes=tuple(notes)),)


def _of_json(text: str, path: Path, notes: list[Note]) -> Iterator[Record]:
    if LIST.match(text):
        entries = decode_list(text, text.index("["))
        if entries.broken is not None:
            notes.append(Note("the list is cut off or broken from here", str(path), entries.broken))
        given: Sequence[Record] = entries.records
    else:
        given, odd = rows_of(text, path)
        notes.extend(odd)
    for line, row in given:
        columns = _columns(row) or {}
        yield line, _typed({name: row[source] for name, source in columns.items()})


def _of_table(text: str) -> Iterator[Record]:
    lines = split_lines(text)
    layout = find_layout(lines)
    columns = None if layout is None else _columns(layout.names)
    if layout is None or columns is None:
        raise LogError("the table has no columns of analytic and numeric gradients", kind="not-a-log")
    at = {name: layout.names.index(source) for name, source in columns.items()}
    for line, cells in records(lines, layout.delimiter, skip=layout.header + 1, whole=True):
        yield line, _typed({name: cells[i] for name, i in at.items() if i < len(cells)})


def _of_print(text: str) -> Iterator[Record]:
    for line, words in numbered_lines(text):
        found = _printed(words)
        if found:
            yield line, _typed(found)


def _printed(line: str) -> dict[str, str] | None:
    """Return both numbers of a printed comparison, in whatever order.

    >>> _printed("numerical: -9.2e-01 analytic: -9.2e-01, relative error: 1e-9")
    {'numeric': '-9.2e-01', 'analytic': '-9.2e-01'}
    """
    match = PRINTED.search(line)
    if match is None:
        return None
    first, second = (match[group][:1].lower() for group in "ab")
    names = {"n": "numeric", "a": "analytic"}
    return None if first == second else {names[first]: match["x"], names[second]: match["y"]}


def _columns(names: Iterable[str]) -> dict[str, str] | None:
    """Return the column of each field, None if there is none for the analytic or the numeric gradient.

    >>> _columns(["param", "grad_analytic", "Numerical Gradient", "eps"])
    {'analytic': 'grad_analytic', 'numeric': 'Numerical Gradient', 'parameter': 'param', 'h': 'eps'}
    >>> _columns(["step", "grad", "loss"]) is None
    True
    """
    plain = {re.sub(r"[^a-z0-9]+", "_", _snake(name)).strip("_"): name for name in reversed([*map(str, names)])}
    out: dict[str, str] = {}
    for kind, words in KINDS.items():
        fitting = [p for p in plain if (own := set(p.split("_"))) & words and own <= AMONG and _one_kind(own, kind)]
        if fitting:
            out[kind] = plain[min(fitting, key=lambda p: (p != kind, len(p)))]
    if "numeric" in out and "analytic" not in out and "grad" in plain:
        out["analytic"] = plain["grad"]
    if "gradapprox" in plain and "grad" in plain:
        out |= {"analytic": plain["grad"], "numeric": plain["gradapprox"]}
    if len(out) < 2:
        return None
    for field, spellings in OTHERS.items():
        named = [plain[p] for p in plain if p in spellings and plain[p] not in out.values()]
        if named:
            out[field] = plain[field] if field in plain else named[-1]
    return out | {p: plain[p] for p in plain if p in KEPT}


def _one_kind(words: set[str], kind: str) -> bool:
    return not any(words & other for name, other in KINDS.items() if name != kind)


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name.strip()).lower()


def _typed(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the row with numbers as floats and names as text; what is blank or no number is left out."""
    out: dict[str, Any] = {}
    for name, value in row.items():
        if name in NUMBERS:
            number = _number(value)
            if number is not None and (name in {"analytic", "numeric"} or not math.isnan(number)):
                out[name] = number
        elif isinstance(value, bool):
            out[name] = value
        elif name == "crossed":
            out[name] = str(value).strip().lower() in {"true", "1", "yes"}
        elif value is not None:
            out[name] = ",".join(map(str, value)) if isinstance(value, list) else listed([str(value)])
    return out


def _number(value: object) -> float | None:
    if isinstance(value, str):
        try:
            return to_number(value)
        except ValueError:
            return None
    return as_number(value)


READER = Reader("gradcheck_log", "Gradient check (analytic beside numeric gradients)", claims, read, priority=80)
