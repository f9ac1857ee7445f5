"""How good the rules are on labelled runs: for people, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from runaudit import __version__
from runaudit.calibrate import Calibration, Case, Score, Tally
from runaudit.limits import Near
from runaudit.pen import Options, Pen
from runaudit.render._words import pairs, value
from runaudit.render.json import plain
from runaudit.text import cells, count, left, right, wrap

SCHEMA_VERSION = 1
TALLY = ("label", "found", "wrong", "precision", "recall", "F1", "false alarms")
GROUP = ("runs", "precision", "recall", "F1", "macro F1", "without it", "false alarms")
DROP = ("F1", "wrong", "without it", "false alarms", "recall")  # columns that give way in a narrow terminal
LEGEND = (
    "found: of the runs that have the label; wrong: runs that do not have it; "
    "false alarms: healthy runs with the finding"
)
MOST_NAMES = 5


def calibration(found: Calibration, options: Options, *, missed: bool = False, alarms: bool = False) -> str:
    """Return the tables in lines no wider than ``options.width``; ``missed`` and ``alarms`` list the runs, and why."""
    pen = Pen(options)
    score, note = found.score, f"{pen.paint('note', 'note')}  "
    blocks = [
        _table(pen, TALLY, [_tally(tally) for tally in score.tallies]) if score.tallies else [],
        [pen.paint("dim", line) for line in wrap(LEGEND, pen.width)] if score.tallies else [],
        _groups(pen, found),
        _cases(pen, found.missed, "run missed", "runs missed") if missed else [],
        _cases(pen, found.alarms, "wrong finding", "wrong findings") if alarms else [],
        [line for said in _said(found) for line in pen.hang(note, pen.clean(said), indent=6)],
        _sum(pen, found, missed=missed, alarms=alarms),
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _tally(tally: Tally) -> tuple[str, ...]:
    return (
        tally.label,
        f"{count(tally.found)} of {count(tally.labelled)}",
        count(tally.wrong),
        *(_share(share) for share in (tally.precision, tally.recall, tally.f1)),
        f"{count(tally.alarms)} of {count(tally.healthy)}",
    )


def _share(share: float | None) -> str:
    return "-" if share is None else f"{share:.2f}"


def _groups(pen: Pen, found: Calibration) -> list[str]:
    """Return a table of the values of a column: each on its own, and the macro F1 of all other runs."""
    rows = []
    for group, rest in found.groups:
        sums = group.overall
        rows.append(
            (
                pen.short(group.name, pen.width // 3) or "-",
                count(group.runs),
                *(_share(share) for share in (sums.precision, sums.recall, sums.f1, group.macro_f1, rest.macro_f1)),
                f"{count(sums.alarms)} of {count(sums.healthy)}",
            )
        )
    return _table(pen, (pen.short(found.column, pen.width // 3), *GROUP), rows) if rows else []


def _table(pen: Pen, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return a table whose first column is names and the others numbers; columns are dropped until it fits."""
    widths = [max(cells(head), *(cells(row[i]) for row in rows)) for i, head in enumerate(heads)]
    keep = list(range(len(heads)))
    for name in DROP:
        if sum(widths[i] + 2 for i in keep) - 2 <= pen.width:
            break
        keep = [i for i in keep if heads[i] != name]

    def line(row: Sequence[str], style: str) -> str:
        numbers = "".join(f"  {right(row[i], widths[i])}" for i in keep[1:])
        return pen.paint(style, left(row[0], widths[0])) + (pen.paint("dim", numbers) if style == "dim" else numbers)

    return [line(heads, "dim"), *(line(row, "bold") for row in rows)]


