"""The numbers of a text line by line, and which of its lines are the log."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, replace

from runaudit.readers._log.prepare import Bar, Statement, statements
from runaudit.readers._log.tokens import NUMBER, Plan, measures, plan
from runaudit.readers._log.words import Kind, is_control, split_of

MOST_PLANS = 50_000
SECTION = 60  # letters of a line that only says which data follow
TAIL = 40  # lines behind the last counter in which results may follow
HEADING = 5  # rows in front of the first line of the log among which the epoch may be named
OFTEN = 10  # lines of a form that are never rare
FEW = 3  # lines of one form that make a log without a counter that has a name
RARE = 0.02  # of the lines of the most frequent form: less, and before or behind all others, is no part of the log


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """A line with its numbers: ``counts`` go with the counters of its plan, ``values`` with the values.

    ``totals`` holds the total of each counter, ``means`` the mean in brackets behind each value; None where there is
    none. ``bar``: a progress bar; ``tabled``: a row of a table; ``again``: the same as the line before.
    """

    line: int
    plan: Plan
    counts: tuple[float, ...] = ()
    totals: tuple[float | None, ...] = ()
    values: tuple[float, ...] = ()
    means: tuple[float | None, ...] = ()
    bar: Bar = ""
    tabled: bool = False
    again: bool = False

    def count(self, kind: Kind) -> float | None:
        """Return what the first counter of that kind says, None if there is none or it is no whole number."""
        for axis, count in zip(self.plan.axes, self.counts, strict=True):
            if axis.kind == kind and count >= 0 and (kind == "epoch" or count.is_integer()):
                return count
        return None

    def total(self, kind: Kind) -> float | None:
        """Return the total of the first counter of that kind."""
        return next((t for a, t in zip(self.plan.axes, self.totals, strict=True) if a.kind == kind), None)


def scan(text: str) -> list[Row]:
    """Return the rows of the log in the order of the text, none if it holds no log."""
    rows = _rows(text)
    return _in_context(_with_counters(rows) or _without_counters(rows))


# --- lines to rows -----------------------------------------------------------------------------------------


def _rows(text: str) -> list[Row]:
    """Return every line that has a counter, a named number, or the name of the data that follow."""
    plans: dict[str, Plan] = {}
    forms: dict[tuple[object, ...], int] = {}
    found: list[tuple[int, Row]] = []
    last: tuple[str, list[str]] = ("", [])
    for said in statements(text):
        parts = NUMBER.split(said.text)
        if len(parts) == 1:
            split = split_of(said.text) if len(said.text) <= SECTION else ""
            if split:
                found.append((said.rank, Row(said.line, Plan(split=split, form=-1))))
            continue
        key = "\0".join(parts[0::2])
        how = plans.get(key)
        if how is None:
            how = plan(parts)
            form = (how.split, how.weak, *(a.kind for a in how.axes), *(v.name for v in how.values))
            how = replace(how, form=forms.setdefault(form, len(forms)))
            if len(plans) < MOST_PLANS:
                plans[key] = how
        if how.axes or how.values:
            numbers = parts[1::2]
            found.append((said.rank, _row(said, how, numbers, again=last == (key, numbers))))
            last = (key, numbers)
    return _of_episodes(_without_stale(_once(_of_one_process(found))))


def _row(said: Statement, how: Plan, texts: Sequence[str], *, again: bool) -> Row:
    numbers = [float(t.replace(",", "") if "," in t else t) for t in texts]
    return Row(
        said.line,
        how,
        tuple([numbers[a.slot] for a in how.axes]),
        tuple([None if a.total is None else numbers[a.total] for a in how.axes]),
        tuple([numbers[v.slot] if v.total is None else _ratio(numbers[v.slot], numbers[v.total]) for v in how.values]),
        tuple([None if v.mean is None else numbers[v.mean] for v in how.values]),
        said.bar,
        said.tabled,
        again,
    )


def _ratio(value: float, total: float) -> float:
    """Return ``correct/all`` as a fraction, any other value as it is."""
    return value / total if value.is_integer() and total.is_integer() and total >= max(value, 1) else value


def _of_one_process(found: Sequence[tuple[int, Row]]) -> list[Row]:
    """Return the rows without those that a further process repeats."""
    first: dict[int, int] = {}
    for rank, row in found:
        first[row.plan.form] = min(rank, first.get(row.plan.form, rank))
    return [row for rank, row in found if rank == first[row.plan.form]]


def _of_episodes(rows: list[Row]) -> list[Row]:
    """Return the rows; where headings count episodes, a line that only gives steps says how long one was."""
    headings = sum(row.plan.episodic and not row.plan.values for row in rows)
    if headings < FEW:
        return rows
    return [
        row for row in rows if row.plan.episodic or row.plan.values or not row.plan.axes or not _only_steps(row.plan)
    ]


def _only_steps(how: Plan) -> bool:
    return all(axis.kind == "step" for axis in how.axes)


def _once(rows: Sequence[Row]) -> list[Row]:
    """Return the rows without repeated ones: a handler that is registered twice writes every line twice."""
    counted = [row for row in rows if row.plan.axes]
    twice = sum(row.again for row in counted) * 3 > len(counted)
    return [row for row in rows if not (row.again and (twice or row.plan.axes))]


def _without_stale(rows: Sequence[Row]) -> list[Row]:
    """Return the rows, of the bars of tqdm with one count only the last: the first still shows the metrics before."""
    kept: list[Row] = []
    following: tuple[float, ...] = ()
    for row in reversed(rows):
        if row.bar == "tqdm" and row.plan.values:
            if row.counts == following:
                continue
            following = row.counts
        kept.append(row)
    return kept[::-1]


# --- which of them are the log -----------------------------------------------------------------------------


def _with_counters(rows: Sequence[Row]) -> list[Row]:
    """Return the rows that count, and between them and just behind them those that name a measure."""
    forms = _by_form(rows)
    good = {f for f, at in forms.items() if rows[at[0]].plan.axes and _counts([rows[i] for i in at])}
    anchors = _anchors(rows, forms, good)
    if not anchors:
        return []
    start, last = anchors[0], _ended(rows, anchors[-1], good)
    counters = [i for i, r in enumerate(rows) if r.plan.form in good]
    ahead = {
        form
        for form, at in forms.items()
        if not rows[at[0]].plan.axes and len(at) >= FEW and at[0] < start < at[1] and at[-1] < counters[-1]
    }
    only = _Only()
    kept: list[Row] = []
    for i, row in enumerate(rows):
        inside = start <= i <= last
        if row.plan.axes:
            heading = start - HEADING <= i < start and not row.plan.values and not row.plan.weak
            if row.plan.form in good and (inside or heading):
                kept.append(row)
        elif row.plan.measures and (inside or row.plan.form in ahead):
            kept.append(row if row.tabled else only(row, measures))
        elif inside and (row.tabled or not row.plan.values):
            kept.append(row)
    known = {v.name for plan in {row.plan for row in kept} for v in plan.values}
    behind = [r for r in rows[last + 1 :] if r.line <= rows[last].line + TAIL and not r.plan.axes]
    results = [only(r, lambda n: n in known or (measures(n) and split_of(n) != "")) for r in behind]
    kept.extend(after for r, after in zip(behind, results, strict=True) if after.values or not r.values)
    return kept if any(row.plan.measures for row in kept) else []


def _ended(rows: Sequence[Row], last: int, good: Container[int]) -> int:
    """Return the place of the last row: an evaluation that counts may follow once, at the end of a short run."""
    near = (i for i in range(last + 1, len(rows)) if rows[i].line <= rows[last].line + TAIL)
    return max((i for i in near if _evaluates(rows[i].plan) and rows[i].plan.form in good), default=last)


def _evaluates(how: Plan) -> bool:
    return bool(how.axes) and how.measures and how.held_out


def _anchors(rows: Sequence[Row], forms: Mapping[int, Sequence[int]], good: Container[int]) -> list[int]:
    """Return the places of the rows from the first to the last of which the log goes.

    Those are the lines that both count and measure; where there are none, those that count alone. A form that is rare
    beside the others, such as a line of the script itself that was printed first, begins no log.
    """
    for measured in (True, False):
        main = {f: at for f, at in forms.items() if f in good and (rows[at[0]].plan.measures or not measured)}
        most = max((len(at) for at in main.values()), default=0)
        often = [at for at in main.values() if len(at) >= max(RARE * most, min(most, 2)) or len(at) > OFTEN]
        if often:
            return sorted(i for at in often for i in at)
    return []


def _by_form(rows: Sequence[Row]) -> dict[int, list[int]]:
    """Return the places of the rows of each form."""
    forms: dict[int, list[int]] = defaultdict(list)
    for i, row in enumerate(rows):
        forms[row.plan.form].append(i)
    return forms


def _counts(rows: Sequence[Row]) -> bool:
    """Say whether the rows of one form count on: their counter has a name and moves, or they name a measure."""
    first = rows[0]
    moves = len({row.counts for row in rows}) > 1
    if first.bar == "keras":
        return True
    if first.plan.weak:
        return first.plan.measures and moves and (bool(first.bar) or len(rows) >= FEW)
    if first.plan.values:
        return (moves or len(rows) == 1 or first.plan.held_out) and (first.plan.measures or len(rows) >= FEW)
    return moves or (first.plan.axes[0].kind == "epoch" and first.totals[0] is not None)


def _without_counters(rows: Sequence[Row]) -> list[Row]:
    """Return the lines of a form that repeats, with a measure that changes."""
    named = [row for row in rows if row.plan.measures and not row.plan.axes]
    forms = _by_form(named)
    good = {f for f, at in forms.items() if len(at) >= FEW and len({named[i].values for i in at}) > 1}
    only = _Only()
    return [only(row, measures) for row in named if row.plan.form in good]


class _Only:
    """Takes from rows the values whose names nothing vouches for; remembers the plan of what is left."""

    def __init__(self) -> None:
        self.left: dict[Plan, tuple[list[int], Plan]] = {}

    def __call__(self, row: Row, keep: Callable[[str], bool]) -> Row:
        """Return the row with the values whose names ``keep`` wants."""
        how = row.plan
        if how not in self.left:
            at = [i for i, v in enumerate(how.values) if keep(v.name)]
            self.left[how] = at, replace(how, values=tuple(how.values[i] for i in at))
        at, left = self.left[how]
        if len(at) == len(how.values):
            return row
        return replace(row, plan=left, values=tuple(row.values[i] for i in at), means=tuple(row.means[i] for i in at))


# --- which data a line without a word about it is about ----------------------------------------------------


def _in_context(rows: Sequence[Row]) -> list[Row]:
    """Return the rows, those that do not say which data they are about named after the rows above them.

    A heading, a line about an evaluation or its progress holds for what follows, up to the next counter of training.
    """
    renamed: dict[tuple[Plan, str], Plan] = {}
    context = ""
    out: list[Row] = []
    for row in rows:
        how = row.plan
        if how.axes or how.split or not how.values:
            context = how.split
        elif context in {"val", "test"}:
            if (how, context) not in renamed:
                renamed[how, context] = _named_after(how, context)
            out.append(replace(row, plan=renamed[how, context]))
            continue
        if how.values or how.axes:
            out.append(row)
    return out


def _named_after(how: Plan, split: str) -> Plan:
    values = [v if split_of(v.name) or is_control(v.name) else replace(v, name=f"{split} {v.name}") for v in how.values]
    return replace(how, values=tuple(values), split=split)