def _cases(pen: Pen, cases: Sequence[Case], one: str, several: str) -> list[str]:
    """Return the runs on which each rule was wrong: what it said, its facts, and its limits."""
    lines: list[str] = []
    for rule, group in groupby(cases, key=lambda case: case.rule):
        some = list(group)
        lines += [""] if lines else []
        lines.append(f"{pen.paint('bold', rule)}: {count(len(some), one, several)}")
        for case in some:
            head = f"  {pen.paint('code', pen.short(case.row, pen.width // 3))}  "
            indent = cells(pen.short(case.row, pen.width // 3)) + 4
            said = {"silent": "silent", "note": "only a note", "skipped": "not judged"}.get(case.kind, case.kind)
            words = "; ".join(part for part in (said if case.kind != "alarm" else "", case.why) if part)
            lines += pen.hang(head, pen.prose(words), indent=min(indent, pen.width // 3))
            for label, text in _details(case):
                lines += pen.hang(f"    {pen.paint('dim', left(label, 6))}  ", pen.prose(text), indent=12)
    return lines


def _details(case: Case) -> Iterator[tuple[str, str]]:
    if case.facts:
        yield "facts", pairs(case.facts)
        yield "limits", pairs(case.limit)
    for i, near in enumerate(case.near):
        yield ("" if i else "but"), _would(case, near)
    if not case.near and case.kind in {"silent", "note"}:
        yield "but", f"no single limit {'keeps it silent' if case.kind == 'silent' else 'makes it a warning'}"


def _would(case: Case, near: Near) -> str:
    """Return a sentence such as ``would warn with min_rise 0.06 (limit 0.1): rise 0.0604``."""
    verb = "would give a note" if near.note else "would warn"
    words = f"{verb} with {near.param} {value(near.value)} (limit {value(near.limit)})"
    new = {name: fact for name, fact in near.facts.items() if case.facts.get(name) != fact}
    return f"{words}: {pairs(new)}" if new else words


def _said(found: Calibration) -> Iterator[str]:
    """Yield what was left out and why, one sentence each."""
    if found.unread:
        some = "; ".join(f"{u.row} ({u.reason})" for u in found.unread[:MOST_NAMES])
        yield f"{count(len(found.unread), 'labelled run')} not read: {some}{_more(found.unread)}"
    if found.several:
        yield f"more than one log, judged as one run: {_names(found.several)}"
    if found.unlabelled:
        yield f"{count(len(found.unlabelled), 'run')} without a label, not counted: {_names(found.unlabelled)}"
    if found.unknown:
        some = ", ".join(
            f"{u.label} ({count(u.rows, 'run')}{f'; did you mean {u.near}?' if u.near and not u.rows > 1 else ''})"
            for u in found.unknown
        )
        yield f"no rule gives these labels, not counted: {some}"
    if found.unjudged:
        some = ", ".join(f"{rule} ({count(n, 'run')})" for rule, n in found.unjudged.items())
        yield f"the labels say nothing of these findings, not counted: {some}"
    if found.crashes:
        yield f"{count(found.crashes, 'rule')} crashed: runaudit check tells which"


def _names(names: Sequence[str]) -> str:
    return ", ".join(names[:MOST_NAMES]) + _more(names)


def _more(names: Sequence[object]) -> str:
    return f" and {count(len(names) - MOST_NAMES, 'more', 'more')}" if len(names) > MOST_NAMES else ""


def _sum(pen: Pen, found: Calibration, *, missed: bool, alarms: bool) -> list[str]:
    """Return the totals, and which options tell more."""
    score, sums = found.score, found.score.overall
    shares = {"precision": sums.precision, "recall": sums.recall, "F1": sums.f1, "macro F1": score.macro_f1}
    lines = wrap(
        f"{pen.paint('bold', count(score.runs, 'labelled run'))}, {count(sums.healthy)} healthy, "
        f"{count(sums.alarms)} of these with a false alarm",
        pen.width,
    )
    lines += wrap(pen.dotted(*(f"{name} {_share(share)}" for name, share in shares.items())), pen.width)
    hints = [
        f"{count(len(found.missed))} missed: --missed says why" if found.missed and not missed else "",
        f"{count(len(found.alarms))} wrong: --alarms lists them" if found.alarms and not alarms else "",
    ]
    return [*lines, *(pen.paint("dim", line) for line in wrap(pen.dotted(*hints), pen.width) if line)]


def document(found: Calibration) -> str:
    """Return everything as indented ASCII JSON and a final newline; a ratio of nothing is null."""
    content = {
        "labels": found.labels,
        "score": _score(found.score),
        "measured": {rule: dict(numbers) for rule, numbers in found.measured.items()},
        "by": {
            "column": found.column or None,
            "groups": [{**_score(group), "macro_f1_of_the_rest": rest.macro_f1} for group, rest in found.groups],
        },
        "missed": [_case(case) for case in found.missed],
        "alarms": [_case(case) for case in found.alarms],
        "unread": [{"run": u.row, "reason": u.reason, "corrupt": u.corrupt} for u in found.unread],
        "unlabelled": list(found.unlabelled),
        "several": list(found.several),
        "unknown_labels": [{"label": u.label, "runs": u.rows, "near": u.near or None} for u in found.unknown],
        "unjudged": dict(found.unjudged),
        "crashes": found.crashes,
    }
    head = {"schema_version": SCHEMA_VERSION, "tool": {"name": "runaudit", "version": __version__}}
    return json.dumps({**head, **plain(content)}, indent=2, allow_nan=False) + "\n"


def _score(score: Score) -> dict[str, Any]:
    sums = score.overall
    return {
        "name": score.name,
        "runs": score.runs,
        "healthy": sums.healthy,
        "healthy_with_alarm": sums.alarms,
        "precision": sums.precision,
        "recall": sums.recall,
        "f1": sums.f1,
        "macro_f1": score.macro_f1,
        "labels": [_counts(tally) for tally in score.tallies],
    }


def _counts(tally: Tally) -> dict[str, Any]:
    return {
        "label": tally.label,
        "labelled": tally.labelled,
        "found": tally.found,
        "missed": tally.missed,
        "wrong": tally.wrong,
        "refuted": tally.refuted,
        "alarms": tally.alarms,
        "precision": tally.precision,
        "recall": tally.recall,
        "f1": tally.f1,
        "false_alarm_rate": tally.false_alarm_rate,
    }


def _case(case: Case) -> dict[str, Any]:
    return {
        "rule": case.rule,
        "run": case.row,
        "kind": case.kind,
        "why": case.why,
        "facts": case.facts,
        "limit": case.limit,
        "near": [
            {"param": n.param, "limit": n.limit, "value": n.value, "note": n.note, "facts": n.facts} for n in case.near
        ],
    }
